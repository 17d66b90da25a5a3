/**
 * What an account pays when its funding indices move: Σ size · (index_now − index_old), pico-USD, exact; negative is received.
 * Zero-sum over all accounts, since sizes are.
 */
export function fundingOwedPicoUsd(
  sizesLots: readonly bigint[],
  oldIndexPicoUsd: readonly bigint[],
  newIndexPicoUsd: readonly bigint[],
): bigint {
  let owedPicoUsd = 0n;
  if (oldIndexPicoUsd === newIndexPicoUsd) return owedPicoUsd;
  for (let market = 0; market < sizesLots.length; market++) {
    const size = sizesLots[market] as bigint;
    if (size === 0n) continue;
    owedPicoUsd += size * ((newIndexPicoUsd[market] as bigint) - (oldIndexPicoUsd[market] as bigint));
  }
  return owedPicoUsd;
}
