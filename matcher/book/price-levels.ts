import { BOOK_SIDE_COUNT } from "./order.ts";
import { NIL, type OrderPool } from "./order-pool.ts";
import { SortedIndex } from "./sorted-index.ts";

const FIRST_CAPACITY = 256;
const HINTS = 16_384;
const HINT_SHIFT: number = Math.clz32(HINTS) + 1;
/** 2^32 / golden ratio, odd: spreads neighbouring prices over the top bits. */
const HINT_FACTOR = 0x9e3779b1;

/**
 * The price levels of all sixteen (market, side) pairs: per level a FIFO of orders and their total.
 * A side's levels are indexed so that the best price has the greatest key: the price for buys, its complement for sells.
 */
export class PriceLevels {
  private readonly pool: OrderPool;
  private readonly sides: SortedIndex[] = Array.from({ length: BOOK_SIDE_COUNT }, () => new SortedIndex());
  private readonly orderCounts = new Float64Array(BOOK_SIDE_COUNT);
  private prices = new Uint32Array(FIRST_CAPACITY);
  private heads = new Int32Array(FIRST_CAPACITY);
  private tails = new Int32Array(FIRST_CAPACITY);
  private counts = new Int32Array(FIRST_CAPACITY);
  private totals = new Float64Array(FIRST_CAPACITY);
  private owners = new Uint8Array(FIRST_CAPACITY);
  /** Levels that {@link find} found, by a hash of price and side: derived, and possibly out of date. */
  private readonly hints = new Int32Array(HINTS);
  private used = 0;
  private free: number = NIL;

  constructor(pool: OrderPool) {
    this.pool = pool;
  }

  get bytesAllocated(): number {
    let bytes = this.prices.length * 25;
    for (const side of this.sides) bytes += side.bytesAllocated;
    return bytes;
  }

  /** Best level of a side, or NIL. */
  best(bookSide: number): number {
    return (this.sides[bookSide] as SortedIndex).top();
  }

  /** Next worse level of the same side, or NIL. */
  worse(level: number): number {
    const side = this.owners[level] as number;
    return (this.sides[side] as SortedIndex).below(sortKey(side, this.prices[level] as number));
  }

  /** Level at a price, or NIL. */
  find(bookSide: number, priceTicks: number): number {
    // A level that was asked for lately is found without a search; whether it still is that price's is looked up, not kept up.
    const place = (Math.imul(priceTicks, HINT_FACTOR) >>> HINT_SHIFT) ^ bookSide;
    const hint = this.hints[place] as number;
    if (this.prices[hint] === priceTicks && this.owners[hint] === bookSide && this.counts[hint] !== 0) return hint;
    const level = (this.sides[bookSide] as SortedIndex).find(sortKey(bookSide, priceTicks));
    if (level !== NIL) this.hints[place] = level;
    return level;
  }

  priceTicks(level: number): number {
    return this.prices[level] as number;
  }
  /** Oldest order of a level. */
  head(level: number): number {
    return this.heads[level] as number;
  }
  orderCount(level: number): number {
    return this.counts[level] as number;
  }
  totalLots(level: number): number {
    return this.totals[level] as number;
  }
  levelCount(bookSide: number): number {
    return (this.sides[bookSide] as SortedIndex).size;
  }
  sideOrderCount(bookSide: number): number {
    return this.orderCounts[bookSide] as number;
  }

  /** Whether a level's total stays an exact integer with so many lots more: up to 8,192 orders of the largest quantity. */
  hasRoom(level: number, lots: number): boolean {
    return level === NIL || Number.isSafeInteger((this.totals[level] as number) + lots);
  }

  /**
   * Puts an order at the back of its price.
   * @param found what {@link find} says of that price
   */
  append(node: number, bookSide: number, found: number): void {
    const level = found === NIL ? this.open(bookSide, this.pool.priceTicks(node)) : found;
    const tail = this.tails[level] as number;
    this.pool.setPrev(node, tail);
    this.pool.setNext(node, NIL);
    this.pool.setLevel(node, level);
    if (tail === NIL) this.heads[level] = node;
    else this.pool.setNext(tail, node);
    this.tails[level] = node;
    this.counts[level] = (this.counts[level] as number) + 1;
    this.totals[level] = (this.totals[level] as number) + this.pool.remainingLots(node);
    this.orderCounts[bookSide] = (this.orderCounts[bookSide] as number) + 1;
  }

  /** Takes an order out of its level; an empty level disappears. */
  unlink(node: number): void {
    const level = this.pool.level(node);
    const prev = this.pool.prev(node);
    const next = this.pool.next(node);
    if (prev === NIL) this.heads[level] = next;
    else this.pool.setNext(prev, next);
    if (next === NIL) this.tails[level] = prev;
    else this.pool.setPrev(next, prev);
    const side = this.owners[level] as number;
    const count = (this.counts[level] as number) - 1;
    this.counts[level] = count;
    this.totals[level] = (this.totals[level] as number) - this.pool.remainingLots(node);
    this.orderCounts[side] = (this.orderCounts[side] as number) - 1;
    if (count === 0) this.close(level, side);
  }

  /** Sets an order's remaining quantity, in place. */
  setRemainingLots(node: number, lots: number): void {
    const level = this.pool.level(node);
    this.totals[level] = (this.totals[level] as number) + lots - this.pool.remainingLots(node);
    this.pool.setRemainingLots(node, lots);
  }

  private open(bookSide: number, priceTicks: number): number {
    let level = this.free;
    if (level !== NIL) this.free = this.heads[level] as number;
    else {
      if (this.used === this.prices.length) this.grow();
      level = this.used++;
    }
    this.prices[level] = priceTicks;
    this.heads[level] = NIL;
    this.tails[level] = NIL;
    this.counts[level] = 0;
    this.totals[level] = 0;
    this.owners[level] = bookSide;
    (this.sides[bookSide] as SortedIndex).insert(sortKey(bookSide, priceTicks), level);
    return level;
  }

  private close(level: number, bookSide: number): void {
    (this.sides[bookSide] as SortedIndex).remove(sortKey(bookSide, this.prices[level] as number));
    this.heads[level] = this.free;
    this.free = level;
  }

  private grow(): void {
    const length = this.prices.length + (this.prices.length >> 2);
    const prices = new Uint32Array(length);
    const heads = new Int32Array(length);
    const tails = new Int32Array(length);
    const counts = new Int32Array(length);
    const totals = new Float64Array(length);
    const owners = new Uint8Array(length);
    prices.set(this.prices);
    heads.set(this.heads);
    tails.set(this.tails);
    counts.set(this.counts);
    totals.set(this.totals);
    owners.set(this.owners);
    this.prices = prices;
    this.heads = heads;
    this.tails = tails;
    this.counts = counts;
    this.totals = totals;
    this.owners = owners;
  }
}

/** Greater is better: buys by price, sells by its complement. */
function sortKey(bookSide: number, priceTicks: number): number {
  return (bookSide & 1) === 0 ? priceTicks : ~priceTicks >>> 0;
}
