import { expect } from "chai";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { accountFigures } from "../../matcher/risk/figures.ts";
import {
  type PreviewMarket,
  type PreviewOrder,
  type PreviewState,
  previewOrder,
  walkLevels,
} from "../../matcher/risk/preview.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const terms = compileEpoch(sampleEpoch([{}, { priceTicks: 50 }]));
const ASKS: PreviewMarket = {
  levels: [
    { priceTicks: 101, quantityLots: 3 },
    { priceTicks: 103, quantityLots: 4 },
    { priceTicks: 106, quantityLots: 50 },
  ],
  markTicks: 100,
};
const EMPTY: PreviewMarket = { levels: [], markTicks: 100 };

function stateOf(collateralMicroUsd: bigint, lots: number[] = [], change: Partial<PreviewState> = {}): PreviewState {
  return {
    terms,
    grossOpenInterestLots: sizes(),
    position: { collateralPicoUsd: collateralMicroUsd * MICRO, sizesLots: sizes(...lots) },
    feeRates: { makerPpm: 200, takerPpm: 500 },
    isolatedMarket: null,
    limits: { priceStepTicks: 1, quantityStepLots: 1, quantityMinLots: 1, quantityMaxLots: 1_000 },
    openOrders: 0,
    openOrdersMax: 10,
    ...change,
  };
}

function orderOf(change: Partial<PreviewOrder> = {}): PreviewOrder {
  return {
    market: 0,
    side: "buy",
    limitPriceTicks: 103,
    quantityLots: 5,
    reduceOnly: false,
    postOnly: false,
    timeInForce: "GTT",
    maxFeePpm: 1_000,
    ...change,
  };
}

const preview = (state: PreviewState, order: Partial<PreviewOrder> = {}, market = ASKS) =>
  previewOrder(state, orderOf(order), market);

describe("the least notional", () => {
  const limits = { priceStepTicks: 1, quantityStepLots: 1, quantityMinLots: 1, quantityMaxLots: 1_000 };
  const rich = (notionalMinMicroUsd: number) => stateOf(10_000n, [], { limits: { ...limits, notionalMinMicroUsd } });

  it("refuses an order one micro-USD below it, unless it only reduces", () => {
    expect(preview(rich(515)).refusal).to.equal(null);
    expect(preview(rich(516)).refusal).to.equal("NOTIONAL_TOO_SMALL");
    const reducing = { ...rich(516), position: stateOf(10_000n, [-5]).position };
    expect(preview(reducing, { reduceOnly: true }).refusal).to.equal(null);
  });

  it("bounds the largest order from below: what could not be placed is none", () => {
    const { maxLots } = preview(stateOf(100n));
    const most = Number(maxLots) * 103;
    const state = (least: number) => stateOf(100n, [], { limits: { ...limits, notionalMinMicroUsd: least } });
    expect(maxLots > 0n).to.equal(true);
    expect(preview(state(most)).maxLots).to.equal(maxLots);
    expect(preview(state(most + 1)).maxLots).to.equal(0n);
  });
});

describe("walking levels", () => {
  it("takes the best first, up to limit and quantity", () => {
    const order = { side: "buy", limitPriceTicks: 103 } as const;
    expect(walkLevels(ASKS.levels, order, 5n)).to.deep.equal({ quantityLots: 5n, quoteMicroUsd: 509n });
    expect(walkLevels(ASKS.levels, order, 9n)).to.deep.equal({ quantityLots: 7n, quoteMicroUsd: 715n });
    expect(walkLevels(ASKS.levels, { ...order, limitPriceTicks: 100 }, 9n).quantityLots).to.equal(0n);
    const bids = [
      { priceTicks: 99, quantityLots: 1 },
      { priceTicks: 97, quantityLots: 1 },
    ];
    const sale = { side: "sell", limitPriceTicks: 98 } as const;
    expect(walkLevels(bids, sale, 2n)).to.deep.equal({ quantityLots: 1n, quoteMicroUsd: 99n });
  });
});

describe("preview of an order", () => {
  it("shows what fills at once and what rests, with price, slippage, fee and the account after it", () => {
    const { refusal, atOnce, restingLots } = preview(stateOf(1_000n), { quantityLots: 9 });
    expect(refusal).to.equal(null);
    expect(restingLots).to.equal(2n);
    // 3 at 101 and 4 at 103: 715 for 7 lots, 102.15 each; 15 above the mark's 700.
    const final = { collateralPicoUsd: 1_000n * MICRO - 715n * MICRO - 500n * 715n, sizesLots: sizes(7) };
    expect(atOnce).to.deep.include({
      quantityLots: 7n,
      quoteMicroUsd: 715n,
      averagePriceTicks: 103n,
      slippagePpmCeil: 21_429n,
      feePicoUsd: 357_500n,
      refusal: null,
    });
    expect(atOnce?.account).to.deep.equal(accountFigures(terms, final));
    expect(atOnce?.position).to.deep.include({ sizeLots: 7n, initialPicoUsd: 70n * MICRO });
  });

  it("shows the whole order at its limit, which is what is judged", () => {
    const { atLimit } = preview(stateOf(1_000n), { quantityLots: 9 });
    expect(atLimit).to.deep.include({ quantityLots: 9n, quoteMicroUsd: 927n, averagePriceTicks: 103n });
    expect(atLimit?.feePicoUsd).to.equal(500n * 927n);
    expect(atLimit?.account.valuePicoUsd).to.equal(973n * MICRO - 500n * 927n);
  });

  it("counts slippage against the trader, negative when the price is better than the mark", () => {
    const bids = { levels: [{ priceTicks: 103, quantityLots: 3 }], markTicks: 100 };
    const sale = preview(stateOf(1_000n), { side: "sell", limitPriceTicks: 100, quantityLots: 3 }, bids);
    expect(sale.atOnce?.slippagePpmCeil).to.equal(-30_000n);
    expect(sale.atLimit?.slippagePpmCeil).to.equal(0n);
    const worse = preview(stateOf(1_000n), { side: "sell", limitPriceTicks: 98, quantityLots: 3 }, EMPTY);
    expect(worse.atLimit?.slippagePpmCeil).to.equal(20_000n);
  });

  it("names the refusal of an order that it would not take, and still shows what it would have been", () => {
    const { refusal, maxLots, atLimit, atOnce, restingLots } = preview(stateOf(50n));
    expect(refusal).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    // 3 lots at 103: 9 lost, 30 initial, fee.
    expect(maxLots).to.equal(3n);
    expect(atLimit?.account.freePicoUsd).to.equal(0n);
    expect(atLimit?.refusal).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    expect([atOnce, restingLots]).to.deep.equal([null, 0n]);
    expect(preview(stateOf(50n), { quantityLots: 3 }).refusal).to.equal(null);
  });

  it("looks in the matcher's order: shape, open orders, reduce-only, risk, book", () => {
    const cases: [string | null, PreviewState, Partial<PreviewOrder>][] = [
      ["UNKNOWN_MARKET", stateOf(1_000n), { market: 7 }],
      ["POST_ONLY_NOT_RESTING", stateOf(1_000n), { postOnly: true, timeInForce: "IOC", quantityLots: 0 }],
      ["QUANTITY_ZERO", stateOf(1_000n), { quantityLots: 0, limitPriceTicks: 0 }],
      ["QUANTITY_TOO_LARGE", stateOf(1_000n), { quantityLots: 1_001 }],
      ["PRICE_ZERO", stateOf(1_000n), { limitPriceTicks: 0 }],
      ["OPEN_ORDERS_LIMIT", stateOf(1_000n, [], { openOrders: 10 }), { reduceOnly: true }],
      [null, stateOf(1_000n, [], { openOrders: 10 }), { timeInForce: "IOC" }],
      ["REDUCE_ONLY_WOULD_INCREASE", stateOf(1_000n, [2]), { reduceOnly: true, maxFeePpm: 0 }],
      ["MAX_FEE_TOO_LOW", stateOf(1_000n), { maxFeePpm: 0, postOnly: true }],
      ["POST_ONLY_WOULD_CROSS", stateOf(1_000n), { postOnly: true }],
      [null, stateOf(1_000n), { postOnly: true, limitPriceTicks: 100 }],
      ["FOK_NOT_FILLABLE", stateOf(1_000n), { timeInForce: "FOK", quantityLots: 8 }],
      [null, stateOf(1_000n), { timeInForce: "FOK", quantityLots: 7 }],
    ];
    for (const [code, state, order] of cases) {
      expect(preview(state, order).refusal, JSON.stringify(order)).to.equal(code);
    }
    const stepped = stateOf(1_000n, [], {
      limits: { priceStepTicks: 2, quantityStepLots: 5, quantityMinLots: 5, quantityMaxLots: 1_000 },
    });
    expect(preview(stepped, { quantityLots: 4, limitPriceTicks: 102 }).refusal).to.equal("QUANTITY_TOO_SMALL");
    expect(preview(stepped, { quantityLots: 7, limitPriceTicks: 102 }).refusal).to.equal("OFF_LOT");
    expect(preview(stepped, { limitPriceTicks: 103 }).refusal).to.equal("OFF_TICK");
  });

  it("leaves no rest of IOC and FOK orders, and none of a reduce-only order that has closed the position", () => {
    expect(preview(stateOf(1_000n), { quantityLots: 9, timeInForce: "IOC" }).restingLots).to.equal(0n);
    const short = stateOf(1_000n, [-4]);
    const closing = preview(short, { reduceOnly: true, quantityLots: 6 });
    expect(closing.atOnce).to.deep.include({ quantityLots: 4n });
    expect(closing.restingLots).to.equal(0n);
    expect(closing.maxLots).to.equal(4n);
    const waiting = preview(short, { reduceOnly: true, quantityLots: 6, limitPriceTicks: 101 });
    expect([waiting.atOnce?.quantityLots, waiting.restingLots]).to.deep.equal([3n, 3n]);
  });

  it("tells when a reduction that is taken would not be a valid fill", () => {
    // 10 short at 100 with 1,040: equity 40 below 50 of maintenance; closing at 110 lowers the ratio.
    const poor = stateOf(1_040n, [-10]);
    const costly = preview(poor, { limitPriceTicks: 110, quantityLots: 2 }, EMPTY);
    expect([costly.refusal, costly.atLimit?.refusal]).to.deep.equal([null, "INSUFFICIENT_INITIAL_MARGIN"]);
    const fair = preview(poor, { limitPriceTicks: 100, quantityLots: 2 }, EMPTY);
    expect([fair.refusal, fair.atLimit?.refusal]).to.deep.equal([null, null]);
  });

  it("shows the liquidation price after the fill", () => {
    const { atLimit } = preview(stateOf(100n), { quantityLots: 5, limitPriceTicks: 100 }, EMPTY);
    // Collateral −400 and fee: p = (400 + fee) / (5 · 0.95), up.
    expect(atLimit?.position.liquidationPriceTicks).to.equal(85n);
  });
});
