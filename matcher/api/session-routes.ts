import type { FastifyInstance } from "fastify";
import type { WireLoggedOut, WireSession } from "../protocol/api-wire.ts";
import { bearerOf } from "./bearer.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { LoginBody, NoBody } from "./schema.ts";
import { signatureFrom } from "./wire-request.ts";

/** Opening and ending the sessions that private reading needs. */
export function sessionRoutes(app: FastifyInstance, { sessions }: ExchangeAccess): void {
  app.post<{ Body: LoginBody }>("/v1/login", { schema: { body: LoginBody } }, ({ body }): Promise<WireSession> => {
    const { account, issuedAtMs, signature } = body;
    return sessions.login({ account, issuedAtMs, signature: signatureFrom(signature) });
  });

  app.post("/v1/logout", { schema: { body: NoBody } }, ({ headers }): WireLoggedOut => {
    const token = bearerOf(headers.authorization);
    const open = token !== undefined && sessions.accountOf(token) !== undefined;
    if (open) sessions.logout(token);
    return { loggedOut: open };
  });
}
