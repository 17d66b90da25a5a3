import { expect } from "chai";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import {
  dataLayout,
  HEADER,
  INSURANCE_ACCOUNT,
  MARKETS,
  QUEUE_CURSOR_WORD,
  tierById,
} from "../../matcher/protocol/spec.ts";
import { add, carryDown, carryFraction, write } from "./attack-inputs.ts";
import { dataOf, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type LiquidationPlan, type RequestPlan, testEpoch } from "./forge.ts";
import { liquidation, MICRO, OTHER, pays, WEAK, WeakExchange } from "./weak-exchange.ts";

const VALUE = 200_000n * MICRO;
const KEY = { ax: 123n, ay: 456n };
const layout = dataLayout(tierById(0));

/** Changes one word of d. */
function inWord(at: number, change: (word: bigint) => bigint): Tamper {
  return {
    data: (words) => {
      words[at] = change(words[at] as bigint);
    },
  };
}

describe("batch circuit: requests from L1", function () {
  this.timeout(300_000);
  let exchange: WeakExchange;
  before(async () => {
    exchange = await WeakExchange.load();
  });

  const request = (change: Partial<RequestPlan> = {}): RequestPlan => ({
    kind: "cancelAll",
    account: WEAK,
    outcome: "done",
    minSequence: 7,
    ...change,
  });
  const plan = (asked: RequestPlan, change: Partial<BatchPlan> = {}): BatchPlan => ({ request: asked, ...change });
  const refusal = (asked: BatchPlan, tamper?: Tamper) =>
    exchange.judged(exchange.world.forge({ touch: [OTHER], ...asked }), tamper);
  const passes = async (asked: BatchPlan) => expect(await refusal(asked)).to.equal(undefined);
  const refused = async (template: string, asked: BatchPlan, tamper?: Tamper) =>
    expect(await refusal(asked, tamper)).to.match(new RegExp(`^${template}\\b`));
  const input = (change: NonNullable<Tamper["input"]>): Tamper => ({ input: change });
  const silent = (index: number): EpochMarket[] =>
    testEpoch().markets.map((terms, m) => (m === index ? { ...terms, restricted: true } : terms));

  describe("cancel-all", () => {
    it("lifts the minimum sequence to the requested one, and never lowers it", async () => {
      for (const [before, asked] of [
        [0, 7],
        [7, 7],
        [8, 7],
        [2 ** 48 - 1, 0],
        [0, 2 ** 48 - 1],
      ] as const) {
        exchange.open(VALUE);
        exchange.world.seed(WEAK, { collateralPicoUsd: VALUE, minSequence: before });
        await passes(plan(request({ minSequence: asked })));
        expect(exchange.world.holders.get(WEAK)?.leaf.minSequence).to.equal(Math.max(before, asked));
      }
    });
    it("not to another number", async () => {
      const wrong = (minSequence: number) => ({
        ...plan(request()),
        finally: (account: number, leaf: { minSequence: number }) => {
          if (account === WEAK) leaf.minSequence = minSequence;
        },
      });
      for (const minSequence of [0, 6, 8]) {
        exchange.open(VALUE);
        expect(await refusal(wrong(minSequence)), String(minSequence)).to.not.equal(undefined);
      }
      // By the prover's bit neither: 8 is lowered to 7, or 6 not lifted.
      for (const [before, raises] of [
        [8, 1n],
        [6, 0n],
      ] as const) {
        exchange.open(VALUE);
        exchange.world.seed(WEAK, { collateralPicoUsd: VALUE, minSequence: before });
        await refused(
          "Request",
          plan(request()),
          input((signals) => write(signals, ["requestRaises"], raises)),
        );
      }
    });
    it("of an account that the same batch registers", async () => {
      exchange.open(VALUE);
      await passes(plan(request({ account: 20 }), { queue: [exchange.world.registration(20)], touch: [] }));
    });
    it("is done, and nothing else", async () => {
      for (const outcome of ["inapplicable", "advanced"] as const) {
        exchange.open(VALUE);
        await refused("Request", plan(request({ outcome })));
      }
    });
    it("beside a signed row of the account not, beside others yes", async () => {
      exchange.open(VALUE);
      const row = (account: number) => ({
        message: exchange.world.sign({ kind: "cancelAll", account, sequence: 9 }),
      });
      await refused("AccountSlot", plan(request(), { rows: [row(WEAK)] }));
      exchange.open(VALUE);
      await passes(plan(request(), { rows: [row(OTHER)] }));
    });
    it("beside a liquidation of the account", async () => {
      exchange.open(49_000n * MICRO);
      await exchange.passes(liquidation(10, 10_000n), { request: request() });
    });
  });

  describe("key rotation", () => {
    const rotation = (change: Partial<RequestPlan> = {}) => request({ kind: "keyRotation", ...KEY, ...change });
    it("stores the new key, in the old one's place", async () => {
      exchange.open(VALUE);
      await passes(plan(rotation()));
      expect(exchange.world.holders.get(WEAK)?.leaf).to.include(KEY);
    });
    it("of an account that the same batch registers", async () => {
      exchange.open(VALUE);
      await passes(plan(rotation({ account: 20 }), { queue: [exchange.world.registration(20)], touch: [] }));
    });
    it("no other key, and nobody else's", async () => {
      for (const account of [WEAK, OTHER])
        for (const change of [{ ax: 124n }, { ay: 457n }]) {
          exchange.open(VALUE);
          const asked = {
            ...plan(rotation()),
            finally: (index: number, leaf: object) => void (index === account && Object.assign(leaf, change)),
          };
          expect(await refusal(asked)).to.not.equal(undefined);
        }
    });
    it("is not left out, and comes with no other kind", async () => {
      exchange.open(VALUE);
      const key = exchange.world.keyOf(WEAK);
      const kept = {
        ...plan(rotation()),
        finally: (index: number, leaf: object) =>
          void (index === WEAK && Object.assign(leaf, { ax: key.ax, ay: key.ay })),
      };
      expect(await refusal(kept)).to.not.equal(undefined);
      exchange.open(VALUE);
      const stolen = {
        ...plan(request(KEY)),
        finally: (index: number, leaf: object) => void (index === WEAK && Object.assign(leaf, KEY)),
      };
      expect(await refusal(stolen)).to.not.equal(undefined);
    });
    it("what the old key signed is in no row of the batch", async () => {
      exchange.open(VALUE);
      const message = exchange.world.sign({ kind: "cancel", account: WEAK, slot: 3, sequence: 8 });
      await refused("AccountSlot", plan(rotation(), { rows: [{ message }] }));
    });
    it("is done, and nothing else", async () => {
      for (const outcome of ["inapplicable", "advanced"] as const) {
        exchange.open(VALUE);
        await refused("Request", plan(rotation({ outcome })));
      }
    });
  });

  describe("liquidation request", () => {
    const asked = (outcome: RequestPlan["outcome"]) => ({
      request: request({ kind: "liquidationRequest", outcome, minSequence: 0 }),
    });
    const close = (change: Partial<LiquidationPlan> = {}) =>
      liquidation(20, 20_000n, { kind: "forcedClose", counterparty: OTHER, ...change });
    const alone = (outcome: RequestPlan["outcome"]) => ({ ...asked(outcome), rows: [] });

    it("done: at maintenance, to the pico-USD", async () => {
      exchange.open(50_000n * MICRO);
      await passes(asked("done"));
      exchange.open(50_000n * MICRO - 1n);
      await refused("RequestBounds", asked("done"));
    });
    it("inapplicable: with a position in a silent market, and done only without", async () => {
      exchange.open(VALUE, 1_000n, { ...testEpoch(), markets: silent(0) });
      await passes(asked("inapplicable"));
      exchange.open(VALUE, 1_000n, { ...testEpoch(), markets: silent(0) });
      await refused("RequestBounds", asked("done"));
      exchange.open(VALUE, 1_000n, { ...testEpoch(), markets: silent(1) });
      await refused("RequestBounds", asked("inapplicable"));
      exchange.open(0n);
      await refused("RequestBounds", asked("inapplicable"));
    });
    it("advanced: by a liquidation, a deleveraging, or a forced close at the index price", async () => {
      exchange.open(49_000n * MICRO);
      await exchange.passes(liquidation(10, 10_000n), asked("advanced"));
      exchange.open(-20_000n * MICRO);
      const quarter = { quantityLots: 250, quoteMicroUsd: 250_000n };
      const deleveraging = { kind: "deleveraging", counterparty: OTHER, ...pays(5_000n * MICRO), ...quarter } as const;
      await exchange.passes({ ...liquidation(250, 250_000n), ...deleveraging }, alone("advanced"));
      exchange.open(49_000n * MICRO);
      await exchange.passes(close({ quantityLots: 10, quoteMicroUsd: 10_000n }), alone("advanced"));
    });
    it("done: restored by a row of the batch", async () => {
      exchange.open(49_000n * MICRO);
      await exchange.passes(liquidation(20, 20_000n), asked("done"));
      exchange.open(49_000n * MICRO);
      await exchange.passes(close(), alone("done"));
      exchange.open(49_000n * MICRO);
      const less = close({ quantityLots: 19, quoteMicroUsd: 19_000n });
      await exchange.refused("RequestBounds", less, undefined, alone("done"));
    });
    it("not advanced by nothing, or by what is done to another", async () => {
      exchange.open(49_000n * MICRO);
      await refused("RequestBounds", asked("advanced"));
      exchange.open(-20_000n * MICRO);
      const row = liquidation(1_000, 1_000_000n, {
        kind: "deleveraging",
        counterparty: OTHER,
        ...pays(20_000n * MICRO),
      });
      const other = {
        request: request({ kind: "liquidationRequest", account: OTHER, outcome: "advanced", minSequence: 0 }),
        rows: [],
      };
      await exchange.refused("RequestBounds", row, undefined, other);
    });
    it("a forced close of it is due below maintenance, to the pico-USD", async () => {
      const one = close({ quantityLots: 1, quoteMicroUsd: 1_000n });
      exchange.open(50_000n * MICRO - 1n);
      await exchange.passes(one, alone("done"));
      exchange.open(50_000n * MICRO);
      await exchange.refused("LiquidationBounds", one, undefined, alone("done"));
    });
    it("a forced close of it takes no more than the least quantity", async () => {
      exchange.open(49_000n * MICRO);
      const more = close({ quantityLots: 21, quoteMicroUsd: 21_000n });
      await exchange.refused("LiquidationBounds", more, undefined, alone("done"));
    });
    it("a forced close of it is at the index price, without a haircut", async () => {
      for (const quoteMicroUsd of [19_999n, 20_001n, 19_500n]) {
        exchange.open(49_000n * MICRO);
        await exchange.refused("LiquidationBounds", close({ quoteMicroUsd }), undefined, alone("done"));
      }
    });
    it("of an account below zero only by deleveraging", async () => {
      exchange.open(-1n);
      await exchange.refused("ValidTransition", close(), undefined, alone("advanced"));
    });
    it("changes no minimum sequence, and pays nothing", async () => {
      exchange.open(VALUE);
      const named = { kind: "liquidationRequest", minSequence: 7 } as const;
      const lifted = plan(request(named), {});
      expect(await refusal(lifted)).to.not.equal(undefined);
      await refused(
        "Request",
        asked("done"),
        input((signals) => write(signals, ["requestRaises"], 1n)),
      );
      exchange.open(VALUE, 0n);
      await refused("RequestBounds", { request: { ...asked("done").request, payoutMicroUsd: 1n } });
    });
  });

  describe("the words", () => {
    const tampered = async (template: string, asked: RequestPlan | undefined, change: NonNullable<Tamper["input"]>) => {
      exchange.open(VALUE);
      await refused(template, asked === undefined ? {} : plan(asked), input(change));
    };
    it("word 4 says the outcome, above cursor and count", async () => {
      exchange.open(VALUE);
      const trace = exchange.world.forge(plan(request()));
      const position = QUEUE_CURSOR_WORD.slice(0, 2).reduce((bits, [, width]) => bits + width, 0);
      expect((dataOf(trace)[HEADER.queueCursor] as bigint) >> BigInt(position)).to.equal(1n);
      for (const outcome of [0n, 2n, 3n]) {
        const end = BigInt(position);
        const other = inWord(HEADER.queueCursor, (word) => (word % (1n << end)) + (outcome << end));
        expect(await exchange.judged(trace, other), String(outcome)).to.match(/^Batch/);
      }
    });
    it("word 4 has one reading: the outcome is not carried into the count, nor a fraction of it", async () => {
      exchange.open(VALUE);
      await refused(
        "Batch",
        plan(request({ kind: "forcedExit", outcome: "advanced" })),
        input((signals) => carryDown(signals, ["queuePosition"], ["outcomeLow"], 72)),
      );
      exchange.open(VALUE);
      await refused(
        "Request",
        plan(request()),
        input((signals) => carryFraction(signals, ["queuePosition"], ["outcomeLow"], 72)),
      );
    });
    it("outcomes are bits, and a request has one", async () => {
      await tampered("Request", request(), (signals) => write(signals, ["outcomeLow"], 0n));
      await tampered("Request", request(), (signals) => write(signals, ["outcomeHigh"], 1n));
      await tampered("Request", request(), (signals) => write(signals, ["outcomeLow"], 2n));
      await tampered("Request", undefined, (signals) => write(signals, ["outcomeLow"], 1n));
      await tampered("Request", undefined, (signals) => write(signals, ["outcomeHigh"], 1n));
    });
    it("kinds are bits, one at most, and those of the head", async () => {
      const kinds = ["requestIsForcedExit", "requestIsKeyRotation", "requestIsLiquidation", "requestIsCancelAll"];
      for (const kind of kinds) {
        await tampered("Request", request(), (signals) => write(signals, [kind], 2n));
        await tampered("Request", undefined, (signals) => write(signals, [kind], 1n));
        if (kind === "requestIsCancelAll") continue;
        exchange.open(VALUE);
        const swapped = (signals: Parameters<NonNullable<Tamper["input"]>>[0]) => {
          write(signals, ["requestIsCancelAll"], 0n);
          write(signals, [kind], 1n);
        };
        expect(await refusal(plan(request()), input(swapped))).to.not.equal(undefined);
      }
    });
    it("the head's fields keep to their widths", async () => {
      await tampered("Request", request(), (signals) => {
        add(signals, ["requestAccount"], 1n << 18n);
        add(signals, ["requestMinSequence"], -1n);
      });
      await tampered("Request", request(), (signals) => {
        add(signals, ["requestMinSequence"], 1n << 48n);
      });
    });
    it("a request goes to its account's slot, and there is one", async () => {
      const to = (choice: readonly bigint[]) => (signals: Parameters<NonNullable<Tamper["input"]>>[0]) => {
        for (const [j, value] of choice.entries()) write(signals, ["requestChoice", j], value);
      };
      await tampered("Request", request(), to([0n, 0n, 0n]));
      await tampered("Request", request(), to([0n, 1n, 0n]));
      await tampered("AtMostOne", request(), to([1n, 1n, 0n]));
      await tampered("Request", undefined, to([1n, 0n, 0n]));
      await tampered("AtMostOne", request(), to([2n, 0n, 0n]));
    });
    it("never of the insurance fund", async () => {
      exchange.open(VALUE);
      await refused("Request", plan(request({ account: INSURANCE_ACCOUNT })));
    });
    it("not of an account that nobody registered", async () => {
      exchange.open(VALUE);
      exchange.world.seed(20);
      exchange.world.tree.set(20, 0n);
      expect(await refusal(plan(request({ account: 20 })))).to.match(/AccountTree/);
    });
    it("each of the request's words is the contract's", async () => {
      exchange.open(VALUE);
      const trace = exchange.world.forge(plan(request({ kind: "keyRotation", ...KEY })));
      for (let at = layout.request; at < layout.withdrawals; at++) {
        const other = inWord(at, (word) => word + 1n);
        expect(await exchange.judged(trace, other), String(at)).to.match(/^Batch/);
      }
    });
    it("a payment's word has owner and amount, and is zero without one", async () => {
      exchange.open(VALUE, 0n);
      const paid = exchange.world.forge(plan(request({ kind: "forcedExit", payoutMicroUsd: 200_000n })));
      const owner = exchange.world.holders.get(WEAK)?.leaf.owner as bigint;
      expect(dataOf(paid)[layout.exitPayout]).to.equal(owner + (200_000n << 160n));
      const changes: [string, (word: bigint) => bigint][] = [
        ["another owner", (word) => word + 1n],
        ["another amount", (word) => word + (1n << 160n)],
        ["none", () => 0n],
      ];
      for (const [what, change] of changes) {
        expect(await exchange.judged(paid, inWord(layout.exitPayout, change)), what).to.match(/^Batch/);
      }
      exchange.open(VALUE);
      const unpaid = exchange.world.forge(plan(request()));
      expect(dataOf(unpaid)[layout.exitPayout]).to.equal(0n);
      expect(
        await exchange.judged(
          unpaid,
          inWord(layout.exitPayout, () => owner),
        ),
      ).to.match(/^Batch/);
    });
    it("a haircut's lane has one reading", async () => {
      exchange.open(VALUE);
      await refused(
        "MarketTerms",
        {},
        input((signals) => carryDown(signals, ["exitHaircut", 0], ["exitHaircut", 1], 20)),
      );
      exchange.open(VALUE);
      const trace = exchange.world.forge({ touch: [WEAK] });
      expect(
        await exchange.judged(
          trace,
          inWord(HEADER.exitHaircuts, () => 0n),
        ),
      ).to.match(/^Batch/);
    });
    it("plain entries are registrations and deposits only", async () => {
      exchange.open(VALUE);
      const entry = { kind: "cancelAll", account: WEAK, amountMicroUsd: 0n, minSequence: 7, owner: 0n, ax: 0n, ay: 0n };
      await refused("QueueEntry", { queue: [entry as never] });
    });
    it("every input of a request is bound, moved by one", async () => {
      const row = liquidation(400, 390_000n, { kind: "forcedClose", counterparty: OTHER });
      const asked = request({ kind: "forcedExit", outcome: "advanced" });
      exchange.open(VALUE);
      const trace = exchange.world.forge(exchange.batch(row, { request: asked, rows: [] }));
      const kinds = ["IsForcedExit", "IsKeyRotation", "IsLiquidation", "IsCancelAll"];
      const fields = ["Account", "MinSequence", "Ax", "Ay", "Raises", "Below", "Payout"];
      const others = [
        "outcomeLow",
        "outcomeHigh",
        "isExitFill",
        "isForcedClose",
        "counterpartyExempt",
        "queuePosition",
      ];
      const places: [string, ...number[]][] = [...kinds, ...fields].map((name) => [`request${name}`]);
      places.push(...others.map((name): [string] => [name]));
      for (let j = 0; j < 3; j++) places.push(["requestChoice", j]);
      for (let m = 0; m < MARKETS; m++) places.push(["exitHaircut", m]);
      for (const place of places) {
        for (const step of [1n, -1n]) {
          const moved = input((signals) => add(signals, place, step));
          expect(await exchange.judged(trace, moved), `${place.join(" ")} ${step}`).to.not.equal(undefined);
        }
      }
    });
    it("padding rows serve nothing", async () => {
      for (const name of ["isExitFill", "isForcedClose"]) {
        exchange.open(VALUE);
        await refused(
          "LiquidationRow",
          plan(request()),
          input((signals) => write(signals, [name], 1n)),
        );
        exchange.open(49_000n * MICRO);
        const beside = input((signals) => write(signals, [name], 1n));
        await exchange.refused("LiquidationRow", liquidation(10, 10_000n), beside);
      }
    });
    it("a row's kind is the published one", async () => {
      exchange.open(VALUE);
      const row = liquidation(400, 390_000n, { kind: "forcedClose", counterparty: OTHER });
      const asked = { request: request({ kind: "forcedExit", outcome: "advanced" }), rows: [] } as const;
      const trace = exchange.world.forge(exchange.batch(row, { ...asked, rows: [] }));
      expect((dataOf(trace)[layout.liquidations] as bigint) % 16n).to.equal(11n);
      for (const kind of [6n, 7n, 10n]) {
        const other = inWord(layout.liquidations, (word) => word - 11n + kind);
        expect(await exchange.judged(trace, other), String(kind)).to.match(/^Batch/);
      }
    });
  });
});
