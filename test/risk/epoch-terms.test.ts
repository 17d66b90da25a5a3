import { expect } from "chai";
import { closedMarket, compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { sampleEpoch } from "./sample-epoch.ts";

describe("epoch terms", () => {
  it("multiplies price by scale and fractions once", () => {
    const { markets, fundingIndexPicoUsd } = compileEpoch(sampleEpoch([{ fundingIndexPicoUsd: -7n }]));
    expect(markets[0]).to.include({
      live: true,
      lotValuePicoUsd: 100_000_000n,
      lotInitialPicoUsd: 10_000_000n,
      lotMaintenancePicoUsd: 5_000_000n,
      longExcessPicoUsd: 90_000_000n,
      shortDeficitPicoUsd: 110_000_000n,
    });
    expect(fundingIndexPicoUsd[0]).to.equal(-7n);
  });

  it("knows a closed market by its empty band", () => {
    expect(compileEpoch(sampleEpoch([])).markets.some((market) => market.live)).to.equal(false);
    expect(closedMarket()).to.include({ priceTicks: 0, priceMinTicks: 1, priceMaxTicks: 0 });
  });

  it("refuses an epoch that has not eight markets or not a number from 1", () => {
    expect(() => compileEpoch({ ...sampleEpoch([]), markets: [] })).to.throw(RangeError, "8 markets, not 0");
    expect(() => compileEpoch(sampleEpoch([], { number: 0 }))).to.throw(RangeError, "number 0");
  });

  const bounds: [name: string, fits: object, tooWide: object][] = [
    ["priceTicks", { priceTicks: 2 ** 32 - 1 }, { priceTicks: 2 ** 32 }],
    ["priceTicks", { priceTicks: 0 }, { priceTicks: -1 }],
    ["priceTicks", { priceTicks: 1 }, { priceTicks: 1.5 }],
    ["imfPpm", { imfPpm: 2 ** 20 - 1 }, { imfPpm: 2 ** 20 }],
    ["mmfPpm", { mmfPpm: 2 ** 20 - 1 }, { mmfPpm: 2 ** 20 }],
    ["priceMinTicks", { priceMinTicks: 2 ** 32 - 1 }, { priceMinTicks: 2 ** 32 }],
    ["priceMaxTicks", { priceMaxTicks: 2 ** 32 - 1 }, { priceMaxTicks: 2 ** 32 }],
    ["fundingIndexPicoUsd", { fundingIndexPicoUsd: 2n ** 63n - 1n }, { fundingIndexPicoUsd: 2n ** 63n }],
    ["fundingIndexPicoUsd", { fundingIndexPicoUsd: 1n - 2n ** 63n }, { fundingIndexPicoUsd: -(2n ** 63n) }],
    ["grossOpenInterestCapLots", { grossOpenInterestCapLots: 2n ** 48n - 1n }, { grossOpenInterestCapLots: 2n ** 48n }],
    ["grossOpenInterestCapLots", { grossOpenInterestCapLots: 0n }, { grossOpenInterestCapLots: -1n }],
  ];
  for (const [name, fits, tooWide] of bounds) {
    it(`takes ${name} up to its width and refuses one more: ${Object.values(tooWide)}`, () => {
      expect(() => compileEpoch(sampleEpoch([fits]))).not.to.throw();
      expect(() => compileEpoch(sampleEpoch([tooWide]))).to.throw(RangeError, `market 0 ${name}`);
    });
  }
});
