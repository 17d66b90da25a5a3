import { expect } from "chai";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import { FIELD_ORDER, INSURANCE_ACCOUNT } from "../../matcher/protocol/spec.ts";
import { write } from "./attack-inputs.ts";
import { dataOf, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type LiquidationPlan, testEpoch } from "./forge.ts";
import { choose, liquidation, MICRO, OTHER, PRICE, sizes, WEAK, WeakExchange } from "./weak-exchange.ts";

describe("batch circuit: deleveraging", function () {
  this.timeout(300_000);
  let exchange: WeakExchange;
  before(async () => {
    exchange = await WeakExchange.load();
  });

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
  const closes = (row: LiquidationPlan, change?: Partial<BatchPlan>) => exchange.passes(row, { ...alone, ...change });
  const stays = (template: string, row: LiquidationPlan, tamper?: Tamper, change?: Partial<BatchPlan>) =>
    exchange.refused(template, row, tamper, { ...alone, ...change });

  it("while the fund lasts it pays, and the counterparty closes at the index price", async () => {
    exchange.open(-20_000n * MICRO);
    await closes(deleveraging(20_000n * MICRO, 20_000n * MICRO));
  });
  it("the counterparty pays nothing that the fund could", async () => {
    exchange.open(-20_000n * MICRO);
    await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 20_000n * MICRO - 1n));
    exchange.open(-20_000n * MICRO);
    await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 0n));
  });
  it("an empty fund: the counterparty closes at the bankruptcy quote", async () => {
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 0n);
    await closes(deleveraging(20_000n * MICRO, 0n));
  });
  it("a fund that cannot pay all of it gives its last pico-USD", async () => {
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 7_000n * MICRO + 1n);
    await closes(deleveraging(20_000n * MICRO, 7_000n * MICRO + 1n));
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 7_000n * MICRO + 1n);
    await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 7_000n * MICRO));
  });
  it("a cap that is reached counts as an empty fund, to the pico-USD", async () => {
    const capped = { liquidation: { ...testEpoch().liquidation, insuranceCapMicroUsd: 50_000n } };
    const spent = { insuranceSpentPicoUsd: 45_000n * MICRO };
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(capped));
    await closes(deleveraging(20_000n * MICRO, 5_000n * MICRO), spent);
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(capped));
    await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 5_000n * MICRO - 1n), undefined, spent);
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(capped));
    await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 5_000n * MICRO + 1n), undefined, spent);
  });
  it("of a short likewise", async () => {
    exchange.open(-20_000n * MICRO, -1_000n);
    await closes(deleveraging(20_000n * MICRO, 20_000n * MICRO, { side: "buy" }));
  });
  it("only of an account below zero", async () => {
    exchange.open(0n);
    await stays("LiquidationBounds", deleveraging(0n, 0n));
    exchange.open(-1n);
    await closes(deleveraging(1n, 1n));
  });
  it("in part, with its share of what is missing", async () => {
    exchange.open(-20_000n * MICRO);
    await closes(deleveraging(5_000n * MICRO, 5_000n * MICRO, { quantityLots: 250, quoteMicroUsd: quote / 4n }));
    exchange.open(-20_000n * MICRO);
    const less = { quantityLots: 250, quoteMicroUsd: quote / 4n };
    await stays("ValidTransition", deleveraging(5_000n * MICRO - 1n, 5_000n * MICRO - 1n, less));
  });
  it("only at the index price", async () => {
    for (const quoteMicroUsd of [quote - 1n, quote + 1n]) {
      exchange.open(-20_000n * MICRO);
      const payout = 20_000n * MICRO + (quote - quoteMicroUsd) * MICRO;
      await stays("LiquidationBounds", deleveraging(payout, payout, { quoteMicroUsd }));
    }
  });
  it("without a fee", async () => {
    exchange.open(-20_000n * MICRO);
    await stays("LiquidationRow", deleveraging(20_000n * MICRO, 20_000n * MICRO, { feePicoUsd: 1n }));
  });
  it("not against the same side", async () => {
    exchange.open(-20_000n * MICRO);
    exchange.world.seed(OTHER, { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(1_000n) });
    await stays("SizeGrowth", deleveraging(20_000n * MICRO, 20_000n * MICRO));
  });
  it("not beyond the counterparty's position", async () => {
    exchange.open(-20_000n * MICRO);
    exchange.world.seed(OTHER, { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(-999n) });
    await stays("SizeGrowth", deleveraging(20_000n * MICRO, 20_000n * MICRO));
  });
  it("only against an account that keeps maintenance margin, to the pico-USD", async () => {
    for (const [short, template] of [
      [0n, undefined],
      [1n, "ValidTransition"],
    ] as const) {
      exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 0n);
      // 1,000 lots are left of 2,000, and the payout is its own: value 70,000 micro-USD before, 50,000 after.
      const value = 70_000n * MICRO - short;
      exchange.world.seed(OTHER, { collateralPicoUsd: value + 2_000n * PRICE * MICRO, sizesLots: sizes(-2_000n) });
      if (template === undefined) await closes(deleveraging(20_000n * MICRO, 0n));
      else await stays(template, deleveraging(20_000n * MICRO, 0n));
    }
  });
  it("not against an account with a position at a stale price", async () => {
    const epoch = testEpoch();
    (epoch.markets[1] as EpochMarket).restricted = true;
    exchange.open(-20_000n * MICRO, 1_000n, epoch);
    exchange.world.seed(OTHER, { collateralPicoUsd: 10n ** 18n, sizesLots: sizes(-1_000n, 1n) });
    await stays("SizeGrowth", deleveraging(20_000n * MICRO, 20_000n * MICRO));
  });
  it("not with a signed row of the counterparty in the batch", async () => {
    exchange.open(-20_000n * MICRO);
    const message = exchange.world.sign({ kind: "cancel", account: OTHER, slot: 1, sequence: 9 });
    await stays("AccountSlot", deleveraging(20_000n * MICRO, 20_000n * MICRO), undefined, { rows: [{ message }] });
  });
  it("not against itself", async () => {
    exchange.open(-20_000n * MICRO);
    exchange.world.seed(5);
    const row = deleveraging(20_000n * MICRO, 20_000n * MICRO, { counterparty: WEAK });
    await stays("AccountSlot", row, undefined, { touch: [OTHER] });
  });
  it("not against nobody, nor against the fund", async () => {
    for (const choice of [
      [0n, 0n, 0n],
      [1n, 0n, 0n],
      [1n, 0n, 1n],
    ]) {
      exchange.open(-20_000n * MICRO);
      await stays("(LiquidationRow|AtMostOne)", deleveraging(20_000n * MICRO, 20_000n * MICRO), {
        input: (input) => choose(input, "liquidationCounterparty", choice),
      });
    }
  });
  it("the fund has what a deposit of the batch brings", async () => {
    const deposit = { kind: "deposit" as const, account: INSURANCE_ACCOUNT, minSequence: 0, owner: 0n, ax: 0n, ay: 0n };
    const queue = [{ ...deposit, amountMicroUsd: 20_000n }];
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 0n);
    await closes(deleveraging(20_000n * MICRO, 20_000n * MICRO), { queue });
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 0n);
    await stays("LiquidationBounds", deleveraging(20_000n * MICRO, 0n), undefined, { queue });
  });
  it("the fund's leaf holds what was not paid, to the pico-USD", async () => {
    for (const change of [1n, -1n]) {
      exchange.open(-20_000n * MICRO);
      await stays("(AccountTree|Batch)", deleveraging(20_000n * MICRO, 20_000n * MICRO), undefined, {
        finally: (account, leaf) => {
          if (account === INSURANCE_ACCOUNT) leaf.collateralPicoUsd += change;
        },
      });
    }
  });
  it("the counterparty's leaf has the price and what it paid, to the pico-USD", async () => {
    for (const change of [1n, -1n]) {
      exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 0n);
      await stays("Batch", deleveraging(20_000n * MICRO, 0n), undefined, {
        finally: (account, leaf) => {
          if (account === OTHER) leaf.collateralPicoUsd += change;
        },
      });
    }
  });
  it("publishes what happened, word by word", async () => {
    exchange.open(-20_000n * MICRO, 1_000n, testEpoch(), 7_000n * MICRO);
    const row = deleveraging(20_000n * MICRO, 7_000n * MICRO);
    const trace = exchange.world.forge(exchange.batch(row, { ...alone, insuranceSpentPicoUsd: 5n }));
    expect(await exchange.circuit.refusal(trace)).to.equal(undefined);
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
  it("is no liquidation at the same time", async () => {
    exchange.open(-20_000n * MICRO);
    await stays("LiquidationRow", deleveraging(20_000n * MICRO, 20_000n * MICRO), {
      input: (input) => write(input, ["liquidationIsLiquidation", 0], 1n),
    });
  });
});
