import { expect } from "chai";
import { defineMarket, priceTicksFromUsd, quantityLotsFromBase } from "../../matcher/protocol/market.ts";
import { LADDER_ORDERS_MAX, type LadderTerms, scaleLadder } from "../../matcher/sdk/scale-ladder.ts";
import { worstPriceUsd } from "../../matcher/sdk/worst-price.ts";
import { dice } from "../sequencer/random-commands.ts";

const MARKET = defineMarket(0, "BTC-USD", "0.1", "0.00001");
const STEPS = { priceStep: "0.1", sizeStep: "0.00001", sizeMin: "0.00001" };
const TERMS: LadderTerms = { size: "1", from: "100.0", to: "200.0", orders: 5 };

const lotsOf = (list: readonly { size: string }[]) => list.map(({ size }) => quantityLotsFromBase(MARKET, size));
const ticksOf = (list: readonly { price: string }[]) => list.map(({ price }) => priceTicksFromUsd(MARKET, price));

describe("a ladder of limit orders", () => {
  it("has even prices, and sizes from the first to the skew times as much", () => {
    const even = scaleLadder(MARKET, STEPS, TERMS);
    expect(ticksOf(even)).to.deep.equal([1_000, 1_250, 1_500, 1_750, 2_000]);
    expect(lotsOf(even)).to.deep.equal([20_000, 20_000, 20_000, 20_000, 20_000]);
    const rising = scaleLadder(MARKET, STEPS, { ...TERMS, skewPpm: 3_000_000 });
    expect(lotsOf(rising)).to.deep.equal([10_000, 15_000, 20_000, 25_000, 30_000]);
    const falling = scaleLadder(MARKET, STEPS, { ...TERMS, from: "200.0", to: "100.0", skewPpm: 333_333 });
    expect(ticksOf(falling)).to.deep.equal([2_000, 1_750, 1_500, 1_250, 1_000]);
    expect(lotsOf(falling)[0]).to.equal(30_000);
  });

  it("adds up exactly, on the market's steps, for whatever is asked", () => {
    const roll = dice(7);
    for (let i = 0; i < 2_000; i++) {
      const lotStep = [1, 10, 100][roll(3)] as number;
      const orders = 2 + roll(LADDER_ORDERS_MAX - 1);
      const lots = lotStep * (orders * 20 + roll(1_000_000));
      const steps = { ...STEPS, priceStep: "0.5", sizeStep: (lotStep / 100_000).toFixed(5) };
      const terms = {
        size: (lots / 100_000).toFixed(5),
        from: ((5 * (1 + roll(1_000_000))) / 10).toFixed(1),
        to: ((5 * (1 + roll(1_000_000))) / 10).toFixed(1),
        orders,
        skewPpm: 100_000 + roll(5_000_000),
      };
      const list = scaleLadder(MARKET, steps, terms);
      expect(lotsOf(list).reduce((sum, each) => sum + each, 0)).to.equal(lots);
      expect(lotsOf(list).every((each) => each % lotStep === 0)).to.equal(true);
      const ticks = ticksOf(list);
      expect(ticks.every((each) => each % 5 === 0)).to.equal(true);
      expect([list[0]?.price, list.at(-1)?.price]).to.deep.equal([terms.from, terms.to]);
      const isOrdered = ticks.every(
        (each, at) =>
          at === 0 || (each - (ticks[at - 1] as number)) * ((ticks.at(-1) as number) - (ticks[0] as number)) >= 0,
      );
      expect(isOrdered).to.equal(true);
    }
  });

  it("is refused with a reason when an order would be too small, or the terms are none", () => {
    const ladder =
      (change: Partial<LadderTerms>, steps = STEPS) =>
      () =>
        scaleLadder(MARKET, steps, { ...TERMS, ...change });
    expect(ladder({ size: "0.00004" })).to.throw(RangeError, "smaller than 0.00001");
    expect(ladder({}, { ...STEPS, sizeMin: "0.20001" })).to.throw(RangeError, "order 1 of the ladder");
    expect(ladder({}, { ...STEPS, sizeMin: "0.2" })).to.not.throw();
    expect(ladder({ orders: 1 })).to.throw(RangeError, "2 to 50");
    expect(ladder({ orders: 51 })).to.throw(RangeError, "2 to 50");
    expect(ladder({ skewPpm: 0 })).to.throw(RangeError, "no ratio");
    expect(ladder({ size: "1.00001" }, { ...STEPS, sizeStep: "0.0001" })).to.throw(RangeError, "no multiple");
  });
});

describe("the worst price of an order that takes what there is", () => {
  const state = { indexPrice: "1000.0", priceStep: "0.5", priceMin: "950.0", priceMax: "1050.0" };

  it("is off the index price by the slippage, towards it on the step, and inside the band", () => {
    expect(worstPriceUsd(MARKET, state, "buy", 10_100)).to.equal("1010.0");
    expect(worstPriceUsd(MARKET, state, "sell", 10_100)).to.equal("990.0");
    expect(worstPriceUsd(MARKET, state, "buy", 90_000)).to.equal("1050.0");
    expect(worstPriceUsd(MARKET, state, "sell", 90_000)).to.equal("950.0");
    expect(() => worstPriceUsd(MARKET, { ...state, indexPrice: null }, "buy", 1)).to.throw(RangeError, "no price yet");
  });
});
