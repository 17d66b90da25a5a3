import type { EpochMarket } from "../protocol/epoch.ts";
import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import { MARKETS } from "../protocol/spec.ts";

/** What everything is worth once the exchange is frozen (docs/protocol.md §12). */
export interface EscapeTerms {
  /** One per market. */
  readonly pricesTicks: readonly number[];
  /** Of the last settled epoch, pico-USD per lot, one per market. */
  readonly fundingIndexPicoUsd: readonly bigint[];
}

export interface EscapeSources {
  /** Without a gap, rising, up to the last settled one at least; they must reach beyond the price window or to number 1. */
  readonly epochs: readonly OpenedEpoch[];
  /** Epoch of the last settled batch; 0 when none is. */
  readonly lastEpoch: number;
  readonly priceWindowSeconds: number;
  /** When each index was given to the market that it stands for now, as the registry says; 0 for the first one. */
  readonly sinceSeconds: readonly number[];
  /** First epoch with the market's settlement price, as the Exchange says; 0 where there is none. */
  readonly settledSinceEpoch: readonly number[];
}

export interface FoundTerms extends EscapeTerms {
  /** What the contract wants to see: from the last settled epoch backwards, the first one outside the window with them. */
  readonly pinned: readonly OpenedEpoch[];
}

/** Lower of the two in the middle when their number is even. */
export function lowerMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] as number;
}

/** Prices and indices of the escape. @throws RangeError when epochs are missing */
export function escapeTerms(sources: EscapeSources): FoundTerms {
  const { epochs, lastEpoch, priceWindowSeconds, sinceSeconds, settledSinceEpoch } = sources;
  if (lastEpoch === 0) {
    return { pricesTicks: new Array(MARKETS).fill(0), fundingIndexPicoUsd: new Array(MARKETS).fill(0n), pinned: [] };
  }
  const lastIndex = epochs.findIndex(({ number }) => number === lastEpoch);
  const last = epochs[lastIndex];
  if (last === undefined) throw new RangeError(`epoch ${lastEpoch}, the last settled one, is missing`);
  const isInside = ({ timeSeconds }: OpenedEpoch) => timeSeconds + priceWindowSeconds >= last.timeSeconds;
  const backwards = epochs.slice(0, lastIndex + 1).reverse();
  const outside = backwards.findIndex((epoch) => !isInside(epoch));
  const pinned = outside < 0 ? backwards : backwards.slice(0, outside + 1);
  const first = pinned.at(-1) as OpenedEpoch;
  if (outside < 0 && first.number !== 1)
    throw new RangeError(`epoch ${first.number - 1}, of the price window or before it, is missing`);
  const inside = outside < 0 ? pinned : pinned.slice(0, -1);
  const pricesTicks = last.markets.map((own, market) => {
    const since = sinceSeconds[market] ?? 0;
    const settledSince = settledSinceEpoch[market] ?? 0;
    if (settledSince !== 0 && settledSince <= lastEpoch) return own.priceTicks;
    const counted = inside
      .filter(({ timeSeconds }) => since > last.timeSeconds || timeSeconds > since)
      .map(({ markets }) => markets[market] as EpochMarket)
      .filter(({ restricted, retired, priceTicks }) => !restricted && !retired && priceTicks !== 0);
    return counted.length === 0 ? own.priceTicks : lowerMedian(counted.map(({ priceTicks }) => priceTicks));
  });
  return {
    pricesTicks,
    fundingIndexPicoUsd: last.markets.map(({ fundingIndexPicoUsd }) => fundingIndexPicoUsd),
    pinned,
  };
}
