import { type OrderMessage, orderNumber } from "../protocol/message.ts";
import { FILLED_CANCELLED } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "../risk/epoch-terms.ts";
import type { OrderSlot } from "./trace.ts";

/** Why a row of docs/protocol.md §4 is not valid, margin apart. */
export type RowRefusal =
  | "quantity"
  | "superseded"
  | "overfilled"
  | "below-min-sequence"
  | "expired"
  | "limit-price"
  | "price-band"
  | "market-not-live"
  | "rebate-above-cap"
  | "fee-above-maximum";

/** `filled` that an order starts from on its slot, or undefined when the slot has gone on to a higher sequence. */
export function baseFilledLots(
  order: Pick<OrderMessage, "sequence" | "keepFilled">,
  slot: OrderSlot,
): number | undefined {
  if (order.sequence === slot.sequence) return slot.filledLots;
  if (order.sequence < slot.sequence) return undefined;
  return order.keepFilled && orderNumber(order.sequence) === orderNumber(slot.sequence) ? slot.filledLots : 0;
}

/** Rules 1 and 2: whether the order can still execute a quantity. Rule 2's minimum is the one at the batch's start. */
export function orderRefusal(
  order: OrderMessage,
  slot: OrderSlot,
  minSequence: number,
  timeSeconds: number,
  quantityLots: number,
): RowRefusal | undefined {
  if (quantityLots < 1) return "quantity";
  if (order.sequence < minSequence) return "below-min-sequence";
  const base = baseFilledLots(order, slot);
  if (base === undefined) return "superseded";
  if (base + quantityLots > order.quantityLots) return "overfilled";
  if (timeSeconds > order.expirySeconds) return "expired";
  return undefined;
}

/** Rules 3 and 4 on a row's sums. */
export function executionRefusal(
  terms: EpochTerms,
  order: OrderMessage,
  quantityLots: bigint,
  quoteMicroUsd: bigint,
  feePicoUsd: bigint,
): RowRefusal | undefined {
  const market = terms.markets[order.market] as MarketTerms;
  if (!market.live) return "market-not-live";
  const limitMicroUsd = BigInt(order.limitPriceTicks) * quantityLots;
  if (order.side === "buy" ? quoteMicroUsd > limitMicroUsd : quoteMicroUsd < limitMicroUsd) return "limit-price";
  if (quoteMicroUsd < market.priceMinTicks * quantityLots || quoteMicroUsd > market.priceMaxTicks * quantityLots) {
    return "price-band";
  }
  if (feePicoUsd > BigInt(order.maxFeePpm) * quoteMicroUsd) return "fee-above-maximum";
  if (feePicoUsd < -terms.rebateCapPpm * quoteMicroUsd) return "rebate-above-cap";
  return undefined;
}

/** The slot after an order row. The order was checked. */
export function slotAfterOrder(order: OrderMessage, slot: OrderSlot, quantityLots: number): OrderSlot {
  return { sequence: order.sequence, filledLots: (baseFilledLots(order, slot) as number) + quantityLots };
}

export type CancelRefusal = "superseded" | "below-min-sequence";

export function cancelRefusal(sequence: number, slot: OrderSlot, minSequence: number): CancelRefusal | undefined {
  if (sequence < minSequence) return "below-min-sequence";
  return sequence < slot.sequence ? "superseded" : undefined;
}

/** `filled` of 2^40 − 1: no order of this sequence, nor one that keeps `filled`, can follow. */
export function slotAfterCancel(sequence: number): OrderSlot {
  return { sequence, filledLots: FILLED_CANCELLED };
}
