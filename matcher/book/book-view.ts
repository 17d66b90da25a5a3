import { depthChecksum } from "../protocol/depth-checksum.ts";
import { MARKETS } from "../protocol/spec.ts";
import { BOOK_SIDE_COUNT, bookSide, type RestingOrder } from "./order.ts";
import type { OrderBook } from "./order-book.ts";
import { NIL } from "./order-pool.ts";

/** One price level. A reduce-only order counts in full, though it can fill at most its account's position. */
export interface DepthLevel {
  priceTicks: number;
  quantityLots: number;
  orderCount: number;
}

/** Both sides of a market, best price first. */
export interface Depth {
  bids: DepthLevel[];
  asks: DepthLevel[];
}

/** Best prices; null on an empty side. */
export interface BestPrices {
  bidTicks: number | null;
  askTicks: number | null;
}

/** @param levelsMax at most so many levels a side */
export function depth(book: OrderBook, market: number, levelsMax = Number.MAX_SAFE_INTEGER): Depth {
  return {
    bids: sideDepth(book, bookSide(market, "buy"), levelsMax),
    asks: sideDepth(book, bookSide(market, "sell"), levelsMax),
  };
}

export function bestPrices(book: OrderBook, market: number): BestPrices {
  return {
    bidTicks: bestTicks(book, bookSide(market, "buy")),
    askTicks: bestTicks(book, bookSide(market, "sell")),
  };
}

/** Live orders of an account, ascending by slot. */
export function openOrders(book: OrderBook, account: number): RestingOrder[] {
  return book.ordersOf(account).map((node) => book.pool.read(node));
}

/** The live order on a slot, or null. */
export function orderAt(book: OrderBook, account: number, slot: number): RestingOrder | null {
  const node = book.live(account, slot);
  return node === NIL ? null : book.pool.read(node);
}

/** Orders and levels of every market. */
export function totals(book: OrderBook): {
  orders: number;
  levels: number;
  byMarket: { orders: number; levels: number }[];
} {
  const byMarket = Array.from({ length: MARKETS }, (_, market) => {
    const buy = bookSide(market, "buy");
    const sell = bookSide(market, "sell");
    return {
      orders: book.levels.sideOrderCount(buy) + book.levels.sideOrderCount(sell),
      levels: book.levels.levelCount(buy) + book.levels.levelCount(sell),
    };
  });
  const levels = byMarket.reduce((sum, market) => sum + market.levels, 0);
  return { orders: book.orderCount, levels, byMarket };
}

/** Checksum of a market's best levels, as a reader of the depth feed computes it. */
export function marketChecksum(book: OrderBook, market: number, levelsMax = 25): number {
  const { bids, asks } = depth(book, market, levelsMax);
  return depthChecksum(bids, asks);
}

/** All live orders in canonical order: by (market, side), then price-time priority. */
export function* canonicalNodes(book: OrderBook): Generator<number> {
  for (let side = 0; side < BOOK_SIDE_COUNT; side++) {
    for (let node = book.best(side); node !== NIL; node = book.following(node)) yield node;
  }
}

function sideDepth(book: OrderBook, side: number, levelsMax: number): DepthLevel[] {
  const levels: DepthLevel[] = [];
  let level = book.levels.best(side);
  for (; level !== NIL && levels.length < levelsMax; level = book.levels.worse(level)) {
    levels.push({
      priceTicks: book.levels.priceTicks(level),
      quantityLots: book.levels.totalLots(level),
      orderCount: book.levels.orderCount(level),
    });
  }
  return levels;
}

function bestTicks(book: OrderBook, side: number): number | null {
  const level = book.levels.best(side);
  return level === NIL ? null : book.levels.priceTicks(level);
}
