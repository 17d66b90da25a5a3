import { expect } from "chai";
import fc from "fast-check";
import { premiumMaxPpm, premiumPpmTowardZero } from "../../matcher/risk/premium.ts";

describe("the premium", () => {
  const NO_BOUND = 60_000_000;
  const Q20 = 2 ** 20;
  const at = (indexTicks: number, bidTicks: number, askTicks: number, maxPpm = NO_BOUND) =>
    premiumPpmTowardZero(indexTicks, { impactBidTicksQ20: bidTicks * Q20, impactAskTicksQ20: askTicks * Q20 }, maxPpm);

  it("is what bids pay above the index, or asks ask below it, and nothing in between", () => {
    expect(at(80, 100, 125)).to.equal(250_000);
    expect(at(200, 100, 125)).to.equal(-375_000);
    for (const index of [100, 110, 125]) expect(at(index, 100, 125)).to.equal(0);
  });

  it("says nothing about a side that is not deep enough", () => {
    expect(at(80, 0, 125)).to.equal(0);
    expect(at(80, 100, 0)).to.equal(250_000);
    expect(at(200, 100, 0)).to.equal(0);
    expect(at(200, 0, 125)).to.equal(-375_000);
    expect(at(80, 0, 0)).to.equal(0);
  });

  it("is rounded toward zero on both sides", () => {
    expect(at(1_000_000, 1_000_001, 0)).to.equal(1);
    expect(at(1_000_001, 1_000_002, 0)).to.equal(0);
    expect(at(1_000_000, 0, 999_999)).to.equal(-1);
    expect(at(1_000_001, 0, 1_000_000)).to.equal(0);
    // A millionth of a tick, at an index of one.
    expect(premiumPpmTowardZero(1, { impactBidTicksQ20: Q20 + 1, impactAskTicksQ20: 0 }, NO_BOUND)).to.equal(0);
    expect(premiumPpmTowardZero(1, { impactBidTicksQ20: Q20 + 2, impactAskTicksQ20: 0 }, NO_BOUND)).to.equal(1);
  });

  it("is clamped at the bound and not before", () => {
    expect(at(80, 100, 0, 250_001)).to.equal(250_000);
    expect(at(80, 100, 0, 250_000)).to.equal(250_000);
    expect(at(80, 100, 0, 249_999)).to.equal(249_999);
    expect(at(200, 0, 125, 375_000)).to.equal(-375_000);
    expect(at(200, 0, 125, 374_999)).to.equal(-374_999);
    expect(Object.is(at(200, 0, 125, 0), 0)).to.equal(true);
    expect(at(1, 2 ** 32 - 1, 0)).to.equal(NO_BOUND);
    expect(at(2 ** 32 - 1, 0, 1)).to.equal(-999_999);
  });

  it("has a bound of 60 times the gap of the margin fractions", () => {
    expect(premiumMaxPpm(50_000, 30_000)).to.equal(1_200_000);
    expect(premiumMaxPpm(50_000, 50_000)).to.equal(0);
    expect(premiumMaxPpm(1_000_000, 0)).to.equal(60_000_000);
  });

  it("refuses an index that nothing can be compared with", () => {
    for (const index of [0, -1, 0.5, Number.NaN]) expect(() => at(index, 1, 1)).to.throw(RangeError, "index");
  });

  it("is the formula in fractions, whatever the numbers", () => {
    const ticks = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), ticks, ticks, (index, bid, ask) => {
        const above = bid === 0 ? 0 : Math.max(0, bid - index);
        const below = ask === 0 ? 0 : Math.max(0, index - ask);
        const exact = ((above - below) / index) * 1e6;
        expect(Math.abs(at(index, bid, ask))).to.be.within(
          Math.min(NO_BOUND, Math.abs(exact) - 1.001),
          Math.abs(exact) + 0.001,
        );
      }),
      { numRuns: 500 },
    );
  });
});
