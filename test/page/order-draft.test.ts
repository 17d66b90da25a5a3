import { expect } from "chai";
import {
  EMPTY_DRAFT,
  lotsForUsdFloor,
  type OrderDraft,
  orderTermsOf,
  worstPriceTicks,
} from "../../matcher/page/order/order-draft.ts";
import type { WireMarket } from "../../matcher/protocol/api-wire.ts";
import { defineMarket } from "../../matcher/protocol/market.ts";

const MARKET = defineMarket(0, "BTC-USD", "0.1", "0.00001");
const WIRE = {
  priceMin: "58500.0",
  priceMax: "71500.0",
  priceStep: "0.1",
  sizeStep: "0.00001",
  sizeMin: "0.0001",
} as WireMarket;
const BEST = { bidTicks: 649_900, askTicks: 650_100 };

const made = (draft: Partial<OrderDraft>, best: { bidTicks: number | null; askTicks: number | null } = BEST) =>
  orderTermsOf({ ...EMPTY_DRAFT, ...draft }, MARKET, WIRE, best);
const faultOf = (draft: Partial<OrderDraft>, best?: { bidTicks: number | null; askTicks: number | null }) => {
  const result = made(draft, best);
  if (!("fault" in result)) throw new Error("the draft is an order");
  return result.fault;
};

describe("the order form", () => {
  it("makes a limit order of what is typed, exactly", () => {
    expect(made({ price: "65000", size: "0.5", timeInForce: "FOK", reduceOnly: true })).to.deep.equal({
      terms: {
        market: "BTC-USD",
        side: "buy",
        price: "65000.0",
        size: "0.5",
        timeInForce: "FOK",
        postOnly: false,
        reduceOnly: true,
      },
    });
  });

  it("takes a comma, a bare point and spaces as people mean them", () => {
    expect(made({ price: " 65000,5 ", size: ".5" })).to.have.nested.property("terms.price", "65000.5");
    expect(made({ price: "65000.", size: ".5" })).to.have.nested.property("terms.size", "0.5");
  });

  it("says nothing of a field that is still empty, and what is wrong with one that is not", () => {
    expect(faultOf({ price: "", size: "1" })).to.deep.equal({ field: "price", message: null });
    expect(faultOf({ price: "65000", size: " " })).to.deep.equal({ field: "size", message: null });
    expect(faultOf({ price: "65000.05", size: "1" }).message).to.equal("The price is a multiple of 0.1 USD.");
    expect(faultOf({ price: "65000", size: "0.000001" }).message).to.equal("The size is a multiple of 0.00001.");
    expect(faultOf({ price: "0", size: "1" }).message).to.equal("It must be more than zero.");
    expect(faultOf({ price: "-1", size: "1" }).message).to.equal("It is negative, or too large.");
    for (const text of ["1e5", "1,2.3", "NaN", "0x10", "<b>", "١"]) {
      expect(faultOf({ price: text, size: "1" }).message, text).to.equal("That is not a plain number.");
    }
  });

  it("bounds a market order by the tolerance, on the step, and sends it as IOC", () => {
    const terms = { kind: "market", size: "1", timeInForce: "GTT", postOnly: true, tolerancePercent: "0.5" } as const;
    expect(made(terms)).to.deep.nested.include({
      "terms.price": "65335.0",
      "terms.timeInForce": "IOC",
      "terms.postOnly": false,
    });
    expect(made({ ...terms, side: "sell" })).to.have.nested.property("terms.price", "64665.1");
  });

  it("never bounds it outside the market's band", () => {
    const band = { minTicks: 585_000, maxTicks: 715_000, stepTicks: 1 };
    expect(worstPriceTicks("buy", 200_000n, BEST, band)).to.equal(715_000);
    expect(worstPriceTicks("sell", 200_000n, BEST, band)).to.equal(585_000);
    expect(worstPriceTicks("buy", 0n, BEST, band)).to.equal(650_100);
  });

  it("rounds the bound to the step towards the best price, so that the tolerance is never exceeded", () => {
    const band = { minTicks: 1, maxTicks: 999_999, stepTicks: 100 };
    expect(worstPriceTicks("buy", 1_000n, { bidTicks: 1, askTicks: 650_190 }, band)).to.equal(650_800);
    expect(worstPriceTicks("sell", 1_000n, { bidTicks: 650_190, askTicks: 2 }, band)).to.equal(649_600);
  });

  it("has no market order where nobody is to trade with", () => {
    const empty = { bidTicks: null, askTicks: null };
    expect(faultOf({ kind: "market", size: "1" }, empty).message).to.match(/nobody to trade with/);
  });

  it("refuses a tolerance that is none", () => {
    for (const tolerancePercent of ["", "-1", "20.0001", "x"]) {
      expect(faultOf({ kind: "market", size: "1", tolerancePercent }).field, tolerancePercent).to.equal("tolerance");
    }
    expect(made({ kind: "market", size: "1", tolerancePercent: "20" })).to.have.property("terms");
  });

  it("turns USD into the most whole steps that they pay for", () => {
    expect(lotsForUsdFloor(1_000_000_000n, 650_000, 1)).to.equal(1_538n);
    expect(lotsForUsdFloor(1_000_000_000n, 650_000, 100)).to.equal(1_500n);
    expect(made({ price: "65000", size: "1000", sizeUnit: "usd" })).to.have.nested.property("terms.size", "0.01538");
    expect(faultOf({ price: "65000", size: "0.1", sizeUnit: "usd" }).message).to.equal("That is less than 0.0001 BTC.");
  });
});
