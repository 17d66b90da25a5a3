import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { GENESIS_FUNDING_DIGEST } from "../../matcher/protocol/funding-interval.ts";
import { fundingIntervalAt, fundingSpans } from "../../matcher/protocol/funding-schedule.ts";
import { chargedRate8hPpm, fundingDeltaPicoUsdTowardZero } from "../../matcher/risk/funding-delta.ts";
import { type IntervalVerdict, intervalVerdict } from "./interval-verdict.ts";
import type { PublishedDigest, PublishedFunding, PublishedTerms } from "./published-funding.ts";
import type { ServedFunding, ServedInterval } from "./served-funding.ts";

export interface Verdict {
  readonly intervals: readonly IntervalVerdict[];
  /** What is wrong and belongs to no served interval. */
  readonly faults: readonly string[];
  /** Nothing wrong, but worth knowing. */
  readonly notes: readonly string[];
  /** Older than anything that is still served. */
  readonly uncheckedEpochs: number;
  readonly uncheckedBatches: number;
}

/** An interval, or why there is none: nothing was measured yet, it is no longer served, or it should be there. */
type Found = IntervalVerdict | "before" | "unchecked" | "missing";

/** What only the exchange decides: impact notional and interest. */
function ownTerms({ content }: ServedInterval): string {
  return content.terms
    .map(({ market, impactNotionalMicroUsd, interest8hPpm }) => `${market} ${impactNotionalMicroUsd} ${interest8hPpm}`)
    .join();
}

/** Of a version that nobody has read: no index may move. */
const NO_TERMS: PublishedTerms = { rateMaxPpmPerHour: 0, liveMarkets: [] };

/** A span of time with the interval whose rate it is charged at. */
interface ChargedSpan {
  readonly found: Found;
  readonly seconds: number;
}

/** Where an epoch's indices are not what the rates make of those before; a market without fresh price moves none, nor one that ends. */
function indexFaults(
  epoch: OpenedEpoch,
  before: OpenedEpoch | undefined,
  spans: readonly ChargedSpan[],
  { rateMaxPpmPerHour, liveMarkets }: PublishedTerms,
): string[] {
  return epoch.markets.flatMap(({ priceTicks, restricted, fundingIndexPicoUsd }, market) => {
    const rates = spans.map(({ found, seconds }) => {
      const funding = typeof found === "string" ? [] : found.funding;
      const rate8hPpm = funding.find((candidate) => candidate.market === market)?.rate8hPpm ?? 0;
      return { rate8hPpm: chargedRate8hPpm(rate8hPpm, rateMaxPpmPerHour), seconds };
    });
    const moves = !restricted && liveMarkets.includes(market);
    const expected = moves ? fundingDeltaPicoUsdTowardZero(priceTicks, rates) : 0n;
    const moved = fundingIndexPicoUsd - (before?.markets[market]?.fundingIndexPicoUsd ?? 0n);
    if (moved === expected) return [];
    return [`epoch ${epoch.number} moved the index of market ${market} by ${moved}, not ${expected} pico-USD a lot`];
  });
}

/**
 * Recomputes every served interval, and from it what L1 should hold: the digest in each batch, and the funding indices of each epoch.
 * Nothing that the exchange serves is believed; what it no longer serves is counted as unchecked.
 */
export function verifyFunding({ epochs, batches, terms }: PublishedFunding, served: ServedFunding): Verdict {
  const { schedule } = served;
  const intervals = served.intervals.map((interval, i) =>
    intervalVerdict(interval, served.intervals[i - 1], schedule, (number) => epochs[number - 1]),
  );
  const byNumber = new Map(intervals.map((verdict) => [verdict.interval, verdict]));
  const faults: string[] = [];

  // 1. The chain begins with the interval of the first epoch, or, for us, with the oldest that is still served.
  const oldest = served.intervals[0];
  const fromGenesis = oldest === undefined || oldest.previousDigest === GENESIS_FUNDING_DIGEST;
  const began = epochs[0] === undefined ? 0 : fundingIntervalAt(schedule, epochs[0].timeSeconds);
  const first = fromGenesis ? began : oldest.content.interval;
  if (fromGenesis && oldest !== undefined && oldest.content.interval !== first) {
    faults.push(`the hash chain begins with interval ${oldest.content.interval}, the first epoch is in ${first}`);
  }
  const find = (interval: number): Found => {
    const found = byNumber.get(interval);
    if (found !== undefined) return found;
    if (interval >= first) return "missing";
    return fromGenesis ? "before" : "unchecked";
  };

  // 2. A batch carries the chain through the interval before the one that its epoch's time is in.
  let uncheckedBatches = 0;
  const checkBatch = ({ batchNumber, epochNumber, epochTimeSeconds, fundingDigest }: PublishedDigest) => {
    const interval = fundingIntervalAt(schedule, epochTimeSeconds) - 1;
    const found = find(interval);
    const name = `batch ${batchNumber} of epoch ${epochNumber}`;
    if (found === "unchecked") uncheckedBatches++;
    else if (found === "missing") faults.push(`${name} rests on interval ${interval}, which is not served`);
    else if (found === "before") {
      if (fundingDigest !== GENESIS_FUNDING_DIGEST) faults.push(`${name} has a digest before anything was measured`);
    } else if (found.digest === fundingDigest) found.batches.push(batchNumber);
    else found.faults.push(`${name} carries another digest`);
  };
  for (const batch of batches) checkBatch(batch);

  // 3. An epoch's indices are those of the epoch before, moved by the rates in between.
  let uncheckedEpochs = 0;
  const checkEpoch = (epoch: OpenedEpoch, before: OpenedEpoch | undefined) => {
    const spans = before === undefined ? [] : fundingSpans(schedule, before.timeSeconds, epoch.timeSeconds);
    const missing = spans.find(({ interval }) => find(interval) === "missing");
    if (missing !== undefined) {
      faults.push(`epoch ${epoch.number} charges interval ${missing.interval}, which is not served`);
      return;
    }
    const charged = spans.map(({ interval, seconds }) => ({ found: find(interval), seconds }));
    if (charged.some(({ found }) => found === "unchecked")) {
      uncheckedEpochs++;
      return;
    }
    const wrong = indexFaults(epoch, before, charged, terms.get(epoch.paramVersion) ?? NO_TERMS);
    const row = charged.at(-1)?.found;
    if (row === undefined || typeof row === "string") faults.push(...wrong);
    else if (wrong.length > 0) row.faults.push(...wrong);
    else row.epochs.push(epoch.number);
  };
  for (const [i, epoch] of epochs.entries()) checkEpoch(epoch, epochs[i - 1]);

  const notes = served.intervals.flatMap((interval, i) => {
    const before = served.intervals[i - 1];
    if (before === undefined || ownTerms(before) === ownTerms(interval)) return [];
    return [`interval ${interval.content.interval} has another impact notional or interest than the one before`];
  });
  return { intervals, faults, notes, uncheckedEpochs, uncheckedBatches };
}
