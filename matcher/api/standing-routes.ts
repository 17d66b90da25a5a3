import type { FastifyInstance } from "fastify";
import type {
  WireCancelByNameRequest,
  WireCancelMarketRequest,
  WireDeadMansSwitchRequest,
} from "../protocol/api-wire.ts";
import {
  WireCancelByNameRequest as CancelByNameBody,
  WireCancelMarketRequest as CancelMarketBody,
  DEAD_MANS_TIMEOUT_MIN_MS,
  WireDeadMansSwitchRequest as DeadMansSwitchBody,
  WireCancelled,
  WireDeadMansSwitch,
} from "../protocol/wire/order.ts";
import { Rejection } from "./api-error.ts";
import { sessionAccountOf } from "./door.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { OrderEntry } from "./order-entry.ts";
import { route } from "./route-schema.ts";
import { FeesQuery } from "./schema.ts";

/** What an account's session may do without a signature: take orders out of the book, now or when it falls silent. Promises, not proofs. */
export function standingRoutes(app: FastifyInstance, access: ExchangeAccess, entry: OrderEntry): void {
  const { deadMansSwitches } = access.sequencer.state;

  app.post<{ Body: WireCancelByNameRequest }>(
    "/v1/cancel-by-name",
    route({
      summary: "Cancel an order by its id or client id, under a session: out of the book at once, a promise.",
      tag: "orders",
      budget: "cancel",
      session: true,
      body: CancelByNameBody,
      answer: WireCancelled,
    }),
    (request): Promise<WireCancelled> => {
      const { account: asked, ...name } = request.body;
      const { account, slot, sequence } = entry.named(sessionAccountOf(request, asked), name);
      return entry.cancelUnsigned({ type: "cancelApi", account, slot, sequence });
    },
  );

  app.post<{ Body: WireCancelMarketRequest }>(
    "/v1/cancel-market",
    route({
      summary: "Cancel all open orders, or those of one market, under a session: out of the book at once, a promise.",
      tag: "orders",
      budget: "cancel",
      session: true,
      body: CancelMarketBody,
      answer: WireCancelled,
    }),
    (request): Promise<WireCancelled> => {
      const account = sessionAccountOf(request, request.body.account);
      const market = request.body.market === undefined ? null : access.marketOf(request.body.market).index;
      return entry.cancelUnsigned({ type: "cancelAllApi", account, market });
    },
  );

  app.post<{ Body: WireDeadMansSwitchRequest }>(
    "/v1/dead-mans-switch",
    route({
      summary:
        "Have all orders cancelled a while from now, unless this is called again before. It outlives a restart of the exchange.",
      tag: "orders",
      budget: "cancel",
      session: true,
      body: DeadMansSwitchBody,
      answer: WireDeadMansSwitch,
    }),
    async (request): Promise<WireDeadMansSwitch> => {
      const account = sessionAccountOf(request, request.body.account);
      const { timeoutMs } = request.body;
      if (timeoutMs > 0 && timeoutMs < DEAD_MANS_TIMEOUT_MIN_MS) {
        const detail = `timeoutMs is 0 or at least ${DEAD_MANS_TIMEOUT_MIN_MS}`;
        throw new Rejection("MALFORMED", { field: "timeoutMs", detail });
      }
      const { acceptedAtMs } = await entry.apply({ type: "deadMansSwitch", account, timeoutMs });
      return { account, deadlineMs: timeoutMs === 0 ? null : acceptedAtMs + timeoutMs };
    },
  );

  app.get<{ Querystring: { account?: string } }>(
    "/v1/dead-mans-switch",
    route({
      summary: "When the account's orders will be cancelled.",
      tag: "orders",
      session: true,
      querystring: FeesQuery,
      answer: WireDeadMansSwitch,
    }),
    (request): WireDeadMansSwitch => {
      const account = sessionAccountOf(request, request.query.account);
      return { account, deadlineMs: deadMansSwitches.deadlineMs(account) };
    },
  );
}
