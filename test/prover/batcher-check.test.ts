import { expect } from "chai";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { tierById } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { AccountTrace, BatchTrace, RowTrace } from "../../matcher/state/trace.ts";
import { checkSuccession, checkTrace } from "../fixtures/check-trace.ts";
import { deposit, fill, message, order, sampleLedger } from "../state/sample-ledger.ts";

/** The checker that all random batches pass must refuse what is wrong with them: here it is shown wrong ones. */
describe("the second formulation of the rules", () => {
  let hash: Poseidon;
  let trace: BatchTrace;

  before(async () => {
    hash = await buildFastPoseidon();
    const { ledger, steps } = sampleLedger();
    const batcher = new Batcher({ hash, domain: 1n, tiers: [tierById(2)] });
    for (const step of steps) batcher.push(step);
    batcher.cut();
    const maker = order({
      account: 1,
      side: "sell",
      quantityLots: 9,
      limitPriceTicks: 95,
      maxFeePpm: 0,
      expirySeconds: 1000,
    });
    for (const step of [
      ledger.applyFill(fill({ maker, quantityLots: 9, takerFeePpm: 200, makerFeePpm: -100 })),
      ledger.applyWithdrawal(
        message({ kind: "withdrawal", account: 2, sequence: 0, expirySeconds: 1000, amountMicroUsd: 5n }),
      ),
      ledger.applyCancel(message({ kind: "cancel", account: 3, slot: 5, sequence: 4 })),
      ledger.applyCancelAll(message({ kind: "cancelAll", account: 3, sequence: 2 })),
      ledger.applyDeposit(deposit(3, 8n)),
    ]) {
      batcher.push(step);
    }
    trace = batcher.cut() as BatchTrace;
  });

  it("accepts the batch as it is", () => {
    expect(trace.rows.map((row) => row.message.kind)).to.deep.equal([
      "withdrawal",
      "order",
      "order",
      "cancel",
      "cancelAll",
    ]);
    checkTrace(trace, hash);
  });

  /** Positions of the rows above. */
  const [WITHDRAWAL, SELL, BUY, CANCEL, CANCEL_ALL] = [0, 1, 2, 3, 4];

  const withRow = (at: number, change: (row: RowTrace) => Partial<RowTrace>) => (): BatchTrace => ({
    ...trace,
    rows: trace.rows.map((row, i) => (i === at ? { ...row, ...change(row) } : row)),
  });
  const withMessage = (at: number, fields: object) =>
    withRow(at, (row) => ({ message: { ...row.message, ...fields } as OrderMessage & RowTrace["message"] }));
  const withAccount = (at: number, change: (account: AccountTrace) => Partial<AccountTrace>) => (): BatchTrace => ({
    ...trace,
    accounts: trace.accounts.map((account, i) => (i === at ? { ...account, ...change(account) } : account)),
  });
  const withAfter = (at: number, fields: (after: AccountTrace["after"]) => Partial<AccountTrace["after"]>) =>
    withAccount(at, ({ after }) => ({ after: { ...after, ...fields(after) } }));
  const withMarket = (fields: object) => (): BatchTrace => ({
    ...trace,
    epoch: {
      ...trace.epoch,
      markets: trace.epoch.markets.map((market, i) => (i === 0 ? { ...market, ...fields } : market)),
    },
  });
  const without =
    (...kinds: string[]) =>
    (): BatchTrace => ({
      ...trace,
      rows: trace.rows.filter(({ message: { kind } }) => !kinds.includes(kind)),
    });

  const wrong: [rule: string, make: () => BatchTrace][] = [
    ["rows fit the tier", () => ({ ...trace, tier: tierById(1) })],
    ["accounts fit the tier", () => ({ ...trace, tier: { ...tierById(2), accounts: 2 } })],
    ["queue entries fit the tier", () => ({ ...trace, tier: { ...tierById(2), queue: 0 } })],
    ["deposits are the queue's", () => ({ ...trace, queue: [] })],
    ["deposits are the queue's", withAccount(2, () => ({ depositsMicroUsd: 9n }))],
    ["new accounts are registered once", withAccount(2, () => ({ isNew: true }))],
    ["the queue's account has a slot", () => ({ ...trace, queue: [...trace.queue, deposit(4, 1n)] })],
    [
      "a deposit has only an amount",
      () => ({ ...trace, queue: trace.queue.map((entry) => ({ ...entry, owner: 1n })) }),
    ],
    ["accounts increase strictly", () => ({ ...trace, accounts: trace.accounts.toReversed() })],
    ["a row's account is the message's", withRow(SELL, () => ({ accountSlot: 1 }))],
    ["withdrawal: nonce", withMessage(WITHDRAWAL, { sequence: 1 })],
    ["withdrawal: amount", withMessage(WITHDRAWAL, { amountMicroUsd: 0n })],
    ["withdrawal: expiry", withMessage(WITHDRAWAL, { expirySeconds: 999 })],
    ["withdrawal: in the first rows", () => ({ ...trace, tier: { ...tierById(2), withdrawals: 0 } })],
    ["withdrawal leaves slots", withRow(WITHDRAWAL, () => ({ slotAfter: { sequence: 1, filledLots: 1 } }))],
    ["order: quantity ≥ 1", withRow(SELL, () => ({ quantityLots: 0 }))],
    ["order: no overfill", withMessage(SELL, { quantityLots: 8 })],
    ["order: expiry", withMessage(SELL, { expirySeconds: 999 })],
    ["order: limit", withMessage(SELL, { limitPriceTicks: 101 })],
    ["order: limit", withMessage(BUY, { limitPriceTicks: 99 })],
    ["order: band", withMarket({ priceMaxTicks: 99 })],
    ["order: band", withMarket({ priceMinTicks: 101 })],
    ["order: fee maximum", withMessage(BUY, { maxFeePpm: 199 })],
    ["order: rebate cap", () => ({ ...trace, epoch: { ...trace.epoch, rebateCapPpm: 99 } })],
    ["order: slot after", withRow(SELL, () => ({ slotAfter: { sequence: 1, filledLots: 8 } }))],
    ["order: sequence ≥ slot's", withRow(SELL, () => ({ slotBefore: { sequence: 2, filledLots: 0 } }))],
    ["cancel: slot is dead", withRow(CANCEL, () => ({ slotAfter: { sequence: 4, filledLots: 0 } }))],
    ["cancel: sequence ≥ slot's", withRow(CANCEL, () => ({ slotBefore: { sequence: 5, filledLots: 0 } }))],
    ["only orders execute", withRow(CANCEL, () => ({ feePicoUsd: 1n }))],
    ["cancel-all leaves slots", withRow(CANCEL_ALL, () => ({ slotAfter: { sequence: 1, filledLots: 1 } }))],
    ["slot before is in the order tree", withRow(CANCEL, () => ({ slotBefore: { sequence: 1, filledLots: 0 } }))],
    ["slot before is in the order tree", withMessage(CANCEL, { slot: 8 * 5 })],
    ["signed quantities sum to zero", withMessage(BUY, { market: 1, limitPriceTicks: 2 ** 32 - 1 })],
    ["signed quotes sum to zero", withRow(BUY, () => ({ quoteMicroUsd: 901n }))],
    ["fees sum to at least zero", withRow(BUY, () => ({ feePicoUsd: 0n }))],
    [
      "old leaf is in the account tree",
      withAccount(0, ({ before }) => ({ before: { ...before, collateralPicoUsd: 1n } })),
    ],
    ["old leaf is in the account tree", () => ({ ...trace, oldRoot: trace.oldRoot + 1n })],
    ["the order root is the rows'", withAfter(0, () => ({ orderRoot: 1n }))],
    ["owner stays, and the key but for a rotation", withAfter(0, () => ({ ax: 1n }))],
    ["collateral after", withAfter(0, ({ collateralPicoUsd }) => ({ collateralPicoUsd: collateralPicoUsd + 1n }))],
    ["nonce after", withAfter(1, () => ({ withdrawalNonce: 0 }))],
    ["minimum after", withAfter(2, () => ({ minSequence: 0 }))],
    ["sizes after", withAfter(0, () => ({ sizesLots: new Array(8).fill(0n) }))],
    ["indices are the epoch's", withAfter(0, () => ({ fundingIndexPicoUsd: new Array(8).fill(1n) }))],
    ["the final state is valid", withMarket({ imfPpm: 1_048_575, priceTicks: 10_000 })],
    ["the new root is what the slots leave", () => ({ ...trace, newRoot: trace.oldRoot })],
    ["sub-roots hash to the old root", () => ({ ...trace, subRoots: trace.subRoots.with(63, 1n) })],
    ["there are 64 sub-roots", () => ({ ...trace, subRoots: [] })],
    ["open interest follows the sizes", () => ({ ...trace, grossOpenInterestAfterLots: new Array(8).fill(0n) })],
    ["open interest is capped", withMarket({ grossOpenInterestCapLots: 17n })],
  ];
  for (const [rule, make] of wrong) {
    it(`refuses a batch against "${rule}"`, () => {
      expect(() => checkTrace(make(), hash)).to.throw(`batch ${trace.batchNumber}: ${rule}`);
    });
  }

  it("refuses rows that are left out", () => {
    expect(() => checkTrace(without("withdrawal")(), hash)).to.throw("collateral after");
    // The cancel-all of the same account shows the order tree after the cancel.
    expect(() => checkTrace(without("cancel")(), hash)).to.throw("slot before is in the order tree");
    expect(() => checkTrace(without("cancelAll")(), hash)).to.throw("minimum after");
    expect(() => checkTrace(without("order")(), hash)).to.throw("the order root is the rows'");
  });

  it("refuses a row of the insurance account", () => {
    const tampered = withAccount(0, () => ({ account: 0 }))();
    tampered.rows = tampered.rows.map((row) =>
      row.accountSlot === 0 ? { ...row, message: { ...row.message, account: 0 } } : row,
    );
    expect(() => checkTrace(tampered, hash)).to.throw("the insurance account has no row");
  });

  it("refuses batches that do not follow each other", () => {
    const next: BatchTrace = {
      ...trace,
      batchNumber: trace.batchNumber + 1,
      queueCursor: trace.queueCursor + 1,
      oldRoot: trace.newRoot,
      grossOpenInterestBeforeLots: trace.grossOpenInterestAfterLots,
    };
    checkSuccession(trace, next);
    const refused = (change: Partial<BatchTrace>, rule: string) =>
      expect(() => checkSuccession(trace, { ...next, ...change })).to.throw(rule);
    refused({ batchNumber: trace.batchNumber }, "numbers go up by one");
    refused({ queueCursor: trace.queueCursor }, "the queue cursor goes on");
    refused({ oldRoot: trace.oldRoot }, "roots follow");
    refused({ grossOpenInterestBeforeLots: trace.grossOpenInterestBeforeLots }, "open interest follows");
    refused({ epoch: { ...trace.epoch, number: trace.epoch.number + 2 } }, "no epoch is skipped");
  });
});
