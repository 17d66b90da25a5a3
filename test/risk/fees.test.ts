import { expect } from "chai";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { checkFeeSchedule, type FeeSchedule, feePicoUsd, feeRateRefusal, feeTier } from "../../matcher/risk/fees.ts";
import { executionRefusal } from "../../matcher/state/row-rules.ts";
import stark from "../vectors/stark_rules_derived.json" with { type: "json" };
import { sampleEpoch } from "./sample-epoch.ts";

const order = { market: 0, side: "buy", maxFeePpm: 500, limitPriceTicks: 2 ** 32 - 1 } as OrderMessage;
const schedule: FeeSchedule = [
  { makerPpm: 100, takerPpm: 500 },
  { makerPpm: -100, takerPpm: 100 },
];

describe("fees", () => {
  it("are rate times quote, exactly, and negative for a rebate", () => {
    expect(feePicoUsd(500, 7n)).to.equal(3500n);
    expect(feePicoUsd(-100, 7n)).to.equal(-700n);
    expect(feePicoUsd(2 ** 19 - 1, 2n ** 72n - 1n)).to.equal((2n ** 19n - 1n) * (2n ** 72n - 1n));
  });

  it("refuse a rate above the signed maximum or a rebate beyond the cap, by one ppm", () => {
    expect(feeRateRefusal(order, 500, 100)).to.equal(undefined);
    expect(feeRateRefusal(order, 501, 100)).to.equal("fee-above-maximum");
    expect(feeRateRefusal(order, -100, 100)).to.equal(undefined);
    expect(feeRateRefusal(order, -101, 100)).to.equal("rebate-above-cap");
  });

  it("respect a negative maximum, which asks for a rebate", () => {
    expect(feeRateRefusal({ ...order, maxFeePpm: -50 }, -50, 100)).to.equal(undefined);
    expect(feeRateRefusal({ ...order, maxFeePpm: -50 }, -49, 100)).to.equal("fee-above-maximum");
  });

  it("come from the account's tier", () => {
    expect(feeTier(schedule, 1)).to.deep.equal({ makerPpm: -100, takerPpm: 100 });
    expect(() => feeTier(schedule, 2)).to.throw(RangeError, "no fee tier 2");
  });

  it("never cost the exchange: a schedule whose rebate is not covered is refused", () => {
    expect(() => checkFeeSchedule(schedule, 100)).not.to.throw();
    expect(() => checkFeeSchedule([{ makerPpm: -101, takerPpm: 500 }], 100)).to.throw(
      RangeError,
      "above the cap of 100",
    );
    expect(() => checkFeeSchedule([...schedule, { makerPpm: 0, takerPpm: 99 }], 100)).to.throw(
      RangeError,
      "not covered",
    );
    expect(() => checkFeeSchedule([{ makerPpm: 0.5, takerPpm: 1 }], 100)).to.throw(RangeError, "rate 0.5");
    expect(() => checkFeeSchedule([], 100)).to.throw(RangeError, "at least one tier");
  });
});

describe("fees and limits against stark-perpetual", () => {
  const terms = compileEpoch(sampleEpoch([{ priceTicks: 1, priceMinTicks: 0, priceMaxTicks: 2 ** 32 - 1 }]));

  for (const given of stark.cases.filter(({ rule }) => rule === "fee")) {
    const { limitFee, orderCollateral, actualFee, actualCollateral, expectedValid } = given as unknown as Record<
      string,
      number
    >;
    it(`a fee of ${actualFee} on ${actualCollateral} under ${limitFee} of ${orderCollateral}: ${expectedValid}`, () => {
      const maxFeePpm = (Number(limitFee) * 1_000_000) / Number(orderCollateral);
      const fee = BigInt(Number(actualFee)) * 1_000_000n;
      const refusal = executionRefusal(terms, { ...order, maxFeePpm }, 1n, BigInt(Number(actualCollateral)), fee);
      expect(refusal).to.equal(expectedValid ? undefined : "fee-above-maximum");
    });
  }

  for (const given of stark.cases.filter(({ rule }) => /^(buyer|seller)/.test(rule))) {
    const { amountSell, amountBuy, actualSold, actualBought, expectedValid } = given as unknown as Record<
      string,
      number
    >;
    const buys = given.rule.startsWith("buyer");
    const [collateral, synthetic] = (buys ? [amountSell, amountBuy] : [amountBuy, amountSell]) as [number, number];
    const [quote, quantity] = (buys ? [actualSold, actualBought] : [actualBought, actualSold]) as [number, number];
    // Amounts over the order's own quantity, so that the price is a whole number of ticks: 1/synthetic micro-USD each.
    const exact = buys ? quote * synthetic <= collateral * quantity : quote * synthetic >= collateral * quantity;
    const differs = exact !== Boolean(expectedValid);
    const judge = () => {
      const limited = { ...order, side: buys ? "buy" : "sell", limitPriceTicks: collateral } as OrderMessage;
      return executionRefusal(terms, limited, BigInt(quantity), BigInt(quote * synthetic), 0n);
    };
    it(`${given.rule}: ${quote} for ${quantity} at ${collateral}/${synthetic}: ${differs ? "refused where stark grants a unit of rounding" : expectedValid}`, () => {
      expect(judge()).to.equal(exact ? undefined : "limit-price");
      // A price is a whole number of ticks per lot, so no unit is ever lost to rounding and none is granted.
      if (differs) expect(expectedValid).to.equal(true);
    });
  }

  it("leaves stark's median cases to the price oracle, and its transitions to the transition tests", () => {
    const rules = new Set(stark.cases.map(({ rule }) => rule.split(" ")[0]));
    expect(rules).to.have.keys(["buyer", "seller", "fee", "median", "valid"]);
  });
});
