import type { Side } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";

/** Why an order is no longer live. Closed: a feed may rely on it. */
export const CLOSE_REASONS = [
  /** Nothing is left. */
  "filled",
  /** By its owner, or by the exchange on its owner's behalf. */
  "cancelled",
  /** By a higher sequence on its slot. */
  "replaced",
  "expired",
  /** The epoch's price moved so far that no fill at its limit could be proven. */
  "price-band",
  /** Its market has retired. */
  "market-retired",
  /** It met an order of its own account. */
  "self-trade",
  /** Its account has no position left that it could reduce. */
  "reduce-only",
  /** As a maker it failed the margin check. */
  "maker-margin",
  /** As a maker it could not be proven (band, fee, cap). */
  "maker-unprovable",
  /** As a taker it failed the margin check; earlier fills stand. */
  "taker-margin",
  "taker-unprovable",
  /** An IOC order found nothing more to fill. */
  "ioc-remainder",
  /** Its price level's total would no longer be an exact integer. */
  "level-full",
  /** Its account is being liquidated. */
  "liquidation",
  /** Its account is leaving: a forced exit was asked for on L1. */
  "forced-exit",
  /** What it showed of itself is filled, and it shows more: it is live again, behind the others at its price. */
  "part-filled",
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** An order was let in. Exactly one `booked` or `removed` for it follows in the same command. */
export interface AcceptedEvent {
  type: "accepted";
  account: number;
  slot: number;
  sequence: number;
  market: number;
  side: Side;
  priceTicks: number;
  /** Signed total. */
  quantityLots: number;
  /** What could still fill when it came in. */
  remainingLots: number;
}

/** The same for an order that was in the book before, or for another one on its slot and sequence: fills of all of them are counted as one. */
export interface ResumedEvent extends Omit<AcceptedEvent, "type"> {
  type: "resumed";
}

/** An order rests. Depth rises by remainingLots. */
export interface BookedEvent {
  type: "booked";
  account: number;
  slot: number;
  sequence: number;
  market: number;
  side: Side;
  priceTicks: number;
  remainingLots: number;
  /** An amend that kept its predecessor's place in the queue. */
  keptPriority: boolean;
}

/** A fill at the maker's price. Depth on the maker's side falls by quantityLots. */
export interface FillEvent {
  type: "fill";
  /** Consecutive over all markets, from 1. */
  tradeId: number;
  market: number;
  priceTicks: number;
  quantityLots: number;
  takerSide: Side;
  makerAccount: number;
  makerSlot: number;
  makerSequence: number;
  makerRemainingLots: number;
  takerAccount: number;
  /** −1 for a liquidation or a forced exit. */
  takerSlot: number;
  takerSequence: number;
  takerRemainingLots: number;
  liquidation: boolean;
  /** The taker is leaving: what closes its position nobody signed. */
  exit: boolean;
}

/** Self-trade prevention took lots off an order that stays live. If it rested, depth falls by decrementLots. */
export interface DecrementedEvent {
  type: "decremented";
  account: number;
  slot: number;
  sequence: number;
  market: number;
  side: Side;
  priceTicks: number;
  decrementLots: number;
  remainingLots: number;
  rested: boolean;
}

/** An order is no longer live. If it rested, depth falls by remainingLots. */
export interface RemovedEvent {
  type: "removed";
  account: number;
  slot: number;
  sequence: number;
  market: number;
  side: Side;
  priceTicks: number;
  /** What was still open. */
  remainingLots: number;
  filledLots: number;
  reason: CloseReason;
  rested: boolean;
}

/** A command was refused and changed nothing. */
export interface RejectedEvent {
  type: "rejected";
  account: number;
  slot: number;
  sequence: number;
  code: RejectCode;
}

/** A cancel met no live order; orders on the slot up to this sequence will be refused. */
export interface CancelRememberedEvent {
  type: "cancel-remembered";
  account: number;
  slot: number;
  sequence: number;
}

/** A liquidation has taken what it could from the book. */
export interface LiquidationEndedEvent {
  type: "liquidation-ended";
  account: number;
  market: number;
  side: Side;
  filledLots: number;
  remainingLots: number;
  /** What stopped it, or null: filled, restored, or no crossing order left. */
  reason: CloseReason | null;
}

export type BookEvent =
  | AcceptedEvent
  | ResumedEvent
  | BookedEvent
  | FillEvent
  | DecrementedEvent
  | RemovedEvent
  | RejectedEvent
  | CancelRememberedEvent
  | LiquidationEndedEvent;
