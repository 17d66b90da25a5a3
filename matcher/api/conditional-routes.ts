import type { FastifyInstance } from "fastify";
import type {
  WireCancelAtRequest,
  WireConditionalOrders,
  WireConditionalPlaced,
  WireConditionalRequest,
} from "../protocol/conditional-wire.ts";
import {
  WireCancelAtRequest as CancelAtBody,
  WireConditionalRequest as ConditionalBody,
  WireConditionalOrders as Orders,
  WireConditionalPlaced as Placed,
  WireCancelAt,
} from "../protocol/wire/conditional.ts";
import { isEnded } from "../sequencer/conditional-group.ts";
import { ConditionalOrderEntry } from "./conditional-order-entry.ts";
import { sessionAccountOf } from "./door.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { OrderEntry } from "./order-entry.ts";
import { headersOf } from "./rate-limits.ts";
import { route } from "./route-schema.ts";
import { ConditionalQuery } from "./schema.ts";

/** Orders that the exchange lets in on conditions, and cancels at a time. */
export function conditionalRoutes(app: FastifyInstance, access: ExchangeAccess, entry: OrderEntry): void {
  const conditional = new ConditionalOrderEntry(access);

  app.post<{ Body: WireConditionalRequest }>(
    "/v1/conditional-orders",
    route({
      summary:
        "Place signed orders that are let in on conditions: stops, take-profits, alternatives, brackets, icebergs, TWAPs. The same request again is answered with what it placed, as a duplicate.",
      tag: "orders",
      budget: "order",
      body: ConditionalBody,
      answer: Placed,
    }),
    async ({ body, ip }, reply): Promise<WireConditionalPlaced> => {
      const placed = await conditional.place(body, ip);
      reply.headers(headersOf(access.limits.orderAllowance(body.account)));
      return placed;
    },
  );

  app.get<{ Querystring: { account?: string; status?: "open" | "closed" | "all" } }>(
    "/v1/conditional-orders",
    route({
      summary: "Conditional orders by acceptance, newest first: those that are not over unless a status is given.",
      tag: "orders",
      session: true,
      querystring: ConditionalQuery,
      answer: Orders,
    }),
    (request): WireConditionalOrders => {
      const { account, status = "open" } = request.query;
      const records = access.conditionals.of(sessionAccountOf(request, account)).reverse();
      return {
        orders: conditional.wire(records.filter((one) => status === "all" || isEnded(one) === (status === "closed"))),
      };
    },
  );

  app.post<{ Body: WireCancelAtRequest }>(
    "/v1/cancel-at",
    route({
      summary:
        "Have one order cancelled at a time of the exchange's clock, under a session: a promise. It outlives a restart.",
      tag: "orders",
      budget: "cancel",
      session: true,
      body: CancelAtBody,
      answer: WireCancelAt,
    }),
    async (request) => {
      const { account: asked, atMs, ...name } = request.body;
      const { account, slot, sequence } = entry.named(sessionAccountOf(request, asked), name);
      await entry.apply({ type: "cancelAt", account, slot, sequence, atMs: atMs ?? 0 });
      return { account, id: `${slot}-${sequence}`, cancelAtMs: atMs === 0 ? null : atMs };
    },
  );
}
