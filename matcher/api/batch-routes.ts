import type { FastifyInstance, FastifyRequest } from "fastify";
import type {
  WireCancelled,
  WireCancelRequest,
  WireError,
  WireOrderRequest,
  WirePlaced,
} from "../protocol/api-wire.ts";
import {
  WireCancelBatchRequest as CancelBatchBody,
  WirePlaceBatchRequest as PlaceBatchBody,
  type WireCancelBatchRequest,
  WireCancelledBatch,
  type WirePlaceBatchRequest,
  WirePlacedBatch,
} from "../protocol/wire/batch-request.ts";
import { WireCancelRequest as CancelBody, WireOrderRequest as OrderBody } from "../protocol/wire/order.ts";
import { INTERNAL_ERROR, Rejection } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { OrderEntry } from "./order-entry.ts";
import { headersOf } from "./rate-limits.ts";
import { rejectionOf } from "./rejection-of.ts";
import { route } from "./route-schema.ts";
import { CancelBatchFrame, PlaceBatchFrame } from "./schema.ts";

/** Fifty orders with everything in them. */
const BATCH_BODY_BYTES = 64 * 1024;

/** Many orders or cancels of one account in one request: in order, each with an answer of its own. */
export function batchRoutes(app: FastifyInstance, access: ExchangeAccess, entry: OrderEntry): void {
  /** Runs the items in order; an item's answer never depends on whether another is good. */
  async function each<Body extends { account: number }, Answer>(
    request: FastifyRequest,
    { account, items, schema }: { account: number; items: unknown[]; schema: object },
    run: (body: Body) => Promise<Answer>,
  ): Promise<({ status: number; answer: Answer } | { status: number; error: WireError })[]> {
    const validate = request.compileValidationSchema(schema as Record<string, unknown>);
    // All are submitted before the first is answered: an account's signatures are checked, and its orders executed, in the order given.
    return Promise.all(
      items.map(async (item) => {
        try {
          if (!validate(item)) throw { validation: validate.errors };
          const body = item as Body;
          if (body.account !== account)
            throw new Rejection("INVALID_ACCOUNT", { detail: "an item of another account" });
          return { status: 200, answer: await run(body) };
        } catch (error) {
          const rejection = rejectionOf(error);
          if (rejection !== null) return { status: rejection.httpStatus, error: rejection.body() };
          access.options.onDefect?.(error, request.id);
          return { status: 500, error: INTERNAL_ERROR };
        }
      }),
    );
  }

  app.post<{ Body: WirePlaceBatchRequest }>(
    "/v1/orders/batch",
    {
      ...route({
        summary: "Place up to 50 orders of one account, in order. What one is refused for stops no other.",
        tag: "orders",
        budget: "order",
        body: PlaceBatchFrame,
        documentedBody: PlaceBatchBody,
        answer: WirePlacedBatch,
      }),
      bodyLimit: BATCH_BODY_BYTES,
    },
    async (request, reply): Promise<WirePlacedBatch> => {
      const { account, orders } = request.body;
      // The request itself was one already.
      if (orders.length > 1) access.limits.request("order", request.ip, orders.length - 1);
      const work = { account, items: orders, schema: OrderBody };
      const results = await each<WireOrderRequest, WirePlaced>(request, work, (body) => entry.place(body, request.ip));
      reply.headers(headersOf(access.limits.orderAllowance(account)));
      return {
        account,
        results: results.map((result) => {
          return "answer" in result ? { status: result.status, placed: result.answer } : result;
        }),
      };
    },
  );

  app.post<{ Body: WireCancelBatchRequest }>(
    "/v1/cancel/batch",
    {
      ...route({
        summary: "Cancel up to 50 orders of one account, in order, each by a signature.",
        tag: "orders",
        budget: "cancel",
        body: CancelBatchFrame,
        documentedBody: CancelBatchBody,
        answer: WireCancelledBatch,
      }),
      bodyLimit: BATCH_BODY_BYTES,
    },
    async (request): Promise<WireCancelledBatch> => {
      const { account, cancels } = request.body;
      const work = { account, items: cancels, schema: CancelBody };
      const results = await each<WireCancelRequest, WireCancelled>(request, work, (body) =>
        entry.cancel(body, request.ip),
      );
      return {
        account,
        results: results.map((result) => {
          return "answer" in result ? { status: result.status, cancelled: result.answer } : result;
        }),
      };
    },
  );
}
