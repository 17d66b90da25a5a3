import type { FastifyInstance, FastifyRequest } from "fastify";
import { Rejection } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { headersOf } from "./rate-limits.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The account of the request's session; −1 where the route needs none. */
    sessionAccount: number;
  }
}

/** Lets nobody without a session through to routes that need one, and charges the account for its reading. */
export function guardSessions(app: FastifyInstance, access: ExchangeAccess): void {
  app.decorateRequest("sessionAccount", -1);
  app.addHook("onRequest", async (request, reply) => {
    const { budget, session } = request.routeOptions.config;
    if (session !== true) return;
    request.sessionAccount = access.accountOfSession(request.headers.authorization);
    if (budget === "read") reply.headers(headersOf(access.limits.reading(request.sessionAccount)));
  });
}

/**
 * The account of a request's session.
 * @param asked the account that the request names, if it does
 * @throws Rejection SESSION_OF_ANOTHER_ACCOUNT
 */
export function sessionAccountOf({ sessionAccount }: FastifyRequest, asked?: string | number): number {
  if (asked !== undefined && Number(asked) !== sessionAccount) throw new Rejection("SESSION_OF_ANOTHER_ACCOUNT");
  return sessionAccount;
}
