import type { Side } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import type { BookOrder } from "./order.ts";

/** A fill that the book would make. One object is reused for all of them: read it during the call, never keep it. */
export interface ProposedFill {
  market: number;
  /** The maker's limit: every fill happens at the maker's price. */
  priceTicks: number;
  quantityLots: number;
  takerSide: Side;
  makerAccount: number;
  makerSlot: number;
  makerSequence: number;
  /** Whether the maker's order keeps what was filled on its slot when it takes the slot over. */
  makerKeepFilled: boolean;
  takerAccount: number;
  /** −1 when the taker is a liquidation or a forced exit, which has no order and no slot. */
  takerSlot: number;
  takerSequence: number;
  takerKeepFilled: boolean;
  /** The taker is being liquidated: its side is judged by the liquidation rule, not by initial margin. */
  liquidation: boolean;
  /** The taker's position is closed for a forced exit: its side is judged by the rules of requests. */
  exit: boolean;
}

/**
 * Why a fill may not happen, and whose fault it is. A maker at fault is removed and matching goes on; a taker at fault
 * stops matching. "unprovable" is everything but margin that the batch predicate refuses: the band around the epoch's price,
 * a fee above the signed maximum, an open-interest cap, an account in liquidation.
 */
export type FillVerdict = "ok" | "maker-margin" | "maker-unprovable" | "taker-margin" | "taker-unprovable";

/**
 * What the ledger answers and does for the matcher. It is the only place with margin, fee and slot rules.
 * All answers must depend on the ledger's state alone, so that a replay gives the same book.
 */
export interface FillGate {
  /** Signed position. */
  positionLots(account: number, market: number): number;
  /**
   * Lowest sequence that an order on its slot may carry: not below the slot's in the ledger, nor the account's minimum. The book itself
   * takes each sequence once; one that it has never seen may be what another operator's book had, and go on, unless it was to trade at
   * once or not at all.
   */
  sequenceFloor(order: Pick<BookOrder, "account" | "slot" | "timeInForce">): number;
  /** Lots that an order starts with on its slot: exactly what the circuit will count as filled. */
  startingFilledLots(order: Pick<BookOrder, "account" | "slot" | "sequence" | "keepFilled">): number;
  /**
   * Last word on an order that is otherwise in order, before anything changes: account and key known, fee maximum, price band,
   * margin for resting, capacity. Null lets it in.
   * @param remainingLots what could still fill
   */
  admit(order: BookOrder, remainingLots: number): RejectCode | null;
  /**
   * Most lots that a liquidation may take at a price now: what restores the account at it. 0 ends the liquidation: nothing is left to
   * restore, or the price is worse than it may be.
   */
  liquidationLots(account: number, market: number, side: Side, priceTicks: number): number;
  /** Whether both sides may make this fill now. Changes nothing. */
  check(fill: ProposedFill): FillVerdict;
  /** Applies a fill that was just checked. */
  apply(fill: ProposedFill): void;
  /** Starts a trial: fills applied from here on are undone by {@link rollback}. Trials are never nested. */
  begin(): void;
  rollback(): void;
}
