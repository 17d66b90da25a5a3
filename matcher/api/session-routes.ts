import type { FastifyInstance } from "fastify";
import {
  WireLoginRequest as LoginBody,
  NoFields,
  WireLoggedOut,
  type WireLoginRequest,
  WireSession,
} from "../protocol/wire/session.ts";
import { Rejection } from "./api-error.ts";
import { bearerOf } from "./bearer.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { route } from "./route-schema.ts";
import { signatureFrom } from "./wire-request.ts";

/** Opening and ending the sessions that private reading needs. */
export function sessionRoutes(app: FastifyInstance, { sessions, limits }: ExchangeAccess): void {
  app.post<{ Body: WireLoginRequest }>(
    "/v1/login",
    route({
      summary: "Open a session by a signature of the account's trading key; each signature opens one.",
      tag: "session",
      budget: "order",
      body: LoginBody,
      answer: WireSession,
    }),
    ({ body, ip }): Promise<WireSession> => {
      const { account, issuedAtMs, signature } = body;
      const login = { account, issuedAtMs, signature: signatureFrom(signature) };
      return limits.verifying(ip, () => sessions.login(login, ip), isWrongSignature);
    },
  );

  app.post(
    "/v1/logout",
    route({ summary: "End a session.", tag: "session", budget: "free", body: NoFields, answer: WireLoggedOut }),
    ({ headers }): WireLoggedOut => {
      const token = bearerOf(headers.authorization);
      const open = token !== undefined && sessions.accountOf(token) !== undefined;
      if (open) sessions.logout(token);
      return { loggedOut: open };
    },
  );
}

/** Whether a login costs its sender something beyond the request. */
export function isWrongSignature(outcome: object): boolean {
  return outcome instanceof Rejection && outcome.code === "WRONG_SIGNATURE";
}
