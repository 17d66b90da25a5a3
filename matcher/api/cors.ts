import type { FastifyInstance } from "fastify";

const METHODS = "GET, POST";
const REQUEST_HEADERS = "authorization, content-type";
const SHOWN_HEADERS = "ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after";
const PREFLIGHT_SECONDS = "600";

/**
 * Lets pages of other origins ask. Nothing here is granted by a cookie or an address, only by signatures and tokens that a page must hold
 * itself, so that by default any may.
 * @param origins those that may; all when absent
 */
export function allowOrigins(app: FastifyInstance, origins?: readonly string[]): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-content-type-options", "nosniff").header("cache-control", "no-store");
    const { origin } = request.headers;
    if (origin === undefined) return;
    if (origins !== undefined) reply.header("vary", "origin");
    if (origins !== undefined && !origins.includes(origin)) return;
    reply
      .header("access-control-allow-origin", origins === undefined ? "*" : origin)
      .header("access-control-expose-headers", SHOWN_HEADERS);
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return;
    reply
      .header("access-control-allow-methods", METHODS)
      .header("access-control-allow-headers", REQUEST_HEADERS)
      .header("access-control-max-age", PREFLIGHT_SECONDS);
    return reply.code(204).send();
  });
}
