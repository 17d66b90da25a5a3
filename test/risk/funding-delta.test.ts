import { expect } from "chai";
import fc from "fast-check";
import { fundingOwedPicoUsd } from "../../matcher/risk/funding.ts";
import { type ChargedRate, chargedRate8hPpm, fundingDeltaPicoUsdTowardZero } from "../../matcher/risk/funding-delta.ts";
import v1 from "../vectors/dydx_v1_funding.json" with { type: "json" };
import v4 from "../vectors/v4_funding_index_delta.json" with { type: "json" };
import { sizes } from "./sample-epoch.ts";

const HOURS_8 = 28_800;

describe("what an epoch adds to a funding index", () => {
  for (const vector of v4.cases) {
    it(`is that of dYdX v4: ${vector.name}`, () => {
      const { price, priceExponent, atomicResolution, rate8hPpm, seconds, expectedIndexDelta } = vector;
      // Their quote per base quantum is price · 10^(exponent + resolution + 6); where that is no whole number of ticks, the rest of
      // the division is done afterwards, which is the same: both round toward zero.
      const exponent = priceExponent + atomicResolution + 6;
      const priceTicks = exponent < 0 ? price : price * 10 ** exponent;
      const rest = exponent < 0 ? 10n ** BigInt(-exponent) : 1n;
      const delta = fundingDeltaPicoUsdTowardZero(priceTicks, [{ rate8hPpm, seconds }]) / rest;
      expect(delta).to.equal(BigInt(expectedIndexDelta));
    });
  }

  it("is rounded toward zero, once, after all products", () => {
    const one = (rate8hPpm: number, seconds: number): ChargedRate => ({ rate8hPpm, seconds });
    expect(fundingDeltaPicoUsdTowardZero(1, [one(1, HOURS_8 - 1)])).to.equal(0n);
    expect(fundingDeltaPicoUsdTowardZero(1, [one(-1, HOURS_8 - 1)])).to.equal(0n);
    expect(fundingDeltaPicoUsdTowardZero(1, [one(-1, HOURS_8)])).to.equal(-1n);
    expect(fundingDeltaPicoUsdTowardZero(1, [one(1, HOURS_8 - 1), one(1, 1)])).to.equal(1n);
    expect(fundingDeltaPicoUsdTowardZero(650_000, [one(100, 60), one(-100, 60)])).to.equal(0n);
    expect(fundingDeltaPicoUsdTowardZero(650_000, [])).to.equal(0n);
  });

  it("is always within the contract's bound, which rates at the bound reach", () => {
    const rate = fc.integer({ min: -60_000_000, max: 60_000_000 });
    const span = fc.record({ rate8hPpm: rate, seconds: fc.integer({ min: 0, max: 100_000 }) });
    const max = fc.integer({ min: 0, max: 1_000_000 });
    const price = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 5 }), max, price, (spans, ratePpmPerHour, priceTicks) => {
        const charged = spans.map(({ rate8hPpm, seconds }) => ({
          rate8hPpm: chargedRate8hPpm(rate8hPpm, ratePpmPerHour),
          seconds,
        }));
        const delta = fundingDeltaPicoUsdTowardZero(priceTicks, charged);
        const elapsed = BigInt(spans.reduce((sum, { seconds }) => sum + seconds, 0));
        const bound = BigInt(ratePpmPerHour) * elapsed * BigInt(priceTicks);
        expect((delta < 0n ? -delta : delta) * 3_600n <= bound).to.equal(true);
      }),
      { numRuns: 1_000 },
    );
    const hour = (rate: number) => [{ rate8hPpm: chargedRate8hPpm(rate, 15_000), seconds: 3_600 }];
    expect(fundingDeltaPicoUsdTowardZero(650_000, hour(2 ** 23))).to.equal(650_000n * 15_000n);
    expect(fundingDeltaPicoUsdTowardZero(650_000, hour(-(2 ** 23)))).to.equal(-650_000n * 15_000n);
  });

  it("has rates that are cut at eight times the bound per hour and not before", () => {
    for (const rate of [119_999, 120_000]) expect(chargedRate8hPpm(rate, 15_000)).to.equal(rate);
    expect(chargedRate8hPpm(120_001, 15_000)).to.equal(120_000);
    expect(chargedRate8hPpm(-120_001, 15_000)).to.equal(-120_000);
    expect(Object.is(chargedRate8hPpm(-5, 0), 0)).to.equal(true);
  });
});

/** A decimal in units of 10^−places. */
function scaled(text: string, places: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e(-?\d+))?$/.exec(text);
  const [, sign = "", whole = "0", fraction = "", exponent = "0"] = match ?? [];
  const shift = places + Number(exponent) - fraction.length;
  expect(shift, text).to.be.at.least(0);
  return BigInt(`${sign}${whole}${fraction}`) * 10n ** BigInt(shift);
}

function caseNamed(name: string) {
  const found = v1.cases.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}

describe("funding of dYdX v1", () => {
  /** A step of theirs is eight hours of ours; rates in ppm, prices in units of 10^−5: indices in units of 10^−11. */
  const step = (price: string, rate: string): bigint =>
    fundingDeltaPicoUsdTowardZero(Number(scaled(price, 5)), [{ rate8hPpm: Number(scaled(rate, 6)), seconds: HOURS_8 }]);

  it("index accumulates rate*price per step: as here", () => {
    const { steps } = caseNamed("index accumulates rate*price per step");
    let index = 0n;
    for (const { price, rate, index: expected } of Array.isArray(steps) ? steps : []) {
      index += step(price, rate);
      expect(index).to.equal(scaled(expected, 11));
    }
    expect(index).to.not.equal(0n);
  });

  it("debits round up, credits round down: differs, for here both are exact and nothing is left over", () => {
    const name = "debits round up, credits round down; surplus stays in the contract";
    const { accounts = [], events = [], expected } = caseNamed(name);
    // A tenth of theirs is one of ours, so that their indices are whole numbers, as ours always are.
    const margins = new Map(accounts.map(({ id, margin }) => [id, BigInt(margin) * 10n]));
    const settledAt = new Map(accounts.map(({ id }) => [id, 0n]));
    for (const { index, settle } of events) {
      for (const id of settle) {
        const { position } = accounts.find((account) => account.id === id) as (typeof accounts)[number];
        const now = scaled(index, 1);
        const owed = fundingOwedPicoUsd(sizes(position), sizes(settledAt.get(id) ?? 0n), sizes(now));
        margins.set(id, (margins.get(id) ?? 0n) - owed);
        settledAt.set(id, now);
      }
    }
    // Theirs to the nearest unit, and their contract keeps one; ours to the tenth, and nobody keeps anything.
    expect(Object.fromEntries(margins)).to.deep.equal({ A: 2n, B: 142n, C: 156n });
    expect(expected).to.deep.equal({ A: 0, B: 14, C: 15, contractSurplus: 1 });
    expect([...margins.values()].reduce((sum, margin) => sum + margin, 0n)).to.equal(300n);
  });

  for (const [name, steps] of [
    ["settle long and short after one 5 % step", 1],
    ["nine steps settled one by one or at once give the same result (no compounding)", 9],
  ] as const) {
    it(`${name}: as here`, () => {
      const { price = "", rate = "", long, short } = caseNamed(name);
      const UNIT = 10n ** 11n;
      for (const side of [long, short]) {
        const position = sizes(side?.position ?? 0);
        const index = step(price, rate);
        const atOnce = fundingOwedPicoUsd(position, sizes(0), sizes(index * BigInt(steps)));
        let oneByOne = 0n;
        for (let n = 0; n < steps; n++) {
          oneByOne += fundingOwedPicoUsd(position, sizes(index * BigInt(n)), sizes(index * BigInt(n + 1)));
        }
        expect(oneByOne).to.equal(atOnce);
        expect(BigInt(side?.margin ?? 0) * UNIT - atOnce).to.equal(BigInt(side?.expected ?? 0) * UNIT);
      }
    });
  }

  it("rate limits: the amounts are as here; the limits differ, for here samples, not a provider, make the rate", () => {
    const { funding = [], maxAbs } = caseNamed("rate limits (1e18 per second)");
    for (const { ratePerSecond, seconds, funding: expected } of funding) {
      // 10^−10 a second is 2.88 ppm in eight hours: a hundredth of 288, at a price of a thousand, in units of 10^−11.
      const rate8hPpm = Number(scaled(ratePerSecond, 10)) * 288;
      expect(fundingDeltaPicoUsdTowardZero(1_000, [{ rate8hPpm, seconds }])).to.equal(scaled(expected, 11));
    }
    // Theirs: 0.75 % in eight hours, and a limit to how fast it changes, since one key sets it. Ours: six times the gap of the margin
    // fractions and the contract's bound; the mean over an interval is what slows it down.
    expect((BigInt(maxAbs ?? 0) * 28_800n * 1_000_000n) / 10n ** 18n).to.equal(7_499n);
    expect(chargedRate8hPpm(7_500, 15_000)).to.equal(7_500);
    expect(chargedRate8hPpm(-7_500, 15_000)).to.equal(-7_500);
  });

  it("takes all of its cases", () => {
    expect(v1.cases).to.have.length(5);
  });
});

describe("settled funding", () => {
  it("sums to exactly zero over all accounts, whenever each is settled, because sizes sum to zero", () => {
    const lots = fc.bigInt(-(2n ** 40n) + 1n, 2n ** 40n - 1n);
    const delta = fc.bigInt(-(2n ** 55n), 2n ** 55n);
    fc.assert(
      fc.property(
        fc.array(lots, { minLength: 1, maxLength: 12 }),
        fc.array(delta, { minLength: 1, maxLength: 10 }),
        fc.infiniteStream(fc.boolean()),
        (positions, deltas, coin) => {
          const all = [...positions, -positions.reduce((sum, size) => sum + size, 0n)];
          const settledAt = all.map(() => 0n);
          let [index, sum] = [0n, 0n];
          const settle = (i: number) => {
            sum += fundingOwedPicoUsd(sizes(all[i] as bigint), sizes(settledAt[i] as bigint), sizes(index));
            settledAt[i] = index;
          };
          for (const step of deltas) {
            index += step;
            for (const i of all.keys()) if (coin.next().value) settle(i);
          }
          for (const i of all.keys()) settle(i);
          expect(sum).to.equal(0n);
        },
      ),
      { numRuns: 300 },
    );
  });
});
