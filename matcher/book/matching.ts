import type { Side } from "../protocol/message.ts";
import type { BookEvent, CloseReason } from "./book-event.ts";
import type { FillGate, FillVerdict } from "./fill-gate.ts";
import { bookSide, reducibleLots, slotKey, termsMarket, termsReduceOnly, termsSide } from "./order.ts";
import type { OrderBook } from "./order-book.ts";
import { NIL } from "./order-pool.ts";
import { crosses, newProposedFill, proposeFill, type Taker, takerRoomLots } from "./taker.ts";

/** Knows of orders that show a part of themselves at a time. */
export interface HiddenLots {
  /** How many lots an order shows next, once what it showed is filled; 0: no more. */
  nextShownLots(account: number, slot: number, sequence: number): number;
  /** They rest now. */
  shown(account: number, slot: number): void;
}

/** Matches one taker against the book: best price, then oldest, each fill at the maker's price. */
export class Matching {
  private readonly book: OrderBook;
  private readonly gate: FillGate;
  private readonly fill = newProposedFill();
  /** Id of the latest fill. */
  lastTradeId = 0;
  /** null: every order shows all of itself. */
  hidden: HiddenLots | null = null;

  constructor(book: OrderBook, gate: FillGate) {
    this.book = book;
    this.gate = gate;
  }

  /**
   * Runs until the taker is filled, nothing crosses, or the taker must stop.
   * @returns why the taker must not rest, or null when it may: its remaining quantity then crosses nothing
   */
  run(taker: Taker, nowSeconds: number, events: BookEvent[]): CloseReason | null {
    const { book, gate, fill } = this;
    const pool = book.pool;
    while (taker.remainingLots > 0) {
      const maker = book.best(taker.oppositeSide);
      if (maker === NIL || !crosses(taker, pool.priceTicks(maker))) return null;
      // 1. Expired makers go.
      if (pool.expirySeconds(maker) < nowSeconds) {
        this.remove(maker, "expired", events);
        continue;
      }
      // 2. Own makers meet the taker's self-trade rule. Only makers that really cross are ever looked at.
      if (pool.account(maker) === taker.account) {
        const stop = this.meetOwn(taker, maker, events);
        if (stop !== null) return stop;
        continue;
      }
      // 3. A reduce-only side fills at most its position; a maker with nothing to reduce goes.
      let lots = Math.min(taker.remainingLots, pool.remainingLots(maker));
      const makerTerms = pool.terms(maker);
      if (termsReduceOnly(makerTerms)) {
        const positionLots = gate.positionLots(pool.account(maker), taker.market);
        const roomLots = reducibleLots(positionLots, termsSide(makerTerms));
        if (roomLots === 0) {
          this.remove(maker, "reduce-only", events);
          continue;
        }
        lots = Math.min(lots, roomLots);
      }
      if (taker.reduceOnly) {
        const roomLots = takerRoomLots(taker, gate);
        if (roomLots === 0) return "reduce-only";
        lots = Math.min(lots, roomLots);
      }
      // 4. A liquidation goes on only until the account is restored, which depends on every price it gets.
      if (taker.liquidation) {
        const leastLots = gate.liquidationLots(taker.account, taker.market, taker.side, pool.priceTicks(maker));
        if (leastLots === 0) return null;
        lots = Math.min(lots, leastLots);
      }
      // 5. Margin of both sides, and provability.
      proposeFill(fill, taker, pool, maker, lots);
      const verdict = gate.check(fill);
      if (verdict === "ok") {
        this.execute(taker, maker, lots, events);
        if (taker.reduceOnly && taker.remainingLots > 0 && takerRoomLots(taker, gate) === 0) return "reduce-only";
      } else if (blamesMaker(verdict)) this.remove(maker, verdict, events);
      else return verdict;
    }
    return null;
  }

  /** Removes a resting order and says so. */
  remove(node: number, reason: CloseReason, events: BookEvent[]): void {
    const pool = this.book.pool;
    const terms = pool.terms(node);
    events.push({
      type: "removed",
      account: pool.account(node),
      slot: pool.slot(node),
      sequence: pool.sequence(node),
      market: termsMarket(terms),
      side: termsSide(terms),
      priceTicks: pool.priceTicks(node),
      remainingLots: pool.remainingLots(node),
      filledLots: pool.filledLots(node),
      reason,
      rested: true,
    });
    this.book.remove(node);
  }

  /** Removes an account's resting reduce-only orders in a market, those on `side` only if it is given. */
  removeReduceOnly(account: number, market: number, side: Side | null, events: BookEvent[]): void {
    const pool = this.book.pool;
    for (const node of this.book.ordersOf(account)) {
      const terms = pool.terms(node);
      if (!termsReduceOnly(terms) || termsMarket(terms) !== market) continue;
      if (side === null || termsSide(terms) === side) this.remove(node, "reduce-only", events);
    }
  }

  private execute(taker: Taker, maker: number, lots: number, events: BookEvent[]): void {
    const { book, gate, fill } = this;
    const pool = book.pool;
    const makerAccount = fill.makerAccount;
    // Positions are asked for only where a change of sign would have an effect.
    const makerWatched = book.reduceOnlyCount(makerAccount) > 0;
    const takerWatched = book.reduceOnlyCount(taker.account) > 0;
    const makerBeforeLots = makerWatched ? gate.positionLots(makerAccount, taker.market) : 0;
    const takerBeforeLots = takerWatched ? gate.positionLots(taker.account, taker.market) : 0;

    gate.apply(fill);
    book.fill(maker, lots);
    taker.remainingLots -= lots;
    taker.filledLots += lots;
    this.lastTradeId += 1;
    const makerRemainingLots = pool.remainingLots(maker);
    events.push({
      type: "fill",
      tradeId: this.lastTradeId,
      market: taker.market,
      priceTicks: fill.priceTicks,
      quantityLots: lots,
      takerSide: taker.side,
      makerAccount,
      makerSlot: fill.makerSlot,
      makerSequence: fill.makerSequence,
      makerRemainingLots,
      takerAccount: taker.account,
      takerSlot: taker.slot,
      takerSequence: taker.sequence,
      takerRemainingLots: taker.remainingLots,
      liquidation: taker.liquidation,
      exit: taker.exit,
    });
    if (makerRemainingLots === 0 && !this.showNext(maker, events)) this.remove(maker, "filled", events);

    const signedLots = taker.side === "buy" ? lots : -lots;
    if (makerWatched && leftSide(makerBeforeLots, makerBeforeLots - signedLots)) {
      this.removeReduceOnly(makerAccount, taker.market, null, events);
    }
    if (takerWatched && leftSide(takerBeforeLots, takerBeforeLots + signedLots)) {
      this.removeReduceOnly(taker.account, taker.market, null, events);
    }
  }

  /** A part that is filled makes room for the next one of its order, at the back of the queue. @returns whether there is one */
  private showNext(maker: number, events: BookEvent[]): boolean {
    const { book, hidden } = this;
    const { pool } = book;
    const lots = hidden?.nextShownLots(pool.account(maker), pool.slot(maker), pool.sequence(maker)) ?? 0;
    if (hidden === null || lots === 0) return false;
    const { filledLots, remainingLots: _, ...order } = pool.read(maker);
    this.remove(maker, "part-filled", events);
    const { account, slot, sequence, market, side, limitPriceTicks: priceTicks } = order;
    const bookLevel = book.levels.find(bookSide(market, side), priceTicks);
    book.add(order, filledLots, lots, book.slots.find(slotKey(account, slot)), bookLevel);
    const booked = { account, slot, sequence, market, side, priceTicks, remainingLots: lots, keptPriority: false };
    events.push({ type: "booked", ...booked });
    hidden.shown(account, slot);
    return true;
  }

  /** The taker meets an order of its own account. @returns why the taker stops, or null when it goes on */
  private meetOwn(taker: Taker, maker: number, events: BookEvent[]): CloseReason | null {
    if (taker.selfTrade === "expire-taker") return "self-trade";
    if (taker.selfTrade !== "decrement") {
      this.remove(maker, "self-trade", events);
      return taker.selfTrade === "expire-both" ? "self-trade" : null;
    }
    const pool = this.book.pool;
    const makerLots = pool.remainingLots(maker);
    const lots = Math.min(taker.remainingLots, makerLots);
    const terms = pool.terms(maker);
    if (lots === makerLots) this.remove(maker, "self-trade", events);
    else {
      this.book.shrink(maker, lots);
      events.push({
        type: "decremented",
        account: taker.account,
        slot: pool.slot(maker),
        sequence: pool.sequence(maker),
        market: taker.market,
        side: termsSide(terms),
        priceTicks: pool.priceTicks(maker),
        decrementLots: lots,
        remainingLots: makerLots - lots,
        rested: true,
      });
    }
    if (lots === taker.remainingLots) return "self-trade";
    taker.remainingLots -= lots;
    events.push({
      type: "decremented",
      account: taker.account,
      slot: taker.slot,
      sequence: taker.sequence,
      market: taker.market,
      side: taker.side,
      priceTicks: taker.priceTicks,
      decrementLots: lots,
      remainingLots: taker.remainingLots,
      rested: false,
    });
    return null;
  }
}

/** Whether a position was closed or turned: both cost an account its reduce-only orders in that market. */
export function leftSide(beforeLots: number, afterLots: number): boolean {
  return beforeLots !== 0 && Math.sign(beforeLots) !== Math.sign(afterLots);
}

export function blamesMaker(verdict: FillVerdict): verdict is "maker-margin" | "maker-unprovable" {
  return verdict === "maker-margin" || verdict === "maker-unprovable";
}
