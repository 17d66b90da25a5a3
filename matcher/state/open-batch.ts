import type { Epoch } from "../protocol/epoch.ts";
import type {
  CancelAllMessage,
  CancelMessage,
  Message,
  OrderMessage,
  Signed,
  TransferMessage,
  WithdrawalMessage,
} from "../protocol/message.ts";
import { INSURANCE_ACCOUNT, ORDER_SLOTS } from "../protocol/spec.ts";
import { compileEpoch, type EpochTerms, type MarketTerms } from "../risk/epoch-terms.ts";
import { openInterestAllowed } from "../risk/open-interest.ts";
import { transitionRefusal } from "../risk/transition.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import type { BatchCounts, BatchRefusal, BatchSource, OpenAccount, OpenRow } from "./batch-parts.ts";
import * as rules from "./row-rules.ts";
import { sameOrder } from "./same-order.ts";
import type { EpochStep, FillLeg, FillStep, Step } from "./step.ts";
import type { OrderSlot, QueueEntry } from "./trace.ts";
import { transferRefusal, withdrawalRefusal } from "./withdrawal-rules.ts";

/** What a step would change. Nothing is written before all of it is known to be valid. */
interface Plan {
  accounts: OpenAccount[];
  /** Position in the list of rows; the list's length and beyond are new rows. */
  rows: { at: number; row: OpenRow }[];
  /** A withdrawal or transfer. */
  payment: OpenRow | undefined;
  entry: QueueEntry | undefined;
  feePicoUsd: bigint;
  market: number;
  grossDeltaLots: bigint;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function emptyPlan(): Plan {
  return {
    accounts: [],
    rows: [],
    payment: undefined,
    entry: undefined,
    feePicoUsd: 0n,
    market: 0,
    grossDeltaLots: 0n,
  };
}

/**
 * The batch that is being filled, and the batch predicate of docs/protocol.md §4–§6 over it, evaluated step by step: whatever was
 * accepted is a batch that the circuit accepts. No hashing.
 */
export class OpenBatch {
  readonly terms: EpochTerms;
  readonly grossOpenInterestBeforeLots: readonly bigint[];
  readonly #source: BatchSource;
  readonly #gross: bigint[];
  readonly #accounts = new Map<number, OpenAccount>();
  readonly #rows: OpenRow[] = [];
  readonly #payments: OpenRow[] = [];
  readonly #queue: QueueEntry[] = [];
  /** The latest row on each touched order slot. */
  readonly #latestRow = new Map<number, number>();
  #feePicoUsd = 0n;

  constructor(terms: EpochTerms, source: BatchSource, grossOpenInterestLots: readonly bigint[]) {
    this.terms = terms;
    this.#source = source;
    this.grossOpenInterestBeforeLots = grossOpenInterestLots.slice();
    this.#gross = grossOpenInterestLots.slice();
  }

  /** The first batch of an epoch. @throws RangeError for an epoch that is not well formed */
  static ofEpoch(epoch: Epoch, source: BatchSource, grossOpenInterestLots: readonly bigint[]): OpenBatch {
    return new OpenBatch(compileEpoch(epoch), source, grossOpenInterestLots);
  }

  /** The batch after this one, in the same epoch. */
  next(): OpenBatch {
    return new OpenBatch(this.terms, this.#source, this.#gross);
  }

  get counts(): BatchCounts {
    return {
      rows: this.#rows.length + this.#payments.length,
      accounts: this.#accounts.size,
      queue: this.#queue.length,
      withdrawals: this.#payments.length,
    };
  }

  get isEmpty(): boolean {
    return this.#accounts.size === 0;
  }

  /** By increasing account index. */
  accounts(): OpenAccount[] {
    return [...this.#accounts.values()].sort((a, b) => a.account - b.account);
  }

  /** Payments first, then in order of first touch. */
  rows(): OpenRow[] {
    return [...this.#payments, ...this.#rows];
  }

  queue(): QueueEntry[] {
    return this.#queue.slice();
  }

  grossOpenInterestAfterLots(): bigint[] {
    return this.#gross.slice();
  }

  /** Takes a step in, unless the batch would no longer be valid or fit; then nothing changes and the reason is returned. */
  tryApply(step: Exclude<Step, EpochStep>, fits: (counts: BatchCounts) => boolean): BatchRefusal | undefined {
    const plan = this.#plan(step);
    if (typeof plan === "string") return plan;
    const counts = this.counts;
    if (plan.payment !== undefined) {
      counts.rows++;
      counts.withdrawals++;
    }
    if (plan.entry !== undefined) counts.queue++;
    for (const { at } of plan.rows) if (at >= this.#rows.length) counts.rows++;
    for (const { account } of plan.accounts) if (!this.#accounts.has(account)) counts.accounts++;
    if (!fits(counts)) return "capacity";
    this.#commit(plan);
    return undefined;
  }

  #commit(plan: Plan): void {
    for (const account of plan.accounts) this.#accounts.set(account.account, account);
    for (const { at, row } of plan.rows) {
      this.#rows[at] = row;
      if (row.message.kind === "order" || row.message.kind === "cancel") {
        this.#latestRow.set(row.message.account * ORDER_SLOTS + row.message.slot, at);
      }
    }
    if (plan.payment !== undefined) this.#payments.push(plan.payment);
    if (plan.entry !== undefined) this.#queue.push(plan.entry);
    this.#feePicoUsd += plan.feePicoUsd;
    this.#gross[plan.market] = (this.#gross[plan.market] as bigint) + plan.grossDeltaLots;
  }

  #plan(step: Exclude<Step, EpochStep>): Plan | BatchRefusal {
    switch (step.kind) {
      case "registration":
        return this.#planRegistration(step.entry);
      case "deposit":
        return this.#planDeposit(step.entry);
      case "fill":
        return this.#planFill(step);
      case "cancel":
        return this.#planCancel(step.message);
      case "cancelAll":
        return this.#planCancelAll(step.message);
      case "withdrawal":
        return this.#planPayment(step.message);
      case "transfer":
        return this.#planTransfer(step.message);
    }
  }

  #account(account: number): OpenAccount | undefined {
    const open = this.#accounts.get(account);
    if (open !== undefined) return open;
    const before = this.#source.record(account);
    if (before === undefined) return undefined;
    const start = records.settled(before, this.terms);
    return this.#opened(account, false, before, start);
  }

  #opened(account: number, isNew: boolean, before: AccountRecord, start: AccountRecord): OpenAccount {
    return { account, isNew, before, start, now: start, depositsMicroUsd: 0n, paid: false, cancelledAll: false };
  }

  /** The account of a row. */
  #trader(account: number): OpenAccount | BatchRefusal {
    if (account === INSURANCE_ACCOUNT) return "insurance-account";
    return this.#account(account) ?? "unknown-account";
  }

  #slot(account: number, slot: number): { slot: OrderSlot; at: number | undefined } {
    const at = this.#latestRow.get(account * ORDER_SLOTS + slot);
    if (at === undefined) return { slot: this.#source.slot(account, slot), at };
    return { slot: (this.#rows[at] as OpenRow).slotAfter as OrderSlot, at };
  }

  #finalRefusal(account: OpenAccount): BatchRefusal | undefined {
    if (!records.collateralInRange(account.now)) return "collateral-range";
    return transitionRefusal(this.terms, account.start, account.now, account.paid);
  }

  #planRegistration(entry: QueueEntry): Plan | BatchRefusal {
    if (this.#account(entry.account) !== undefined) return "account-exists";
    const before = records.newAccount(entry);
    const account = this.#opened(entry.account, true, before, records.settled(before, this.terms));
    return { ...emptyPlan(), accounts: [account], entry };
  }

  /** Deposits count before S₀, so one that comes after rows moves S₀ and the present state alike. */
  #planDeposit(entry: QueueEntry): Plan | BatchRefusal {
    const old = this.#account(entry.account);
    if (old === undefined) return "unknown-account";
    const account = this.#topped(old, entry.amountMicroUsd);
    return this.#finalRefusal(account) ?? { ...emptyPlan(), accounts: [account], entry };
  }

  #planFill(step: FillStep): Plan | BatchRefusal {
    const { maker, taker } = step;
    if (maker.order.account === taker.order.account) return "self-trade";
    const feePicoUsd = maker.feePicoUsd + taker.feePicoUsd;
    if (this.#feePicoUsd + feePicoUsd < 0n) return "fees-negative";
    const market = maker.order.market;
    const plan: Plan = { ...emptyPlan(), feePicoUsd, market };
    for (const leg of [maker, taker]) {
      const refusal = this.#planLeg(plan, step, leg);
      if (refusal !== undefined) return refusal;
    }
    const before = this.grossOpenInterestBeforeLots[market] as bigint;
    const after = (this.#gross[market] as bigint) + plan.grossDeltaLots;
    const cap = (this.terms.markets[market] as MarketTerms).grossOpenInterestCapLots;
    return openInterestAllowed(before, after, cap) ? plan : "open-interest-cap";
  }

  #planLeg(plan: Plan, step: FillStep, { order, feePicoUsd }: FillLeg): BatchRefusal | undefined {
    const old = this.#trader(order.account);
    if (typeof old === "string") return old;
    const row = this.#orderRow(old, order, step, feePicoUsd);
    if (typeof row === "string") return row;
    const quantityLots = BigInt(step.quantityLots);
    const now = records.withTrade(
      old.now,
      order.market,
      order.side === "buy",
      quantityLots,
      step.quoteMicroUsd,
      feePicoUsd,
    );
    const size = now.sizesLots[order.market] as bigint;
    if (!records.sizeInRange(size)) return "size-range";
    const account = { ...old, now };
    plan.accounts.push(account);
    plan.rows.push({
      ...row,
      at: row.at ?? this.#rows.length + plan.rows.filter(({ at }) => at >= this.#rows.length).length,
    });
    plan.grossDeltaLots += magnitude(size) - magnitude(old.now.sizesLots[order.market] as bigint);
    return this.#finalRefusal(account);
  }

  /**
   * The row of an order with the fill added. A fill joins the latest row on its slot when that row is of the same order; an older
   * row has been superseded, and joining it would change what the rows in between started from.
   */
  #orderRow(
    account: OpenAccount,
    order: Signed<OrderMessage>,
    step: FillStep,
    feePicoUsd: bigint,
  ): { at: number | undefined; row: OpenRow } | BatchRefusal {
    const { slot, at } = this.#slot(order.account, order.slot);
    const latest = at === undefined ? undefined : (this.#rows[at] as OpenRow);
    const joined =
      latest !== undefined && latest.message.kind === "order" && sameOrder(latest.message, order) ? latest : undefined;
    const slotBefore = joined === undefined ? slot : (joined.slotBefore as OrderSlot);
    const quantityLots = (joined?.quantityLots ?? 0) + step.quantityLots;
    const quoteMicroUsd = (joined?.quoteMicroUsd ?? 0n) + step.quoteMicroUsd;
    const feeSum = (joined?.feePicoUsd ?? 0n) + feePicoUsd;
    const refusal =
      rules.orderRefusal(order, slotBefore, account.before.minSequence, this.terms.timeSeconds, quantityLots) ??
      rules.executionRefusal(this.terms, order, BigInt(quantityLots), quoteMicroUsd, feeSum);
    if (refusal !== undefined) return refusal;
    const slotAfter = rules.slotAfterOrder(order, slotBefore, quantityLots);
    const message = joined?.message ?? order;
    const row: OpenRow = { message, quantityLots, quoteMicroUsd, feePicoUsd: feeSum, slotBefore, slotAfter };
    return { at: joined === undefined ? undefined : at, row };
  }

  #planCancel(message: Signed<CancelMessage>): Plan | BatchRefusal {
    const account = this.#trader(message.account);
    if (typeof account === "string") return account;
    const { slot } = this.#slot(message.account, message.slot);
    const refusal =
      rules.cancelRefusal(message.sequence, slot, account.before.minSequence) ?? this.#finalRefusal(account);
    if (refusal !== undefined) return refusal;
    const row = { ...messageRow(message), slotBefore: slot, slotAfter: rules.slotAfterCancel(message.sequence) };
    return { ...emptyPlan(), accounts: [account], rows: [{ at: this.#rows.length, row }] };
  }

  #planCancelAll(message: Signed<CancelAllMessage>): Plan | BatchRefusal {
    const old = this.#trader(message.account);
    if (typeof old === "string") return old;
    if (old.cancelledAll) return "second-cancel-all";
    if (message.sequence < old.before.minSequence) return "below-min-sequence";
    const account = { ...old, now: { ...old.now, minSequence: message.sequence }, cancelledAll: true };
    const refusal = this.#finalRefusal(account);
    return (
      refusal ?? { ...emptyPlan(), accounts: [account], rows: [{ at: this.#rows.length, row: messageRow(message) }] }
    );
  }

  #planPayment(message: Signed<WithdrawalMessage | TransferMessage>): Plan | BatchRefusal {
    const old = this.#trader(message.account);
    if (typeof old === "string") return old;
    if (old.paid) return "second-payment";
    const refusal = withdrawalRefusal(message, old.before.withdrawalNonce, this.terms.timeSeconds);
    if (refusal !== undefined) return refusal;
    const account = { ...old, now: records.withWithdrawal(old.now, message.amountMicroUsd), paid: true };
    return this.#finalRefusal(account) ?? { ...emptyPlan(), accounts: [account], payment: messageRow(message) };
  }

  /** For the receiver an incoming transfer is what a deposit is: it counts before S₀. */
  #planTransfer(message: Signed<TransferMessage>): Plan | BatchRefusal {
    const plan = this.#planPayment(message);
    if (typeof plan === "string") return plan;
    const old = this.#account(message.to);
    const refusal = transferRefusal(message, old?.before.owner, plan.accounts[0]?.before.owner);
    if (old === undefined || refusal !== undefined) return refusal ?? "unknown-receiver";
    const receiver = this.#topped(old, message.amountMicroUsd);
    return this.#finalRefusal(receiver) ?? { ...plan, accounts: [...plan.accounts, receiver] };
  }

  #topped(old: OpenAccount, amountMicroUsd: bigint): OpenAccount {
    return {
      ...old,
      start: records.withDeposit(old.start, amountMicroUsd),
      now: records.withDeposit(old.now, amountMicroUsd),
      depositsMicroUsd: old.depositsMicroUsd + amountMicroUsd,
    };
  }
}

/** The row of a message that executes nothing. */
function messageRow(message: Signed<Exclude<Message, OrderMessage>>): OpenRow {
  return { message, quantityLots: 0, quoteMicroUsd: 0n, feePicoUsd: 0n, slotBefore: undefined, slotAfter: undefined };
}
