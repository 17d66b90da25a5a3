import { expect } from "chai";
import type { Epoch, LiquidationTerms } from "../../matcher/protocol/epoch.ts";
import { dataLayout, HEADER, INSURANCE_ACCOUNT, tierById } from "../../matcher/protocol/spec.ts";
import type { Signal } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { BatchCircuit, dataOf, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type LiquidationPlan, testEpoch, World } from "./forge.ts";
import { liquidation, MICRO, PRICE, pays, sizes } from "./weak-exchange.ts";

/** Long 1,000 lots each, and short 1,000 lots each. */
const LONGS = [3, 4, 5] as const;
const SHORTS = [11, 12, 13] as const;
const RICH = 20;
const LOTS = 1_000;
const QUOTE = 1_000n * PRICE;
const DEBT = 20_000n * MICRO;

/** More than there was: the fund's leaf would end below zero. */
const OVERDRAWN = "(LiquidationBounds|ValidTransition)";

const tier = tierById(2);
const FIRST_LIQUIDATION_WORD = dataLayout(tier).liquidations;

/** Several liquidations in one batch: each finds what those before it left of the fund and of the epoch's cap. */
describe("batch circuit: one fund for all of a batch's liquidations", function () {
  this.timeout(600_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("large", await buildFastPoseidon());
  });

  /** An exchange with this much in the fund, longs of this value, and rich shorts. */
  function exchange(fund: bigint, valuePicoUsd = -DEBT, terms: Partial<LiquidationTerms> = {}): void {
    const epoch = testEpoch();
    world = new World(circuit.hash, { ...epoch, liquidation: { ...epoch.liquidation, ...terms } } satisfies Epoch);
    world.seed(INSURANCE_ACCOUNT, { collateralPicoUsd: fund });
    const lots = BigInt(LOTS);
    for (const account of LONGS) {
      world.seed(account, { collateralPicoUsd: valuePicoUsd - lots * PRICE * MICRO, sizesLots: sizes(lots) });
    }
    for (const account of SHORTS) world.seed(account, { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(-lots) });
    world.seed(RICH, { collateralPicoUsd: 10n ** 18n });
  }
  /** The i-th long against the i-th short: with a debt of 20,000 micro-USD, of which the fund covers a part. */
  function deleveraging(i: number, coveredPicoUsd: bigint, change: Partial<LiquidationPlan> = {}): LiquidationPlan {
    const against = { kind: "deleveraging", account: LONGS[i] as number, counterparty: SHORTS[i] as number } as const;
    return liquidation(LOTS, QUOTE, { ...against, payoutPicoUsd: DEBT, coveredPicoUsd, ...change });
  }
  /** The rich account buys what longs sell. */
  function bought(lots: number, quoteMicroUsd = BigInt(lots) * PRICE): BatchPlan["rows"] {
    const message = world.order({ account: RICH, side: "buy", limitPriceTicks: 1_050, quantityLots: 1_000_000 });
    return [{ message, quantityLots: lots, quoteMicroUsd }];
  }
  const forged = (liquidations: LiquidationPlan[], change: Partial<BatchPlan> = {}) =>
    world.forge({ liquidations, tier: tier.id, ...change });
  async function passes(liquidations: LiquidationPlan[], change?: Partial<BatchPlan>): Promise<void> {
    expect(await circuit.refusal(forged(liquidations, change))).to.equal(undefined);
  }
  async function refused(template: string, rows: LiquidationPlan[], change?: Partial<BatchPlan>, tamper?: Tamper) {
    expect(await circuit.refusal(forged(rows, change), tamper)).to.match(new RegExp(`^${template}\\b`));
  }

  describe("what is left of the fund", () => {
    it("is the second one's to the last pico-USD, and the third one's counterparty pays all", async () => {
      exchange(30_000n * MICRO + 1n);
      await passes([deleveraging(0, DEBT), deleveraging(1, 10_000n * MICRO + 1n), deleveraging(2, 0n)]);
    });
    it("is no pico-USD more, nor less", async () => {
      for (const change of [1n, -1n]) {
        exchange(30_000n * MICRO);
        const rows = [deleveraging(0, DEBT), deleveraging(1, 10_000n * MICRO + change)];
        await refused(change > 0n ? OVERDRAWN : "LiquidationBounds", rows);
      }
    });
    it("goes to the first before the second", async () => {
      exchange(30_000n * MICRO);
      await refused("LiquidationBounds", [deleveraging(0, 10_000n * MICRO), deleveraging(1, DEBT)]);
    });
    it("pays a liquidation whole or not at all", async () => {
      const row = (coveredPicoUsd: bigint) =>
        liquidation(LOTS, QUOTE, { account: LONGS[1], payoutPicoUsd: DEBT, coveredPicoUsd });
      exchange(40_000n * MICRO);
      await passes([deleveraging(0, DEBT), row(DEBT)], { rows: bought(LOTS) });
      exchange(40_000n * MICRO - 1n);
      await refused(OVERDRAWN, [deleveraging(0, DEBT), row(DEBT)], { rows: bought(LOTS) });
      exchange(40_000n * MICRO - 1n);
      await refused("LiquidationBounds", [deleveraging(0, DEBT), row(DEBT - 1n)], { rows: bought(LOTS) });
    });
  });

  describe("what is left of the epoch's cap", () => {
    const capped = () => exchange(10n ** 18n, -DEBT, { insuranceCapMicroUsd: 50_000n });
    const spent = { insuranceSpentPicoUsd: 20_000n * MICRO };
    it("is the second one's to the last pico-USD", async () => {
      capped();
      const rows = [deleveraging(0, DEBT), deleveraging(1, 10_000n * MICRO), deleveraging(2, 0n)];
      const trace = forged(rows, spent);
      expect(await circuit.refusal(trace)).to.equal(undefined);
      expect(dataOf(trace)[HEADER.insuranceSpentBefore]).to.equal(20_000n * MICRO);
      expect(dataOf(trace)[HEADER.insuranceSpentAfter]).to.equal(50_000n * MICRO);
    });
    it("is no pico-USD more, nor less", async () => {
      for (const change of [1n, -1n]) {
        capped();
        const rows = [deleveraging(0, DEBT), deleveraging(1, 10_000n * MICRO + change)];
        await refused("LiquidationBounds", rows, spent);
      }
    });
    it("does not come back with fees", async () => {
      // A weak account's fee fills the fund, not the cap.
      capped();
      const full = { insuranceSpentPicoUsd: 50_000n * MICRO };
      world.seed(LONGS[0], { collateralPicoUsd: 40_000n * MICRO - QUOTE * MICRO, sizesLots: sizes(1_000n) });
      const fee = liquidation(100, 100n * PRICE, { account: LONGS[0], feePicoUsd: 5n * MICRO });
      await passes([fee, deleveraging(1, 0n)], { rows: bought(100), ...full });
      capped();
      world.seed(LONGS[0], { collateralPicoUsd: 40_000n * MICRO - QUOTE * MICRO, sizesLots: sizes(1_000n) });
      await refused("LiquidationBounds", [fee, deleveraging(1, 5n * MICRO)], { rows: bought(100), ...full });
    });
    it("is published as what was spent by all", async () => {
      capped();
      const rows = [deleveraging(0, DEBT), deleveraging(1, 10_000n * MICRO)];
      await refused("Batch", rows, spent, {
        data: (words) => {
          words[HEADER.insuranceSpentAfter] = 40_000n * MICRO;
        },
      });
    });
  });

  describe("a fee", () => {
    const FEE = 500n * MICRO;
    const withFee = (account: number) => liquidation(100, 100n * PRICE, { account, feePicoUsd: FEE });
    /** The first long is weak but solvent, the second one owes. */
    const weakAndBankrupt = () => {
      exchange(0n);
      world.seed(LONGS[0], { collateralPicoUsd: 40_000n * MICRO - QUOTE * MICRO, sizesLots: sizes(1_000n) });
    };
    it("pays what comes after it, and must", async () => {
      weakAndBankrupt();
      await passes([withFee(LONGS[0]), deleveraging(1, FEE)], { rows: bought(100) });
      for (const change of [1n, -1n]) {
        weakAndBankrupt();
        const rows = [withFee(LONGS[0]), deleveraging(1, FEE + change)];
        await refused(change > 0n ? OVERDRAWN : "LiquidationBounds", rows, { rows: bought(100) });
      }
    });
    it("pays nothing that came before it", async () => {
      weakAndBankrupt();
      await refused("LiquidationBounds", [deleveraging(1, FEE), withFee(LONGS[0])], { rows: bought(100) });
      weakAndBankrupt();
      await passes([deleveraging(1, 0n), withFee(LONGS[0])], { rows: bought(100) });
    });
  });

  describe("one account, one liquidation", () => {
    const half = { quantityLots: LOTS / 2, quoteMicroUsd: QUOTE / 2n, ...pays(DEBT / 2n) };
    it("not twice the liquidated one", async () => {
      exchange(10n ** 18n);
      const rows = [deleveraging(0, 0n, half), deleveraging(0, 0n, { ...half, counterparty: SHORTS[1] })];
      await refused("AccountSlot", rows);
    });
    it("not twice the counterparty", async () => {
      exchange(10n ** 18n);
      const rows = [deleveraging(0, 0n, half), deleveraging(1, 0n, { ...half, counterparty: SHORTS[0] })];
      await refused("AccountSlot", rows);
    });
    it("not once the one and once the other", async () => {
      exchange(10n ** 18n);
      world.seed(LONGS[1], { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(1_000n) });
      const other = deleveraging(0, DEBT, { account: SHORTS[0], counterparty: LONGS[1], side: "buy" });
      await refused("AccountSlot", [deleveraging(0, DEBT), other]);
    });
  });

  it("an order takes no part in a deleveraging", async () => {
    exchange(10n ** 18n);
    await refused("Batch", [deleveraging(0, DEBT)], { rows: bought(LOTS) });
  });

  it("two of them may trade with each other, within the band and each within its fillable price", async () => {
    for (const [quote, template] of [
      [98_500n, undefined],
      [98_499n, "LiquidationBounds"],
    ] as const) {
      exchange(10n ** 18n, 40_000n * MICRO);
      world.seed(SHORTS[0], { collateralPicoUsd: 40_000n * MICRO + QUOTE * MICRO, sizesLots: sizes(-1_000n) });
      const rows = [
        liquidation(100, quote, { account: LONGS[0] }),
        liquidation(100, quote, { account: SHORTS[0], side: "buy" }),
      ];
      if (template === undefined) await passes(rows);
      else await refused(template, rows);
    }
  });

  it("leaves no gap: a liquidation behind an unused place is refused, its word where it is", async () => {
    exchange(10n ** 18n);
    const trace = forged([deleveraging(0, DEBT), deleveraging(1, DEBT)]);
    const swapped = <T>(list: T[]) => [list[0], list[2], list[1], list[3]] as T[];
    const reason = await circuit.refusal(trace, {
      data: (words) => {
        const own = words.slice(FIRST_LIQUIDATION_WORD, FIRST_LIQUIDATION_WORD + tier.liquidations);
        words.splice(FIRST_LIQUIDATION_WORD, tier.liquidations, ...swapped(own));
      },
      input: (input) => {
        for (const [name, list] of Object.entries(input)) {
          if (name.startsWith("liquidation") && Array.isArray(list)) input[name] = swapped(list as Signal[]);
        }
      },
    });
    expect(reason).to.match(/^Batch/);
  });

  it("the fund's leaf ends with its fees less what it covered", async () => {
    exchange(30_000n * MICRO);
    await passes([deleveraging(0, DEBT), deleveraging(1, 10_000n * MICRO)]);
    expect(world.holders.get(INSURANCE_ACCOUNT)?.leaf.collateralPicoUsd).to.equal(0n);
    for (const account of LONGS.slice(0, 2)) {
      expect(world.holders.get(account)?.leaf.collateralPicoUsd).to.equal(0n);
    }
    expect(world.holders.get(SHORTS[1])?.leaf.collateralPicoUsd).to.equal(10n ** 18n - (QUOTE + 10_000n) * MICRO);
  });
});
