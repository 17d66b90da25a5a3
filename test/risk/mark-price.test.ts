import { expect } from "chai";
import fc from "fast-check";
import { type MarkInputs, markPriceTicks, midTicksTowardIndex } from "../../matcher/risk/mark-price.ts";

const QUIET: MarkInputs = {
  indexTicks: 1_000,
  bidTicks: null,
  askTicks: null,
  lastTradeTicks: null,
  priceMinTicks: 950,
  priceMaxTicks: 1_050,
};
const mark = (change: Partial<MarkInputs>) => markPriceTicks({ ...QUIET, ...change });

describe("mark price", () => {
  it("is the index while book and trades say nothing", () => {
    expect(mark({})).to.equal(1_000);
  });

  it("needs book and trades to agree: one of them alone does not move it", () => {
    expect(mark({ lastTradeTicks: 1_040 })).to.equal(1_000);
    expect(mark({ bidTicks: 1_030, askTicks: 1_040 })).to.equal(1_000);
    expect(mark({ bidTicks: 1_040 })).to.equal(1_000);
    expect(mark({ bidTicks: 1_020, askTicks: 1_030, lastTradeTicks: 1_040 })).to.equal(1_025);
    expect(mark({ bidTicks: 1_020, askTicks: 1_030, lastTradeTicks: 1_010 })).to.equal(1_010);
    expect(mark({ bidTicks: 970, askTicks: 990, lastTradeTicks: 960 })).to.equal(980);
    // They disagree: the index is between them.
    expect(mark({ bidTicks: 970, askTicks: 990, lastTradeTicks: 1_040 })).to.equal(1_000);
  });

  it("never leaves the band, to the tick", () => {
    expect(mark({ bidTicks: 1_090, askTicks: 1_092, lastTradeTicks: 1_200 })).to.equal(1_050);
    expect(mark({ bidTicks: 1_048, askTicks: 1_050, lastTradeTicks: 1_200 })).to.equal(1_049);
    expect(mark({ bidTicks: 1, askTicks: 2, lastTradeTicks: 3 })).to.equal(950);
  });

  it("takes the middle of a spread of an odd number of ticks on the index's side", () => {
    expect(midTicksTowardIndex({ ...QUIET, bidTicks: 1_010, askTicks: 1_013 })).to.equal(1_011);
    expect(midTicksTowardIndex({ ...QUIET, bidTicks: 987, askTicks: 990 })).to.equal(989);
    expect(midTicksTowardIndex({ ...QUIET, bidTicks: 999, askTicks: 1_001 })).to.equal(1_000);
  });

  it("lies between the index and the nearer of the other two, whatever they are", () => {
    const ticks = fc.integer({ min: 1, max: 2_000 });
    fc.assert(
      fc.property(ticks, ticks, fc.option(ticks), (bidTicks, spread, lastTradeTicks) => {
        const inputs = { ...QUIET, bidTicks, askTicks: bidTicks + spread, lastTradeTicks };
        const found = markPriceTicks(inputs);
        expect(found).to.be.within(QUIET.priceMinTicks, QUIET.priceMaxTicks);
        if (lastTradeTicks === null) expect(found).to.equal(QUIET.indexTicks);
        const away = Math.abs(found - QUIET.indexTicks);
        expect(away).to.be.at.most(Math.abs((midTicksTowardIndex(inputs) as number) - QUIET.indexTicks));
        if (lastTradeTicks !== null) expect(away).to.be.at.most(Math.abs(lastTradeTicks - QUIET.indexTicks));
      }),
      { numRuns: 2_000, seed: 21 },
    );
  });
});
