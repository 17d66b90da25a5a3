import type { FundingInterval } from "./funding-interval.ts";

export type { WireFunding, WireFundingInterval, WireFundingRate, WireOpenFunding } from "./wire/funding.ts";

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
