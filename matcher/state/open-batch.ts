import type { Epoch } from "../protocol/epoch.ts";
import type {
  CancelAllMessage,
  CancelMessage,
  Signed,
  TransferMessage,
  WithdrawalMessage,
} from "../protocol/message.ts";
import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import { compileEpoch, type EpochTerms, type MarketTerms } from "../risk/epoch-terms.ts";
import { magnitude } from "../risk/magnitude.ts";
import { openInterestAllowed } from "../risk/open-interest.ts";
import { transitionRefusal } from "../risk/transition.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import type {
  BatchCounts,
  BatchRefusal,
  BatchSource,
  OpenAccount,
  OpenLiquidation,
  OpenRequest,
  OpenRow,
} from "./batch-parts.ts";
import { type BatchView, emptyPlan, type Plan } from "./batch-plan.ts";
import * as plans from "./forced-plan.ts";
import { OpenLiquidations } from "./open-liquidations.ts";
import { messageRow, OpenRows } from "./open-rows.ts";
import * as rules from "./row-rules.ts";
import type { EpochStep, FillLeg, FillStep, RequestStep, Step } from "./step.ts";
import type { QueueEntry } from "./trace.ts";
import { transferRefusal, withdrawalRefusal } from "./withdrawal-rules.ts";

/**
 * The batch that is being filled, and the batch predicate of docs/protocol.md §4–§6 over it, evaluated step by step: whatever was
 * accepted is a batch that the circuit accepts. No hashing.
 */
export class OpenBatch {
  readonly terms: EpochTerms;
  readonly grossOpenInterestBeforeLots: readonly bigint[];
  readonly #source: BatchSource;
  #gross: readonly bigint[];
  #accounts = new Map<number, OpenAccount>();
  #rows: OpenRows;
  #liquidations: OpenLiquidations;
  #queue: QueueEntry[] = [];
  #request: OpenRequest | undefined;
  #feePicoUsd = 0n;
  readonly #view: BatchView;

  /** @param insuranceSpentPicoUsd what the insurance fund has paid in the epoch so far */
  constructor(
    terms: EpochTerms,
    source: BatchSource,
    grossOpenInterestLots: readonly bigint[],
    insuranceSpentPicoUsd = 0n,
  ) {
    this.terms = terms;
    this.#source = source;
    this.#rows = new OpenRows(terms, source);
    this.#liquidations = new OpenLiquidations(terms, insuranceSpentPicoUsd);
    this.grossOpenInterestBeforeLots = grossOpenInterestLots.slice();
    this.#gross = this.grossOpenInterestBeforeLots;
    this.#view = {
      terms,
      liquidations: () => this.#liquidations,
      feePicoUsd: () => this.#feePicoUsd,
      account: (account) => this.#account(account),
      named: (account) => this.#named(account),
      finalRefusal: (account) => this.#finalRefusal(account),
      planLeg: (plan, fill, leg) => this.#planLeg(plan, fill, leg),
    };
  }

  /** The first batch of an epoch, or the one to go on with. @throws RangeError for an epoch that is not well formed */
  static ofEpoch(
    epoch: Epoch,
    source: BatchSource,
    grossOpenInterestLots: readonly bigint[],
    insuranceSpentPicoUsd = 0n,
  ): OpenBatch {
    return new OpenBatch(compileEpoch(epoch), source, grossOpenInterestLots, insuranceSpentPicoUsd);
  }

  /** The batch after this one, in the same epoch. */
  next(): OpenBatch {
    return new OpenBatch(this.terms, this.#source, this.#gross, this.insuranceSpentAfterPicoUsd);
  }

  get counts(): BatchCounts {
    return {
      rows: this.#rows.length + this.#rows.payments,
      accounts: this.#accounts.size,
      queue: this.#queue.length,
      withdrawals: this.#rows.payments,
      liquidations: this.#liquidations.length,
    };
  }

  get isEmpty(): boolean {
    return this.#accounts.size === 0;
  }

  get insuranceSpentBeforePicoUsd(): bigint {
    return this.#liquidations.spentBeforePicoUsd;
  }

  get insuranceSpentAfterPicoUsd(): bigint {
    return this.#liquidations.spentAfterPicoUsd;
  }

  /** By increasing account index. */
  accounts(): OpenAccount[] {
    return [...this.#accounts.values()].sort((a, b) => a.account - b.account);
  }

  /** Payments first, then in order of first touch. */
  rows(): OpenRow[] {
    return this.#rows.all();
  }

  /** What closes something for the request, then the others in order of first touch. */
  liquidations(): OpenLiquidation[] {
    return this.#liquidations.inOrder();
  }

  /** Registrations and deposits. */
  queue(): QueueEntry[] {
    return this.#queue.slice();
  }

  request(): OpenRequest | undefined {
    return this.#request;
  }

  grossOpenInterestAfterLots(): bigint[] {
    return this.#gross.slice();
  }

  /** Takes a step in, unless the batch would no longer be valid or fit; then nothing changes and the reason is returned. */
  tryApply(step: Exclude<Step, EpochStep>, fits: (counts: BatchCounts) => boolean): BatchRefusal | undefined {
    if (this.#request !== undefined) return "behind-request";
    if (step.kind === "request") return this.#tryRequest(step, fits);
    const plan = this.#plan(step);
    if (typeof plan === "string") return plan;
    const counts = this.counts;
    if (plan.payment !== undefined) {
      counts.rows++;
      counts.withdrawals++;
    }
    if (plan.entry !== undefined) counts.queue++;
    if (plan.liquidation !== undefined && plan.liquidation.at >= counts.liquidations) counts.liquidations++;
    for (const { at } of plan.rows) if (at >= this.#rows.length) counts.rows++;
    for (const { account } of plan.accounts) if (!this.#accounts.has(account)) counts.accounts++;
    if (!fits(counts)) return "capacity";
    this.#commit(plan);
    return undefined;
  }

  /** All of a request or nothing: its rows one after the other on a copy, which is judged at the end. */
  #tryRequest(step: RequestStep, fits: (counts: BatchCounts) => boolean): BatchRefusal | undefined {
    const copy = new OpenBatch(this.terms, this.#source, this.grossOpenInterestBeforeLots);
    copy.#gross = this.#gross;
    copy.#accounts = new Map(this.#accounts);
    copy.#rows = this.#rows.copy();
    copy.#liquidations = this.#liquidations.copy();
    copy.#queue = this.#queue;
    copy.#feePicoUsd = this.#feePicoUsd;
    for (const part of step.parts) {
      const plan = plans.planPart(copy.#view, step, part);
      if (typeof plan === "string") return plan;
      copy.#commit(plan);
    }
    const served = plans.planRequest(copy.#view, step);
    if (typeof served === "string") return served;
    copy.#commit(served);
    if (!fits(copy.counts)) return "capacity";
    this.#gross = copy.#gross;
    this.#accounts = copy.#accounts;
    this.#rows = copy.#rows;
    this.#liquidations = copy.#liquidations;
    this.#feePicoUsd = copy.#feePicoUsd;
    const { entry, outcome, payoutMicroUsd } = step;
    this.#request = { entry, outcome, payoutMicroUsd };
    return undefined;
  }

  #commit(plan: Plan): void {
    for (const account of plan.accounts) {
      // What its settling closed in retired markets leaves the open interest with its first appearance.
      if (!this.#accounts.has(account.account)) {
        this.#gross = records.grossWithoutRetired(this.#gross, account.before, this.terms);
      }
      this.#accounts.set(account.account, account);
    }
    for (const row of plan.rows) this.#rows.put(row);
    if (plan.payment !== undefined) this.#rows.pay(plan.payment);
    if (plan.entry !== undefined) this.#queue.push(plan.entry);
    if (plan.liquidation !== undefined) this.#liquidations.put(plan.liquidation);
    this.#feePicoUsd += plan.feePicoUsd;
    const { market, grossDeltaLots } = plan;
    this.#gross = this.#gross.with(market, (this.#gross[market] as bigint) + grossDeltaLots);
  }

  #plan(step: Exclude<Step, EpochStep | RequestStep>): Plan | BatchRefusal {
    switch (step.kind) {
      case "registration":
        return this.#planRegistration(step.entry);
      case "deposit":
        return this.#planDeposit(step.entry);
      case "fill":
        return this.#planFill(step);
      case "liquidation":
        return plans.planLiquidation(this.#view, step);
      case "deleveraging":
        return plans.planDeleveraging(this.#view, step);
      case "touch":
        return this.#planTouch(step.account);
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
    const flags = { hasRow: false, paid: false, cancelledAll: false };
    return { account, isNew, before, start, now: start, depositsMicroUsd: 0n, ...flags };
  }

  /** The account of a signed row, as it is with one. */
  #trader(account: number): OpenAccount | BatchRefusal {
    if (account === INSURANCE_ACCOUNT) return "insurance-account";
    if (this.#liquidations.names(account)) return "row-beside-liquidation";
    const old = this.#account(account);
    return old === undefined ? "unknown-account" : { ...old, hasRow: true };
  }

  /** An account that a liquidation may name: without a row of its own. */
  #named(account: number): OpenAccount | BatchRefusal {
    if (account === INSURANCE_ACCOUNT) return "insurance-account";
    const old = this.#account(account) ?? "unknown-account";
    return typeof old !== "string" && old.hasRow ? "row-beside-liquidation" : old;
  }

  #finalRefusal(account: OpenAccount): BatchRefusal | undefined {
    if (!records.collateralInRange(account.now)) return "collateral-range";
    // Who is named by a liquidation was judged by its rules, and nothing changes it afterwards.
    if (this.#liquidations.names(account.account)) return undefined;
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
    if (typeof account === "string") return account;
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

  #planLeg(plan: Plan, fill: Pick<FillStep, "quantityLots" | "quoteMicroUsd">, leg: FillLeg): BatchRefusal | undefined {
    const { order, feePicoUsd } = leg;
    const old = this.#trader(order.account);
    if (typeof old === "string") return old;
    const newAt = this.#rows.length + plan.rows.filter(({ at }) => at >= this.#rows.length).length;
    const row = this.#rows.ofFill(leg, fill, old.before.minSequence, newAt);
    if (typeof row === "string") return row;
    const quantity = BigInt(fill.quantityLots);
    const buys = order.side === "buy";
    const now = records.withTrade(old.now, order.market, buys, quantity, fill.quoteMicroUsd, feePicoUsd);
    const size = now.sizesLots[order.market] as bigint;
    if (!records.sizeInRange(size)) return "size-range";
    const account = { ...old, now };
    plan.accounts.push(account);
    plan.rows.push(row);
    plan.grossDeltaLots += magnitude(size) - magnitude(old.now.sizesLots[order.market] as bigint);
    return this.#finalRefusal(account);
  }

  #planTouch(account: number): Plan | BatchRefusal {
    const old = this.#account(account);
    if (old === undefined) return "unknown-account";
    return this.#finalRefusal(old) ?? { ...emptyPlan(), accounts: [old] };
  }

  #planCancel(message: Signed<CancelMessage>): Plan | BatchRefusal {
    const account = this.#trader(message.account);
    if (typeof account === "string") return account;
    const { slot } = this.#rows.slot(message.account, message.slot);
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
    if (typeof receiver === "string") return receiver;
    return this.#finalRefusal(receiver) ?? { ...plan, accounts: [...plan.accounts, receiver] };
  }

  /** @returns a refusal when a liquidation was judged by what the account had */
  #topped(old: OpenAccount, amountMicroUsd: bigint): OpenAccount | BatchRefusal {
    const { account } = old;
    const isFund = account === INSURANCE_ACCOUNT && this.#liquidations.length > 0;
    if (isFund || this.#liquidations.names(account)) return "deposit-after-liquidation";
    return {
      ...old,
      start: records.withDeposit(old.start, amountMicroUsd),
      now: records.withDeposit(old.now, amountMicroUsd),
      depositsMicroUsd: old.depositsMicroUsd + amountMicroUsd,
    };
  }
}
