import { expect } from "chai";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { pack } from "../../matcher/protocol/packing.ts";
import { dataLayout, FIELD_ORDER, HEADER, INSURANCE_ACCOUNT, LIQUIDATION_WORD } from "../../matcher/protocol/spec.ts";
import { carryDown, carryFraction, write } from "./attack-inputs.ts";
import { dataOf } from "./batch-circuit.ts";
import { type BatchPlan, testEpoch } from "./forge.ts";
import {
  choose,
  FUND,
  liquidation,
  MAINTENANCE,
  MICRO,
  OTHER,
  PRICE,
  pays,
  sizes,
  WEAK,
  WeakExchange,
} from "./weak-exchange.ts";

/** Of a sale of the second account slot in market 0, whose lots are given. */
const published = {
  ...{ kind: 6n, accountSlot: 1n, counterpartySlot: 0n, market: 0n, side: 1n, quoteMicroUsd: 99_000n },
};

describe("batch circuit: liquidation", function () {
  this.timeout(300_000);
  let exchange: WeakExchange;
  before(async () => {
    exchange = await WeakExchange.load();
  });

  describe("who may be liquidated", () => {
    it("one pico-USD below maintenance, a lot of it", async () => {
      exchange.open(MAINTENANCE - 1n);
      await exchange.passes(liquidation(1, PRICE));
    });
    it("not at maintenance", async () => {
      exchange.open(MAINTENANCE);
      await exchange.refused("LiquidationBounds", liquidation(1, PRICE));
    });
    it("not while a position is held at a stale price, in any market", async () => {
      const epoch = testEpoch();
      (epoch.markets[1] as EpochMarket).restricted = true;
      exchange.open(MAINTENANCE - 1n, 1_000n, epoch);
      await exchange.passes(liquidation(1, PRICE));
      exchange.world.seed(WEAK, { collateralPicoUsd: -960_000n * MICRO, sizesLots: sizes(1_000n, 1n) });
      await exchange.refused("SizeGrowth", liquidation(1, PRICE));
      (epoch.markets[1] as EpochMarket).restricted = false;
      (epoch.markets[0] as EpochMarket).restricted = true;
      exchange.open(MAINTENANCE - 1n, 1_000n, epoch);
      await exchange.refused("SizeGrowth", liquidation(1, PRICE));
    });
    it("not with a signed row of its own in the batch", async () => {
      exchange.open(40_000n * MICRO);
      const row = liquidation(100, 100n * PRICE);
      const message = exchange.world.sign({ kind: "cancel", account: WEAK, slot: 1, sequence: 9 });
      const plan = exchange.batch(row);
      await exchange.refused("AccountSlot", row, undefined, { rows: [...(plan.rows ?? []), { message }] });
    });
    it("nobody in a batch whose deposits bring maintenance back", async () => {
      const entry = (amountMicroUsd: bigint) => ({
        queue: [{ kind: "deposit" as const, minSequence: 0, account: WEAK, amountMicroUsd, owner: 0n, ax: 0n, ay: 0n }],
      });
      exchange.open(MAINTENANCE - 2n * MICRO);
      await exchange.passes(liquidation(1, PRICE), entry(1n));
      exchange.open(MAINTENANCE - 2n * MICRO);
      await exchange.refused("LiquidationBounds", liquidation(1, PRICE), undefined, entry(2n));
    });
    it("nor whose transfers do", async () => {
      for (const [amountMicroUsd, template] of [
        [1n, undefined],
        [2n, "LiquidationBounds"],
      ] as const) {
        const world = exchange.open(MAINTENANCE - 2n * MICRO);
        world.seed(OTHER, {
          collateralPicoUsd: 10n ** 18n,
          sizesLots: sizes(-1_000n),
          owner: 0xabc0000n + BigInt(WEAK),
        });
        const message = world.sign({
          ...{ kind: "transfer", account: OTHER, to: WEAK, sequence: 0, expirySeconds: 2_000_000, amountMicroUsd },
        });
        const row = liquidation(1, PRICE);
        const rows = [{ message, receiverSlot: 1 }, ...(exchange.batch(row).rows ?? [])];
        if (template === undefined) await exchange.passes(row, { rows });
        else await exchange.refused(template, row, undefined, { rows });
      }
    });
    it("nobody who has just come", async () => {
      const world = exchange.open(40_000n * MICRO);
      const row = liquidation(1, PRICE, { account: 5 });
      await exchange.refused("SizeGrowth", row, undefined, { queue: [world.registration(5)] });
    });
    it("not the fund itself", async () => {
      exchange.open(40_000n * MICRO);
      await exchange.refused("LiquidationRow", liquidation(1, PRICE), {
        input: (input) => {
          write(input, ["liquidationAccount", 0, 0], 1n);
          write(input, ["liquidationAccount", 0, 1], 0n);
        },
      });
    });
    it("not without the fund in slot 0", async () => {
      exchange.open(40_000n * MICRO);
      exchange.world.seed(1, { collateralPicoUsd: FUND });
      await exchange.refused("Batch", liquidation(100, 100n * PRICE), undefined, { fund: 1 });
    });
    it("nobody, and nobody twice", async () => {
      exchange.open(40_000n * MICRO);
      for (const choice of [
        [0n, 0n, 0n],
        [0n, 1n, 1n],
        [0n, 2n, FIELD_ORDER - 1n],
      ]) {
        exchange.open(40_000n * MICRO);
        await exchange.refused("(LiquidationRow|AtMostOne)", liquidation(100, 100n * PRICE), {
          input: (input) => choose(input, "liquidationAccount", choice),
        });
      }
    });
  });

  describe("how much", () => {
    it("the least that restores maintenance at the index price: 200 lots, not 201", async () => {
      exchange.open(40_000n * MICRO);
      await exchange.passes(liquidation(200, 200n * PRICE));
      exchange.open(40_000n * MICRO);
      await exchange.refused("LiquidationBounds", liquidation(201, 201n * PRICE));
    });
    it("more with a fee, for the fee is paid from the same value: 223 lots, not 224", async () => {
      for (const [lots, template] of [
        [223, undefined],
        [224, "LiquidationBounds"],
      ] as const) {
        exchange.open(40_000n * MICRO);
        const quote = BigInt(lots) * PRICE;
        const row = liquidation(lots, quote, { feePicoUsd: 5_000n * quote });
        if (template === undefined) await exchange.passes(row);
        else await exchange.refused(template, row);
      }
    });
    it("a bankrupt account whole, never beyond: it cannot flip", async () => {
      exchange.open(-20_000n * MICRO);
      await exchange.passes(liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)));
      exchange.open(-20_000n * MICRO);
      await exchange.refused("SizeGrowth", liquidation(1_001, 1_001n * PRICE, pays(20_000n * MICRO)));
    });
    it("no lot at all is no liquidation", async () => {
      exchange.open(40_000n * MICRO);
      const row = liquidation(0, 0n);
      await exchange.refused("LiquidationRow", row, undefined, { rows: [] });
    });
    it("in the wrong direction it would grow", async () => {
      exchange.open(40_000n * MICRO);
      await exchange.refused("SizeGrowth", liquidation(100, 100n * PRICE, { side: "buy" }));
    });
  });

  describe("at what price", () => {
    // A fifth of the way from maintenance to zero: 1.5 · 5 % · 0.2 = 1.5 % off the index price.
    it("a long no lower than the fillable price, to the micro-USD", async () => {
      exchange.open(40_000n * MICRO);
      await exchange.passes(liquidation(100, 98_500n));
      exchange.open(40_000n * MICRO);
      await exchange.refused("LiquidationBounds", liquidation(100, 98_499n));
    });
    it("a short no higher", async () => {
      exchange.open(40_000n * MICRO, -1_000n);
      await exchange.passes(liquidation(100, 101_500n, { side: "buy" }));
      exchange.open(40_000n * MICRO, -1_000n);
      await exchange.refused("LiquidationBounds", liquidation(100, 101_501n, { side: "buy" }));
    });
    it("by the whole spread from a value of zero on, and by no more below", async () => {
      // 7.5 %: further than the makers' band, so the rule is looked at with a narrower spread: 0.6 · 5 % = 3 %.
      const narrow = { liquidation: { ...testEpoch().liquidation, spreadPpm: 600_000 } };
      for (const value of [0n, -20_000n * MICRO]) {
        const payout = (30n * MICRO - value / 1_000n) * 100n;
        exchange.open(value, 1_000n, testEpoch(narrow));
        await exchange.passes(liquidation(100, 97_000n, pays(payout)));
        exchange.open(value, 1_000n, testEpoch(narrow));
        await exchange.refused("LiquidationBounds", liquidation(100, 96_999n, pays(payout + MICRO)));
      }
    });
    it("the prover cannot take the other end of the spread", async () => {
      exchange.open(40_000n * MICRO);
      await exchange.refused("LiquidationBounds", liquidation(100, 98_499n), {
        input: (input) => write(input, ["liquidationCapped", 0], 1n),
      });
      const gentle = { liquidation: { ...testEpoch().liquidation, spreadPpm: 600_000 } };
      exchange.open(-20_000n * MICRO, 1_000n, testEpoch(gentle));
      await exchange.refused("LiquidationBounds", liquidation(100, 96_999n, pays(5_001n * MICRO)), {
        input: (input) => write(input, ["liquidationCapped", 0], 0n),
      });
    });
    it("better than the index price is fine", async () => {
      exchange.open(40_000n * MICRO);
      await exchange.passes(liquidation(100, 105_000n));
    });
    describe("no further from the index price than any row, whatever the pool leaves", () => {
      /** The rich account trades 200 lots one way and 100 back: its limits leave room for a liquidation at any price. */
      function pooled(side: Side, taken: bigint, given: bigint): Partial<BatchPlan> {
        const other: Side = side === "sell" ? "buy" : "sell";
        const order = (own: Side, slot: number) => {
          const limitPriceTicks = own === "buy" ? 1_050 : 950;
          return exchange.world.order({ account: OTHER, side: own, slot, limitPriceTicks });
        };
        return {
          rows: [
            { message: order(other, 1), quantityLots: 200, quoteMicroUsd: taken },
            { message: order(side, 2), quantityLots: 100, quoteMicroUsd: given },
          ],
        };
      }
      it("a long no higher than the band", async () => {
        exchange.open(40_000n * MICRO);
        await exchange.passes(liquidation(100, 105_000n), pooled("sell", 210_000n, 105_000n));
        exchange.open(40_000n * MICRO);
        const more = pooled("sell", 210_000n, 104_999n);
        await exchange.refused("LiquidationRow", liquidation(100, 105_001n), undefined, more);
      });
      it("a short no lower", async () => {
        exchange.open(40_000n * MICRO, -1_000n);
        await exchange.passes(liquidation(100, 95_000n, { side: "buy" }), pooled("buy", 190_000n, 95_000n));
        exchange.open(40_000n * MICRO, -1_000n);
        const less = pooled("buy", 190_000n, 95_001n);
        await exchange.refused("LiquidationRow", liquidation(100, 94_999n, { side: "buy" }), undefined, less);
      });
      it("nor to the account's harm where the fillable price would allow it", async () => {
        // A value of zero: 7.5 % by rule 7, and the fund makes up for the price.
        exchange.open(0n);
        await exchange.passes(liquidation(100, 95_000n, pays(5_000n * MICRO)), pooled("sell", 195_000n, 100_000n));
        exchange.open(0n);
        const worse = pooled("sell", 195_000n, 100_001n);
        const row = liquidation(100, 94_999n, pays(5_001n * MICRO));
        await exchange.refused("LiquidationRow", row, undefined, worse);
      });
      it("one lot cannot collect what a batch leaves between its limits", async () => {
        exchange.open(MAINTENANCE - 1n);
        const rows = ([1, 2] as const).map((slot) => ({
          message: exchange.world.order({
            account: OTHER,
            side: slot === 1 ? "buy" : "sell",
            slot,
            limitPriceTicks: slot === 1 ? 1_050 : 950,
          }),
          quantityLots: slot === 1 ? 901 : 900,
          quoteMicroUsd: slot === 1 ? 901n * 1_050n : 900n * 950n,
        }));
        const quote = 901n * 1_050n - 900n * 950n;
        await exchange.refused("LiquidationRow", liquidation(1, quote), undefined, { rows });
      });
    });
    it("takes part in its market's pool", async () => {
      exchange.open(40_000n * MICRO);
      const row = liquidation(100, 100_000n);
      const plan = exchange.batch({ ...row, quoteMicroUsd: 100_001n });
      await exchange.refused("Batch", row, undefined, { rows: plan.rows ?? [] });
    });
  });

  describe("fee and payout", () => {
    it("a fee of at most the cap, to the pico-USD", async () => {
      exchange.open(40_000n * MICRO);
      await exchange.passes(liquidation(100, 100_000n, { feePicoUsd: 500n * MICRO }));
      exchange.open(40_000n * MICRO);
      await exchange.refused("LiquidationBounds", liquidation(100, 100_000n, { feePicoUsd: 500n * MICRO + 1n }));
    });
    it("a fee of at most what the price leaves above the bankruptcy quote", async () => {
      // 4 % of value: with 10 % of it gone the ratio holds at 4 micro-USD a lot below 40; the price takes 15 of the 40.
      const generous = { liquidation: { ...testEpoch().liquidation, feeCapPpm: 100_000 } };
      exchange.open(40_000n * MICRO, 1_000n, testEpoch(generous));
      await exchange.passes(liquidation(100, 98_500n, { feePicoUsd: 2_500n * MICRO }));
      exchange.open(40_000n * MICRO, 1_000n, testEpoch(generous));
      await exchange.refused("ValidTransition", liquidation(100, 98_500n, { feePicoUsd: 2_500n * MICRO + 1n }));
    });
    it("never a negative fee", async () => {
      exchange.open(40_000n * MICRO);
      const row = liquidation(100, 100_000n, { feePicoUsd: -1n });
      await exchange.refused("LiquidationRow", row, { input: (input) => write(input, ["liquidationFee", 0], -1n) });
    });
    it("an account below zero gets what closes it at zero, not a pico-USD less", async () => {
      exchange.open(-20_000n * MICRO);
      await exchange.refused("ValidTransition", liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO - 1n)));
    });
    it("nor a micro-USD more", async () => {
      exchange.open(-20_000n * MICRO);
      await exchange.passes(liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO + MICRO - 1n)));
      exchange.open(-20_000n * MICRO);
      await exchange.refused("LiquidationBounds", liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO + MICRO)));
    });
    it("nobody who can pay for it gets a payout", async () => {
      exchange.open(40_000n * MICRO);
      await exchange.refused("LiquidationBounds", liquidation(100, 100_000n, pays(1n)));
      exchange.open(40_000n * MICRO);
      await exchange.refused("LiquidationBounds", liquidation(100, 100_000n, pays(1n)), {
        input: (input) => write(input, ["liquidationPays", 0], 0n),
      });
    });
    it("not both at once", async () => {
      exchange.open(-20_000n * MICRO);
      const both = { ...pays(20_000n * MICRO + 1n), feePicoUsd: 1n };
      await exchange.refused("LiquidationBounds", liquidation(1_000, 1_000n * PRICE, both));
    });
    it("the fund pays all of a liquidation's payout", async () => {
      exchange.open(-20_000n * MICRO);
      const short = { payoutPicoUsd: 20_000n * MICRO, coveredPicoUsd: 20_000n * MICRO - 1n };
      await exchange.refused("LiquidationBounds", liquidation(1_000, 1_000n * PRICE, short));
    });
    it("and no more than it has", async () => {
      exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 20_000n * MICRO);
      await exchange.passes(liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)));
      exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 20_000n * MICRO - 1n);
      await exchange.refused(
        "(LiquidationBounds|ValidTransition)",
        liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)),
      );
    });
    it("nor more than the epoch's cap leaves", async () => {
      const capped = { liquidation: { ...testEpoch().liquidation, insuranceCapMicroUsd: 50_000n } };
      exchange.open(-20_000n * MICRO, 1_000n, testEpoch(capped));
      await exchange.passes(liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)), {
        insuranceSpentPicoUsd: 30_000n * MICRO,
      });
      exchange.open(-20_000n * MICRO, 1_000n, testEpoch(capped));
      const spent = { insuranceSpentPicoUsd: 30_000n * MICRO + 1n };
      await exchange.refused(
        "LiquidationBounds",
        liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)),
        undefined,
        spent,
      );
    });
    it("the published spending is what was spent", async () => {
      exchange.open(-20_000n * MICRO);
      await exchange.refused("Batch", liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)), {
        data: (words) => {
          words[HEADER.insuranceSpentAfter] = (words[HEADER.insuranceSpentAfter] as bigint) - 1n;
        },
      });
    });
  });

  describe("its published words", () => {
    it("are what happened, each of them", async () => {
      exchange.open(40_000n * MICRO);
      const trace = exchange.world.forge(exchange.batch(liquidation(100, 99_000n, { feePicoUsd: 3n })));
      const length = dataOf(trace).length;
      for (let i = 0; i < length; i++) {
        const reason = await exchange.circuit.refusal(trace, {
          data: (words) => {
            words[i] = ((words[i] as bigint) + 1n) % FIELD_ORDER;
          },
        });
        expect(reason, `word ${i}`).to.match(/^Batch/);
      }
    });
    it("say the kind, the accounts, the market, the side, the lots and the quote", async () => {
      exchange.open(40_000n * MICRO);
      const trace = exchange.world.forge(exchange.batch(liquidation(100, 99_000n)));
      const at = dataLayout(trace.tier).liquidations;
      expect(dataOf(trace)[at]).to.equal(pack(LIQUIDATION_WORD, { ...published, quantityLots: 100n }));
      for (const [field, value] of Object.entries({ ...published, kind: 7n, quantityLots: 100n })) {
        const other = { ...published, quantityLots: 100n, [field]: field === "kind" ? value : value ^ 1n };
        const reason = await exchange.circuit.refusal(trace, {
          data: (words) => {
            words[at] = pack(LIQUIDATION_WORD, other);
          },
        });
        expect(reason, field).to.match(/^Batch/);
      }
    });
    it("cannot be read with other lots and another quote", async () => {
      for (const carry of [carryDown, carryFraction]) {
        exchange.open(40_000n * MICRO);
        await exchange.refused("LiquidationRow", liquidation(100, 99_000n), {
          input: (input) => carry(input, ["liquidationQuantity", 0], ["liquidationQuote", 0], 40),
        });
      }
    });
  });

  it("a place without a liquidation carries nothing", async () => {
    for (const name of [
      "Quantity",
      "Quote",
      "Fee",
      "Payout",
      "Covered",
      "Side",
      "Capped",
      "IsLiquidation",
      "IsDeleveraging",
    ]) {
      exchange.open(40_000n * MICRO);
      const reason = await exchange.circuit.refusal(exchange.world.forge({ touch: [INSURANCE_ACCOUNT, WEAK] }), {
        input: (input) => write(input, [`liquidation${name}`, 0], 1n),
      });
      expect(reason, name).to.match(/^(LiquidationRow|LiquidationBounds|Batch)/);
    }
  });
});
