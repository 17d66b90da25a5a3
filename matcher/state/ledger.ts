import type { AccountLeaf } from "../protocol/account.ts";
import type { Epoch } from "../protocol/epoch.ts";
import { GENESIS_FUNDING_DIGEST } from "../protocol/funding-interval.ts";
import type {
  CancelAllMessage,
  CancelMessage,
  OrderMessage,
  Signed,
  TransferMessage,
  WithdrawalMessage,
} from "../protocol/message.ts";
import { ACCOUNTS, FILLED_CANCELLED, INSURANCE_ACCOUNT, WIDTH } from "../protocol/spec.ts";
import { compileEpoch, type EpochTerms, type MarketTerms } from "../risk/epoch-terms.ts";
import { liquidationPriceTicksSafeSide } from "../risk/liquidation-price.ts";
import { type Margin, marginOf } from "../risk/margin.ts";
import { type TransitionRefusal, transitionRefusal } from "../risk/transition.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import type { AccountEntry } from "./account-store.ts";
import { type CheckedFill, checkFill, type FillVerdict } from "./fill-check.ts";
import { type LedgerShared, LedgerState } from "./ledger-state.ts";
import * as rules from "./row-rules.ts";
import type * as steps from "./step.ts";
import type { Fill } from "./step.ts";
import type { OrderSlot, QueueEntry } from "./trace.ts";
import {
  type PoolRefusal,
  poolPicoUsd,
  poolRefusal,
  type TransferRefusal,
  transferRefusal,
  type WithdrawalRefusal,
  withdrawalRefusal,
} from "./withdrawal-rules.ts";

type TraderRefusal = "unknown-account" | "insurance-account";
export type OrderRefusal = TraderRefusal | rules.RowRefusal;
export type CancelVerdict = "ok" | TraderRefusal | rules.CancelRefusal | "no-effect" | "collateral-range";
export type CancelAllVerdict = "ok" | TraderRefusal | "below-min-sequence" | "no-effect" | "collateral-range";
export type TransferVerdict = Exclude<WithdrawalVerdict, PoolRefusal> | TransferRefusal;
export type WithdrawalVerdict =
  | "ok"
  | TraderRefusal
  | WithdrawalRefusal
  | TransitionRefusal
  | PoolRefusal
  | "collateral-range";

/** An apply… that its check refuses. Callers check first, so this is a bug of theirs. */
export class Refused extends Error {
  readonly reason: string;
  constructor(command: string, reason: string) {
    super(`${command} refused: ${reason}`);
    this.name = "Refused";
    this.reason = reason;
  }
}

/** A leaf without the root of its order tree: the ledger does not hash. */
export type LedgerLeaf = Omit<AccountLeaf, "orderRoot">;

/** A fill that was just judged, with what it was judged on: the caller may reuse its object. */
interface Judged {
  fill: Fill;
  outcome: CheckedFill | FillVerdict;
}

function sameFill(a: Fill, b: Fill): boolean {
  return (
    a.maker === b.maker &&
    a.taker === b.taker &&
    a.priceTicks === b.priceTicks &&
    a.quantityLots === b.quantityLots &&
    a.makerFeePpm === b.makerFeePpm &&
    a.takerFeePpm === b.takerFeePpm
  );
}

/**
 * The state machine of accounts, order slots and shared state, at leaf level and without hashing. Every command is accepted only if
 * it is provable alone in a fresh batch, and answers with the step that the batcher consumes. Deterministic: the same commands give
 * the same state and the same steps. Signatures are checked before, not here.
 */
export class Ledger {
  readonly #state: LedgerState;
  #terms: EpochTerms | undefined;
  #judged: Judged | undefined;

  constructor(state: LedgerState = new LedgerState()) {
    this.#state = state;
    if (state.shared.epoch !== undefined) this.#terms = compileEpoch(state.shared.epoch);
  }

  // ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  get shared(): LedgerShared {
    return this.#state.shared;
  }

  /** The open epoch. @throws Error before the first */
  get terms(): EpochTerms {
    if (this.#terms === undefined) throw new Error("no epoch is open");
    return this.#terms;
  }

  has(account: number): boolean {
    return this.#state.record(account) !== undefined;
  }

  /** Everything stored, in canonical order; funding as of each account's last touch. */
  entries(): Iterable<AccountEntry> {
    return this.#state.entries();
  }

  /** The leaf as stored: funding as of the last touch. @throws RangeError for an account that does not exist */
  leafOf(account: number): LedgerLeaf {
    const { orderRoot: _, ...leaf } = records.leafFrom(this.#record(account), 0n);
    return leaf;
  }

  /** The account with funding settled to the open epoch, without touching it. */
  settledRecord(account: number): AccountRecord {
    return records.settled(this.#record(account), this.terms);
  }

  slotOf(account: number, slot: number): OrderSlot {
    return this.#state.slot(account, slot);
  }

  minSequenceOf(account: number): number {
    return this.#record(account).minSequence;
  }

  /** Signed lots; 0 for an account that does not exist. */
  positionLots(account: number, market: number): number {
    return Number(this.#state.record(account)?.sizesLots[market] ?? 0n);
  }

  /** TV, TR_i and TR_m now, funding settled. The value is the account's equity; liquidatable when it is below maintenance. */
  marginOf(account: number): Margin {
    return marginOf(this.terms, this.settledRecord(account));
  }

  /** The most that can leave the exchange now, whoever asks for it; see withdrawal-rules.ts. */
  get poolPicoUsd(): bigint {
    return poolPicoUsd(this.shared);
  }

  /** See risk/liquidation-price.ts. */
  liquidationPriceTicksSafeSide(account: number, market: number): bigint | undefined {
    return liquidationPriceTicksSafeSide(this.terms, this.settledRecord(account), market);
  }

  // ── L1: epochs and the queue ───────────────────────────────────────────────────────────────────────────────────────────

  /**
   * @param fundingDigest hash of the funding intervals behind the epoch's indices; without one nothing was measured yet
   * @throws RangeError unless it follows the open epoch and is not earlier
   */
  openEpoch(epoch: Epoch, fundingDigest = GENESIS_FUNDING_DIGEST): steps.EpochStep {
    this.#outsideTrial();
    const old = this.#state.shared.epoch;
    if (epoch.number !== (old?.number ?? 0) + 1)
      throw new RangeError(`epoch ${epoch.number} after ${old?.number ?? 0}`);
    if (epoch.timeSeconds < (old?.timeSeconds ?? 0)) throw new RangeError(`epoch time ${epoch.timeSeconds} goes back`);
    this.#terms = compileEpoch(epoch);
    this.#state.setShared({ epoch, epochStartOpenInterestLots: this.shared.grossOpenInterestLots });
    this.#judged = undefined;
    return { kind: "epoch", epoch, fundingDigest };
  }

  /** @throws RangeError for an index that is taken or out of range: the contract hands each out once */
  registerAccount(entry: QueueEntry): steps.RegistrationStep {
    this.#outsideTrial();
    const { account } = entry;
    if (entry.kind !== "registration") throw new RangeError(`a ${entry.kind} is no registration`);
    if (!Number.isInteger(account) || account < 0 || account >= ACCOUNTS)
      throw new RangeError(`no account index ${account}`);
    if (this.has(account)) throw new RangeError(`account ${account} is registered`);
    this.#state.addAccount(account, records.settled(records.newAccount(entry), this.terms));
    this.#state.setShared({ queueCursor: this.shared.queueCursor + 1 });
    this.#judged = undefined;
    return { kind: "registration", entry };
  }

  /** @throws RangeError for an unknown account, or an amount that the contract's cap rules out */
  applyDeposit(entry: QueueEntry): steps.DepositStep {
    this.#outsideTrial();
    const { account, amountMicroUsd } = entry;
    if (entry.kind !== "deposit") throw new RangeError(`a ${entry.kind} is no deposit`);
    if (amountMicroUsd < 0n || amountMicroUsd >> BigInt(WIDTH.depositMicroUsd) !== 0n) {
      throw new RangeError(`a deposit of ${amountMicroUsd}`);
    }
    const record = records.withDeposit(this.settledRecord(account), amountMicroUsd);
    if (!records.collateralInRange(record))
      throw new RangeError(`account ${account} cannot hold ${record.collateralPicoUsd}`);
    this.#write(account, record);
    this.#state.setShared({
      queueCursor: this.shared.queueCursor + 1,
      depositedMicroUsd: this.shared.depositedMicroUsd + amountMicroUsd,
    });
    return { kind: "deposit", entry };
  }

  // ── Orders and fills ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether an order could fill at least one lot now, margin and price apart. */
  checkOrder(order: OrderMessage): "ok" | OrderRefusal {
    const record = this.#trader(order.account);
    if (typeof record === "string") return record;
    if (!(this.terms.markets[order.market] as MarketTerms).live) return "market-not-live";
    const slot = this.#state.slot(order.account, order.slot);
    return rules.orderRefusal(order, slot, record.minSequence, this.terms.timeSeconds, 1) ?? "ok";
  }

  /** Whether both sides are valid alone in a fresh batch. Changes nothing. @throws RangeError for what is no fill at all */
  checkFill(fill: Fill): FillVerdict {
    const outcome = this.#judge(fill);
    return typeof outcome === "string" ? outcome : "ok";
  }

  /** @throws Refused unless {@link checkFill} says ok; judging is not repeated for a fill that was just checked */
  applyFill(fill: Fill): steps.FillStep {
    const outcome = this.#judge(fill);
    if (typeof outcome === "string") throw new Refused("fill", outcome);
    const { maker, taker, priceTicks, quantityLots } = fill;
    const { quoteMicroUsd, grossDeltaLots } = outcome;
    this.#state.setSlot(maker.account, maker.slot, outcome.maker.slot);
    this.#state.setSlot(taker.account, taker.slot, outcome.taker.slot);
    this.#write(maker.account, outcome.maker.record);
    this.#write(taker.account, outcome.taker.record);
    const makerFee = outcome.maker.feePicoUsd;
    const takerFee = outcome.taker.feePicoUsd;
    const gross = this.shared.grossOpenInterestLots.slice();
    gross[maker.market] = (gross[maker.market] as bigint) + grossDeltaLots;
    this.#state.setShared({ grossOpenInterestLots: gross, feesPicoUsd: this.shared.feesPicoUsd + makerFee + takerFee });
    return {
      kind: "fill",
      priceTicks,
      quantityLots,
      quoteMicroUsd,
      maker: { order: maker, feePicoUsd: makerFee },
      taker: { order: taker, feePicoUsd: takerFee },
    };
  }

  #judge(fill: Fill): CheckedFill | FillVerdict {
    if (this.#judged !== undefined && sameFill(this.#judged.fill, fill)) return this.#judged.outcome;
    const outcome = checkFill(this.#state, this.terms, fill);
    this.#judged = { fill: { ...fill }, outcome };
    return outcome;
  }

  // ── Signed messages that are not orders ────────────────────────────────────────────────────────────────────────────────

  /** A cancel that changes nothing is refused: it would only cost a row. */
  checkCancel(message: CancelMessage): CancelVerdict {
    const record = this.#trader(message.account);
    if (typeof record === "string") return record;
    const slot = this.#state.slot(message.account, message.slot);
    const refusal = rules.cancelRefusal(message.sequence, slot, record.minSequence);
    if (refusal !== undefined) return refusal;
    if (slot.sequence === message.sequence && slot.filledLots === FILLED_CANCELLED) return "no-effect";
    return records.collateralInRange(records.settled(record, this.terms)) ? "ok" : "collateral-range";
  }

  /** @throws Refused unless {@link checkCancel} says ok */
  applyCancel(message: Signed<CancelMessage>): steps.CancelStep {
    const verdict = this.checkCancel(message);
    if (verdict !== "ok") throw new Refused("cancel", verdict);
    this.#state.setSlot(message.account, message.slot, rules.slotAfterCancel(message.sequence));
    this.#write(message.account, this.settledRecord(message.account));
    return { kind: "cancel", message };
  }

  checkCancelAll(message: CancelAllMessage): CancelAllVerdict {
    const record = this.#trader(message.account);
    if (typeof record === "string") return record;
    if (message.sequence < record.minSequence) return "below-min-sequence";
    if (message.sequence === record.minSequence) return "no-effect";
    return records.collateralInRange(records.settled(record, this.terms)) ? "ok" : "collateral-range";
  }

  /** @throws Refused unless {@link checkCancelAll} says ok */
  applyCancelAll(message: Signed<CancelAllMessage>): steps.CancelAllStep {
    const verdict = this.checkCancelAll(message);
    if (verdict !== "ok") throw new Refused("cancel-all", verdict);
    this.#write(message.account, { ...this.settledRecord(message.account), minSequence: message.sequence });
    return { kind: "cancelAll", message };
  }

  /** A withdrawal must leave initial margin met, and the pool must hold it. */
  checkWithdrawal(message: WithdrawalMessage): WithdrawalVerdict {
    const verdict = this.#paymentVerdict(message);
    return verdict === "ok" ? (poolRefusal(this.shared, message.amountMicroUsd) ?? "ok") : verdict;
  }

  #paymentVerdict(message: WithdrawalMessage | TransferMessage): Exclude<WithdrawalVerdict, PoolRefusal> {
    const record = this.#trader(message.account);
    if (typeof record === "string") return record;
    const refusal = withdrawalRefusal(message, record.withdrawalNonce, this.terms.timeSeconds);
    if (refusal !== undefined) return refusal;
    const start = records.settled(record, this.terms);
    const final = records.withWithdrawal(start, message.amountMicroUsd);
    if (!records.collateralInRange(final)) return "collateral-range";
    return transitionRefusal(this.terms, start, final, true) ?? "ok";
  }

  /** @throws Refused unless {@link checkWithdrawal} says ok */
  applyWithdrawal(message: Signed<WithdrawalMessage>): steps.WithdrawalStep {
    const verdict = this.checkWithdrawal(message);
    if (verdict !== "ok") throw new Refused("withdrawal", verdict);
    this.#write(message.account, records.withWithdrawal(this.settledRecord(message.account), message.amountMicroUsd));
    this.#state.setShared({ withdrawnMicroUsd: this.shared.withdrawnMicroUsd + message.amountMicroUsd });
    return { kind: "withdrawal", message };
  }

  /** A transfer is a withdrawal for its sender and a deposit for its receiver, who has the same owner. */
  checkTransfer(message: TransferMessage): TransferVerdict {
    const verdict = this.#paymentVerdict(message);
    if (verdict !== "ok") return verdict;
    const receiver = this.#state.record(message.to);
    const refusal = transferRefusal(message, receiver?.owner, this.#record(message.account).owner);
    if (receiver === undefined || refusal !== undefined) return refusal ?? "unknown-receiver";
    const topped = records.withDeposit(records.settled(receiver, this.terms), message.amountMicroUsd);
    return records.collateralInRange(topped) ? "ok" : "collateral-range";
  }

  /** @throws Refused unless {@link checkTransfer} says ok */
  applyTransfer(message: Signed<TransferMessage>): steps.TransferStep {
    const verdict = this.checkTransfer(message);
    if (verdict !== "ok") throw new Refused("transfer", verdict);
    const { account, to, amountMicroUsd } = message;
    this.#write(account, records.withWithdrawal(this.settledRecord(account), amountMicroUsd));
    this.#write(to, records.withDeposit(this.settledRecord(to), amountMicroUsd));
    return { kind: "transfer", message };
  }

  // ── Trials ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts a trial: fills, cancels and withdrawals from here on can be undone. Trials do not nest; steps of one that is undone are void. */
  begin(): void {
    this.#state.begin();
  }

  /** Ends the trial and keeps what it did. */
  commit(): void {
    this.#state.commit();
  }

  /** Ends the trial and undoes it. */
  rollback(): void {
    this.#state.rollback();
    this.#judged = undefined;
  }

  #outsideTrial(): void {
    if (this.#state.onTrial) throw new Error("L1 events cannot be part of a trial");
  }

  #write(account: number, record: AccountRecord): void {
    this.#state.setRecord(account, record);
    this.#judged = undefined;
  }

  #record(account: number): AccountRecord {
    const record = this.#state.record(account);
    if (record === undefined) throw new RangeError(`no account ${account}`);
    return record;
  }

  #trader(account: number): AccountRecord | TraderRefusal {
    if (account === INSURANCE_ACCOUNT) return "insurance-account";
    return this.#state.record(account) ?? "unknown-account";
  }
}
