import type { OrderLimits } from "../protocol/order-limits.ts";

/** Terms on which one market accepts orders. */
export type MarketRules = OrderLimits;

/** Terms on which the book accepts orders. They come from the parameter version in force. */
export interface BookRules {
  /** By market index; null where the market is not live. */
  markets: readonly (MarketRules | null)[];
  /** How far ahead of the epoch's time an expiry may lie. */
  expiryHorizonSeconds: number;
  openOrdersPerAccountMax: number;
}
