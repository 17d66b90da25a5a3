import { expect } from "chai";
import { GENESIS_ACCOUNT_ROOT } from "../../matcher/protocol/derived.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { type Tier, tierById } from "../../matcher/protocol/spec.ts";
import { Batcher, UnprovableStep } from "../../matcher/prover/batcher.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { Ledger } from "../../matcher/state/ledger.ts";
import { decodeSnapshot, encodeSnapshot } from "../../matcher/state/ledger-snapshot.ts";
import type { Step } from "../../matcher/state/step.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { checkSuccession, checkTrace } from "../fixtures/check-trace.ts";
import { sampleEpoch } from "../risk/sample-epoch.ts";
import { deposit, fill, message, order, registration, sampleLedger } from "../state/sample-ledger.ts";
import { BatcherBench, DOMAIN } from "./batcher-bench.ts";

const TEST = tierById(0);
const SMALL = tierById(1);
const LARGE = tierById(2);

describe("batcher", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  const sell = (fields: object = {}) => order({ account: 1, side: "sell", ...fields });
  const buy = (fields: object = {}) => order({ account: 2, side: "buy", ...fields });
  const withdrawal = (account: number, sequence = 0) =>
    message({ kind: "withdrawal" as const, account, sequence, expirySeconds: 5000, amountMicroUsd: 7n });
  const cancel = (account: number, slot: number, sequence: number) =>
    message({ kind: "cancel" as const, account, slot, sequence });
  const cancelAll = (account: number, sequence: number) => message({ kind: "cancelAll" as const, account, sequence });

  /** Three funded accounts, settled. */
  class Bench extends BatcherBench {
    constructor(tiers: readonly Tier[] = [LARGE], deposits: readonly bigint[] = [1000n, 1000n, 1000n]) {
      super(hash, tiers, sampleLedger(deposits));
    }
  }

  const kinds = (trace: BatchTrace) => trace.rows.map(({ message: { kind, account } }) => `${kind} ${account}`);

  it("starts from the empty tree, and settles registrations and deposits", () => {
    const { ledger, steps } = sampleLedger();
    const batcher = new Batcher({ hash, domain: DOMAIN, tiers: [LARGE] });
    expect(batcher.root).to.equal(GENESIS_ACCOUNT_ROOT);
    const traces = steps.flatMap((step) => batcher.push(step) ?? []);
    traces.push(batcher.cut() as BatchTrace);
    let previous: BatchTrace | undefined;
    for (const trace of traces) {
      checkTrace(trace, hash);
      checkSuccession(previous, trace);
      previous = trace;
    }
    expect(traces.map(({ queue, queueCursor }) => [queueCursor, queue.length])).to.deep.equal([
      [0, 4],
      [4, 2],
    ]);
    expect(traces[0]).to.include({ batchNumber: 1, domain: DOMAIN, oldRoot: GENESIS_ACCOUNT_ROOT });
    expect(traces[0]?.accounts[0]).to.deep.include({ account: 1, isNew: true, depositsMicroUsd: 1000n });
    expect(batcher.root).to.equal(traces[1]?.newRoot);
    expect(ledger.shared.queueCursor).to.equal(6);
  });

  it("sums all fills of an order in one row", () => {
    const bench = new Bench();
    bench.push(bench.ledger.applyFill(fill({ quantityLots: 2, makerFeePpm: -100, takerFeePpm: 200 })));
    bench.push(bench.ledger.applyFill(fill({ taker: buy({ account: 3 }), priceTicks: 101 })));
    bench.push(bench.ledger.applyFill(fill({ quantityLots: 1, priceTicks: 90 })));
    const trace = bench.only();
    expect(kinds(trace)).to.deep.equal(["order 1", "order 2", "order 3"]);
    expect(trace.rows[0]).to.deep.include({
      quantityLots: 4,
      quoteMicroUsd: 391n,
      feePicoUsd: -20_000n,
      accountSlot: 0,
    });
    expect(trace.rows[0]?.slotAfter).to.deep.equal({ sequence: 1, filledLots: 4 });
    expect(trace.rows[1]).to.deep.include({
      quantityLots: 3,
      quoteMicroUsd: 290n,
      feePicoUsd: 40_000n,
      accountSlot: 1,
    });
    expect(trace.grossOpenInterestBeforeLots[0]).to.equal(0n);
    expect(trace.grossOpenInterestAfterLots[0]).to.equal(8n);
  });

  it("gives a higher sequence on the same slot a row of its own, after the old one", () => {
    const bench = new Bench();
    bench.push(bench.ledger.applyFill(fill({ quantityLots: 2 })));
    bench.push(bench.ledger.applyFill(fill({ maker: sell({ sequence: 4, keepFilled: true }), quantityLots: 3 })));
    bench.push(bench.ledger.applyFill(fill({ maker: sell({ sequence: 9 }), quantityLots: 1 })));
    const own = bench.only().rows.filter((row) => row.message.account === 1);
    expect(own.map(({ slotBefore, slotAfter }) => [slotBefore, slotAfter])).to.deep.equal([
      [
        { sequence: 0, filledLots: 0 },
        { sequence: 1, filledLots: 2 },
      ],
      [
        { sequence: 1, filledLots: 2 },
        { sequence: 4, filledLots: 5 },
      ],
      [
        { sequence: 4, filledLots: 5 },
        { sequence: 9, filledLots: 1 },
      ],
    ]);
  });

  it("keeps apart two orders that were signed with the same slot and sequence, and their order", () => {
    const bench = new Bench();
    const roomy = sell({ quantityLots: 10 });
    const tight = sell({ quantityLots: 8, limitPriceTicks: 1 });
    // Summing both fills of the first order would leave the second one to start at five and end above its eight.
    for (const [maker, quantityLots] of [
      [roomy, 3],
      [tight, 5],
      [roomy, 2],
    ] as const) {
      bench.push(bench.ledger.applyFill(fill({ maker, quantityLots })));
    }
    const own = bench.only().rows.filter((row) => row.message.account === 1);
    expect(own.map(({ quantityLots, slotAfter }) => [quantityLots, slotAfter.filledLots])).to.deep.equal([
      [3, 3],
      [5, 8],
      [2, 10],
    ]);
  });

  it("sums fills under equal terms though the signature be another", () => {
    const bench = new Bench();
    bench.push(bench.ledger.applyFill(fill()));
    const again = { ...sell(), signature: { r8x: 1n, r8y: 2n, s: 3n } };
    bench.push(bench.ledger.applyFill(fill({ maker: again })));
    const trace = bench.only();
    expect(trace.rows).to.have.length(2);
    expect(trace.rows[0]?.message.signature).to.deep.equal({ r8x: 0n, r8y: 0n, s: 0n });
  });

  it("follows fills by a cancel of the same sequence, and that by a fresh order", () => {
    const bench = new Bench();
    bench.push(bench.ledger.applyFill(fill()));
    bench.push(bench.ledger.applyCancel(cancel(1, 0, 1)));
    bench.push(bench.ledger.applyFill(fill({ maker: sell({ sequence: 2 }) })));
    const trace = bench.only();
    expect(kinds(trace)).to.deep.equal(["order 1", "order 2", "cancel 1", "order 1"]);
    expect(trace.rows[2]?.slotAfter).to.deep.equal({ sequence: 1, filledLots: 2 ** 40 - 1 });
  });

  it("puts withdrawals first, whatever came before them", () => {
    const bench = new Bench();
    bench.push(bench.ledger.applyFill(fill()));
    bench.push(bench.ledger.applyWithdrawal(withdrawal(2)));
    bench.push(bench.ledger.applyCancelAll(cancelAll(1, 3)));
    bench.push(bench.ledger.applyWithdrawal(withdrawal(1)));
    expect(kinds(bench.only())).to.deep.equal(["withdrawal 2", "withdrawal 1", "order 1", "order 2", "cancelAll 1"]);
  });

  it("judges sequences by the minimum at the batch's start: an order may come before the cancel-all that kills it", () => {
    const bench = new Bench();
    bench.push(bench.ledger.applyFill(fill()));
    bench.push(bench.ledger.applyCancelAll(cancelAll(1, 5)));
    bench.push(bench.ledger.applyFill(fill({ maker: sell({ sequence: 5 }) })));
    expect(bench.only().accounts[0]?.after.minSequence).to.equal(5);
  });

  it("cuts before a second withdrawal or a second cancel-all of an account", () => {
    const bench = new Bench();
    bench.push(bench.ledger.applyWithdrawal(withdrawal(1)));
    expect(kinds(bench.push(bench.ledger.applyWithdrawal(withdrawal(1, 1))) as BatchTrace)).to.deep.equal([
      "withdrawal 1",
    ]);
    bench.push(bench.ledger.applyCancelAll(cancelAll(1, 2)));
    expect(kinds(bench.push(bench.ledger.applyCancelAll(cancelAll(1, 3))) as BatchTrace)).to.deep.equal([
      "withdrawal 1",
      "cancelAll 1",
    ]);
    expect(bench.cut()?.accounts[0]?.after.minSequence).to.equal(3);
  });

  it("counts a deposit before S₀, also when it comes after rows", () => {
    const bench = new Bench([LARGE], [100n, 1000n, 0n]);
    bench.push(bench.ledger.applyFill(fill({ quantityLots: 10 })));
    bench.push(bench.ledger.applyDeposit(deposit(1, 10n)));
    bench.push(bench.ledger.applyFill(fill({ quantityLots: 1 })));
    const trace = bench.only();
    expect(trace.accounts[0]).to.deep.include({ account: 1, isNew: false, depositsMicroUsd: 10n });
    expect(trace.queue).to.have.length(1);
  });

  it("settles registration, deposit and first trade of an account in one batch", () => {
    const bench = new Bench();
    for (const step of [
      bench.ledger.registerAccount(registration(64)),
      bench.ledger.applyDeposit(deposit(64, 500n)),
      bench.ledger.applyFill(fill({ taker: buy({ account: 64 }) })),
      bench.ledger.applyWithdrawal(withdrawal(64)),
    ]) {
      bench.push(step);
    }
    const trace = bench.only();
    expect(trace.accounts.map(({ account, isNew }) => [account, isNew])).to.deep.equal([
      [1, false],
      [64, true],
    ]);
    expect(trace.accounts[1]?.before).to.deep.include({
      ax: 2064n,
      collateralPicoUsd: 0n,
      fundingIndexPicoUsd: new Array(8).fill(0n),
    });
  });

  it("takes deposits of the insurance account", () => {
    const bench = new Bench();
    bench.push(bench.ledger.registerAccount(registration(0)));
    bench.push(bench.ledger.applyDeposit(deposit(0, 9n)));
    expect(bench.only().accounts[0]?.after.collateralPicoUsd).to.equal(9_000_000n);
  });

  describe("capacity", () => {
    it("cuts before the first row, account, queue entry or withdrawal too many", () => {
      const steps: Record<string, (ledger: Ledger) => Step[]> = {
        row: (ledger) => [1, 2, 3].map((sequence) => ledger.applyCancel(cancel(1, 0, sequence))),
        account: (ledger) => [1, 2, 3, 4].map((account) => ledger.applyCancel(cancel(account, 0, 1))),
        queue: (ledger) => [1, 1].map((account) => ledger.applyDeposit(deposit(account, 1n))),
        withdrawal: (ledger) => [1, 2].map((account) => ledger.applyWithdrawal(withdrawal(account))),
      };
      for (const [name, make] of Object.entries(steps)) {
        // The test tier's rows are all withdrawal rows, and fewer than its accounts: each shows that it is counted by itself.
        const own: Record<string, Partial<Tier>> = { withdrawal: { withdrawals: 1 }, account: { rows: 4 } };
        const tier = { ...TEST, ...own[name] };
        const bench = new Bench([tier], [1000n, 1000n, 1000n, 1000n]);
        const made = make(bench.ledger);
        for (const step of made.slice(0, -1)) expect(bench.push(step)).to.equal(undefined);
        expect(bench.push(made.at(-1) as Step)?.tier).to.equal(tier);
        const rest = bench.cut() as BatchTrace;
        expect(rest.rows.length + rest.queue.length).to.equal(1);
      }
    });

    it("never splits a fill", () => {
      const bench = new Bench([TEST]);
      bench.push(bench.ledger.applyCancel(cancel(3, 0, 1)));
      expect(kinds(bench.push(bench.ledger.applyFill(fill())) as BatchTrace)).to.deep.equal(["cancel 3"]);
      expect(kinds(bench.cut() as BatchTrace)).to.deep.equal(["order 1", "order 2"]);
    });

    it("takes a fill whose rows are there already into a full batch", () => {
      const bench = new Bench([TEST]);
      for (let i = 0; i < 5; i++) expect(bench.push(bench.ledger.applyFill(fill()))).to.equal(undefined);
      expect(bench.batcher.counts).to.deep.equal({ rows: 2, accounts: 2, queue: 0, withdrawals: 0, liquidations: 0 });
      expect(bench.only().rows[0]?.quantityLots).to.equal(5);
    });

    it("chooses the smallest tier that holds the batch", () => {
      const bench = new Bench([LARGE, SMALL, TEST]);
      bench.push(bench.ledger.applyFill(fill()));
      expect(bench.cut()?.tier).to.equal(TEST);
      bench.push(bench.ledger.applyFill(fill({ maker: sell({ account: 3 }) })));
      bench.push(bench.ledger.applyFill(fill()));
      expect(bench.cut()?.tier).to.equal(SMALL);
      for (const account of [1, 2, 3]) bench.push(bench.ledger.applyWithdrawal(withdrawal(account)));
      expect(bench.cut()?.tier).to.equal(LARGE);
    });

    it("refuses tiers that cannot hold every step", () => {
      const make = (change: Partial<Tier>) => () =>
        new Batcher({ hash, domain: DOMAIN, tiers: [{ ...TEST, ...change }] });
      for (const change of [{ rows: 1 }, { accounts: 2 }, { queue: 0 }, { withdrawals: 0 }, { liquidations: 0 }]) {
        expect(make(change)).to.throw(RangeError, "tier test cannot hold every step");
      }
      expect(() => new Batcher({ hash, domain: DOMAIN, tiers: [] })).to.throw(RangeError, "at least one tier");
    });
  });

  describe("epochs", () => {
    it("end the open batch, which keeps its own epoch", () => {
      const bench = new Bench();
      bench.push(bench.ledger.applyFill(fill()));
      const trace = bench.push(bench.ledger.openEpoch(sampleEpoch([{ fundingIndexPicoUsd: 5n }], { number: 2 }))[0]);
      expect(trace?.epoch.number).to.equal(1);
      bench.push(bench.ledger.applyFill(fill()));
      const next = bench.cut() as BatchTrace;
      expect(next.epoch.number).to.equal(2);
      expect(next.accounts[0]?.after.fundingIndexPicoUsd[0]).to.equal(5n);
    });

    it("without a batch get an empty one; with one they do not", () => {
      const bench = new Bench();
      const open = (number: number) => bench.push(bench.ledger.openEpoch(sampleEpoch([{}], { number }))[0]);
      expect(open(2)).to.equal(undefined);
      const empty = open(3) as BatchTrace;
      expect(empty).to.deep.include({ rows: [], accounts: [], queue: [], newRoot: empty.oldRoot });
      expect(empty.epoch.number).to.equal(2);
      bench.push(bench.ledger.applyFill(fill()));
      bench.cut();
      expect(open(4)).to.equal(undefined);
      expect(open(5)?.epoch.number).to.equal(4);
    });

    it("come in order", () => {
      const batcher = new Batcher({ hash, domain: DOMAIN, tiers: [TEST] });
      expect(() => batcher.push({ kind: "epoch", epoch: sampleEpoch([], { number: 2 }), fundingDigest: 0n })).to.throw(
        RangeError,
        "epoch 2 follows, not 1",
      );
      expect(() => batcher.push({ kind: "deposit", entry: deposit(1, 1n) })).to.throw(
        "a deposit before the first epoch",
      );
    });
  });

  it("has nothing to cut when nothing happened", () => {
    expect(new Batcher({ hash, domain: DOMAIN, tiers: [TEST] }).cut()).to.equal(undefined);
    expect(new Bench().cut()).to.equal(undefined);
  });

  it("publishes the journal head of the last step that is in the batch", () => {
    const bench = new Bench([TEST]);
    bench.push(bench.ledger.applyFill(fill()), 11n);
    bench.push(bench.ledger.applyFill(fill()), 12n);
    expect(bench.push(bench.ledger.applyCancel(cancel(1, 9, 1)), 13n)?.journalHead).to.equal(12n);
    expect(bench.cut()?.journalHead).to.equal(13n);
  });

  it("publishes the funding digest of its epoch, in every batch of it and in no other", () => {
    const bench = new Bench([TEST]);
    bench.push(bench.ledger.applyFill(fill()));
    const first = bench.push(bench.ledger.openEpoch(sampleEpoch([{}], { number: 2 }), 7n)[0]);
    expect(first?.fundingDigest).to.equal(0n);
    bench.push(bench.ledger.applyFill(fill()));
    expect(bench.cut()?.fundingDigest).to.equal(7n);
    // A batcher that goes on in the middle of the epoch knows it, too.
    const ledger = decodeSnapshot(encodeSnapshot(bench.ledger));
    const resumed = new Batcher({ hash, domain: DOMAIN, tiers: [TEST] }, ledger, bench.batcher.position);
    const step = bench.ledger.applyFill(fill());
    bench.push(step);
    resumed.push(step);
    expect(resumed.cut()?.fundingDigest).to.equal(7n);
    const epoch = (number: number) =>
      bench.push(bench.ledger.openEpoch(sampleEpoch([{}], { number }), BigInt(number))[0]);
    expect(epoch(3)?.fundingDigest).to.equal(7n);
    expect(epoch(4)?.fundingDigest).to.equal(3n);
  });

  it("stops at a step that no batch can hold, naming the reason", () => {
    const refused = (step: Step, refusal: string) => {
      const bench = new Bench();
      expect(() => bench.push(step))
        .to.throw(UnprovableStep)
        .with.property("refusal", refusal);
    };
    const made = (fields: object) => ({
      kind: "fill" as const,
      priceTicks: 100,
      quantityLots: 1,
      quoteMicroUsd: 100n,
      maker: { order: sell(), feePicoUsd: 0n },
      taker: { order: buy(), feePicoUsd: 0n },
      ...fields,
    });
    refused(made({ maker: { order: sell({ account: 9 }), feePicoUsd: 0n } }), "unknown-account");
    refused(made({ maker: { order: sell({ account: 0 }), feePicoUsd: 0n } }), "insurance-account");
    refused(made({ taker: { order: buy({ account: 1 }), feePicoUsd: 0n } }), "self-trade");
    refused(made({ maker: { order: sell(), feePicoUsd: -1n } }), "fees-negative");
    refused(made({ maker: { order: sell({ maxFeePpm: 0 }), feePicoUsd: 1n } }), "fee-above-maximum");
    refused(made({ quoteMicroUsd: 111n }), "price-band");
    refused(made({ quantityLots: 2 ** 40 - 1, quoteMicroUsd: 100n * (2n ** 40n - 1n) }), "margin-growth");
    refused({ kind: "registration", entry: registration(1) }, "account-exists");
    refused({ kind: "deposit", entry: deposit(9, 1n) }, "unknown-account");
    refused({ kind: "withdrawal", message: withdrawal(1, 1) }, "wrong-nonce");
    refused({ kind: "withdrawal", message: { ...withdrawal(1), amountMicroUsd: 1001n } }, "margin-withdrawal");
    refused({ kind: "cancelAll", message: cancelAll(0, 1) }, "insurance-account");
  });

  it("goes on from a ledger's snapshot as if it had never stopped", () => {
    const bench = new Bench([SMALL, LARGE]);
    const { ledger, batcher } = bench;
    bench.push(ledger.applyFill(fill({ quantityLots: 3 })), 5n);
    bench.cut();
    const resumed = new Batcher(
      { hash, domain: DOMAIN, tiers: [SMALL, LARGE] },
      decodeSnapshot(encodeSnapshot(ledger)),
      batcher.position,
    );
    expect(resumed.root).to.equal(batcher.root);
    expect(resumed.position).to.deep.equal({
      batchNumber: 3,
      epochHasBatch: true,
      journalHead: 5n,
      fundingDigest: 0n,
    });
    for (const step of [
      ledger.applyFill(fill()),
      ...ledger.openEpoch(sampleEpoch([{ priceTicks: 101, fundingIndexPicoUsd: -3n }], { number: 2 })),
      ...ledger.openEpoch(sampleEpoch([{ priceTicks: 102 }], { number: 3 })),
      ledger.registerAccount(registration(5)),
      ledger.applyFill(fill({ maker: sell({ sequence: 3 }), quantityLots: 2 })),
    ]) {
      expect(resumed.push(step)).to.deep.equal(batcher.push(step));
    }
    expect(resumed.cut()).to.deep.equal(batcher.cut());
  });
});
