import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { accountRoutes } from "./account-routes.ts";
import { INTERNAL_ERROR, Rejection } from "./api-error.ts";
import { batchRoutes } from "./batch-routes.ts";
import { conditionalRoutes } from "./conditional-routes.ts";
import { collectRoutes, documentRoutes } from "./document-routes.ts";
import { watchDoor } from "./door.ts";
import { type ApiOptions, DEFAULT_CONNECTION_LIMITS, ExchangeAccess } from "./exchange-access.ts";
import { exportRoutes } from "./export-routes.ts";
import { fundingRoutes } from "./funding-routes.ts";
import { historyRoutes } from "./history-routes.ts";
import { parseJsonBody } from "./json-body.ts";
import { marginRoutes } from "./margin-routes.ts";
import { marketRoutes } from "./market-routes.ts";
import { OrderEntry } from "./order-entry.ts";
import { orderRoutes } from "./order-routes.ts";
import { pageRoutes } from "./page-routes.ts";
import { paymentRoutes } from "./payment-routes.ts";
import { headersOf } from "./rate-limits.ts";
import { receiptRoutes } from "./receipt-routes.ts";
import { rejectionOf } from "./rejection-of.ts";
import { sessionRoutes } from "./session-routes.ts";
import { standingRoutes } from "./standing-routes.ts";
import { statusRoutes } from "./status-routes.ts";
import { openStreamDoor } from "./stream-door.ts";

export const BODY_LIMIT_BYTES = 16 * 1024;
const RETRY_AFTER_SECONDS = 2;
/**
 * The HTTP API, not listening yet. Make it before the sequencer gets its first command: it remembers only what it has seen. Call `listen({ host, port })` on what is returned, or `inject` in tests.
 * Every refusal is one of protocol/reject.ts with its status; 500 means a defect of ours and nothing else.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const connections = { ...DEFAULT_CONNECTION_LIMITS, ...options.connections };
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // A log line per order would cost a third of the throughput; defects are reported through onDefect.
    logger: false,
    requestTimeout: connections.requestMs,
    keepAliveTimeout: connections.idleMs,
    http: { headersTimeout: connections.headersMs, connectionsCheckingInterval: connections.checkMs },
    // Whoever is asked to believe X-Forwarded-For is named; otherwise an address is that of the connection.
    trustProxy: options.trustedProxies ?? false,
    routerOptions: { maxParamLength: 100 },
    // Nothing is converted, dropped or filled in: what was sent is what is judged.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false } },
    // Before a route is found: a malformed address, for example.
    frameworkErrors: (error, _request, reply) => answer(error, reply as unknown as FastifyReply, options),
    forceCloseConnections: true,
  });
  app.server.maxConnections = connections.connectionsMax;
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
  const entry = new OrderEntry(access);
  // Before the document begins to collect routes: these are for people.
  if (options.page !== undefined) pageRoutes(app, options.page);
  const routes = collectRoutes(app);
  watchDoor(app, access);
  marketRoutes(app, access);
  statusRoutes(app, access);
  accountRoutes(app, access);
  orderRoutes(app, access, entry);
  batchRoutes(app, access, entry);
  conditionalRoutes(app, access, entry);
  standingRoutes(app, access, entry);
  paymentRoutes(app, access, entry);
  historyRoutes(app, access);
  exportRoutes(app, access);
  fundingRoutes(app, access);
  marginRoutes(app, access);
  receiptRoutes(app, access);
  sessionRoutes(app, access);
  documentRoutes(app, routes);
  app.decorate("streams", openStreamDoor(app, access, entry));
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
  const { httpStatus, details } = rejection;
  if (details.allowance !== undefined) reply.headers(headersOf(details.allowance));
  if (httpStatus === 429 || httpStatus === 503) {
    const waitMs = details.allowance?.retryAfterMs ?? 0;
    reply.header("retry-after", waitMs > 0 ? Math.ceil(waitMs / 1_000) : RETRY_AFTER_SECONDS);
  }
  return reply.code(httpStatus).send(rejection.body());
}
