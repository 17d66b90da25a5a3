import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import type { FundingInterval, FundingSample } from "../../matcher/protocol/funding-interval.ts";
import { slotsPerInterval } from "../../matcher/protocol/funding-schedule.ts";
import { fundingDeltaPicoUsdTowardZero } from "../../matcher/risk/funding-delta.ts";
import {
  fundingOf,
  meanPaddedTowardZero,
  medianHalfAwayFromZero,
  rate8hPpm,
  rateMax8hPpm,
} from "../../matcher/risk/funding-rate.ts";

function vectors<T>(name: string): T[] {
  const path = new URL(`../vectors/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { cases: T[] }).cases;
}

interface TickCase {
  name: string;
  sampleDuration: number;
  tickDuration: number;
  samples: { constant: number; count: number } | { $call: string; args: [number[], number[]] } | [];
  perps: {
    atomicResolution: number;
    price: [value: number, exponent: number];
    defaultFunding8hPpm: number;
    initialMarginPpm: number;
    maintenanceFractionPpm: number;
  }[];
  clampFactorPpm: number;
  expectedRate8hPpm: number[];
  expectedIndexDelta: number[];
}

interface MedianCase {
  name: string;
  input: number[];
  expected: number;
  expectedError: boolean;
}

/** Their samples are the medians of our slots. */
function mediansOf({ samples }: TickCase): number[] {
  if (Array.isArray(samples)) return [];
  if ("constant" in samples) return new Array(samples.count).fill(samples.constant);
  expect(samples.$call).to.equal("constants.GenerateFundingSamplesWithValues");
  const [values, counts] = samples.args;
  return values.flatMap((value, i) => new Array(counts[i]).fill(value));
}

describe("the funding rate", () => {
  for (const vector of vectors<TickCase>("v4_funding_tick")) {
    it(`and what it adds to the index are those of dYdX v4: ${vector.name}`, () => {
      const { tickDuration: intervalSeconds, sampleDuration: slotSeconds } = vector;
      const slots = slotsPerInterval({ intervalSeconds, slotSeconds, sampleSeconds: slotSeconds });
      const premiumPpm = meanPaddedTowardZero(mediansOf(vector), slots);
      expect(vector.clampFactorPpm).to.equal(6_000_000);
      vector.perps.forEach((perp, i) => {
        const mmfPpm = (perp.initialMarginPpm * perp.maintenanceFractionPpm) / 1_000_000;
        const terms = {
          interest8hPpm: perp.defaultFunding8hPpm,
          rateMax8hPpm: rateMax8hPpm(perp.initialMarginPpm, mmfPpm),
        };
        const rate = rate8hPpm(premiumPpm, terms);
        expect(rate).to.equal(vector.expectedRate8hPpm[i]);
        // A base quantum costs price · 10^(exponent + resolution + 6) quote quantums: that is our tick.
        const [value, exponent] = perp.price;
        const priceTicks = Math.round(value * 10 ** (exponent + perp.atomicResolution + 6));
        const charged = [{ rate8hPpm: rate, seconds: intervalSeconds }];
        const delta = fundingDeltaPicoUsdTowardZero(priceTicks, charged);
        expect(delta).to.equal(BigInt(vector.expectedIndexDelta[i] as number));
      });
    });
  }

  it("takes all of the dYdX v4 cases", () => {
    expect(vectors("v4_funding_tick")).to.have.length(18);
  });

  for (const { name, input, expected, expectedError } of vectors<MedianCase>("v4_median")) {
    it(`has the median of dYdX v4: ${name} (${input.join(" ")})`, () => {
      if (expectedError) expect(() => medianHalfAwayFromZero(input)).to.throw(RangeError);
      else expect(medianHalfAwayFromZero(input)).to.equal(expected);
    });
  }

  it("is clamped at its bound and not before, on both sides", () => {
    const terms = { interest8hPpm: 100, rateMax8hPpm: 1_000 };
    for (const [premium, rate] of [
      [899, 999],
      [900, 1_000],
      [901, 1_000],
      [-1_099, -999],
      [-1_100, -1_000],
      [-1_101, -1_000],
      [-100, 0],
    ] as const) {
      expect(rate8hPpm(premium, terms)).to.equal(rate);
    }
    expect(Object.is(rate8hPpm(-5, { interest8hPpm: 0, rateMax8hPpm: 0 }), 0)).to.equal(true);
    expect(rateMax8hPpm(50_000, 30_000)).to.equal(120_000);
    expect(rateMax8hPpm(30_000, 30_000)).to.equal(0);
  });

  it("pads with zeros and rounds toward zero, whatever the sign", () => {
    expect(meanPaddedTowardZero([], 60)).to.equal(0);
    expect(meanPaddedTowardZero([59], 60)).to.equal(0);
    expect(meanPaddedTowardZero([119], 60)).to.equal(1);
    expect(meanPaddedTowardZero([-59], 60)).to.equal(0);
    expect(meanPaddedTowardZero([-119], 60)).to.equal(-1);
    expect(meanPaddedTowardZero([1, 2], 1)).to.equal(1);
  });
});

const SCHEDULE = { intervalSeconds: 20, slotSeconds: 10, sampleSeconds: 2 };

/** At an index of a million ticks, a tick is a ppm. */
function sampleOf(timeSeconds: number, premiumPpm: number, market = 0): FundingSample {
  const indexTicks = 1_000_000;
  const ticksQ20 = (indexTicks + premiumPpm) * 2 ** 20;
  const impact = { impactBidTicksQ20: ticksQ20, impactAskTicksQ20: ticksQ20 };
  return { timeSeconds, epochNumber: 1, markets: [{ market, indexTicks, premiumMaxPpm: 60_000_000, ...impact }] };
}

function intervalOf(samples: readonly FundingSample[]): FundingInterval {
  const terms = [{ market: 0, impactNotionalMicroUsd: 1n, interest8hPpm: 0, rateMax8hPpm: 60_000_000 }];
  return { interval: 5, schedule: SCHEDULE, epochNumber: 1, terms, samples };
}

describe("an interval's funding", () => {
  it("is the mean over the slots of each slot's median; samples that are missing count as zero", () => {
    // First slot 10, 20, 30, 40, 50; second 200, 300 and 400, with two missing.
    const first = [10, 20, 30, 40, 50].map((ppm, i) => sampleOf(100 + 2 * i, ppm));
    const second = [200, 300, 400].map((ppm, i) => sampleOf(110 + 2 * i, ppm));
    expect(fundingOf(intervalOf([...first, ...second]))).to.deep.equal([
      { market: 0, mediansPpm: [30, 200], premiumPpm: 115, rate8hPpm: 115 },
    ]);
    expect(fundingOf(intervalOf(second.slice(0, 2)))[0]?.mediansPpm).to.deep.equal([0, 0]);
    expect(fundingOf(intervalOf([]))[0]).to.deep.equal({ market: 0, mediansPpm: [0, 0], premiumPpm: 0, rate8hPpm: 0 });
  });

  it("does not see a market that is in no terms, and gives zero to one that is in no sample", () => {
    expect(fundingOf({ ...intervalOf([sampleOf(100, 7)]), terms: [] })).to.deep.equal([]);
    expect(fundingOf(intervalOf([sampleOf(100, 7, 3)]))[0]?.mediansPpm).to.deep.equal([0, 0]);
  });

  it("comes nearer to zero, never farther, when samples that all lean one way are left out", () => {
    const ppm = fc.integer({ min: 0, max: 500_000 });
    fc.assert(
      fc.property(fc.array(ppm, { minLength: 10, maxLength: 10 }), fc.nat(1023), fc.boolean(), (premiums, kept, up) => {
        const all = premiums.map((premium, i) => sampleOf(100 + 2 * i, up ? premium : -premium));
        const [whole] = fundingOf(intervalOf(all));
        const [part] = fundingOf(intervalOf(all.filter((_, i) => (kept >> i) % 2 === 1)));
        const size = (funding: typeof whole) => Math.abs(funding?.premiumPpm ?? Number.NaN);
        expect(size(part)).to.be.at.most(size(whole));
      }),
      { numRuns: 300 },
    );
  });
});
