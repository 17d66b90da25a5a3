import type { Message, Signed } from "../protocol/message.ts";
import type { Tier } from "../protocol/spec.ts";
import type { DeleveragingRefusal, ForcedRow, LiquidationRefusal } from "../risk/liquidation-rules.ts";
import type { ClosingRequest, ExitFillRefusal, ForcedCloseRefusal } from "../risk/request-rules.ts";
import type { TransitionRefusal } from "../risk/transition.ts";
import type { AccountRecord } from "./account-record.ts";
import type { CancelRefusal, RowRefusal } from "./row-rules.ts";
import type { LiquidationTrace, OrderSlot, RequestTrace } from "./trace.ts";
import type { TransferRefusal, WithdrawalRefusal } from "./withdrawal-rules.ts";

/** Why a step does not belong into a batch. */
export type BatchRefusal =
  | RowRefusal
  | CancelRefusal
  | TransitionRefusal
  | WithdrawalRefusal
  | LiquidationRefusal
  | DeleveragingRefusal
  | ExitFillRefusal
  | ForcedCloseRefusal
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
  | "no-insurance-account"
  /** Who is named by a liquidation has no other row in the batch. */
  | "row-beside-liquidation"
  /** What a deposit adds counts before S₀: it would change what the liquidation was judged by. */
  | "deposit-after-liquidation"
  /** A request is the last that a batch does. */
  | "behind-request"
  | "request-outcome"
  | "request-payout"
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
  /** S₀: before, with funding, retired markets, the batch's deposits and incoming transfers. */
  readonly start: AccountRecord;
  readonly now: AccountRecord;
  readonly depositsMicroUsd: bigint;
  /** A message that it signed is among the rows. */
  readonly hasRow: boolean;
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

/** A row of the batch so far that nobody signed. */
export interface OpenLiquidation extends ForcedRow {
  readonly kind: LiquidationTrace["kind"];
  readonly account: number;
  /** Deleveraging and forced close only. */
  readonly counterparty: number | undefined;
  /** What it is done for; exit fill and forced close only. */
  readonly request: ClosingRequest | undefined;
}

/** The request that the batch serves. */
export type OpenRequest = Omit<RequestTrace, "accountSlot">;

export interface BatchCounts {
  rows: number;
  accounts: number;
  /** Registrations and deposits; a request has a place of its own. */
  queue: number;
  /** Withdrawals and transfers: they share the tier's first rows. */
  withdrawals: number;
  /** Rows that nobody signed, which have places of their own. */
  liquidations: number;
}

/** The one that holds most. @throws RangeError without any */
export function largestTier(tiers: readonly Tier[]): Tier {
  const largest = [...tiers].sort((a, b) => b.rows - a.rows || b.accounts - a.accounts)[0];
  if (largest === undefined) throw new RangeError("no tier is in use");
  return largest;
}

export function fitsTier(counts: BatchCounts, tier: Tier): boolean {
  return (
    counts.rows <= tier.rows &&
    counts.accounts <= tier.accounts &&
    counts.queue <= tier.queue &&
    counts.withdrawals <= tier.withdrawals &&
    counts.liquidations <= tier.liquidations
  );
}
