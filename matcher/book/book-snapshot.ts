import { ACCOUNTS, ORDER_SLOTS, WIDTH } from "../protocol/spec.ts";
import type { BookRules } from "./book-rules.ts";
import { canonicalNodes } from "./book-view.ts";
import type { FillGate } from "./fill-gate.ts";
import { MatchingEngine } from "./matching-engine.ts";
import {
  BOOK_SIDE_COUNT,
  packTerms,
  slotKey,
  slotKeyAccount,
  slotKeySlot,
  termsBookSide,
  termsKeepFilled,
  termsMarket,
  termsPostOnly,
  termsReduceOnly,
  termsSelfTrade,
  termsSide,
  termsTimeInForce,
} from "./order.ts";
import type { OrderBook } from "./order-book.ts";
import { NIL, type OrderPool } from "./order-pool.ts";

export const SNAPSHOT_VERSION = 1;

/** account, slot, sequence, packed terms, price, quantity, filled, remaining, expiry. */
export type OrderRow = [number, number, number, number, number, number, number, number, number];

/** account, slot, last sequence. */
export type SlotRow = [number, number, number];

/**
 * The whole state of the book as plain numbers. Equal books give equal snapshots, byte for byte as JSON, however they came about.
 * Orders stand in canonical order, which carries their time priority; slots are the vacant ones, ascending.
 */
export interface BookSnapshot {
  version: typeof SNAPSHOT_VERSION;
  lastTradeId: number;
  orders: OrderRow[];
  slots: SlotRow[];
}

export function snapshot(engine: MatchingEngine): BookSnapshot {
  const { book } = engine;
  const orders = Array.from(canonicalNodes(book), (node) => orderRow(book.pool, node));
  return { version: SNAPSHOT_VERSION, lastTradeId: engine.matching.lastTradeId, orders, slots: vacantSlots(book) };
}

export function orderRow(pool: OrderPool, node: number): OrderRow {
  return [
    pool.account(node),
    pool.slot(node),
    pool.sequence(node),
    pool.terms(node),
    pool.priceTicks(node),
    pool.quantityLots(node),
    pool.filledLots(node),
    pool.remainingLots(node),
    pool.expirySeconds(node),
  ];
}

/** Slots without a live order and their last sequences, ascending. */
export function vacantSlots({ slots }: OrderBook): SlotRow[] {
  return slots
    .vacantKeys()
    .map((key): SlotRow => [slotKeyAccount(key), slotKeySlot(key), slots.sequence(slots.find(key))]);
}

/**
 * An engine in the state of a snapshot.
 * @throws RangeError when the snapshot cannot be one of ours: unknown version, fields out of range, a slot twice, a crossed market
 */
export function load(state: BookSnapshot, gate: FillGate, rules: BookRules): MatchingEngine {
  if (state.version !== SNAPSHOT_VERSION) throw new RangeError(`snapshot version ${state.version} is unknown`);
  const engine = new MatchingEngine(gate, rules);
  const { book } = engine;
  engine.matching.lastTradeId = requireInteger("lastTradeId", state.lastTradeId, 0, Number.MAX_SAFE_INTEGER);
  for (const row of state.orders) {
    const [account, slot, sequence, terms, priceTicks, quantityLots, filledLots, remainingLots, expirySeconds] = row;
    requireSlot(account, slot, sequence);
    requireInteger("terms", terms, 0, 2 ** 11 - 1);
    requireInteger("price", priceTicks, 1, 2 ** WIDTH.priceTicks - 1);
    requireInteger("quantity", quantityLots, 1, 2 ** WIDTH.quantityLots - 1);
    requireInteger("filled", filledLots, 0, quantityLots - 1);
    requireInteger("remaining", remainingLots, 1, quantityLots - filledLots);
    requireInteger("expiry", expirySeconds, 0, 2 ** WIDTH.timeSeconds - 1);
    if (book.slots.find(slotKey(account, slot)) !== NIL) throw new RangeError(`slot ${account}/${slot} stands twice`);
    const order = {
      account,
      slot,
      sequence,
      market: termsMarket(terms),
      side: termsSide(terms),
      quantityLots,
      limitPriceTicks: priceTicks,
      expirySeconds,
      timeInForce: termsTimeInForce(terms),
      postOnly: termsPostOnly(terms),
      reduceOnly: termsReduceOnly(terms),
      selfTrade: termsSelfTrade(terms),
      keepFilled: termsKeepFilled(terms),
    };
    if (order.timeInForce !== "GTT" || packTerms(order) !== terms) throw new RangeError(`terms ${terms} cannot rest`);
    const entry = book.slots.ensure(slotKey(account, slot));
    book.slots.setSequence(entry, sequence);
    book.add(order, filledLots, remainingLots, entry, book.levels.find(termsBookSide(terms), priceTicks));
  }
  for (const [account, slot, sequence] of state.slots) {
    requireSlot(account, slot, sequence);
    if (book.slots.find(slotKey(account, slot)) !== NIL) throw new RangeError(`slot ${account}/${slot} stands twice`);
    book.slots.setSequence(book.slots.ensure(slotKey(account, slot)), sequence);
  }
  requireUncrossed(engine);
  return engine;
}

/**
 * 64-bit fingerprint of the whole state, 16 hexadecimal digits. It detects divergence between two replays; it is no defence
 * against someone who looks for a collision.
 */
export function digest(engine: MatchingEngine): string {
  const state = snapshot(engine);
  const mixer = new Mixer();
  mixer.add(state.version);
  mixer.add(state.lastTradeId);
  mixer.add(state.orders.length);
  for (const row of state.orders) for (const value of row) mixer.add(value);
  mixer.add(state.slots.length);
  for (const row of state.slots) for (const value of row) mixer.add(value);
  return mixer.hex();
}

/** Two lanes of multiply-and-rotate over the low 32 and the high 21 bits of every number. */
class Mixer {
  private a = 0x243f6a88;
  private b = 0x85a308d3;

  add(value: number): void {
    const low = value >>> 0;
    const high = (value - low) / 2 ** 32;
    this.a = Math.imul(rotate(this.a ^ Math.imul(low, 0xcc9e2d51), 15) + high, 0x1b873593) + 0x52dce729;
    this.b = Math.imul(rotate(this.b ^ Math.imul(high + this.a, 0x85ebca6b), 13) + low, 0xc2b2ae35) + 0x38495ab5;
  }

  hex(): string {
    return (
      (finish(this.a ^ rotate(this.b, 7)) >>> 0).toString(16).padStart(8, "0") +
      (finish(this.b) >>> 0).toString(16).padStart(8, "0")
    );
  }
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function finish(x: number): number {
  const y = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  const z = Math.imul(y ^ (y >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}

function requireInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} ${String(value)} is not an integer from ${min} to ${max}`);
  }
  return value;
}

function requireSlot(account: number, slot: number, sequence: number): void {
  requireInteger("account", account, 0, ACCOUNTS - 1);
  requireInteger("slot", slot, 0, ORDER_SLOTS - 1);
  requireInteger("sequence", sequence, 1, 2 ** WIDTH.sequence - 1);
}

function requireUncrossed(engine: MatchingEngine): void {
  const { book } = engine;
  for (let buy = 0; buy < BOOK_SIDE_COUNT; buy += 2) {
    const bid = book.best(buy);
    const ask = book.best(buy + 1);
    if (bid === NIL || ask === NIL || book.pool.priceTicks(bid) < book.pool.priceTicks(ask)) continue;
    throw new RangeError(`market ${buy / 2} is crossed`);
  }
}
