import type { FundingInterval, FundingMarketTerms } from "../protocol/funding-interval.ts";
import { intervalStartSeconds, samplesPerSlot, slotsPerInterval } from "../protocol/funding-schedule.ts";
import { clampSymmetric } from "./clamp.ts";
import { premiumPpmTowardZero } from "./premium.ts";

/** A rate may reach this many times the gap between initial and maintenance margin (dYdX v4's clamp of the 8-hour rate). */
const RATE_CLAMP_FACTOR = 6;

/** Bound of |rate|, ppm in eight hours: who keeps to initial margin is not liquidated by the funding of one period. */
export function rateMax8hPpm(imfPpm: number, mmfPpm: number): number {
  return RATE_CLAMP_FACTOR * Math.max(0, imfPpm - mmfPpm);
}

/** What a market's samples of an interval lead to. */
export interface MarketFunding {
  market: number;
  /** Premium of each slot. */
  mediansPpm: number[];
  /** Their mean. */
  premiumPpm: number;
  /** Premium and interest, clamped: ppm of the price in eight hours; positive when longs pay. */
  rate8hPpm: number;
}

/**
 * The middle value, or the mean of the two in the middle, half rounded away from zero: no side of the market gains by it.
 * @throws RangeError for no values
 */
export function medianHalfAwayFromZero(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("no values have a median");
  const sorted = [...values].sort((a, b) => a - b);
  const high = sorted[sorted.length >> 1] as number;
  if (sorted.length % 2 === 1) return high;
  const sum = high + (sorted[(sorted.length >> 1) - 1] as number);
  const magnitude = Math.ceil(Math.abs(sum) / 2);
  return sum < 0 ? -magnitude : magnitude;
}

/** The mean over at least so many values, the missing ones zero; rounded toward zero: the least that is owed. */
export function meanPaddedTowardZero(values: readonly number[], expected: number): number {
  const count = Math.max(values.length, expected);
  if (count === 0) return 0;
  return Number(values.reduce((sum, value) => sum + BigInt(value), 0n) / BigInt(count));
}

/** Premium and interest together, within ±rateMax8hPpm. */
export function rate8hPpm(
  premiumPpm: number,
  { interest8hPpm, rateMax8hPpm }: Pick<FundingMarketTerms, "interest8hPpm" | "rateMax8hPpm">,
): number {
  return clampSymmetric(premiumPpm + interest8hPpm, rateMax8hPpm);
}

/**
 * Medians, premium and rate of every market of an interval. Samples that were not taken count as zero in their slot, and slots without
 * any in the mean: who leaves samples out can only bring the premium nearer to zero.
 */
export function fundingOf({ interval, schedule, terms, samples }: FundingInterval): MarketFunding[] {
  const start = intervalStartSeconds(schedule, interval);
  const slots = slotsPerInterval(schedule);
  const expected = samplesPerSlot(schedule);
  return terms.map((market): MarketFunding => {
    const bySlot: number[][] = Array.from({ length: slots }, () => []);
    for (const { timeSeconds, markets } of samples) {
      const sample = markets.find((candidate) => candidate.market === market.market);
      if (sample === undefined) continue;
      const ppm = premiumPpmTowardZero(sample.indexTicks, sample, sample.premiumMaxPpm);
      bySlot[Math.floor((timeSeconds - start) / schedule.slotSeconds)]?.push(ppm);
    }
    const mediansPpm = bySlot.map((taken) => {
      const missing = Math.max(0, expected - taken.length);
      return medianHalfAwayFromZero([...taken, ...new Array<number>(missing).fill(0)]);
    });
    const premiumPpm = meanPaddedTowardZero(mediansPpm, slots);
    return { market: market.market, mediansPpm, premiumPpm, rate8hPpm: rate8hPpm(premiumPpm, market) };
  });
}
