import type { FastifyInstance } from "fastify";
import type { PageAnswer } from "../oracle/report-endpoint.ts";
import type { EventLoop } from "./event-loop.ts";
import type { Readiness } from "./readiness.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/** GET /health: the process lives. That it answers at all says that its main thread is free; a blocked one does not. */
export function healthAnswer({ lastLagMs }: Pick<EventLoop, "lastLagMs">): PageAnswer {
  const body = {
    status: "alive",
    uptimeSeconds: Math.floor(process.uptime()),
    eventLoopLagMs: Math.round(lastLagMs),
  };
  return { status: 200, contentType: JSON_TYPE, text: JSON.stringify(body) };
}

/** GET /ready: 200 when orders should be sent here, else 503 with every reason. */
export function readyAnswer(readiness: Pick<Readiness, "hindrances">): PageAnswer {
  const reasons = readiness.hindrances();
  const ready = reasons.length === 0;
  return { status: ready ? 200 : 503, contentType: JSON_TYPE, text: JSON.stringify({ ready, reasons }) };
}

/** The same two pages on the traders' port. */
export function healthRoutes(app: FastifyInstance, eventLoop: EventLoop, readiness: Readiness): void {
  const pages = { "/health": () => healthAnswer(eventLoop), "/ready": () => readyAnswer(readiness) };
  for (const [path, page] of Object.entries(pages)) {
    app.get(path, (_request, reply) => {
      const { status, contentType, text } = page();
      return reply.code(status).header("content-type", contentType).header("cache-control", "no-store").send(text);
    });
  }
}
