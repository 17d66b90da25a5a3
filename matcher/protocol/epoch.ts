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
}

/** What an epoch fixes for every batch in it. */
export interface Epoch {
  number: number;
  timeSeconds: number;
  rebateCapPpm: number;
  markets: readonly EpochMarket[];
}
