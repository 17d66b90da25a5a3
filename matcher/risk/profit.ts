/**
 * What closing a position at a price would bring beyond what it cost: size · price − (what was paid for it, negative when it was
 * received). Exact: one tick times one lot is one micro-USD.
 * @param entryMicroUsd what the position's lots were bought or sold for, without sign
 */
export function unrealisedProfitMicroUsd(sizeLots: bigint, entryMicroUsd: bigint, priceTicks: bigint): bigint {
  return sizeLots * priceTicks - (sizeLots < 0n ? -entryMicroUsd : entryMicroUsd);
}

function divideCeil(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/**
 * What is left of an entry value when a position of some lots shrinks: in proportion, against the trader (up for a long, down for a
 * short), so that a reduction never shows a gain.
 */
export function reducedEntryMicroUsdAgainst(
  sizeLots: bigint,
  entryMicroUsd: bigint,
  magnitudeAfterLots: bigint,
): bigint {
  const magnitude = sizeLots < 0n ? -sizeLots : sizeLots;
  if (magnitude === 0n) return 0n;
  const share = entryMicroUsd * magnitudeAfterLots;
  return sizeLots < 0n ? share / magnitude : divideCeil(share, magnitude);
}

/** Mean price in whole ticks, against whoever buys (up) or sells (down). @param quantityLots at least one */
export function meanPriceTicksAgainst(quoteMicroUsd: bigint, quantityLots: bigint, buys: boolean): bigint {
  return buys ? divideCeil(quoteMicroUsd, quantityLots) : quoteMicroUsd / quantityLots;
}
