import type { RejectCode } from "../protocol/reject.ts";
import { ACCOUNTS, ORDER_SLOTS, WIDTH } from "../protocol/spec.ts";
import type { BookEvent, CloseReason } from "./book-event.ts";
import type { BookRules } from "./book-rules.ts";
import { DryRun } from "./dry-run.ts";
import type { FillGate } from "./fill-gate.ts";
import { Matching } from "./matching.ts";
import { type BookOrder, packTerms, reducibleLots, sameTermsForPriority, slotKey, termsMarket } from "./order.ts";
import { OrderBook } from "./order-book.ts";
import { NIL } from "./order-pool.ts";
import { orderReject } from "./order-validity.ts";
import { crosses, type ForcedOrder, forcedTaker, newTaker, type Taker, takeOrder } from "./taker.ts";

const SEQUENCE_LIMIT = 2 ** WIDTH.sequence;

/** What of an order is let in at once. */
export interface OrderPart {
  /** Filled before, of the slot's sequence. */
  readonly filledLots: number;
  readonly lots: number;
  /** Most that may rest at once: the others are shown as these fill. */
  readonly shownLots: number;
  /** The worst price of this part: the signed limit, or a better one. */
  readonly worstTicks: number;
  /** The slot was given to the order's sequence before. */
  readonly isReserved: boolean;
  /** An order of this slot and sequence was in the book before. */
  readonly isResumed: boolean;
}

/**
 * The order book's commands. A deterministic state machine: the same commands, times and gate answers give the same events
 * and the same book. A rejected command changes nothing.
 *
 * Every command appends its events to the array it is given and returns that array.
 */
export class MatchingEngine {
  readonly book = new OrderBook();
  readonly matching: Matching;
  private readonly gate: FillGate;
  private readonly dryRun: DryRun;
  /** The incoming order while it matches: one object for all of them. */
  private readonly taker = newTaker();
  /** Terms in force. The sequencer replaces them at an epoch's boundary; resting orders stay as they are. */
  rules: BookRules;

  constructor(gate: FillGate, rules: BookRules) {
    this.gate = gate;
    this.rules = rules;
    this.matching = new Matching(this.book, gate);
    this.dryRun = new DryRun(this.book, gate);
  }

  /**
   * Places an order, replaces the live one on its slot, or, with keepFilled, amends it.
   * An amend keeps its place in the queue if price, side and terms are the same and its remaining quantity does not rise.
   * @param nowSeconds the epoch's time
   */
  place(order: BookOrder, nowSeconds: number, events: BookEvent[] = []): BookEvent[] {
    const { book, gate } = this;
    // 1. The order by itself, then its sequence.
    let code = orderReject(order, this.rules, nowSeconds);
    if (code !== null) return this.reject(order, code, events);
    const key = slotKey(order.account, order.slot);
    const entry = book.slots.find(key);
    code = this.sequenceReject(order, entry);
    if (code !== null) return this.reject(order, code, events);

    // 2. What is left of it. The ledger's number counts, because the circuit will use it.
    const live = entry === NIL ? NIL : book.slots.node(entry);
    const filledLots = gate.startingFilledLots(order);
    if (order.keepFilled && live !== NIL && filledLots !== book.pool.filledLots(live)) {
      return this.reject(order, "KEPT_FILLED_MISMATCH", events);
    }
    const remainingLots = order.quantityLots - filledLots;
    if (remainingLots <= 0) {
      if (live === NIL) return this.reject(order, "ALREADY_FILLED", events);
      return this.amendToNothing(order, filledLots, live, events);
    }

    // 3. The order against account and book; still nothing has changed.
    code = this.accountReject(order, live, remainingLots);
    if (code !== null) return this.reject(order, code, events);
    if (live !== NIL && this.keepsPlace(order, remainingLots, live)) {
      return this.amendInPlace(order, filledLots, remainingLots, live, events);
    }
    const taker = this.taker;
    takeOrder(taker, order, filledLots, remainingLots);
    code = this.bookReject(order, taker, live, nowSeconds);
    if (code !== null) return this.reject(order, code, events);

    // 4. It is in.
    const accepted = this.accept(order, remainingLots, events);
    if (live !== NIL) this.matching.remove(live, "replaced", events);
    const stop = this.matching.run(taker, nowSeconds, events);
    if (taker.remainingLots === 0) this.close(order, taker, "filled", events);
    else if (stop !== null) this.close(order, taker, stop, events);
    else if (order.timeInForce !== "GTT") this.close(order, taker, "ioc-remainder", events);
    else this.rest(order, taker, accepted, events);
    return events;
  }

  /** Why an order of this sequence may not come to its slot, or null. */
  sequenceRefusal(order: BookOrder): RejectCode | null {
    return this.sequenceReject(order, this.book.slots.find(slotKey(order.account, order.slot)));
  }

  /** Gives a slot to an order that comes in later: it ends what rests there, and nothing of this sequence or below is let onto it. */
  reserve({ account, slot, sequence }: Pick<BookOrder, "account" | "slot" | "sequence">, events: BookEvent[]): void {
    const { slots } = this.book;
    const entry = slots.ensure(slotKey(account, slot));
    slots.setSequence(entry, sequence);
    const live = slots.node(entry);
    if (live !== NIL) this.matching.remove(live, "replaced", events);
  }

  /**
   * Lets a part of an order in: matched like a whole one, within its signed terms. A part of an order that was let in before, or of another
   * one on the same slot and sequence, resumes: what all of them fill is counted as one.
   */
  placePart(order: BookOrder, part: OrderPart, nowSeconds: number, events: BookEvent[] = []): BookEvent[] {
    const { book } = this;
    const entry = book.slots.find(slotKey(order.account, order.slot));
    const live = entry === NIL ? NIL : book.slots.node(entry);
    let code = orderReject(order, this.rules, nowSeconds);
    if (code === null && !part.isReserved) code = this.sequenceRefusal(order);
    if (code === null && part.isReserved && (live !== NIL || book.slots.sequence(entry) !== order.sequence)) {
      code = "STALE_SEQUENCE";
    }
    if (code !== null) return this.reject(order, code, events);
    const remainingLots = Math.min(part.lots, order.quantityLots - part.filledLots);
    if (remainingLots <= 0) return this.reject(order, "ALREADY_FILLED", events);
    const taker = this.taker;
    takeOrder(taker, order, part.filledLots, remainingLots);
    taker.priceTicks = part.worstTicks;
    code = this.accountReject(order, live, remainingLots) ?? this.bookReject(order, taker, live, nowSeconds);
    if (code !== null) return this.reject(order, code, events);

    const accepted = this.accept(order, order.quantityLots - part.filledLots, events, part.isResumed);
    if (live !== NIL) this.matching.remove(live, "replaced", events);
    const stop = this.matching.run(taker, nowSeconds, events);
    if (taker.remainingLots === 0) this.close(order, taker, "filled", events);
    else if (stop !== null) this.close(order, taker, stop, events);
    else if (order.timeInForce !== "GTT") this.close(order, taker, "ioc-remainder", events);
    else {
      taker.remainingLots = Math.min(taker.remainingLots, part.shownLots);
      this.rest(order, taker, accepted, events);
    }
    return events;
  }

  /**
   * Takes the live order off a slot.
   * @param sequence kills orders up to this sequence, live or yet to come; null kills whatever is live and nothing else
   */
  cancel(account: number, slot: number, sequence: number | null, events: BookEvent[] = []): BookEvent[] {
    const { book } = this;
    if (!isIndex(account, ACCOUNTS)) return this.rejectCancel(account, slot, sequence, "INVALID_ACCOUNT", events);
    if (!isIndex(slot, ORDER_SLOTS)) return this.rejectCancel(account, slot, sequence, "INVALID_SLOT", events);
    if (sequence !== null && (!isIndex(sequence, SEQUENCE_LIMIT) || sequence === 0)) {
      return this.rejectCancel(account, slot, sequence, "INVALID_SEQUENCE", events);
    }
    const key = slotKey(account, slot);
    const entry = book.slots.find(key);
    const live = entry === NIL ? NIL : book.slots.node(entry);
    if (live !== NIL) {
      if (sequence !== null && sequence < book.pool.sequence(live)) {
        return this.rejectCancel(account, slot, sequence, "STALE_SEQUENCE", events);
      }
      this.matching.remove(live, "cancelled", events);
      if (sequence !== null) book.slots.setSequence(entry, sequence);
      return events;
    }
    const lastSequence = entry === NIL ? 0 : book.slots.sequence(entry);
    if (sequence === null || sequence <= lastSequence) {
      return this.rejectCancel(account, slot, sequence, "ORDER_NOT_FOUND", events);
    }
    book.slots.setSequence(book.slots.ensure(key), sequence);
    events.push({ type: "cancel-remembered", account, slot, sequence });
    return events;
  }

  /**
   * Takes an account's live orders out, ascending by slot.
   * @param filter only those of a market, only those below a sequence (the account's new minimum)
   */
  cancelAll(
    account: number,
    filter: { market?: number; belowSequence?: number } = {},
    events: BookEvent[] = [],
    reason: "cancelled" | "liquidation" | "forced-exit" = "cancelled",
  ): BookEvent[] {
    const pool = this.book.pool;
    for (const node of this.book.ordersOf(account)) {
      if (filter.market !== undefined && termsMarket(pool.terms(node)) !== filter.market) continue;
      if (filter.belowSequence !== undefined && pool.sequence(node) >= filter.belowSequence) continue;
      this.matching.remove(node, reason, events);
    }
    return events;
  }

  /** Runs a liquidation against the book. The gate alone judges how much of it is right. It never rests. */
  liquidate(order: ForcedOrder, nowSeconds: number, events: BookEvent[] = []): BookEvent[] {
    const taker = forcedTaker(order, false);
    const reason = this.matching.run(taker, nowSeconds, events);
    events.push({
      type: "liquidation-ended",
      account: order.account,
      market: order.market,
      side: order.side,
      filledLots: taker.filledLots,
      remainingLots: taker.remainingLots,
      reason: taker.remainingLots === 0 ? null : reason,
    });
    return events;
  }

  /** Closes a position for a forced exit against the book, as far as that offers prices within the order's limit. It never rests. */
  exit(order: ForcedOrder, nowSeconds: number, events: BookEvent[] = []): BookEvent[] {
    this.matching.run(forcedTaker(order, true), nowSeconds, events);
    return events;
  }

  /** Removes every order whose expiry lies before the epoch's time, ascending by (expiry, account, slot). */
  expire(nowSeconds: number, events: BookEvent[] = []): BookEvent[] {
    for (const node of this.book.expired(nowSeconds)) this.matching.remove(node, "expired", events);
    return events;
  }

  /** To be called after a position changed outside of the book: removes reduce-only orders that no longer reduce it. */
  positionChanged(account: number, market: number, events: BookEvent[] = []): BookEvent[] {
    if (this.book.reduceOnlyCount(account) === 0) return events;
    const positionLots = this.gate.positionLots(account, market);
    if (positionLots >= 0) this.matching.removeReduceOnly(account, market, "buy", events);
    if (positionLots <= 0) this.matching.removeReduceOnly(account, market, "sell", events);
    return events;
  }

  private sequenceReject(order: BookOrder, entry: number): RejectCode | null {
    const { sequence } = order;
    const lastSequence = entry === NIL ? 0 : this.book.slots.sequence(entry);
    if (sequence === lastSequence) return "DUPLICATE_SEQUENCE";
    if (sequence < lastSequence || sequence < this.gate.sequenceFloor(order)) return "STALE_SEQUENCE";
    return null;
  }

  private accountReject(order: BookOrder, live: number, remainingLots: number): RejectCode | null {
    if (
      live === NIL &&
      order.timeInForce === "GTT" &&
      this.book.openOrderCount(order.account) >= this.rules.openOrdersPerAccountMax
    ) {
      return "OPEN_ORDERS_LIMIT";
    }
    if (order.reduceOnly) {
      const positionLots = this.gate.positionLots(order.account, order.market);
      if (reducibleLots(positionLots, order.side) === 0) return "REDUCE_ONLY_WOULD_INCREASE";
    }
    return this.gate.admit(order, remainingLots);
  }

  /** What the order's conditions on immediate execution say. Only these two need a look at what would happen. */
  private bookReject(order: BookOrder, taker: Taker, live: number, nowSeconds: number): RejectCode | null {
    if (!order.postOnly && order.timeInForce !== "FOK") return null;
    const best = this.book.best(taker.oppositeSide);
    const touches = best !== NIL && crosses(taker, this.book.pool.priceTicks(best));
    if (order.postOnly) {
      return touches && this.dryRun.wouldFill(taker, live, nowSeconds) ? "POST_ONLY_WOULD_CROSS" : null;
    }
    if (!touches) return "FOK_NOT_FILLABLE";
    return this.dryRun.fillableLots(taker, live, nowSeconds) < taker.remainingLots ? "FOK_NOT_FILLABLE" : null;
  }

  private keepsPlace(order: BookOrder, remainingLots: number, live: number): boolean {
    const pool = this.book.pool;
    return (
      order.keepFilled &&
      order.limitPriceTicks === pool.priceTicks(live) &&
      sameTermsForPriority(packTerms(order), pool.terms(live)) &&
      remainingLots <= pool.remainingLots(live)
    );
  }

  private amendInPlace(
    order: BookOrder,
    filled: number,
    remaining: number,
    live: number,
    events: BookEvent[],
  ): BookEvent[] {
    this.accept(order, remaining, events);
    const old = this.book.pool.read(live);
    events.push({
      type: "removed",
      account: old.account,
      slot: old.slot,
      sequence: old.sequence,
      market: old.market,
      side: old.side,
      priceTicks: old.limitPriceTicks,
      remainingLots: old.remainingLots,
      filledLots: old.filledLots,
      reason: "replaced",
      rested: true,
    });
    this.book.amendInPlace(live, order, filled, remaining);
    this.pushBooked(order, remaining, true, events);
    return events;
  }

  /** An amend to no more than what is filled already: its sender wants no further fill, so the live order goes. */
  private amendToNothing(order: BookOrder, filledLots: number, live: number, events: BookEvent[]): BookEvent[] {
    this.accept(order, 0, events);
    this.matching.remove(live, "replaced", events);
    takeOrder(this.taker, order, filledLots, 0);
    this.close(order, this.taker, "filled", events);
    return events;
  }

  private rest(order: BookOrder, taker: Taker, entry: number, events: BookEvent[]): void {
    const { levels } = this.book;
    const level = levels.find(taker.oppositeSide ^ 1, order.limitPriceTicks);
    if (!levels.hasRoom(level, taker.remainingLots)) {
      this.close(order, taker, "level-full", events);
      return;
    }
    this.book.add(order, taker.filledLots, taker.remainingLots, entry, level);
    this.pushBooked(order, taker.remainingLots, false, events);
  }

  /** @returns the slot's entry, valid through the command */
  private accept(order: BookOrder, remainingLots: number, events: BookEvent[], resumes = false): number {
    const slots = this.book.slots;
    const entry = slots.ensure(slotKey(order.account, order.slot));
    slots.setSequence(entry, order.sequence);
    const { account, slot, sequence, market, side, limitPriceTicks: priceTicks, quantityLots } = order;
    const terms = { account, slot, sequence, market, side, priceTicks, quantityLots, remainingLots };
    events.push(resumes ? { type: "resumed", ...terms } : { type: "accepted", ...terms });
    return entry;
  }

  private pushBooked(order: BookOrder, remainingLots: number, keptPriority: boolean, events: BookEvent[]): void {
    events.push({
      type: "booked",
      account: order.account,
      slot: order.slot,
      sequence: order.sequence,
      market: order.market,
      side: order.side,
      priceTicks: order.limitPriceTicks,
      remainingLots,
      keptPriority,
    });
  }

  /** Ends an order that never rested. */
  private close(order: BookOrder, taker: Taker, reason: CloseReason, events: BookEvent[]): void {
    events.push({
      type: "removed",
      account: order.account,
      slot: order.slot,
      sequence: order.sequence,
      market: order.market,
      side: order.side,
      priceTicks: order.limitPriceTicks,
      remainingLots: taker.remainingLots,
      filledLots: taker.filledLots,
      reason,
      rested: false,
    });
  }

  private reject(order: BookOrder, code: RejectCode, events: BookEvent[]): BookEvent[] {
    events.push({ type: "rejected", account: order.account, slot: order.slot, sequence: order.sequence, code });
    return events;
  }

  private rejectCancel(
    account: number,
    slot: number,
    sequence: number | null,
    code: RejectCode,
    events: BookEvent[],
  ): BookEvent[] {
    events.push({ type: "rejected", account, slot, sequence: sequence ?? 0, code });
    return events;
  }
}

function isIndex(x: unknown, limit: number): boolean {
  return typeof x === "number" && Number.isSafeInteger(x) && x >= 0 && x < limit;
}
