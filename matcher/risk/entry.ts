import { magnitude } from "./magnitude.ts";
import { reducedEntryMicroUsdAgainst } from "./profit.ts";

/** What a position has cost its holder, or brought: the sum of its fills, less what was closed again. */
export interface PositionEntry {
  /** Signed. */
  readonly sizeLots: bigint;
  /** Without sign. */
  readonly entryMicroUsd: bigint;
}

export const NO_POSITION: PositionEntry = { sizeLots: 0n, entryMicroUsd: 0n };

/** The entry of a position that became smaller, or went, without a fill of an order: its mean price stays. */
export function entryReducedTo(entry: PositionEntry, sizeLots: bigint): PositionEntry {
  const entryMicroUsd = reducedEntryMicroUsdAgainst(entry.sizeLots, entry.entryMicroUsd, magnitude(sizeLots));
  return { sizeLots, entryMicroUsd };
}

/** @param lots signed: bought or sold */
export function entryAfterFill(entry: PositionEntry, lots: bigint, priceTicks: bigint): PositionEntry {
  const sizeLots = entry.sizeLots + lots;
  const grows = entry.sizeLots === 0n || entry.sizeLots < 0n === lots < 0n;
  if (grows) return { sizeLots, entryMicroUsd: entry.entryMicroUsd + magnitude(lots) * priceTicks };
  // Through zero: what is left was opened by this fill.
  if (magnitude(lots) > magnitude(entry.sizeLots)) {
    return { sizeLots, entryMicroUsd: magnitude(sizeLots) * priceTicks };
  }
  return entryReducedTo(entry, sizeLots);
}
