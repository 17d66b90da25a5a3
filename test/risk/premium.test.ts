import { expect } from "chai";
import fc from "fast-check";
import { premiumMaxPpm, premiumPpmTowardZero } from "../../matcher/risk/premium.ts";

describe("the premium", () => {
  const NO_BOUND = 60_000_000;
  /** Lots for a million micro-USD on each side. */
  const at = (indexTicks: number, impactBidLots: number, impactAskLots: number, maxPpm = NO_BOUND) =>
    premiumPpmTowardZero(indexTicks, { impactBidLots, impactAskLots }, 1_000_000n, maxPpm);
  /** Both impact prices as ticks. */
  const at1 = (indexTicks: number, impactTicks: bigint) =>
    premiumPpmTowardZero(indexTicks, { impactBidLots: 1, impactAskLots: 1 }, impactTicks, NO_BOUND);

  it("is what bids pay above the index, or asks ask below it, and nothing in between", () => {
    // Impact prices 100 and 125.
    expect(at(80, 10_000, 8_000)).to.equal(250_000);
    expect(at(200, 10_000, 8_000)).to.equal(-375_000);
    for (const index of [100, 110, 125]) expect(at(index, 10_000, 8_000)).to.equal(0);
  });

  it("says nothing about a side that is not deep enough", () => {
    expect(at(80, 0, 8_000)).to.equal(0);
    expect(at(80, 10_000, 0)).to.equal(250_000);
    expect(at(200, 10_000, 0)).to.equal(0);
    expect(at(200, 0, 8_000)).to.equal(-375_000);
    expect(at(80, 0, 0)).to.equal(0);
  });

  it("is rounded toward zero on both sides", () => {
    // An impact price of 333,333⅓: a third of a tick from 333,333, which is 1.000001 ppm; two thirds from 333,334, 1.99999 ppm.
    expect(at(333_333, 3, 3)).to.equal(1);
    expect(at(333_334, 3, 3)).to.equal(-1);
    expect(at1(1_000_000, 1_000_001n)).to.equal(1);
    expect(at1(1_000_001, 1_000_002n)).to.equal(0);
    expect(at1(1_000_002, 1_000_001n)).to.equal(0);
  });

  it("is clamped at the bound and not before", () => {
    expect(at(80, 10_000, 0, 250_001)).to.equal(250_000);
    expect(at(80, 10_000, 0, 250_000)).to.equal(250_000);
    expect(at(80, 10_000, 0, 249_999)).to.equal(249_999);
    expect(at(200, 0, 8_000, 375_000)).to.equal(-375_000);
    expect(at(200, 0, 8_000, 374_999)).to.equal(-374_999);
    expect(Object.is(at(200, 0, 8_000, 0), 0)).to.equal(true);
    expect(at(1, 1, 0)).to.equal(NO_BOUND);
    expect(at1(1, 2n ** 53n - 1n)).to.equal(NO_BOUND);
  });

  it("has a bound of 60 times the gap of the margin fractions", () => {
    expect(premiumMaxPpm(50_000, 30_000)).to.equal(1_200_000);
    expect(premiumMaxPpm(50_000, 50_000)).to.equal(0);
    expect(premiumMaxPpm(1_000_000, 0)).to.equal(60_000_000);
  });

  it("refuses an index or a notional that no price can be made of", () => {
    for (const index of [0, -1, 0.5, Number.NaN]) expect(() => at(index, 1, 1)).to.throw(RangeError, "index");
    for (const notional of [0n, -1n]) expect(() => at1(1, notional)).to.throw(RangeError, "notional");
  });

  it("is the formula in fractions, whatever the numbers", () => {
    const lots = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        lots,
        lots,
        fc.integer({ min: 1, max: 1_000_000 }),
        (index, bid, ask, notional) => {
          const above = bid === 0 ? 0 : Math.max(0, notional / bid - index);
          const below = ask === 0 ? 0 : Math.max(0, index - notional / ask);
          const exact = ((above - below) / index) * 1e6;
          const impact = { impactBidLots: bid, impactAskLots: ask };
          const found = premiumPpmTowardZero(index, impact, BigInt(notional), NO_BOUND);
          if (Math.abs(exact) > NO_BOUND + 1) expect(found).to.equal(Math.sign(exact) * NO_BOUND);
          else expect(Math.abs(found)).to.be.within(Math.abs(exact) - 1.001, Math.abs(exact) + 0.001);
        },
      ),
      { numRuns: 500 },
    );
  });
});
