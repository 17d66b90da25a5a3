import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";

/** What margin depends on: collateral after funding, and signed sizes. */
export interface Position {
  readonly collateralPicoUsd: bigint;
  readonly sizesLots: readonly bigint[];
}

/** Exact; nothing is rounded (docs/protocol.md §5). */
export interface Margin {
  /** TV = collateral + Σ size · price · 10^6. */
  valuePicoUsd: bigint;
  /** TR_i = Σ |size| · price · imfPpm. */
  initialPicoUsd: bigint;
  /** TR_m = Σ |size| · price · mmfPpm. */
  maintenancePicoUsd: bigint;
}

/** TV, TR_i and TR_m at the epoch's prices. Bits: |size| < 2^40, price < 2^32, ppm < 2^20: 92 a term, 95 for eight; TV < 2^97. */
export function marginOf(terms: EpochTerms, position: Position): Margin {
  let valuePicoUsd = position.collateralPicoUsd;
  let initialPicoUsd = 0n;
  let maintenancePicoUsd = 0n;
  const sizes = position.sizesLots;
  for (let market = 0; market < sizes.length; market++) {
    const size = sizes[market] as bigint;
    if (size === 0n) continue;
    const lot = terms.markets[market] as MarketTerms;
    valuePicoUsd += size * lot.lotValuePicoUsd;
    const magnitude = size < 0n ? -size : size;
    initialPicoUsd += magnitude * lot.lotInitialPicoUsd;
    maintenancePicoUsd += magnitude * lot.lotMaintenancePicoUsd;
  }
  return { valuePicoUsd, initialPicoUsd, maintenancePicoUsd };
}

/** TV ≥ TR_i: rule (1). The common case of a fill, without the third sum. */
export function meetsInitialMargin(terms: EpochTerms, position: Position): boolean {
  let excessPicoUsd = position.collateralPicoUsd;
  const sizes = position.sizesLots;
  for (let market = 0; market < sizes.length; market++) {
    const size = sizes[market] as bigint;
    if (size === 0n) continue;
    const lot = terms.markets[market] as MarketTerms;
    excessPicoUsd += size * (size < 0n ? lot.shortDeficitPicoUsd : lot.longExcessPicoUsd);
  }
  return excessPicoUsd >= 0n;
}
