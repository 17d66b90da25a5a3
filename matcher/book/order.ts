import {
  type OrderMessage,
  SELF_TRADES,
  type SelfTrade,
  type Side,
  TIMES_IN_FORCE,
  type TimeInForce,
} from "../protocol/message.ts";
import { MARKETS, ORDER_SLOTS, WIDTH } from "../protocol/spec.ts";

/**
 * The part of a signed order that the book needs; a whole order message may be passed for it.
 * Its identity while live is (account, slot); a higher sequence on the same slot replaces it.
 */
export type BookOrder = Omit<OrderMessage, "kind" | "maxFeePpm">;

/** A resting order with what has become of it. */
export interface RestingOrder extends BookOrder {
  /** Filled so far, including what keepFilled brought along. */
  readonly filledLots: number;
  /** Still open. quantityLots − filledLots − remainingLots was taken off by self-trade decrements. */
  readonly remainingLots: number;
}

// Bit budgets: slot key 18 + 12 = 30 bits, a positive int32. Price and expiry 32 bits, quantity 40, sequence 48: all exact
// as numbers. A quote, price · quantity, needs 72 bits and is therefore never formed here: it belongs to the ledger.

/** (account, slot) as one positive 30-bit integer. */
export function slotKey(account: number, slot: number): number {
  return (account << WIDTH.slot) | slot;
}

export function slotKeyAccount(key: number): number {
  return key >>> WIDTH.slot;
}

export function slotKeySlot(key: number): number {
  return key & (ORDER_SLOTS - 1);
}

// An order's terms packed into 11 bits. Side and market come first so that the low four bits name one side of one
// market's book (0 … 15), its opposite differing in the lowest bit.
const FLAG_SELL = 1;
const BOOK_SIDE_MASK = 15;
const FLAG_REDUCE_ONLY = 1 << 4;
const FLAG_POST_ONLY = 1 << 5;
const TIME_IN_FORCE_SHIFT = 6;
const SELF_TRADE_SHIFT = 8;
const FLAG_KEEP_FILLED = 1 << 10;

/** Number of (market, side) pairs. */
export const BOOK_SIDE_COUNT = MARKETS * 2;

/** One side of one market's book: market · 2 + (0 buys, 1 sells). */
export function bookSide(market: number, side: Side): number {
  return (market << 1) | (side === "sell" ? FLAG_SELL : 0);
}

/** Packs an order's terms (all but quantity, price, time and identity). */
export function packTerms(order: BookOrder): number {
  let bits = bookSide(order.market, order.side);
  if (order.reduceOnly) bits |= FLAG_REDUCE_ONLY;
  if (order.postOnly) bits |= FLAG_POST_ONLY;
  if (order.keepFilled) bits |= FLAG_KEEP_FILLED;
  bits |= placeIn(TIMES_IN_FORCE, order.timeInForce) << TIME_IN_FORCE_SHIFT;
  return bits | (placeIn(SELF_TRADES, order.selfTrade) << SELF_TRADE_SHIFT);
}

/** indexOf without a call: this runs twice for every order that rests. */
function placeIn<T>(list: readonly T[], item: T): number {
  let place = 0;
  while (place < list.length && list[place] !== item) place += 1;
  return place < list.length ? place : -1;
}

export function termsBookSide(terms: number): number {
  return terms & BOOK_SIDE_MASK;
}

export function termsMarket(terms: number): number {
  return (terms & BOOK_SIDE_MASK) >>> 1;
}

export function termsSide(terms: number): Side {
  return (terms & FLAG_SELL) === 0 ? "buy" : "sell";
}

export function termsReduceOnly(terms: number): boolean {
  return (terms & FLAG_REDUCE_ONLY) !== 0;
}

export function termsPostOnly(terms: number): boolean {
  return (terms & FLAG_POST_ONLY) !== 0;
}

export function termsKeepFilled(terms: number): boolean {
  return (terms & FLAG_KEEP_FILLED) !== 0;
}

export function termsTimeInForce(terms: number): TimeInForce {
  return TIMES_IN_FORCE[(terms >>> TIME_IN_FORCE_SHIFT) & 3] as TimeInForce;
}

export function termsSelfTrade(terms: number): SelfTrade {
  return SELF_TRADES[(terms >>> SELF_TRADE_SHIFT) & 3] as SelfTrade;
}

/** True when only keepFilled may differ: the condition on the terms for an amend to keep its place in the queue. */
export function sameTermsForPriority(a: number, b: number): boolean {
  return ((a ^ b) & ~FLAG_KEEP_FILLED) === 0;
}

/**
 * How many lots an order on `side` may fill without growing or flipping a position.
 * @param positionLots signed position
 */
export function reducibleLots(positionLots: number, side: Side): number {
  const roomLots = side === "buy" ? -positionLots : positionLots;
  return roomLots > 0 ? roomLots : 0;
}
