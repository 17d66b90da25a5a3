/** Terms on which one market accepts orders. */
export interface MarketRules {
  /** Prices are multiples of this. */
  priceStepTicks: number;
  /** Quantities are multiples of this. */
  quantityStepLots: number;
  quantityMinLots: number;
  /** At most 2^40 − 1. */
  quantityMaxLots: number;
}

/** Terms on which the book accepts orders. They come from the parameter version in force. */
export interface BookRules {
  /** By market index; null where the market is not live. */
  markets: readonly (MarketRules | null)[];
  /** How far ahead of the epoch's time an expiry may lie. */
  expiryHorizonSeconds: number;
  openOrdersPerAccountMax: number;
}
