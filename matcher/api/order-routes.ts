import type { FastifyInstance } from "fastify";
import type {
  WireCancelAllRequest,
  WireCancelRequest,
  WireMarginModeRequest,
  WireOrderRequest,
} from "../protocol/api-wire.ts";

import { WireMarginModeRequest as MarginModeBody, WireMarginModeSet } from "../protocol/wire/margin.ts";
import {
  WireCancelAllRequest as CancelAllBody,
  WireCancelRequest as CancelBody,
  WireOrderRequest as OrderBody,
  WireCancelled,
  WirePlaced,
} from "../protocol/wire/order.ts";
import { marginMode } from "../risk/wire-figures.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { OrderEntry } from "./order-entry.ts";
import { headersOf } from "./rate-limits.ts";
import { route } from "./route-schema.ts";
import { marginModeFrom } from "./wire-request.ts";

/** Orders and cancels that are signed. */
export function orderRoutes(app: FastifyInstance, access: ExchangeAccess, entry: OrderEntry): void {
  const { limits } = access;

  app.post<{ Body: WireOrderRequest }>(
    "/v1/orders",
    route({
      summary: "Place an order. The same request again is answered with the order that it placed, as a duplicate.",
      tag: "orders",
      budget: "order",
      body: OrderBody,
      answer: WirePlaced,
    }),
    async ({ body, ip }, reply): Promise<WirePlaced> => {
      const placed = await entry.place(body, ip);
      reply.headers(headersOf(limits.orderAllowance(body.account)));
      return placed;
    },
  );

  app.post<{ Body: WireOrderRequest }>(
    "/v1/amend",
    route({
      summary:
        "Change a live order by a signed revision with keepFilled: it can never overfill, and keeps its place when only the size falls.",
      tag: "orders",
      budget: "order",
      body: OrderBody,
      answer: WirePlaced,
    }),
    async ({ body, ip }, reply): Promise<WirePlaced> => {
      const placed = await entry.amend(body, ip);
      reply.headers(headersOf(limits.orderAllowance(body.account)));
      return placed;
    },
  );

  app.post<{ Body: WireCancelRequest }>(
    "/v1/cancel",
    route({
      summary: "Cancel an order by a signature: out of the book at once, and with settle proven.",
      tag: "orders",
      budget: "cancel",
      body: CancelBody,
      answer: WireCancelled,
    }),
    ({ body, ip }): Promise<WireCancelled> => entry.cancel(body, ip),
  );

  app.post<{ Body: WireCancelAllRequest }>(
    "/v1/cancel-all",
    route({
      summary: "Cancel everything below a sequence by a signature, also what has not arrived yet.",
      tag: "orders",
      budget: "cancel",
      body: CancelAllBody,
      answer: WireCancelled,
    }),
    ({ body, ip }): Promise<WireCancelled> => entry.cancelAll(body, ip),
  );

  app.post<{ Body: WireMarginModeRequest }>(
    "/v1/margin-mode",
    route({
      summary: "Make a flat account isolated for one market, or cross again.",
      tag: "account",
      budget: "order",
      body: MarginModeBody,
      answer: WireMarginModeSet,
    }),
    async ({ body, ip }): Promise<WireMarginModeSet> => {
      const { account, isolatedMarket } = body;
      const market = isolatedMarket === null ? null : access.marketOf(isolatedMarket);
      const { receipt } = await entry.submit(marginModeFrom(body, market), ip);
      return { account, mode: marginMode(market === null ? null : market.index), isolatedMarket, receipt };
    },
  );
}
