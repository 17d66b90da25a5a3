import type { CancelAllMessage, CancelMessage, TransferMessage, WithdrawalMessage } from "../protocol/message.ts";
import { FILLED_CANCELLED, INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import type { EpochTerms } from "../risk/epoch-terms.ts";
import { type TransitionRefusal, transitionRefusal } from "../risk/transition.ts";
import type { AccountRecord } from "./account-record.ts";
import * as records from "./account-record.ts";
import type { LedgerState } from "./ledger-state.ts";
import * as rules from "./row-rules.ts";
import {
  type PoolRefusal,
  poolRefusal,
  type TransferRefusal,
  transferRefusal,
  type WithdrawalRefusal,
  withdrawalRefusal,
} from "./withdrawal-rules.ts";

/** Why an account cannot be a row's. */
export type TraderRefusal = "unknown-account" | "insurance-account";
export type CancelVerdict = "ok" | TraderRefusal | rules.CancelRefusal | "no-effect" | "collateral-range";
export type CancelAllVerdict = "ok" | TraderRefusal | "below-min-sequence" | "no-effect" | "collateral-range";
export type TransferVerdict = PaymentVerdict | TransferRefusal;
export type WithdrawalVerdict = PaymentVerdict | PoolRefusal;
type PaymentVerdict = "ok" | TraderRefusal | WithdrawalRefusal | TransitionRefusal | "collateral-range";

/** The account of a row: any but the insurance fund's. */
export function traderRecord(state: LedgerState, account: number): AccountRecord | TraderRefusal {
  if (account === INSURANCE_ACCOUNT) return "insurance-account";
  return state.record(account) ?? "unknown-account";
}

/** A cancel that changes nothing is refused: it would only cost a row. */
export function cancelVerdict(state: LedgerState, terms: EpochTerms, message: CancelMessage): CancelVerdict {
  const record = traderRecord(state, message.account);
  if (typeof record === "string") return record;
  const slot = state.slot(message.account, message.slot);
  const refusal = rules.cancelRefusal(message.sequence, slot, record.minSequence);
  if (refusal !== undefined) return refusal;
  if (slot.sequence === message.sequence && slot.filledLots === FILLED_CANCELLED) return "no-effect";
  return records.collateralInRange(records.settled(record, terms)) ? "ok" : "collateral-range";
}

export function cancelAllVerdict(state: LedgerState, terms: EpochTerms, message: CancelAllMessage): CancelAllVerdict {
  const record = traderRecord(state, message.account);
  if (typeof record === "string") return record;
  if (message.sequence < record.minSequence) return "below-min-sequence";
  if (message.sequence === record.minSequence) return "no-effect";
  return records.collateralInRange(records.settled(record, terms)) ? "ok" : "collateral-range";
}

/** A withdrawal must leave initial margin met, and the pool must hold it. */
export function withdrawalVerdict(
  state: LedgerState,
  terms: EpochTerms,
  message: WithdrawalMessage,
): WithdrawalVerdict {
  const verdict = paymentVerdict(state, terms, message);
  return verdict === "ok" ? (poolRefusal(state.shared, message.amountMicroUsd) ?? "ok") : verdict;
}

/** A transfer is a withdrawal for its sender and a deposit for its receiver, who has the same owner. */
export function transferVerdict(state: LedgerState, terms: EpochTerms, message: TransferMessage): TransferVerdict {
  const verdict = paymentVerdict(state, terms, message);
  if (verdict !== "ok") return verdict;
  const receiver = state.record(message.to);
  const refusal = transferRefusal(message, receiver?.owner, state.record(message.account)?.owner);
  if (receiver === undefined || refusal !== undefined) return refusal ?? "unknown-receiver";
  const topped = records.withDeposit(records.settled(receiver, terms), message.amountMicroUsd);
  return records.collateralInRange(topped) ? "ok" : "collateral-range";
}

function paymentVerdict(
  state: LedgerState,
  terms: EpochTerms,
  message: WithdrawalMessage | TransferMessage,
): PaymentVerdict {
  const record = traderRecord(state, message.account);
  if (typeof record === "string") return record;
  const refusal = withdrawalRefusal(message, record.withdrawalNonce, terms.timeSeconds);
  if (refusal !== undefined) return refusal;
  const start = records.settled(record, terms);
  const final = records.withWithdrawal(start, message.amountMicroUsd);
  if (!records.collateralInRange(final)) return "collateral-range";
  return transitionRefusal(terms, start, final, true) ?? "ok";
}
