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
import { ACCOUNTS, INSURANCE_ACCOUNT, MARKETS, WIDTH } from "../protocol/spec.ts";
import { compileEpoch, type EpochTerms, type MarketTerms } from "../risk/epoch-terms.ts";
import { liquidationPriceTicksSafeSide } from "../risk/liquidation-price.ts";
import type { Insurance } from "../risk/liquidation-rules.ts";
import { type Margin, marginOf } from "../risk/margin.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import type { AccountEntry } from "./account-store.ts";
import { type CheckedFill, checkFill, type FillVerdict, sameFill } from "./fill-check.ts";
import { LedgerRequests } from "./ledger-requests.ts";
import { type LedgerShared, LedgerState } from "./ledger-state.ts";
import type { CheckedDeleveraging, CheckedLiquidation } from "./liquidation-check.ts";
import * as liquidations from "./liquidation-check.ts";
import type { TraderRefusal } from "./message-check.ts";
import * as messages from "./message-check.ts";
import { retiredHolders } from "./retired-holders.ts";
import * as rules from "./row-rules.ts";
import type * as steps from "./step.ts";
import type { DeleveragingProposal, Fill, LiquidationFill } from "./step.ts";
import type { OrderSlot, QueueEntry } from "./trace.ts";
import { poolPicoUsd } from "./withdrawal-rules.ts";

export type { DeleveragingVerdict, LiquidationVerdict } from "./liquidation-check.ts";
export type { CancelAllVerdict, CancelVerdict, TransferVerdict, WithdrawalVerdict } from "./message-check.ts";
export type OrderRefusal = TraderRefusal | rules.RowRefusal;

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

/**
 * The state machine of accounts, order slots and shared state, at leaf level and without hashing. Every command is accepted only if
 * it is provable alone in a fresh batch, and answers with the step that the batcher consumes. Deterministic: the same commands give
 * the same state and the same steps. Signatures are checked before, not here.
 */
export class Ledger {
  /** What L1 asks for beside registrations and deposits. */
  readonly requests: LedgerRequests;
  readonly #state: LedgerState;
  #terms: EpochTerms | undefined;
  #judged: Judged | undefined;

  constructor(state: LedgerState = new LedgerState()) {
    this.#state = state;
    if (state.shared.epoch !== undefined) this.#terms = compileEpoch(state.shared.epoch);
    const write = (account: number, record: AccountRecord) => this.#write(account, record);
    this.requests = new LedgerRequests({ state, terms: () => this.terms, write });
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

  /** See ledger-state.ts. */
  entriesOfNow(): Iterable<AccountEntry> {
    return this.#state.entriesOfNow();
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
   * Whoever holds a position in a market that is retired is touched at once, so that nothing there is open any longer.
   * @param fundingDigest hash of the funding intervals behind the epoch's indices; without one nothing was measured yet
   * @returns the epoch's step, then a touch of each such account
   * @throws RangeError unless it follows the open epoch and is not earlier
   */
  openEpoch(epoch: Epoch, fundingDigest = GENESIS_FUNDING_DIGEST): [steps.EpochStep, ...steps.TouchStep[]] {
    this.#outsideTrial();
    const old = this.#state.shared.epoch;
    if (epoch.number !== (old?.number ?? 0) + 1)
      throw new RangeError(`epoch ${epoch.number} after ${old?.number ?? 0}`);
    if (epoch.timeSeconds < (old?.timeSeconds ?? 0)) throw new RangeError(`epoch time ${epoch.timeSeconds} goes back`);
    this.#terms = compileEpoch(epoch);
    const { grossOpenInterestLots: epochStartOpenInterestLots } = this.shared;
    this.#state.setShared({ epoch, epochStartOpenInterestLots, insuranceSpentPicoUsd: 0n });
    this.#judged = undefined;
    return [{ kind: "epoch", epoch, fundingDigest }, ...this.#touched(retiredHolders(this.#state, this.terms))];
  }

  #touched(accounts: readonly number[]): steps.TouchStep[] {
    for (const account of accounts) this.#write(account, this.settledRecord(account));
    return accounts.map((account) => ({ kind: "touch", account }));
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
    const record = messages.traderRecord(this.#state, order.account);
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

  // ── Liquidation and deleveraging ───────────────────────────────────────────────────────────────────────────────────────

  /** What is left of the insurance fund, and of its cap in the epoch. */
  insuranceLeft(): Insurance {
    return liquidations.insuranceOf(this.#state, this.terms);
  }

  /** Accounts with a position in a market, by increasing index. */
  holdersOf(market: number): readonly number[] {
    if (!Number.isInteger(market) || market < 0 || market >= MARKETS) throw new RangeError(`no market ${market}`);
    return this.#state.holders(market);
  }

  /** Whether a liquidation is valid alone in a fresh batch. Changes nothing. @throws RangeError for what is no fill at all */
  checkLiquidation(fill: LiquidationFill): liquidations.LiquidationVerdict {
    const outcome = liquidations.checkLiquidation(this.#state, this.terms, fill);
    return typeof outcome === "string" ? outcome : "ok";
  }

  /** @throws Refused unless {@link checkLiquidation} says ok */
  applyLiquidation(fill: LiquidationFill): steps.LiquidationStep {
    const outcome = liquidations.checkLiquidation(this.#state, this.terms, fill);
    if (typeof outcome === "string") throw new Refused("liquidation", outcome);
    const { account, market, maker } = fill;
    this.#state.setSlot(maker.account, maker.slot, outcome.other.slot);
    this.#write(maker.account, outcome.other.record);
    this.#writeForced(account, market, outcome);
    this.#state.setShared({ feesPicoUsd: this.shared.feesPicoUsd + outcome.other.feePicoUsd });
    return outcome.step;
  }

  /** Whether a deleveraging is valid alone in a fresh batch. Changes nothing. @throws RangeError for what is none at all */
  checkDeleveraging(proposal: DeleveragingProposal): liquidations.DeleveragingVerdict {
    const outcome = liquidations.checkDeleveraging(this.#state, this.terms, proposal);
    return typeof outcome === "string" ? outcome : "ok";
  }

  /** @throws Refused unless {@link checkDeleveraging} says ok */
  applyDeleveraging(proposal: DeleveragingProposal): steps.DeleveragingStep {
    const outcome = liquidations.checkDeleveraging(this.#state, this.terms, proposal);
    if (typeof outcome === "string") throw new Refused("deleveraging", outcome);
    this.#write(proposal.counterparty, outcome.other);
    this.#writeForced(proposal.account, proposal.market, outcome);
    return outcome.step;
  }

  #writeForced(account: number, market: number, outcome: CheckedLiquidation | CheckedDeleveraging): void {
    this.#write(account, outcome.record);
    this.#write(INSURANCE_ACCOUNT, outcome.fund);
    const { grossOpenInterestLots: gross, insuranceSpentPicoUsd } = this.shared;
    this.#state.setShared({
      grossOpenInterestLots: gross.with(market, (gross[market] as bigint) + outcome.grossDeltaLots),
      insuranceSpentPicoUsd: insuranceSpentPicoUsd + outcome.coveredPicoUsd,
    });
  }

  // ── Signed messages that are not orders ────────────────────────────────────────────────────────────────────────────────

  /** See message-check.ts, as for the others. */
  checkCancel(message: CancelMessage): messages.CancelVerdict {
    return messages.cancelVerdict(this.#state, this.terms, message);
  }

  /** @throws Refused unless {@link checkCancel} says ok */
  applyCancel(message: Signed<CancelMessage>): steps.CancelStep {
    const verdict = this.checkCancel(message);
    if (verdict !== "ok") throw new Refused("cancel", verdict);
    this.#state.setSlot(message.account, message.slot, rules.slotAfterCancel(message.sequence));
    this.#write(message.account, this.settledRecord(message.account));
    return { kind: "cancel", message };
  }

  checkCancelAll(message: CancelAllMessage): messages.CancelAllVerdict {
    return messages.cancelAllVerdict(this.#state, this.terms, message);
  }

  /** @throws Refused unless {@link checkCancelAll} says ok */
  applyCancelAll(message: Signed<CancelAllMessage>): steps.CancelAllStep {
    const verdict = this.checkCancelAll(message);
    if (verdict !== "ok") throw new Refused("cancel-all", verdict);
    this.#write(message.account, { ...this.settledRecord(message.account), minSequence: message.sequence });
    return { kind: "cancelAll", message };
  }

  checkWithdrawal(message: WithdrawalMessage): messages.WithdrawalVerdict {
    return messages.withdrawalVerdict(this.#state, this.terms, message);
  }

  /** @throws Refused unless {@link checkWithdrawal} says ok */
  applyWithdrawal(message: Signed<WithdrawalMessage>): steps.WithdrawalStep {
    const verdict = this.checkWithdrawal(message);
    if (verdict !== "ok") throw new Refused("withdrawal", verdict);
    this.#write(message.account, records.withWithdrawal(this.settledRecord(message.account), message.amountMicroUsd));
    this.#state.setShared({ withdrawnMicroUsd: this.shared.withdrawnMicroUsd + message.amountMicroUsd });
    return { kind: "withdrawal", message };
  }

  checkTransfer(message: TransferMessage): messages.TransferVerdict {
    return messages.transferVerdict(this.#state, this.terms, message);
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

  /** @param record settled: what it closes in retired markets leaves the open interest with it */
  #write(account: number, record: AccountRecord): void {
    if (this.terms.anyRetired) {
      const { grossOpenInterestLots: gross } = this.shared;
      const left = records.grossWithoutRetired(gross, this.#record(account), this.terms);
      this.#state.setShared({ grossOpenInterestLots: left });
    }
    this.#state.setRecord(account, record);
    this.#judged = undefined;
  }

  #record(account: number): AccountRecord {
    const record = this.#state.record(account);
    if (record === undefined) throw new RangeError(`no account ${account}`);
    return record;
  }
}
