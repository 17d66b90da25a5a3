import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Rejection } from "./api-error.ts";
import { originAllowed, type PreflightAnswer, preflightAnswer } from "./cors.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { headersOf } from "./rate-limits.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The account of the request's session; −1 where the route needs none. */
    sessionAccount: number;
  }
}

/**
 * What every request passes before anything of it is read: origin, budget of its address, session and budget of its account. One hook, and
 * no promise: it runs for every order.
 */
export function watchDoor(app: FastifyInstance, access: ExchangeAccess): void {
  app.decorateRequest("sessionAccount", -1);
  app.addHook("onRequest", (request, reply, done) => {
    try {
      const preflight = pass(request, reply, access);
      if (preflight === null) done();
      else reply.headers(preflight).code(204).send();
    } catch (error) {
      done(error as Error);
    }
  });
}

/** @returns the answer to a browser that asks whether it may ask. @throws Rejection */
function pass(request: FastifyRequest, reply: FastifyReply, access: ExchangeAccess): PreflightAnswer | null {
  const { headers, method } = request;
  if (headers.origin !== undefined) {
    reply.headers(originAllowed(headers.origin, access.options.corsOrigins));
    if (method === "OPTIONS" && headers["access-control-request-method"] !== undefined) return preflightAnswer();
  }
  if (method === "GET") reply.header("cache-control", "no-store");
  // An address that is none costs as much as any.
  const { budget = "read", session } = request.routeOptions.config;
  const allowance = access.limits.request(budget, request.ip);
  if (session === true) {
    request.sessionAccount = access.accountOfSession(headers.authorization);
    if (budget === "read") reply.headers(headersOf(access.limits.reading(request.sessionAccount)));
  } else if (allowance !== null && method === "GET") reply.headers(headersOf(allowance));
  return null;
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
