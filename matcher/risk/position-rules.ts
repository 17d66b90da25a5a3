import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";

/** Why positions may not become what they would (docs/protocol.md §5, rules 2 to 4). */
export type PositionRefusal = "market-restricted" | "position-cap" | "isolated-only";

function magnitude(size: bigint): bigint {
  return size < 0n ? -size : size;
}

/**
 * Rules 2 to 4 on sizes alone: nothing grows or changes sign in a restricted market; what grew is within its market's cap; where
 * anything grew, a position in an isolated-only market is the only one.
 */
export function positionRefusal(
  terms: EpochTerms,
  start: readonly bigint[],
  final: readonly bigint[],
): PositionRefusal | undefined {
  let anyGrew = false;
  let positions = 0;
  let isolated = false;
  for (let market = 0; market < final.length; market++) {
    const before = start[market] as bigint;
    const after = final[market] as bigint;
    if (after === 0n) continue;
    const { restricted, isolatedOnly, positionCapLots } = terms.markets[market] as MarketTerms;
    positions += 1;
    isolated ||= isolatedOnly;
    if (before === after) continue;
    const grew = magnitude(after) > magnitude(before);
    const flipped = before !== 0n && before < 0n !== after < 0n;
    if (restricted && (grew || flipped)) return "market-restricted";
    if (!grew) continue;
    anyGrew = true;
    if (magnitude(after) > positionCapLots) return "position-cap";
  }
  return anyGrew && isolated && positions > 1 ? "isolated-only" : undefined;
}

/** Whether the account has a position in a restricted market: then it pays nothing out (rule 2). */
export function holdsRestricted(terms: EpochTerms, sizesLots: readonly bigint[]): boolean {
  return sizesLots.some((size, market) => size !== 0n && (terms.markets[market] as MarketTerms).restricted);
}
