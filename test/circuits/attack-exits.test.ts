import { expect } from "chai";
import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import { INSURANCE_ACCOUNT } from "../../matcher/protocol/spec.ts";
import { write } from "./attack-inputs.ts";
import type { Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type LiquidationPlan, type RequestPlan, testEpoch } from "./forge.ts";
import { choose, liquidation, MICRO, OTHER, PRICE, pays, sizes, WEAK, WeakExchange } from "./weak-exchange.ts";

/** Value of the account that leaves: four times what its 1,000 lots need. */
const VALUE = 200_000n * MICRO;
/** 1,000 lots at the index price less 2.5 %. */
const QUOTE = 975_000n;
const PAID = 175_000n;

describe("batch circuit: forced exits", function () {
  this.timeout(300_000);
  let exchange: WeakExchange;
  before(async () => {
    exchange = await WeakExchange.load();
  });

  const exit = (change: Partial<RequestPlan> = {}): RequestPlan => ({
    kind: "forcedExit",
    account: WEAK,
    outcome: "done",
    minSequence: 7,
    payoutMicroUsd: PAID,
    ...change,
  });
  const fill = (change: Partial<LiquidationPlan> = {}) => liquidation(1_000, QUOTE, { kind: "exitFill", ...change });
  const close = (change: Partial<LiquidationPlan> = {}) =>
    liquidation(1_000, QUOTE, { kind: "forcedClose", counterparty: OTHER, ...change });
  const served = (request: RequestPlan, change: Partial<BatchPlan> = {}) => ({ request, ...change });
  const alone = (request: RequestPlan, change: Partial<BatchPlan> = {}) => ({ request, rows: [], ...change });
  const flat = (request: RequestPlan) => ({ request, rows: [], liquidations: [], touch: [OTHER] });
  /** The batch of a plan without a row that nobody signed. */
  const idle = (request: RequestPlan, tamper?: Tamper) => exchange.judged(exchange.world.forge(flat(request)), tamper);
  const market = (change: Partial<EpochMarket>, header: Partial<Epoch> = {}): Epoch => {
    const epoch = testEpoch();
    return {
      ...epoch,
      ...header,
      markets: epoch.markets.map((terms, m) => (m === 0 ? { ...terms, ...change } : terms)),
    };
  };

  describe("done", () => {
    it("against the book, at the haircut and no worse, to the micro-USD", async () => {
      exchange.open(VALUE);
      await exchange.passes(fill(), served(exit()));
      exchange.open(VALUE);
      const worse = { quoteMicroUsd: QUOTE - 1n };
      await exchange.refused("LiquidationBounds", fill(worse), undefined, served(exit({ payoutMicroUsd: PAID - 1n })));
      exchange.open(VALUE);
      await exchange.passes(fill({ quoteMicroUsd: QUOTE + 1n }), served(exit({ payoutMicroUsd: PAID + 1n })));
    });
    it("of a short likewise", async () => {
      exchange.open(VALUE, -1_000n);
      await exchange.passes(fill({ side: "buy", quoteMicroUsd: 1_025_000n }), served(exit()));
      exchange.open(VALUE, -1_000n);
      const worse = fill({ side: "buy", quoteMicroUsd: 1_025_001n });
      await exchange.refused("LiquidationBounds", worse, undefined, served(exit({ payoutMicroUsd: PAID - 1n })));
    });
    it("against the book within the band only, whatever the others leave between their prices", async () => {
      const epoch = market({ priceMinTicks: 976 });
      exchange.open(VALUE, 1_000n, epoch);
      const bought = { message: exchange.world.order({ account: OTHER, side: "buy", quantityLots: 2_000 }) };
      const sold = { message: exchange.world.order({ account: OTHER, side: "sell", limitPriceTicks: 900, slot: 2 }) };
      const rows = [
        { ...bought, quantityLots: 2_000, quoteMicroUsd: 1_952_000n },
        { ...sold, quantityLots: 1_000, quoteMicroUsd: 977_000n },
      ];
      await exchange.refused("LiquidationRow", fill(), undefined, served(exit(), { rows }));
      exchange.open(VALUE, 1_000n, epoch);
      await exchange.passes(close(), alone(exit()));
    });
    it("against a holder of the other side, at exactly the haircut", async () => {
      exchange.open(VALUE);
      await exchange.passes(close(), alone(exit()));
      for (const change of [-1n, 1n]) {
        exchange.open(VALUE);
        const other = alone(exit({ payoutMicroUsd: PAID + change }));
        await exchange.refused("LiquidationBounds", close({ quoteMicroUsd: QUOTE + change }), undefined, other);
      }
    });
    it("rounded to the micro-USD in favour of whom it closes", async () => {
      // 25,001 ppm of 1,000,000 micro-USD leave 974,999; of a lot less, 999,000, they leave 974,024.001.
      const epoch = market({ exitHaircutPpm: 25_001 });
      for (const [side, lots, quoteMicroUsd, fits] of [
        ["sell", 999n, 974_024n, false],
        ["sell", 999n, 974_025n, true],
        ["sell", 999n, 974_026n, false],
        ["buy", -999n, 1_023_976n, false],
        ["buy", -999n, 1_023_975n, true],
        ["buy", -999n, 1_023_974n, false],
      ] as const) {
        exchange.open(VALUE, lots, epoch);
        const lost = side === "sell" ? 999_000n - quoteMicroUsd : quoteMicroUsd - 999_000n;
        const plan = alone(exit({ payoutMicroUsd: 200_000n - lost }));
        const row = close({ side, quantityLots: 999, quoteMicroUsd });
        if (fits) await exchange.passes(row, plan);
        else await exchange.refused("LiquidationBounds", row, undefined, plan);
      }
    });
    it("of a flat account, all that it has but the part of a micro-USD", async () => {
      exchange.open(VALUE + 999_999n, 0n);
      expect(await idle(exit({ payoutMicroUsd: 200_000n }))).to.equal(undefined);
      for (const payoutMicroUsd of [199_999n, 200_001n, 0n]) {
        exchange.open(VALUE + 999_999n, 0n);
        expect(await idle(exit({ payoutMicroUsd })), String(payoutMicroUsd)).to.match(
          // What is not there is first missed by the margin rule.
          payoutMicroUsd > 200_000n ? /^ValidTransition/ : /^RequestBounds/,
        );
      }
      for (const value of [0n, 999_999n]) {
        exchange.open(value, 0n);
        expect(await idle(exit({ payoutMicroUsd: 0n }))).to.equal(undefined);
      }
    });
    it("not while a lot is left", async () => {
      exchange.open(VALUE);
      const less = { quantityLots: 999, quoteMicroUsd: 974_025n };
      await exchange.refused("RequestBounds", close(less), undefined, alone(exit({ payoutMicroUsd: 0n })));
      exchange.open(1_000n * MICRO, 1n);
      exchange.world.seed(WEAK, { collateralPicoUsd: 0n, sizesLots: sizes(1n) });
      expect(await idle(exit({ payoutMicroUsd: 0n }))).to.match(/^RequestBounds/);
    });
    it("with what the batch deposits", async () => {
      exchange.open(VALUE, 0n);
      const { owner, ax, ay } = { owner: 0n, ax: 0n, ay: 0n };
      const deposit = { kind: "deposit", account: WEAK, amountMicroUsd: 5n, minSequence: 0, owner, ax, ay } as const;
      const plan = (payoutMicroUsd: bigint) => ({ ...flat(exit({ payoutMicroUsd })), queue: [deposit] });
      expect(await exchange.judged(exchange.world.forge(plan(200_005n)))).to.equal(undefined);
      exchange.open(VALUE, 0n);
      expect(await exchange.judged(exchange.world.forge(plan(200_000n)))).to.match(/^RequestBounds/);
    });
    it("never of a negative account", async () => {
      exchange.open(-1n, 0n);
      expect(await idle(exit({ payoutMicroUsd: 0n }))).to.match(/^RequestBounds/);
    });
  });

  describe("advanced", () => {
    const part = { quantityLots: 400, quoteMicroUsd: 390_000n };
    const advanced = () => exit({ outcome: "advanced", payoutMicroUsd: 0n });
    it("by a part in the book or against a holder", async () => {
      exchange.open(VALUE);
      await exchange.passes(fill(part), served(advanced()));
      exchange.open(VALUE);
      await exchange.passes(close(part), alone(advanced()));
    });
    it("not by nothing", async () => {
      exchange.open(VALUE);
      expect(await idle(advanced())).to.match(/^RequestBounds/);
    });
    it("not by what is done to another", async () => {
      exchange.open(-20_000n * MICRO);
      exchange.world.seed(5, { collateralPicoUsd: VALUE });
      const deleveraged = liquidation(1_000, 1_000_000n, {
        kind: "deleveraging",
        counterparty: OTHER,
        ...pays(20_000n * MICRO),
      });
      const plan = { request: exit({ account: OTHER, outcome: "advanced", payoutMicroUsd: 0n }), rows: [] };
      await exchange.refused("RequestBounds", deleveraged, undefined, plan);
    });
    it("pays nothing", async () => {
      exchange.open(VALUE);
      const plan = alone(exit({ outcome: "advanced", payoutMicroUsd: 1n }));
      await exchange.refused("RequestBounds", close(part), undefined, plan);
    });
    it("keeps the maintenance ratio, to the pico-USD", async () => {
      // Half of the position at half of maintenance margin as haircut: from a ratio of a half on, it does not fall.
      const half = { quantityLots: 500, quoteMicroUsd: 487_500n };
      exchange.open(25_000n * MICRO);
      await exchange.passes(close(half), alone(advanced()));
      exchange.open(25_000n * MICRO - 1n);
      await exchange.refused("ValidTransition", close(half), undefined, alone(advanced()));
    });
    it("never beyond the position, and not the other way", async () => {
      exchange.open(VALUE);
      await exchange.refused(
        "SizeGrowth",
        close({ quantityLots: 1_001, quoteMicroUsd: 975_975n }),
        undefined,
        alone(advanced()),
      );
      exchange.open(VALUE);
      await exchange.refused(
        "SizeGrowth",
        close({ side: "buy", quantityLots: 1, quoteMicroUsd: 1_025n }),
        undefined,
        alone(advanced()),
      );
    });
    it("not while it holds a position in a silent market", async () => {
      exchange.open(VALUE, 1_000n, { ...testEpoch(), markets: silent(1) });
      exchange.world.seed(WEAK, { collateralPicoUsd: 0n, sizesLots: sizes(1_000n, 1n) });
      await exchange.refused("SizeGrowth", close(part), undefined, alone(advanced()));
    });
  });

  describe("inapplicable", () => {
    const inapplicable = () => exit({ outcome: "inapplicable", payoutMicroUsd: 0n });
    it("below maintenance, to the pico-USD", async () => {
      exchange.open(50_000n * MICRO - 1n);
      expect(await idle(inapplicable())).to.equal(undefined);
      exchange.open(50_000n * MICRO);
      expect(await idle(inapplicable())).to.match(/^RequestBounds/);
      // And not by saying that it is below.
      exchange.open(50_000n * MICRO);
      const below = { input: (input: Parameters<typeof write>[0]) => write(input, ["requestBelow"], 1n) };
      expect(await idle(inapplicable(), below)).to.match(/^RequestBounds/);
    });
    it("flat and negative", async () => {
      exchange.open(-1n, 0n);
      expect(await idle(inapplicable())).to.equal(undefined);
      exchange.open(0n, 0n);
      expect(await idle(inapplicable())).to.match(/^RequestBounds/);
    });
    it("with a position in a market without a fresh price, and with none in it not", async () => {
      exchange.open(VALUE, 1_000n, { ...testEpoch(), markets: silent(0) });
      expect(await idle(inapplicable())).to.equal(undefined);
      exchange.open(VALUE, 1_000n, { ...testEpoch(), markets: silent(1) });
      expect(await idle(inapplicable())).to.match(/^RequestBounds/);
    });
    it("not while a row names it", async () => {
      exchange.open(50_000n * MICRO - 1n);
      const part = { quantityLots: 100, quoteMicroUsd: 97_500n };
      await exchange.refused("RequestBounds", close(part), undefined, alone(inapplicable()));
      exchange.open(49_000n * MICRO);
      const forced = liquidation(10, 10_000n);
      await exchange.refused("RequestBounds", forced, undefined, served(inapplicable()));
    });
    it("pays nothing", async () => {
      exchange.open(VALUE, 1_000n, { ...testEpoch(), markets: silent(0) });
      expect(await idle(exit({ outcome: "inapplicable", payoutMicroUsd: 1n }))).to.match(/^RequestBounds/);
    });
  });

  describe("whom it names", () => {
    it("its rows close positions of its own account only", async () => {
      exchange.open(VALUE);
      const other = exit({ account: OTHER, outcome: "advanced", payoutMicroUsd: 0n });
      await exchange.refused("LiquidationRow", close(), undefined, alone(other));
      exchange.open(VALUE);
      await exchange.refused("Request", fill(), undefined, served(exit({ account: INSURANCE_ACCOUNT })));
    });
    it("there are none without a request, and none for the other kinds", async () => {
      for (const row of [fill(), close()]) {
        exchange.open(VALUE);
        await exchange.refused("LiquidationRow", row, undefined, row.kind === "exitFill" ? {} : { rows: [] });
        for (const kind of ["keyRotation", "cancelAll"] as const) {
          exchange.open(VALUE);
          const plan = { kind, account: WEAK, outcome: "done", minSequence: 7, ax: 1n, ay: 2n } as const;
          const rows = row.kind === "exitFill" ? {} : { rows: [] };
          await exchange.refused("LiquidationBounds", row, undefined, { request: plan, ...rows });
        }
      }
      exchange.open(49_000n * MICRO);
      const asked = { kind: "liquidationRequest", account: WEAK, outcome: "advanced" } as const;
      await exchange.refused("LiquidationBounds", fill({ quantityLots: 10, quoteMicroUsd: 10_000n }), undefined, {
        request: asked,
      });
    });
    it("what it pays is not what the insurance fund gave in the same batch", async () => {
      // The account is bankrupt by 20,000; the fund pays 100,000 more than that, and the exit takes it out at once.
      exchange.open(-20_000n * MICRO);
      const gift = liquidation(1_000, 1_000_000n, {
        kind: "deleveraging",
        counterparty: OTHER,
        ...pays(120_000n * MICRO),
      });
      await exchange.refused("RequestBounds", gift, undefined, alone(exit({ payoutMicroUsd: 100_000n })));
      exchange.open(-20_000n * MICRO);
      const bought = liquidation(1_000, 1_000_000n, pays(120_000n * MICRO));
      await exchange.refused("RequestBounds", bought, undefined, served(exit({ payoutMicroUsd: 100_000n })));
    });
    it("no signed row stands beside it", async () => {
      exchange.open(VALUE, 0n);
      const message = exchange.world.sign({ kind: "cancel", account: WEAK, slot: 3, sequence: 1 });
      const trace = exchange.world.forge({ ...flat(exit({ payoutMicroUsd: 200_000n })), rows: [{ message }] });
      expect(await exchange.judged(trace)).to.match(/^AccountSlot/);
    });
    it("neither fund nor fee nor payout", async () => {
      exchange.open(VALUE);
      const plan = (payoutMicroUsd: bigint) => alone(exit({ payoutMicroUsd }));
      await exchange.refused("LiquidationRow", close(pays(1_000n * MICRO)), undefined, plan(PAID + 1_000n));
      exchange.open(VALUE);
      await exchange.refused("LiquidationRow", close({ feePicoUsd: MICRO }), undefined, plan(PAID - 1n));
      exchange.open(VALUE);
      const uncovered = close({ payoutPicoUsd: 1_000n * MICRO });
      await exchange.refused("LiquidationRow", uncovered, undefined, plan(PAID + 1_000n));
    });
  });

  describe("a forced close's counterparty", () => {
    const done = () => alone(exit());
    const seed = (valuePicoUsd: bigint, lots = -2_000n, other: readonly bigint[] = []) => {
      exchange.open(VALUE);
      const owed = lots * PRICE + other.reduce((sum, size) => sum + size * 500n, 0n);
      exchange.world.seed(OTHER, { collateralPicoUsd: valuePicoUsd - owed * MICRO, sizesLots: sizes(lots, ...other) });
    };
    it("need not be healthy", async () => {
      seed(1n);
      await exchange.passes(close(), done());
      seed(0n);
      await exchange.passes(close(), done());
    });
    it("keeps its ratio: one below zero is deleveraged first", async () => {
      // 25,000 are gained with half of the position: from −50,000 to −25,000 the ratio stays, from less it would fall.
      seed(-50_000n * MICRO);
      await exchange.passes(close(), done());
      seed(-50_000n * MICRO - 1n);
      await exchange.refused("ValidTransition", close(), undefined, done());
    });
    it("not even that where a silent market makes it unknown", async () => {
      exchange.open(VALUE, 1_000n, { ...testEpoch(), markets: silent(1) });
      const collateralPicoUsd = -50_000n * MICRO - 1n + 2_000n * PRICE * MICRO - 500n * MICRO;
      exchange.world.seed(OTHER, { collateralPicoUsd, sizesLots: sizes(-2_000n, 1n) });
      await exchange.passes(close(), done());
      // And only there.
      seed(-50_000n * MICRO - 1n);
      const exempt: Tamper = { input: (input) => write(input, ["counterpartyExempt"], 1n) };
      await exchange.refused("Batch", close(), exempt, done());
    });
    it("holds the other side, as much of it", async () => {
      seed(10n ** 18n, 1_000n);
      await exchange.refused("SizeGrowth", close(), undefined, done());
      seed(10n ** 18n, -999n);
      await exchange.refused("SizeGrowth", close(), undefined, done());
    });
    it("does not grow, however rich it is", async () => {
      seed(10n ** 18n, 0n);
      const healthy: Tamper = { input: (input) => write(input, ["slotHealthy", 2], 1n) };
      await exchange.refused("ValidTransition", close(), healthy, done());
    });
    it("is never the insurance fund, nor the account itself", async () => {
      exchange.open(VALUE);
      const fund: Tamper = { input: (input) => choose(input, "liquidationCounterparty", [1n, 0n, 0n]) };
      await exchange.refused("LiquidationRow", close(), fund, done());
      exchange.open(VALUE);
      const itself: Tamper = { input: (input) => choose(input, "liquidationCounterparty", [0n, 1n, 0n]) };
      await exchange.refused("AccountSlot", close(), itself, done());
    });
    it("is there", async () => {
      exchange.open(VALUE);
      const nobody: Tamper = { input: (input) => choose(input, "liquidationCounterparty", [0n, 0n, 0n]) };
      await exchange.refused("LiquidationRow", close(), nobody, done());
    });
  });
});

/** The test epoch's markets, one of them without a fresh price. */
function silent(index: number): EpochMarket[] {
  return testEpoch().markets.map((terms, m) => (m === index ? { ...terms, restricted: true } : terms));
}
