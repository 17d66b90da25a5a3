import { expect } from "chai";
import { LADDER_ROWS, ladderOf, ladderRows } from "../../matcher/page/book/ladder.ts";
import { walkBook } from "../../matcher/page/order/book-walk.ts";
import { defineMarket } from "../../matcher/protocol/market.ts";
import { LocalBook } from "../../matcher/sdk/local-book.ts";

const level = (priceTicks: number, quantityLots: number) => ({ priceTicks, quantityLots });

describe("the rows of the book", () => {
  it("add up what is better", () => {
    expect(ladderRows([level(100, 5), level(99, 7)], 1, true)).to.deep.equal([
      { priceTicks: 100, quantityLots: 5, totalLots: 5 },
      { priceTicks: 99, quantityLots: 7, totalLots: 12 },
    ]);
  });

  it("never look better than what is in them: bids are rounded down, asks up", () => {
    expect(ladderRows([level(109, 1), level(101, 2), level(99, 4)], 10, true)).to.deep.equal([
      { priceTicks: 100, quantityLots: 3, totalLots: 3 },
      { priceTicks: 90, quantityLots: 4, totalLots: 7 },
    ]);
    expect(ladderRows([level(101, 1), level(110, 2), level(111, 4)], 10, false)).to.deep.equal([
      { priceTicks: 110, quantityLots: 3, totalLots: 3 },
      { priceTicks: 120, quantityLots: 4, totalLots: 7 },
    ]);
  });

  it("are as many as are shown, the last one with all that belongs to it", () => {
    const levels = Array.from({ length: 40 }, (_, i) => level(1_000 - i, 1));
    expect(ladderRows(levels, 1, true)).to.have.length(LADDER_ROWS);
    const [first, last] = [ladderRows(levels, 10, true, 2)[0], ladderRows(levels, 10, true, 2)[1]];
    expect([first?.quantityLots, last?.quantityLots]).to.deep.equal([1, 10]);
  });

  it("have no spread while one side is empty", () => {
    const book = new LocalBook(defineMarket(0, "BTC-USD", "0.1", "0.00001"));
    expect(ladderOf(book, 1)).to.deep.equal({
      bids: [],
      asks: [],
      totalMaxLots: 1,
      spreadTicks: null,
      middleTicks: null,
    });
  });
});

describe("walking the book", () => {
  const asks = [level(101, 10), level(102, 10), level(104, 10)];
  const bids = [level(99, 10), level(98, 10)];

  it("takes level by level up to the limit, and says what it costs against the middle, against the trader", () => {
    // 10 · 101 + 5 · 102 = 1,520 against 15 · 100.
    const walk = walkBook(asks, "buy", 102, 15n, 200);
    expect(walk).to.deep.equal({
      filledLots: 15n,
      quoteMicroUsd: 1_520n,
      averageTicks: 102n,
      slippagePpmCeil: 13_334n,
      costMicroUsdCeil: 20n,
      lastTicks: 102,
    });
    expect(walkBook(bids, "sell", 98, 15n, 200)).to.deep.include({ quoteMicroUsd: 1_480n, averageTicks: 98n });
  });

  it("stops at the limit, and fills nothing beyond it", () => {
    expect(walkBook(asks, "buy", 102, 100n, 200)?.filledLots).to.equal(20n);
    expect(walkBook(asks, "buy", 100, 1n, 200)).to.equal(null);
    expect(walkBook([], "sell", 1, 1n, 200)).to.equal(null);
  });

  it("is exact where the middle is half a tick", () => {
    // Middle 100.5: 1 lot at 101 costs half a micro-USD, rounded up.
    expect(walkBook(asks, "buy", 101, 1n, 201)).to.deep.include({ costMicroUsdCeil: 1n, slippagePpmCeil: 4_976n });
  });
});
