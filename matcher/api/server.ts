import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { REJECTS } from "../protocol/reject.ts";
import { accountRoutes } from "./account-routes.ts";
import { INTERNAL_ERROR, Rejection } from "./api-error.ts";
import { type ApiOptions, ExchangeAccess } from "./exchange-access.ts";
import { fundingRoutes } from "./funding-routes.ts";
import { parseJsonBody } from "./json-body.ts";
import { marginRoutes } from "./margin-routes.ts";
import { marketRoutes } from "./market-routes.ts";
import { orderRoutes } from "./order-routes.ts";
import { type SchemaViolation, violationCode } from "./schema.ts";

export const BODY_LIMIT_BYTES = 16 * 1024;
const RETRY_AFTER_SECONDS = 2;

/**
 * The HTTP API, not listening yet. Make it before the sequencer gets its first command: it remembers only what it has seen. Call `listen({ host, port })` on what is returned, or `inject` in tests.
 * Every refusal is one of protocol/reject.ts with its status; 500 means a defect of ours and nothing else.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // A log line per order would cost a third of the throughput; defects are reported through onDefect.
    logger: false,
    requestTimeout: 10_000,
    routerOptions: { maxParamLength: 100 },
    // Nothing is converted, dropped or filled in: what was sent is what is judged.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false } },
    // Before a route is found: a malformed address, for example.
    frameworkErrors: (error, _request, reply) => answer(error, reply as unknown as FastifyReply, options),
    forceCloseConnections: true,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => answer(error, reply, options));
  app.setNotFoundHandler((_request, reply) => answer(new Rejection("NOT_FOUND"), reply, options));

  const access = new ExchangeAccess(options);
  marketRoutes(app, access);
  accountRoutes(app, access);
  orderRoutes(app, access);
  fundingRoutes(app, access);
  marginRoutes(app, access);
  return app;
}

/** Turns whatever was thrown into an answer. */
function answer(error: unknown, reply: FastifyReply, { onDefect }: ApiOptions): FastifyReply {
  const rejection = rejectionOf(error);
  if (rejection === null) {
    const { id } = reply.request;
    onDefect?.(error, id);
    return reply.code(500).header("x-request-id", id).send(INTERNAL_ERROR);
  }
  const { httpStatus } = rejection;
  if (httpStatus === 429 || httpStatus === 503) reply.header("retry-after", RETRY_AFTER_SECONDS);
  return reply.code(httpStatus).send(rejection.body());
}

/** The refusal that an error stands for, or null when it is a defect. */
function rejectionOf(error: unknown): Rejection | null {
  if (error instanceof Rejection) return error;
  if (typeof error !== "object" || error === null) return null;
  const { validation, code, statusCode } = error as Partial<FastifyError>;
  const violation = validation?.[0] as SchemaViolation | undefined;
  if (violation !== undefined) {
    const { code, field, detail } = violationCode(violation);
    // When the code's own entry has the field, its words are enough.
    return new Rejection(code, REJECTS[code].field === field ? { detail } : { field, detail });
  }
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return new Rejection("BODY_TOO_LARGE");
  if (code?.startsWith("FST_ERR_") && statusCode !== undefined && statusCode < 500) {
    return new Rejection("MALFORMED", { detail: (error as Error).message });
  }
  return null;
}
