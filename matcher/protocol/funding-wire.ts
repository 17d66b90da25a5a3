import type { FundingInterval, FundingSample } from "./funding-interval.ts";
import type { FundingSchedule } from "./funding-schedule.ts";

/**
 * Funding over the wire. Rates and premiums are parts per million of the price, rates in eight hours; ticks and lots are whole numbers,
 * as they are hashed; digests are 0x and 64 hexadecimal digits.
 */

/** One interval of one market, sealed. */
export interface WireFundingRate {
  interval: number;
  startSeconds: number;
  endSeconds: number;
  /** Samples that were taken; the schedule says how many there could be. */
  samples: number;
  /** One for each slot. */
  mediansPpm: number[];
  premiumPpm: number;
  interest8hPpm: number;
  rateMax8hPpm: number;
  /** What the samples give: the mean premium and the interest, clamped. */
  rate8hPpm: number;
  /** What is charged in the next interval: the same within the contract's bound. */
  chargedRate8hPpm: number;
  digest: string;
}

/** The interval that takes samples now. */
export interface WireOpenFunding {
  interval: number;
  startSeconds: number;
  endSeconds: number;
  samples: number;
  /** Of the last sample; null without one. */
  premiumPpm: number | null;
  /** Charged in the next interval if no sample more were taken. */
  rate8hPpm: number;
}

/** Answer of GET /v1/funding. */
export interface WireFunding {
  market: string;
  schedule: FundingSchedule;
  /** USD. */
  impactNotional: string;
  /** The contract's bound, ppm of the price per hour; null before the first epoch is opened. */
  rateMaxPpmPerHour: number | null;
  /** null before the first epoch. */
  open: WireOpenFunding | null;
  /** Oldest that is served; null without any. */
  oldestInterval: number | null;
  /** By increasing number. */
  intervals: WireFundingRate[];
}

/** Answer of GET /v1/funding/samples: what the digest is of. */
export interface WireFundingInterval {
  interval: number;
  schedule: FundingSchedule;
  /** Of the epoch in force when the interval was sealed. */
  epochNumber: number;
  terms: {
    market: number;
    symbol: string;
    impactNotionalMicroUsd: number;
    interest8hPpm: number;
    rateMax8hPpm: number;
  }[];
  samples: FundingSample[];
  /** What they lead to. */
  funding: { market: number; mediansPpm: number[]; premiumPpm: number; rate8hPpm: number }[];
  /** Head of the hash chain before and after the interval. */
  previousDigest: string;
  digest: string;
}

export function wireDigest(digest: bigint): string {
  return `0x${digest.toString(16).padStart(64, "0")}`;
}

function field(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new RangeError(`${name} is not a whole number`);
  return value;
}

function list(value: unknown, name: string): Record<string, unknown>[] {
  if (!Array.isArray(value) || value.some((item) => typeof item !== "object" || item === null)) {
    throw new RangeError(`${name} is not a list`);
  }
  return value as Record<string, unknown>[];
}

/** Reads an interval that somebody served. @throws RangeError naming a field that has the wrong shape */
export function fundingIntervalFromWire(body: unknown): FundingInterval {
  const [wire = {}] = list([body], "the interval");
  const [schedule = {}] = list([wire.schedule], "the schedule");
  return {
    interval: field(wire.interval, "interval"),
    schedule: {
      intervalSeconds: field(schedule.intervalSeconds, "intervalSeconds"),
      slotSeconds: field(schedule.slotSeconds, "slotSeconds"),
      sampleSeconds: field(schedule.sampleSeconds, "sampleSeconds"),
    },
    epochNumber: field(wire.epochNumber, "epochNumber"),
    terms: list(wire.terms, "terms").map((terms) => ({
      market: field(terms.market, "market"),
      impactNotionalMicroUsd: BigInt(field(terms.impactNotionalMicroUsd, "impactNotionalMicroUsd")),
      interest8hPpm: field(terms.interest8hPpm, "interest8hPpm"),
      rateMax8hPpm: field(terms.rateMax8hPpm, "rateMax8hPpm"),
    })),
    samples: list(wire.samples, "samples").map((sample) => ({
      timeSeconds: field(sample.timeSeconds, "timeSeconds"),
      epochNumber: field(sample.epochNumber, "epochNumber"),
      markets: list(sample.markets, "markets").map((market) => ({
        market: field(market.market, "market"),
        indexTicks: field(market.indexTicks, "indexTicks"),
        premiumMaxPpm: field(market.premiumMaxPpm, "premiumMaxPpm"),
        impactBidTicksQ20: field(market.impactBidTicksQ20, "impactBidTicksQ20"),
        impactAskTicksQ20: field(market.impactAskTicksQ20, "impactAskTicksQ20"),
      })),
    })),
  };
}
