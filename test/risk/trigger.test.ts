import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { Side } from "../../matcher/protocol/message.ts";
import { bestTicks, isReached, isTriggered, triggerTicksLater } from "../../matcher/risk/trigger.ts";
import { twapPartLotsFloor, twapWorstTicks } from "../../matcher/risk/twap-part.ts";

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")).cases;

interface TriggerOrder {
  id: string;
  side: Side;
  condition: "STOP_LOSS" | "TAKE_PROFIT";
  trigger: number;
}

interface TwapCase {
  name: string;
  side: Side;
  totalQty: number;
  limit: number;
  duration: number;
  interval: number;
  priceTolerancePpm: number;
  remainingLegs: number;
  remainingQty: number;
  oracleSubticks: number;
  subticksPerTick: number;
  stepBaseQuantums: number;
  expectedQty: number;
  expectedPrice: number;
}

describe("triggers", () => {
  for (const { name, oracleSubticks, orders, expectedTriggered } of vectors("v4_conditional_triggers")) {
    it(`as dYdX v4 has them: ${name}`, () => {
      const price = { numerator: BigInt(oracleSubticks.num), denominator: BigInt(oracleSubticks.den) };
      const reached = (orders as TriggerOrder[]).filter(({ condition, side, trigger }) =>
        isReached({ kind: condition === "STOP_LOSS" ? "stop" : "takeProfit", side, triggerTicks: trigger }, price),
      );
      // An order's name is used again by another of its kind: they are told apart by their number.
      expect(reached.map(({ id }) => id).sort()).to.deep.equal([...expectedTriggered].sort());
    });
  }

  it("are met at the trigger and not one tick before", () => {
    const at = (kind: "stop" | "takeProfit", side: Side, price: number) =>
      isTriggered({ kind, value: 1_000 }, side, price, price);
    expect([at("stop", "sell", 1_000), at("stop", "sell", 1_001)]).to.deep.equal([true, false]);
    expect([at("stop", "buy", 1_000), at("stop", "buy", 999)]).to.deep.equal([true, false]);
    expect([at("takeProfit", "sell", 1_000), at("takeProfit", "sell", 999)]).to.deep.equal([true, false]);
    expect([at("takeProfit", "buy", 1_000), at("takeProfit", "buy", 1_001)]).to.deep.equal([true, false]);
  });

  it("trail by ticks or by ppm of the best price, rounded so that they are reached later", () => {
    expect(triggerTicksLater({ kind: "trailingTicks", value: 30 }, "sell", 1_000)).to.equal(970);
    expect(triggerTicksLater({ kind: "trailingTicks", value: 30 }, "buy", 1_000)).to.equal(1_030);
    expect(triggerTicksLater({ kind: "trailingTicks", value: 2_000 }, "sell", 1_000)).to.equal(0);
    expect(triggerTicksLater({ kind: "trailingPpm", value: 100_500 }, "sell", 1_001)).to.equal(900);
    expect(triggerTicksLater({ kind: "trailingPpm", value: 100_500 }, "buy", 1_001)).to.equal(1_102);
    expect([bestTicks("sell", 10, 11), bestTicks("sell", 10, 9)]).to.deep.equal([11, 10]);
    expect([bestTicks("buy", 10, 11), bestTicks("buy", 10, 9)]).to.deep.equal([10, 9]);
  });
});

describe("parts of a TWAP", () => {
  for (const vector of vectors("v4_twap_suborder") as TwapCase[]) {
    it(`as dYdX v4 has them: ${vector.name}`, () => {
      const lots = twapPartLotsFloor({
        totalLots: vector.totalQty,
        parts: vector.duration / vector.interval,
        remainingLots: vector.remainingQty,
        remainingParts: vector.remainingLegs,
        quantityStepLots: vector.stepBaseQuantums,
      });
      expect(lots).to.equal(vector.expectedQty);
      const worst = twapWorstTicks({
        side: vector.side,
        limitTicks: vector.limit === 0 ? null : vector.limit,
        priceTicks: vector.oracleSubticks,
        tolerancePpm: vector.priceTolerancePpm,
        priceStepTicks: vector.subticksPerTick,
      });
      expect(worst).to.equal(vector.expectedPrice);
    });
  }

  it("never have a price beyond the signed limit, whichever of the two bounds is nearer", () => {
    const terms = { priceTicks: 1_000, tolerancePpm: 20_000, priceStepTicks: 1 };
    expect(twapWorstTicks({ ...terms, side: "buy", limitTicks: 1_010 })).to.equal(1_010);
    expect(twapWorstTicks({ ...terms, side: "buy", limitTicks: 1_030 })).to.equal(1_020);
    expect(twapWorstTicks({ ...terms, side: "sell", limitTicks: 990 })).to.equal(990);
    expect(twapWorstTicks({ ...terms, side: "sell", limitTicks: 970 })).to.equal(980);
    expect(twapWorstTicks({ ...terms, side: "sell", limitTicks: 970, tolerancePpm: 0 })).to.equal(970);
  });

  it("add up to the whole when each is filled", () => {
    for (const [totalLots, parts] of [
      [1_000, 3],
      [7, 7],
      [999_999, 1_000],
    ] as const) {
      let remainingLots = totalLots as number;
      for (let part = 0; part < parts; part++) {
        const remainingParts = parts - part;
        remainingLots -= twapPartLotsFloor({ totalLots, parts, remainingLots, remainingParts, quantityStepLots: 1 });
      }
      expect(remainingLots).to.equal(0);
    }
  });
});
