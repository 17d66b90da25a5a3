/** Risk terms of one market inside an epoch (docs/protocol.md §7). A market that is not live has price 0, band 1 … 0. */
export interface EpochMarket {
  priceTicks: number;
  /** Initial margin fraction, open-interest scaling included. */
  imfPpm: number;
  mmfPpm: number;
  /** Band for a row's mean price, rounded inward. */
  priceMinTicks: number;
  priceMaxTicks: number;
  /** Signed. */
  fundingIndexPicoUsd: bigint;
  /** Σ|size| may not grow beyond this. */
  grossOpenInterestCapLots: bigint;
  /** No fresh price: the last one stands, nothing grows, nothing is liquidated, who has a position pays nothing out. */
  restricted: boolean;
  /** Closed for good; its price is the settlement price, at which every position that is touched ends. */
  retired: boolean;
  /** Whoever grows a position here or elsewhere must not end with one here beside another. */
  isolatedOnly: boolean;
  /** |size| of one account may not grow beyond this. */
  positionCapLots: bigint;
  /** How far from the price a forced exit may be closed, ppm of it; at most mmfPpm. */
  exitHaircutPpm: number;
}

/** Terms of liquidations inside an epoch (docs/protocol.md §5a). */
export interface LiquidationTerms {
  /** Most that a liquidation pays to the insurance fund, ppm of its quote. */
  feeCapPpm: number;
  /** How far from the index price a bankrupt account may be liquidated, ppm of its maintenance margin. */
  spreadPpm: number;
  /** How fast that distance is reached as an account falls below maintenance, ppm: 10^6 reaches it at a value of zero. */
  bankruptcyAdjustmentPpm: number;
  /** Most that the insurance fund pays in the epoch. */
  insuranceCapMicroUsd: bigint;
}

/** What an epoch fixes for every batch in it. */
export interface Epoch {
  number: number;
  timeSeconds: number;
  rebateCapPpm: number;
  liquidation: LiquidationTerms;
  markets: readonly EpochMarket[];
}
