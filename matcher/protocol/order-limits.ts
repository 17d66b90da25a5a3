import type { RejectCode } from "./reject.ts";
import { WIDTH } from "./spec.ts";

/** Steps and sizes in which one market accepts orders: the same for the book and for whoever previews an order. */
export interface OrderLimits {
  /** Prices are multiples of this. */
  priceStepTicks: number;
  /** Quantities are multiples of this. */
  quantityStepLots: number;
  quantityMinLots: number;
  /** At most 2^40 − 1. */
  quantityMaxLots: number;
  /** Price · quantity of an order is at least this, unless it only reduces: one tick times one lot is one micro-USD. 0 when absent. */
  notionalMinMicroUsd?: number;
}

const QUANTITY_LIMIT_LOTS = 2 ** WIDTH.quantityLots;

/** What is wrong with a quantity, whatever its type. The width's bound comes first: a market's maximum is governed, the width is not. */
export function quantityReject(quantityLots: number, limits: OrderLimits): RejectCode | null {
  if (quantityLots === 0) return "QUANTITY_ZERO";
  if (!Number.isSafeInteger(quantityLots) || quantityLots < 0) return "QUANTITY_TOO_LARGE";
  if (quantityLots >= QUANTITY_LIMIT_LOTS || quantityLots > limits.quantityMaxLots) return "QUANTITY_TOO_LARGE";
  if (quantityLots < limits.quantityMinLots) return "QUANTITY_TOO_SMALL";
  return limits.quantityStepLots !== 1 && quantityLots % limits.quantityStepLots !== 0 ? "OFF_LOT" : null;
}

/** What is wrong with a limit price, whatever its type: a shift of a bigint or a symbol throws, so the type is looked at first. */
export function priceReject(limitPriceTicks: number, limits: OrderLimits): RejectCode | null {
  if (limitPriceTicks === 0) return "PRICE_ZERO";
  if (typeof limitPriceTicks !== "number" || limitPriceTicks >>> 0 !== limitPriceTicks) return "PRICE_TOO_LARGE";
  return limits.priceStepTicks !== 1 && limitPriceTicks % limits.priceStepTicks !== 0 ? "OFF_TICK" : null;
}

/** What is wrong with the size in money. What only reduces is free of it: a small rest of a position must have a way out. */
export function notionalReject(
  { limitPriceTicks, quantityLots, reduceOnly }: { limitPriceTicks: number; quantityLots: number; reduceOnly: boolean },
  { notionalMinMicroUsd = 0 }: OrderLimits,
): RejectCode | null {
  // A product that is no exact integer is far above any minimum.
  return reduceOnly || limitPriceTicks * quantityLots >= notionalMinMicroUsd ? null : "NOTIONAL_TOO_SMALL";
}
