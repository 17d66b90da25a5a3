import { type Static, Type } from "typebox";
import { WireError } from "./error.ts";
import { Account, STRICT, Whole } from "./field.ts";
import { WireCancelled, WireCancelRequest, WireOrderRequest, WirePlaced } from "./order.ts";

/** Orders or cancels in one request. */
export const BATCH_MAX = 50;

/** In order, each with an answer of its own: what one is refused for stops no other. All are the same account's. */
export const WirePlaceBatchRequest = Type.Object(
  { account: Account, orders: Type.Array(WireOrderRequest, { minItems: 1, maxItems: BATCH_MAX }) },
  STRICT,
);
export type WirePlaceBatchRequest = Static<typeof WirePlaceBatchRequest>;

export const WireCancelBatchRequest = Type.Object(
  { account: Account, cancels: Type.Array(WireCancelRequest, { minItems: 1, maxItems: BATCH_MAX }) },
  STRICT,
);
export type WireCancelBatchRequest = Static<typeof WireCancelBatchRequest>;

const HttpStatus = Type.Integer({ description: "What the item alone would have been answered with." });

export const WirePlaceResult = Type.Object(
  { status: HttpStatus, placed: Type.Optional(WirePlaced), error: Type.Optional(WireError) },
  STRICT,
);
export type WirePlaceResult = Static<typeof WirePlaceResult>;

export const WirePlacedBatch = Type.Object({ account: Whole, results: Type.Array(WirePlaceResult) }, STRICT);
export type WirePlacedBatch = Static<typeof WirePlacedBatch>;

export const WireCancelResult = Type.Object(
  { status: HttpStatus, cancelled: Type.Optional(WireCancelled), error: Type.Optional(WireError) },
  STRICT,
);
export type WireCancelResult = Static<typeof WireCancelResult>;

export const WireCancelledBatch = Type.Object({ account: Whole, results: Type.Array(WireCancelResult) }, STRICT);
export type WireCancelledBatch = Static<typeof WireCancelledBatch>;
