import type { BookEvent, CloseReason, RejectedEvent } from "../book/book-event.ts";
import type { FundingSample } from "../protocol/funding-interval.ts";
import type { Side } from "../protocol/message.ts";
import type { RequestKind, RequestOutcome } from "../protocol/queue-chain.ts";
import type { RejectCode } from "../protocol/reject.ts";
import type { DeleveragingRank } from "../risk/deleveraging-rank.ts";
import type { ClosingRequest } from "../risk/request-rules.ts";
import type { SealedInterval } from "./funding-meter.ts";

export type { CloseReason } from "../book/book-event.ts";

/** An epoch came into force. */
export interface EpochEvent {
  type: "epoch";
  number: number;
  timeSeconds: number;
}

/** An account exists: orders under its key are accepted from here on. */
export interface RegisteredEvent {
  type: "registered";
  account: number;
  owner: bigint;
}

export interface DepositEvent {
  type: "deposit";
  account: number;
  amountMicroUsd: bigint;
}

/** A withdrawal was accepted: the money has left the account and becomes claimable on L1 once proven. */
export interface WithdrawalEvent {
  type: "withdrawal";
  account: number;
  nonce: number;
  amountMicroUsd: bigint;
}

/** A transfer was accepted: the money is in the other account, under the finality of its step. */
export interface TransferEvent {
  type: "transfer";
  account: number;
  to: number;
  nonce: number;
  amountMicroUsd: bigint;
}

/** A signed cancel was accepted. The order it took out, if one was live, has a `removed` of its own before this. */
export interface CancelledEvent {
  type: "cancelled";
  account: number;
  slot: number;
  sequence: number;
  /** It becomes a row of a batch. */
  settle: boolean;
}

/** A signed cancel-all was accepted: orders below this sequence are gone and will be refused. */
export interface CancelledAllEvent {
  type: "cancelled-all";
  account: number;
  minSequence: number;
  settle: boolean;
}

/** An account's dead-man's switch was set, turned off, or has fired: then its orders have a `removed` each before this. */
export interface DeadMansSwitchEvent {
  type: "dead-mans-switch";
  account: number;
  /** When all orders are cancelled; null: never. */
  deadlineMs: number | null;
}

/** How a conditional order stands. Closed: a feed may rely on it. */
export const CONDITIONAL_STATUSES = [
  /** Waits for its entry to fill. */
  "dormant",
  /** Waits for its price or time. */
  "waiting",
  /** Its price was reached: it goes in next. */
  "triggered",
  /** In the book, or between two parts. */
  "active",
  /** Executed as far as it went. */
  "done",
  "cancelled",
  /** It was its turn, and it was refused. */
  "refused",
] as const;
export type ConditionalStatus = (typeof CONDITIONAL_STATUSES)[number];

/** Why a conditional order is over, beside what ends orders in the book. */
export const CONDITIONAL_REASONS = [
  /** The other one of its slot was executed. */
  "other-order",
  /** Its entry ended without a fill. */
  "entry-ended",
  /** Of an entry: what depends on it was executed. */
  "exit-executed",
] as const;
export type ConditionalReason = (typeof CONDITIONAL_REASONS)[number] | CloseReason | RejectCode;

/** A conditional order stands differently. */
export interface ConditionalEvent {
  type: "conditional";
  account: number;
  /** Number of the command that placed it, and its place in that. */
  group: number;
  leg: number;
  slot: number;
  sequence: number;
  market: number;
  status: ConditionalStatus;
  reason: ConditionalReason | null;
  filledLots: number;
}

/** An order is to be cancelled at a time, or is not any more. */
export interface CancelTimeEvent {
  type: "cancel-time";
  account: number;
  slot: number;
  sequence: number;
  /** null: never. */
  atMs: number | null;
}

export interface FeeTierEvent {
  type: "fee-tier";
  account: number;
  tier: number;
}

/** An account trades one market only from here on, or any. */
export interface MarginModeEvent {
  type: "margin-mode";
  account: number;
  /** null: cross. */
  isolatedMarket: number | null;
}

/** The books were looked at for funding. */
export interface FundingSampleEvent {
  type: "funding-sample";
  sample: FundingSample;
}

/** A funding interval is complete: its rates will be charged, and batches of later epochs carry its hash. */
export interface FundingIntervalEvent {
  type: "funding-interval";
  sealed: SealedInterval;
}

/** A part of a position was closed in the book because its account was below maintenance margin. Sums over the fills just before it. */
export interface LiquidatedEvent {
  type: "liquidated";
  account: number;
  market: number;
  /** What the account did: "sell" closed a long. */
  side: Side;
  quantityLots: number;
  quoteMicroUsd: bigint;
  /** From the account to the insurance fund. */
  feePicoUsd: bigint;
  /** From the fund to the account, so that it does not get less than the bankruptcy quote. */
  payoutPicoUsd: bigint;
}

/** Why the book did not take a bankrupt position. Closed: a feed may rely on it. */
export const DELEVERAGING_REASONS = [
  /** Nobody offered a price at which it may be closed. */
  "book-empty",
  /** The insurance fund cannot pay for the price that the book offered. */
  "insurance-exhausted",
] as const;
export type DeleveragingReason = (typeof DELEVERAGING_REASONS)[number];

/** A position was closed against one on the opposite side, at the epoch's price, because the latter is bankrupt. Each side has its own event. */
export interface DeleveragedEvent {
  type: "deleveraged";
  account: number;
  /** The account on the other side. */
  other: number;
  role: "liquidated" | "counterparty";
  market: number;
  /** What the account did. */
  side: Side;
  quantityLots: number;
  priceTicks: number;
  reason: DeleveragingReason;
  /** The counterparty's, before. */
  rank: DeleveragingRank;
  /** What the account got beside the quote; negative is what it paid. The bankrupt one gets the payout, the counterparty pays what is not covered. */
  receivedPicoUsd: bigint;
  /** The insurance fund's part of the payout. */
  coveredPicoUsd: bigint;
}

/** A position in a market that has retired was turned into money at the market's last price. */
export interface PositionSettledEvent {
  type: "position-settled";
  account: number;
  market: number;
  /** Signed. */
  sizeLots: number;
  priceTicks: number;
}

/** A part of a position was closed against one on the opposite side because a request from L1 asks for it. Each side has its own event. */
export interface ForcedClosedEvent {
  type: "forced-closed";
  account: number;
  /** The account on the other side. */
  other: number;
  /** Whether the request is about the account, or it had to take the other side. */
  role: "requested" | "counterparty";
  request: ClosingRequest;
  market: number;
  /** What the account did. */
  side: Side;
  quantityLots: number;
  /** The epoch's. */
  priceTicks: number;
  /** What the lots went for: off that price by the haircut in a forced exit. */
  quoteMicroUsd: bigint;
}

/** A request from L1 has ended. What it closed, removed and paid has events of its own before this. */
export interface RequestServedEvent {
  type: "request-served";
  account: number;
  request: RequestKind;
  outcome: Exclude<RequestOutcome, "advanced">;
  /** The account's from here on. */
  minSequence: number;
}

/** Why a request has to wait at the head of the queue, and everything behind it. Closed: a feed may rely on it. */
export const REQUEST_WAITS = [
  /** The pool does not hold what the account is worth: others owe it, and are to be settled first. */
  "pool-short",
  /** Nobody is on the other side who could take the position over as it is. */
  "no-counterparty",
] as const;
export type RequestWait = (typeof REQUEST_WAITS)[number];

/** A request from L1 could not end yet; told when it begins to wait, and when it waits for something else. */
export interface RequestWaitsEvent {
  type: "request-waits";
  account: number;
  request: RequestKind;
  reason: RequestWait;
}

/** A forced exit has paid: the money has left the account and becomes claimable on L1 once proven. */
export interface ExitPaidEvent {
  type: "exit-paid";
  account: number;
  amountMicroUsd: bigint;
}

export type ExchangeEvent =
  | Exclude<BookEvent, RejectedEvent>
  | EpochEvent
  | RegisteredEvent
  | DepositEvent
  | WithdrawalEvent
  | TransferEvent
  | CancelledEvent
  | CancelledAllEvent
  | FeeTierEvent
  | ConditionalEvent
  | CancelTimeEvent
  | DeadMansSwitchEvent
  | LiquidatedEvent
  | DeleveragedEvent
  | PositionSettledEvent
  | ForcedClosedEvent
  | RequestServedEvent
  | RequestWaitsEvent
  | ExitPaidEvent
  | MarginModeEvent
  | FundingSampleEvent
  | FundingIntervalEvent;

/** An event with its place in the exchange's history. */
export interface SequencedEvent {
  /** Consecutive over all accepted commands, from 1. */
  seq: number;
  /** Index of the command, from 1. */
  command: number;
  /** Number of the ledger step that this event is proven by, or null: a promise, or nothing to prove. */
  step: number | null;
  event: ExchangeEvent;
}
