import type { Message, Signed } from "../protocol/message.ts";
import type { Tier } from "../protocol/spec.ts";
import type { TransitionRefusal } from "../risk/transition.ts";
import type { AccountRecord } from "./account-record.ts";
import type { CancelRefusal, RowRefusal } from "./row-rules.ts";
import type { OrderSlot } from "./trace.ts";
import type { TransferRefusal, WithdrawalRefusal } from "./withdrawal-rules.ts";

/** Why a step does not belong into a batch. */
export type BatchRefusal =
  | RowRefusal
  | CancelRefusal
  | TransitionRefusal
  | WithdrawalRefusal
  | "unknown-account"
  | "account-exists"
  | "insurance-account"
  | "self-trade"
  | "second-payment"
  | TransferRefusal
  | "second-cancel-all"
  | "fees-negative"
  | "open-interest-cap"
  | "size-range"
  | "collateral-range"
  | "capacity";

/** The state at the batch's start. */
export interface BatchSource {
  record(account: number): AccountRecord | undefined;
  slot(account: number, slot: number): OrderSlot;
}

/** An account slot of the batch so far. */
export interface OpenAccount {
  readonly account: number;
  readonly isNew: boolean;
  readonly before: AccountRecord;
  /** S₀: before, with funding, the batch's deposits and incoming transfers. */
  readonly start: AccountRecord;
  readonly now: AccountRecord;
  readonly depositsMicroUsd: bigint;
  /** A withdrawal or a transfer out is among the rows. */
  readonly paid: boolean;
  readonly cancelledAll: boolean;
}

/** A row of the batch so far. */
export interface OpenRow {
  readonly message: Signed<Message>;
  readonly quantityLots: number;
  readonly quoteMicroUsd: bigint;
  readonly feePicoUsd: bigint;
  /** Of an order or cancel; the batcher finds slot 0 for the others. */
  readonly slotBefore: OrderSlot | undefined;
  readonly slotAfter: OrderSlot | undefined;
}

export interface BatchCounts {
  rows: number;
  accounts: number;
  queue: number;
  /** Withdrawals and transfers: they share the tier's first rows. */
  withdrawals: number;
}

export function fitsTier(counts: BatchCounts, tier: Tier): boolean {
  return (
    counts.rows <= tier.rows &&
    counts.accounts <= tier.accounts &&
    counts.queue <= tier.queue &&
    counts.withdrawals <= tier.withdrawals
  );
}
