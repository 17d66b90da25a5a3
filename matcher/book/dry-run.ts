import type { FillGate } from "./fill-gate.ts";
import { blamesMaker, leftSide } from "./matching.ts";
import { reducibleLots, termsReduceOnly, termsSide } from "./order.ts";
import type { OrderBook } from "./order-book.ts";
import { NIL } from "./order-pool.ts";
import { crosses, newProposedFill, proposeFill, type Taker, takerRoomLots } from "./taker.ts";

/**
 * What {@link Matching.run} would fill, without changing the book or, in the end, the ledger.
 *
 * It walks the makers in the same order and under the same rules. Within one run every maker is met once and every fill
 * of an account as maker goes the same way, so the only effect of an earlier step on a later maker that the ledger's trial
 * does not show by itself is the loss of the taker's own reduce-only orders when its position changes side.
 */
export class DryRun {
  private readonly book: OrderBook;
  private readonly gate: FillGate;
  private readonly fill = newProposedFill();

  constructor(book: OrderBook, gate: FillGate) {
    this.book = book;
    this.gate = gate;
  }

  /**
   * Lots that would fill at once.
   * @param replaced the live order that the taker would replace, or NIL: it would be gone before matching starts
   */
  fillableLots(taker: Taker, replaced: number, nowSeconds: number): number {
    this.gate.begin();
    try {
      return this.walk({ ...taker }, replaced, nowSeconds, false);
    } finally {
      this.gate.rollback();
    }
  }

  /** Whether anything at all would fill at once. Cheaper: it stops at the first fill. */
  wouldFill(taker: Taker, replaced: number, nowSeconds: number): boolean {
    return this.walk({ ...taker }, replaced, nowSeconds, true) > 0;
  }

  private walk(taker: Taker, replaced: number, nowSeconds: number, firstOnly: boolean): number {
    const { book, gate, fill } = this;
    const pool = book.pool;
    const startLots = gate.positionLots(taker.account, taker.market);
    let filledLots = 0;
    let maker = book.best(taker.oppositeSide);
    for (; maker !== NIL && taker.remainingLots > 0; maker = book.following(maker)) {
      if (!crosses(taker, pool.priceTicks(maker))) break;
      if (maker === replaced || pool.expirySeconds(maker) < nowSeconds) continue;
      const reduceOnly = termsReduceOnly(pool.terms(maker));
      const makerLots = pool.remainingLots(maker);
      if (pool.account(maker) === taker.account) {
        const movedLots = taker.side === "buy" ? filledLots : -filledLots;
        if (reduceOnly && leftSide(startLots, startLots + movedLots)) continue;
        if (taker.selfTrade === "expire-taker" || taker.selfTrade === "expire-both") break;
        if (taker.selfTrade === "decrement") taker.remainingLots -= Math.min(taker.remainingLots, makerLots);
        continue;
      }
      let lots = Math.min(taker.remainingLots, makerLots);
      if (reduceOnly) {
        const positionLots = gate.positionLots(pool.account(maker), taker.market);
        const roomLots = reducibleLots(positionLots, termsSide(pool.terms(maker)));
        if (roomLots === 0) continue;
        lots = Math.min(lots, roomLots);
      }
      if (taker.reduceOnly) {
        const roomLots = takerRoomLots(taker, gate);
        if (roomLots === 0) break;
        lots = Math.min(lots, roomLots);
      }
      proposeFill(fill, taker, pool, maker, lots);
      const verdict = gate.check(fill);
      if (verdict === "ok") {
        filledLots += lots;
        if (firstOnly) break;
        gate.apply(fill);
        taker.remainingLots -= lots;
      } else if (!blamesMaker(verdict)) break;
    }
    return filledLots;
  }
}
