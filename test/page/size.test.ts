import { expect } from "chai";
import fc from "fast-check";
import { Arrivals } from "../../matcher/page/size/arrivals.ts";
import { executionReport } from "../../matcher/page/size/execution-report.ts";
import { priceRiskShare, volatilityPerRootSecond } from "../../matcher/page/size/price-risk.ts";
import { expectation, sliceLots } from "../../matcher/page/size/slicing.ts";
import { defineMarket } from "../../matcher/protocol/market.ts";
import { MemoryStorage } from "./memory-storage.ts";

const LEVELS = [101, 102, 103, 104, 105].map((priceTicks) => ({ priceTicks, quantityLots: 10 }));
const BOOK = { levels: LEVELS, middleTwiceTicks: 200 };
const pace = (refillPercent: number) => ({ intervalSeconds: 30, refillPercent });

describe("slices", () => {
  it("are whole steps, as equal as can be, and together the whole", () => {
    expect(sliceLots(10n, 4, 1n)).to.deep.equal([3n, 3n, 2n, 2n]);
    expect(sliceLots(2n, 4, 1n)).to.deep.equal([1n, 1n]);
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 9n),
        fc.integer({ min: 1, max: 40 }),
        fc.bigInt(1n, 1_000n),
        (lots, count, step) => {
          const parts = sliceLots(lots, count, step);
          expect(parts.reduce((sum, part) => sum + part, 0n)).to.equal((lots / step) * step);
          for (const part of parts) expect(part % step).to.equal(0n);
        },
      ),
    );
  });
});

describe("what sending a size is expected to cost", () => {
  it("is what walking the book costs when it is sent at once", () => {
    const atOnce = expectation(BOOK, "buy", 105, [25n], pace(0), 500);
    // 10·101 + 10·102 + 5·103 = 2,545 against 2,500.
    expect(atOnce).to.deep.include({
      filledLots: 25n,
      costMicroUsdCeil: 45n,
      slippagePpmCeil: 18_000n,
      durationSeconds: 0,
    });
    // 2,545 · 500 ppm = 1.27, rounded up.
    expect(atOnce.feeMicroUsdCeil).to.equal(2n);
  });

  it("is the same in slices of a book that nobody refills, and only takes longer", () => {
    const sliced = expectation(BOOK, "buy", 105, sliceLots(50n, 5, 1n), pace(0), 0);
    const atOnce = expectation(BOOK, "buy", 105, [50n], pace(0), 0);
    expect(sliced.costMicroUsdCeil).to.equal(atOnce.costMicroUsdCeil);
    expect(sliced.durationSeconds).to.equal(120);
  });

  it("is that of the first slice each time when the book refills", () => {
    const sliced = expectation(BOOK, "buy", 105, sliceLots(50n, 5, 1n), pace(100), 0);
    expect(sliced.slices.map(({ slippagePpmCeil }) => slippagePpmCeil)).to.deep.equal(new Array(5).fill(10_000n));
  });

  it("is never more for a book that refills more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 10 }), (lots, count) => {
        const parts = sliceLots(BigInt(lots), count, 1n);
        const costs = [0, 50, 100].map((refill) => expectation(BOOK, "buy", 105, parts, pace(refill), 0));
        for (const [worse, better] of [costs.slice(0, 2), costs.slice(1)]) {
          expect(better?.filledLots).to.equal(worse?.filledLots);
          expect((better?.costMicroUsdCeil ?? 0n) <= (worse?.costMicroUsdCeil ?? 0n)).to.equal(true);
        }
      }),
    );
  });

  it("counts what fills only: beyond the limit nothing does", () => {
    expect(expectation(BOOK, "buy", 100, [5n], pace(0), 500)).to.deep.include({ filledLots: 0n, slippagePpmCeil: 0n });
    expect(expectation(BOOK, "buy", 101, [50n], pace(0), 500).filledLots).to.equal(10n);
  });
});

describe("the risk of waiting", () => {
  it("needs ten closing prices, and is nothing for a price that stands", () => {
    expect(volatilityPerRootSecond(new Array(9).fill(100))).to.equal(null);
    expect(volatilityPerRootSecond(new Array(10).fill(100))).to.equal(0);
  });

  it("is the deviation of a minute over the root of its seconds", () => {
    const closes = Array.from({ length: 61 }, (_, i) => (i % 2 === 0 ? 100 : 101));
    const minute = Math.log(1.01);
    expect(volatilityPerRootSecond(closes)).to.be.closeTo(minute / Math.sqrt(60), minute * 0.01);
  });

  it("grows with time and is none for what is sent at once", () => {
    expect(priceRiskShare(0.001, 100, 1)).to.equal(0);
    expect(priceRiskShare(0.001, 400, 5)).to.be.closeTo(2 * priceRiskShare(0.001, 100, 5), 1e-12);
    // Two slices: the second one bears σ√T, the mean of both half of it.
    expect(priceRiskShare(1, 4, 2)).to.be.closeTo(1, 1e-12);
  });
});

describe("the report of an execution", () => {
  const market = defineMarket(0, "BTC-USD", "0.1", "0.00001");
  const fill = { side: "buy", price: "65010.0", size: "0.001", fee: "0.032505", atMs: 1_400 } as const;
  const arrival = { middleTwiceTicks: 1_300_000, atMs: 1_000 };

  it("is the mean price of all fills against the middle at arrival", () => {
    expect(executionReport(market, arrival, [fill, { ...fill, price: "65020.0", atMs: 2_500 }])).to.deep.equal({
      filledLots: 200n,
      averageTicks: 650_150n,
      slippagePpmCeil: 231n,
      slippageMicroUsdCeil: 30_000n,
      feePicoUsd: 65_010_000_000n,
      durationMs: 1_500,
    });
  });

  it("is better than nothing for who sold higher", () => {
    const sold = executionReport(market, arrival, [{ ...fill, side: "sell" }]);
    expect(sold?.slippagePpmCeil).to.equal(-153n);
    expect(sold?.slippageMicroUsdCeil).to.equal(-10_000n);
  });

  it("is none without a fill", () => {
    expect(executionReport(market, arrival, [])).to.equal(null);
  });

  it("finds the arrival again after the page was closed, and forgets the oldest", () => {
    const storage = new MemoryStorage();
    const arrivals = new Arrivals(storage);
    for (let i = 0; i <= 300; i++) arrivals.note(`1/${i}`, { ...arrival, atMs: i });
    const later = new Arrivals(storage);
    expect(later.of("1/300")).to.deep.equal({ ...arrival, atMs: 300 });
    expect(later.of("1/0")).to.equal(null);
    storage.setItem("clearbook.arrivals", "nothing");
    expect(new Arrivals(storage).of("1/300")).to.equal(null);
  });
});
