import { expect } from "chai";
import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { FIELD_ORDER, INSURANCE_ACCOUNT, MARKETS, PICO_PER_MICRO } from "../../matcher/protocol/spec.ts";
import type { BatchInput } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { write } from "./attack-inputs.ts";
import { BatchCircuit, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type LiquidationPlan, testEpoch, World } from "./forge.ts";

const MICRO = PICO_PER_MICRO;
const PRICE = 1_000n;
const WEAK = 3;
const OTHER = 9;
/** Of the position below: 1,000 lots at 1,000 ticks and 5 %. */
const MAINTENANCE = 50_000n * MICRO;
const FUND = 1_000_000n * MICRO;
const sizes = (...lots: bigint[]) => [...lots, ...new Array(MARKETS - lots.length).fill(0n)];

function choose(input: BatchInput, name: string, choice: readonly bigint[]): void {
  for (const [j, value] of choice.entries()) write(input, [name, 0, j], value);
}

describe("batch circuit: liquidation", function () {
  this.timeout(300_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });

  /** An exchange with a fund, an account of 1,000 lots and the given value, and a rich one on the other side. */
  function exchange(valuePicoUsd: bigint, lots = 1_000n, epoch: Epoch = testEpoch(), fund = FUND): void {
    world = new World(circuit.hash, epoch);
    world.seed(INSURANCE_ACCOUNT, { collateralPicoUsd: fund });
    world.seed(WEAK, { collateralPicoUsd: valuePicoUsd - lots * PRICE * MICRO, sizesLots: sizes(lots) });
    const rich = 10n ** 18n + lots * PRICE * MICRO;
    world.seed(OTHER, { collateralPicoUsd: rich, sizesLots: sizes(-lots) });
  }

  function liquidation(
    quantityLots: number,
    quoteMicroUsd: bigint,
    change: Partial<LiquidationPlan> = {},
  ): LiquidationPlan {
    return {
      kind: "liquidation",
      account: WEAK,
      market: 0,
      side: "sell",
      quantityLots,
      quoteMicroUsd,
      feePicoUsd: 0n,
      payoutPicoUsd: 0n,
      coveredPicoUsd: 0n,
      ...change,
    };
  }
  /** The other side of it: an order of the rich account. */
  function batch(row: LiquidationPlan, change: Partial<BatchPlan> = {}): BatchPlan {
    const side: Side = row.side === "sell" ? "buy" : "sell";
    const limitPriceTicks = side === "buy" ? 1_050 : 950;
    const message = world.order({ account: OTHER, side, limitPriceTicks, quantityLots: 10_000 });
    const { quantityLots, quoteMicroUsd } = row;
    return { rows: [{ message, quantityLots, quoteMicroUsd }], liquidations: [row], ...change };
  }
  const pays = (payoutPicoUsd: bigint) => ({ payoutPicoUsd, coveredPicoUsd: payoutPicoUsd });
  const refusal = (row: LiquidationPlan, tamper?: Tamper, change?: Partial<BatchPlan>) =>
    circuit.refusal(world.forge(batch(row, change)), tamper);
  async function passes(row: LiquidationPlan, change?: Partial<BatchPlan>): Promise<void> {
    expect(await refusal(row, undefined, change)).to.equal(undefined);
  }
  async function refused(template: string, row: LiquidationPlan, tamper?: Tamper, change?: Partial<BatchPlan>) {
    expect(await refusal(row, tamper, change)).to.match(new RegExp(`^${template}\\b`));
  }

  describe("who may be liquidated", () => {
    it("one pico-USD below maintenance, a lot of it", async () => {
      exchange(MAINTENANCE - 1n);
      await passes(liquidation(1, PRICE));
    });
    it("not at maintenance", async () => {
      exchange(MAINTENANCE);
      await refused("LiquidationBounds", liquidation(1, PRICE));
    });
    it("not while a position is held at a stale price, in any market", async () => {
      const epoch = testEpoch();
      (epoch.markets[1] as EpochMarket).restricted = true;
      exchange(MAINTENANCE - 1n, 1_000n, epoch);
      await passes(liquidation(1, PRICE));
      world.seed(WEAK, { collateralPicoUsd: -960_000n * MICRO, sizesLots: sizes(1_000n, 1n) });
      await refused("SizeGrowth", liquidation(1, PRICE));
      (epoch.markets[1] as EpochMarket).restricted = false;
      (epoch.markets[0] as EpochMarket).restricted = true;
      exchange(MAINTENANCE - 1n, 1_000n, epoch);
      await refused("SizeGrowth", liquidation(1, PRICE));
    });
    it("not with a signed row of its own in the batch", async () => {
      exchange(40_000n * MICRO);
      const row = liquidation(100, 100n * PRICE);
      const message = world.sign({ kind: "cancel", account: WEAK, slot: 1, sequence: 9 });
      const plan = batch(row);
      await refused("AccountSlot", row, undefined, { rows: [...(plan.rows ?? []), { message }] });
    });
    it("not the fund itself", async () => {
      exchange(40_000n * MICRO);
      await refused("LiquidationRow", liquidation(1, PRICE), {
        input: (input) => {
          write(input, ["liquidationAccount", 0, 0], 1n);
          write(input, ["liquidationAccount", 0, 1], 0n);
        },
      });
    });
    it("not without the fund in slot 0", async () => {
      exchange(40_000n * MICRO);
      world.seed(1, { collateralPicoUsd: FUND });
      await refused("Batch", liquidation(100, 100n * PRICE), undefined, { fund: 1 });
    });
    it("nobody, and nobody twice", async () => {
      exchange(40_000n * MICRO);
      for (const choice of [
        [0n, 0n, 0n],
        [0n, 1n, 1n],
        [0n, 2n, FIELD_ORDER - 1n],
      ]) {
        exchange(40_000n * MICRO);
        await refused("(LiquidationRow|AtMostOne)", liquidation(100, 100n * PRICE), {
          input: (input) => choose(input, "liquidationAccount", choice),
        });
      }
    });
  });

  describe("how much", () => {
    it("the least that restores maintenance at the index price: 200 lots, not 201", async () => {
      exchange(40_000n * MICRO);
      await passes(liquidation(200, 200n * PRICE));
      exchange(40_000n * MICRO);
      await refused("LiquidationBounds", liquidation(201, 201n * PRICE));
    });
    it("more with a fee, for the fee is paid from the same value: 223 lots, not 224", async () => {
      for (const [lots, template] of [
        [223, undefined],
        [224, "LiquidationBounds"],
      ] as const) {
        exchange(40_000n * MICRO);
        const quote = BigInt(lots) * PRICE;
        const row = liquidation(lots, quote, { feePicoUsd: 5_000n * quote });
        if (template === undefined) await passes(row);
        else await refused(template, row);
      }
    });
    it("a bankrupt account whole, never beyond: it cannot flip", async () => {
      exchange(-20_000n * MICRO);
      await passes(liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)));
      exchange(-20_000n * MICRO);
      await refused("SizeGrowth", liquidation(1_001, 1_001n * PRICE, pays(20_000n * MICRO)));
    });
    it("no lot at all is no liquidation", async () => {
      exchange(40_000n * MICRO);
      const row = liquidation(0, 0n);
      await refused("LiquidationRow", row, undefined, { rows: [] });
    });
    it("in the wrong direction it would grow", async () => {
      exchange(40_000n * MICRO);
      await refused("SizeGrowth", liquidation(100, 100n * PRICE, { side: "buy" }));
    });
  });

  describe("at what price", () => {
    // A fifth of the way from maintenance to zero: 1.5 · 5 % · 0.2 = 1.5 % off the index price.
    it("a long no lower than the fillable price, to the micro-USD", async () => {
      exchange(40_000n * MICRO);
      await passes(liquidation(100, 98_500n));
      exchange(40_000n * MICRO);
      await refused("LiquidationBounds", liquidation(100, 98_499n));
    });
    it("a short no higher", async () => {
      exchange(40_000n * MICRO, -1_000n);
      await passes(liquidation(100, 101_500n, { side: "buy" }));
      exchange(40_000n * MICRO, -1_000n);
      await refused("LiquidationBounds", liquidation(100, 101_501n, { side: "buy" }));
    });
    it("by the whole spread from a value of zero on, and by no more below", async () => {
      // 7.5 %: further than the makers' band, so the rule is looked at with a narrower spread: 0.6 · 5 % = 3 %.
      const narrow = { liquidation: { ...testEpoch().liquidation, spreadPpm: 600_000 } };
      for (const value of [0n, -20_000n * MICRO]) {
        const payout = (30n * MICRO - value / 1_000n) * 100n;
        exchange(value, 1_000n, testEpoch(narrow));
        await passes(liquidation(100, 97_000n, pays(payout)));
        exchange(value, 1_000n, testEpoch(narrow));
        await refused("LiquidationBounds", liquidation(100, 96_999n, pays(payout + MICRO)));
      }
    });
    it("the prover cannot take the other end of the spread", async () => {
      exchange(40_000n * MICRO);
      await refused("LiquidationBounds", liquidation(100, 98_499n), {
        input: (input) => write(input, ["liquidationCapped", 0], 1n),
      });
      const gentle = { liquidation: { ...testEpoch().liquidation, spreadPpm: 600_000 } };
      exchange(-20_000n * MICRO, 1_000n, testEpoch(gentle));
      await refused("LiquidationBounds", liquidation(100, 96_999n, pays(5_001n * MICRO)), {
        input: (input) => write(input, ["liquidationCapped", 0], 0n),
      });
    });
    it("better than the index price is fine", async () => {
      exchange(40_000n * MICRO);
      await passes(liquidation(100, 105_000n));
    });
    it("takes part in its market's pool", async () => {
      exchange(40_000n * MICRO);
      const row = liquidation(100, 100_000n);
      const plan = batch({ ...row, quoteMicroUsd: 100_001n });
      await refused("Batch", row, undefined, { rows: plan.rows ?? [] });
    });
  });

  describe("fee and payout", () => {
    it("a fee of at most the cap, to the pico-USD", async () => {
      exchange(40_000n * MICRO);
      await passes(liquidation(100, 100_000n, { feePicoUsd: 500n * MICRO }));
      exchange(40_000n * MICRO);
      await refused("LiquidationBounds", liquidation(100, 100_000n, { feePicoUsd: 500n * MICRO + 1n }));
    });
    it("a fee of at most what the price leaves above the bankruptcy quote", async () => {
      // 4 % of value: with 10 % of it gone the ratio holds at 4 micro-USD a lot below 40; the price takes 15 of the 40.
      const generous = { liquidation: { ...testEpoch().liquidation, feeCapPpm: 100_000 } };
      exchange(40_000n * MICRO, 1_000n, testEpoch(generous));
      await passes(liquidation(100, 98_500n, { feePicoUsd: 2_500n * MICRO }));
      exchange(40_000n * MICRO, 1_000n, testEpoch(generous));
      await refused("ValidTransition", liquidation(100, 98_500n, { feePicoUsd: 2_500n * MICRO + 1n }));
    });
    it("never a negative fee", async () => {
      exchange(40_000n * MICRO);
      const row = liquidation(100, 100_000n, { feePicoUsd: -1n });
      await refused("LiquidationRow", row, { input: (input) => write(input, ["liquidationFee", 0], -1n) });
    });
    it("an account below zero gets what closes it at zero, not a pico-USD less", async () => {
      exchange(-20_000n * MICRO);
      await refused("ValidTransition", liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO - 1n)));
    });
    it("nor a micro-USD more", async () => {
      exchange(-20_000n * MICRO);
      await passes(liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO + MICRO - 1n)));
      exchange(-20_000n * MICRO);
      await refused("LiquidationBounds", liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO + MICRO)));
    });
    it("nobody who can pay for it gets a payout", async () => {
      exchange(40_000n * MICRO);
      await refused("LiquidationBounds", liquidation(100, 100_000n, pays(1n)));
      exchange(40_000n * MICRO);
      await refused("LiquidationBounds", liquidation(100, 100_000n, pays(1n)), {
        input: (input) => write(input, ["liquidationPays", 0], 0n),
      });
    });
    it("not both at once", async () => {
      exchange(-20_000n * MICRO);
      const both = { ...pays(20_000n * MICRO + 1n), feePicoUsd: 1n };
      await refused("LiquidationBounds", liquidation(1_000, 1_000n * PRICE, both));
    });
    it("the fund pays all of a liquidation's payout", async () => {
      exchange(-20_000n * MICRO);
      const short = { payoutPicoUsd: 20_000n * MICRO, coveredPicoUsd: 20_000n * MICRO - 1n };
      await refused("LiquidationBounds", liquidation(1_000, 1_000n * PRICE, short));
    });
    it("and no more than it has", async () => {
      exchange(-20_000n * MICRO, 1_000n, testEpoch(), 20_000n * MICRO);
      await passes(liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)));
      exchange(-20_000n * MICRO, 1_000n, testEpoch(), 20_000n * MICRO - 1n);
      await refused("(LiquidationBounds|ValidTransition)", liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)));
    });
    it("nor more than the epoch's cap leaves", async () => {
      const capped = { liquidation: { ...testEpoch().liquidation, insuranceCapMicroUsd: 50_000n } };
      exchange(-20_000n * MICRO, 1_000n, testEpoch(capped));
      await passes(liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)), {
        insuranceSpentPicoUsd: 30_000n * MICRO,
      });
      exchange(-20_000n * MICRO, 1_000n, testEpoch(capped));
      const spent = { insuranceSpentPicoUsd: 30_000n * MICRO + 1n };
      await refused("LiquidationBounds", liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)), undefined, spent);
    });
    it("the published spending is what was spent", async () => {
      exchange(-20_000n * MICRO);
      await refused("Batch", liquidation(1_000, 1_000n * PRICE, pays(20_000n * MICRO)), {
        data: (words) => {
          words[9] = (words[9] as bigint) - 1n;
        },
      });
    });
  });

  describe("deleveraging", () => {
    const quote = 1_000n * PRICE;
    function deleveraging(payoutPicoUsd: bigint, coveredPicoUsd: bigint, change: Partial<LiquidationPlan> = {}) {
      const row = liquidation(1_000, quote, {
        kind: "deleveraging",
        counterparty: OTHER,
        payoutPicoUsd,
        coveredPicoUsd,
      });
      return { ...row, ...change };
    }
    const alone = { rows: [] };
    const closes = (row: LiquidationPlan, change?: Partial<BatchPlan>) => passes(row, { ...alone, ...change });
    const stays = (template: string, row: LiquidationPlan, tamper?: Tamper, change?: Partial<BatchPlan>) =>
      refused(template, row, tamper, { ...alone, ...change });

    it("while the fund lasts it pays, and the counterparty closes at the index price", async () => {
      exchange(-20_000n * MICRO);
      await closes(deleveraging(20_000n * MICRO, 20_000n * MICRO));
    });
    it("the counterparty pays nothing that the fund could", async () => {
      exchange(-20_000n * MICRO);
      await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 20_000n * MICRO - 1n));
      exchange(-20_000n * MICRO);
      await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 0n));
    });
    it("an empty fund: the counterparty closes at the bankruptcy quote", async () => {
      exchange(-20_000n * MICRO, 1_000n, testEpoch(), 0n);
      await closes(deleveraging(20_000n * MICRO, 0n));
    });
    it("a fund that cannot pay all of it gives its last pico-USD", async () => {
      exchange(-20_000n * MICRO, 1_000n, testEpoch(), 7_000n * MICRO + 1n);
      await closes(deleveraging(20_000n * MICRO, 7_000n * MICRO + 1n));
      exchange(-20_000n * MICRO, 1_000n, testEpoch(), 7_000n * MICRO + 1n);
      await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 7_000n * MICRO));
    });
    it("a cap that is reached counts as an empty fund, to the pico-USD", async () => {
      const capped = { liquidation: { ...testEpoch().liquidation, insuranceCapMicroUsd: 50_000n } };
      const spent = { insuranceSpentPicoUsd: 45_000n * MICRO };
      exchange(-20_000n * MICRO, 1_000n, testEpoch(capped));
      await closes(deleveraging(20_000n * MICRO, 5_000n * MICRO), spent);
      exchange(-20_000n * MICRO, 1_000n, testEpoch(capped));
      await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 5_000n * MICRO - 1n), undefined, spent);
      exchange(-20_000n * MICRO, 1_000n, testEpoch(capped));
      await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 5_000n * MICRO + 1n), undefined, spent);
    });
    it("of a short likewise", async () => {
      exchange(-20_000n * MICRO, -1_000n);
      await closes(deleveraging(20_000n * MICRO, 20_000n * MICRO, { side: "buy" }));
    });
    it("only of an account below zero", async () => {
      exchange(0n);
      await stays("LiquidationBounds", deleveraging(0n, 0n));
      exchange(-1n);
      await closes(deleveraging(1n, 1n));
    });
    it("in part, with its share of what is missing", async () => {
      exchange(-20_000n * MICRO);
      await closes(deleveraging(5_000n * MICRO, 5_000n * MICRO, { quantityLots: 250, quoteMicroUsd: quote / 4n }));
      exchange(-20_000n * MICRO);
      const less = { quantityLots: 250, quoteMicroUsd: quote / 4n };
      await stays("ValidTransition", deleveraging(5_000n * MICRO - 1n, 5_000n * MICRO - 1n, less));
    });
    it("only at the index price", async () => {
      for (const quoteMicroUsd of [quote - 1n, quote + 1n]) {
        exchange(-20_000n * MICRO);
        const payout = 20_000n * MICRO + (quote - quoteMicroUsd) * MICRO;
        await stays("LiquidationBounds", deleveraging(payout, payout, { quoteMicroUsd }));
      }
    });
    it("without a fee", async () => {
      exchange(-20_000n * MICRO);
      await stays("LiquidationRow", deleveraging(20_000n * MICRO, 20_000n * MICRO, { feePicoUsd: 1n }));
    });
    it("not against the same side", async () => {
      exchange(-20_000n * MICRO);
      world.seed(OTHER, { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(1_000n) });
      await stays("SizeGrowth", deleveraging(20_000n * MICRO, 20_000n * MICRO));
    });
    it("not beyond the counterparty's position", async () => {
      exchange(-20_000n * MICRO);
      world.seed(OTHER, { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(-999n) });
      await stays("SizeGrowth", deleveraging(20_000n * MICRO, 20_000n * MICRO));
    });
    it("only against an account that keeps maintenance margin, to the pico-USD", async () => {
      for (const [short, template] of [
        [0n, undefined],
        [1n, "ValidTransition"],
      ] as const) {
        exchange(-20_000n * MICRO, 1_000n, testEpoch(), 0n);
        // 1,000 lots are left of 2,000, and the payout is its own: value 70,000 micro-USD before, 50,000 after.
        const value = 70_000n * MICRO - short;
        world.seed(OTHER, { collateralPicoUsd: value + 2_000n * PRICE * MICRO, sizesLots: sizes(-2_000n) });
        if (template === undefined) await closes(deleveraging(20_000n * MICRO, 0n));
        else await stays(template, deleveraging(20_000n * MICRO, 0n));
      }
    });
    it("not against an account with a position at a stale price", async () => {
      const epoch = testEpoch();
      (epoch.markets[1] as EpochMarket).restricted = true;
      exchange(-20_000n * MICRO, 1_000n, epoch);
      world.seed(OTHER, { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(-1_000n, 1n) });
      await stays("SizeGrowth", deleveraging(20_000n * MICRO, 20_000n * MICRO));
    });
    it("not with a signed row of the counterparty in the batch", async () => {
      exchange(-20_000n * MICRO);
      const message = world.sign({ kind: "cancel", account: OTHER, slot: 1, sequence: 9 });
      await stays("AccountSlot", deleveraging(20_000n * MICRO, 20_000n * MICRO), undefined, { rows: [{ message }] });
    });
    it("not against itself", async () => {
      exchange(-20_000n * MICRO);
      world.seed(5);
      const row = deleveraging(20_000n * MICRO, 20_000n * MICRO, { counterparty: WEAK });
      await stays("AccountSlot", row, undefined, { touch: [OTHER] });
    });
    it("not against nobody, nor against the fund", async () => {
      for (const choice of [
        [0n, 0n, 0n],
        [1n, 0n, 0n],
        [1n, 0n, 1n],
      ]) {
        exchange(-20_000n * MICRO);
        await stays("(LiquidationRow|AtMostOne)", deleveraging(20_000n * MICRO, 20_000n * MICRO), {
          input: (input) => choose(input, "liquidationCounterparty", choice),
        });
      }
    });
    it("is no liquidation at the same time", async () => {
      exchange(-20_000n * MICRO);
      await stays("LiquidationRow", deleveraging(20_000n * MICRO, 20_000n * MICRO), {
        input: (input) => write(input, ["liquidationIsLiquidation", 0], 1n),
      });
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
      exchange(40_000n * MICRO);
      const reason = await circuit.refusal(world.forge({ touch: [INSURANCE_ACCOUNT, WEAK] }), {
        input: (input) => write(input, [`liquidation${name}`, 0], 1n),
      });
      expect(reason, name).to.match(/^(LiquidationRow|LiquidationBounds|Batch)/);
    }
  });
});
