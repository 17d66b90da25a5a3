import type { FastifyInstance } from "fastify";
import { route } from "../api/route-schema.ts";
import { NoQuery } from "../api/schema.ts";
import type { PageAnswer } from "../oracle/report-endpoint.ts";
import { WireHealth, WireReady } from "../protocol/wire/health.ts";
import type { EventLoop } from "./event-loop.ts";
import type { Readiness } from "./readiness.ts";

/** GET /health. A thread that is blocked does not answer at all. */
export function healthOf({ lastLagMs }: Pick<EventLoop, "lastLagMs">): WireHealth {
  return {
    status: "alive",
    uptimeSeconds: Math.floor(process.uptime()),
    eventLoopLagMs: Math.round(lastLagMs),
  };
}

/** GET /ready, with the status of its answer. */
export function readyOf(readiness: Pick<Readiness, "hindrances">): { status: 200 | 503; body: WireReady } {
  const reasons = readiness.hindrances();
  const ready = reasons.length === 0;
  return { status: ready ? 200 : 503, body: { ready, reasons } };
}

/** Either as a page of the operator's door. */
export function jsonPage(status: number, body: WireHealth | WireReady): PageAnswer {
  return { status, contentType: "application/json; charset=utf-8", text: JSON.stringify(body) };
}

/** The same two pages on the traders' port. They cost nothing, so that nobody can use up a load balancer's budget. */
export function healthRoutes(app: FastifyInstance, eventLoop: EventLoop, readiness: Readiness): void {
  const words = { tag: "exchange", budget: "free", querystring: NoQuery } as const;
  app.get("/health", route({ ...words, summary: "Whether the process lives.", answer: WireHealth }), () => {
    return healthOf(eventLoop);
  });
  const { schema, config } = route({ ...words, summary: "Whether orders should be sent here.", answer: WireReady });
  const response = { 200: WireReady, 503: WireReady };
  app.get("/ready", { schema: { ...schema, response }, config }, (_request, reply) => {
    const { status, body } = readyOf(readiness);
    return reply.code(status).send(body);
  });
}
