import { ACCOUNTS } from "../protocol/spec.ts";
import { ExpiryIndex } from "./expiry-index.ts";
import { type BookOrder, packTerms, slotKey, slotKeyAccount, termsBookSide, termsReduceOnly } from "./order.ts";
import { NIL, OrderPool } from "./order-pool.ts";
import { PriceLevels } from "./price-levels.ts";
import { SlotTable } from "./slot-table.ts";

const FIRST_ACCOUNTS = 256;

/**
 * The resting orders of all markets. It keeps every index in step and knows no rule of matching.
 * Nodes handed out stay valid until the order is removed.
 */
export class OrderBook {
  readonly pool = new OrderPool();
  readonly slots = new SlotTable();
  readonly levels: PriceLevels = new PriceLevels(this.pool);
  private readonly expiries: ExpiryIndex = new ExpiryIndex(this.pool);
  private accountHeads = new Int32Array(FIRST_ACCOUNTS).fill(NIL);
  private accountCounts = new Int32Array(FIRST_ACCOUNTS);
  private reduceOnlyCounts = new Int32Array(FIRST_ACCOUNTS);

  get orderCount(): number {
    return this.pool.size;
  }

  /** Bytes of all typed arrays. */
  get bytesAllocated(): number {
    return (
      this.pool.bytesAllocated +
      this.slots.bytesAllocated +
      this.levels.bytesAllocated +
      this.expiries.bytesAllocated +
      this.accountHeads.byteLength * 3
    );
  }

  /** Oldest order at the best price of a side, or NIL. */
  best(bookSide: number): number {
    const level = this.levels.best(bookSide);
    return level === NIL ? NIL : this.levels.head(level);
  }

  /** Next order of the same side in price-time order, or NIL. */
  following(node: number): number {
    const next = this.pool.next(node);
    if (next !== NIL) return next;
    const level = this.levels.worse(this.pool.level(node));
    return level === NIL ? NIL : this.levels.head(level);
  }

  /** Live order on a slot, or NIL. */
  live(account: number, slot: number): number {
    const entry = this.slots.find(slotKey(account, slot));
    return entry === NIL ? NIL : this.slots.node(entry);
  }

  /**
   * Puts an order at the back of its price. The slot must be vacant.
   * @param entry the slot's entry in {@link slots}
   * @param level the price's level, or NIL if there is none yet
   */
  add(order: BookOrder, filledLots: number, remainingLots: number, entry: number, level: number): number {
    const pool = this.pool;
    const terms = packTerms(order);
    const node = pool.allocate();
    pool.setKey(node, slotKey(order.account, order.slot));
    pool.setSequence(node, order.sequence);
    pool.setQuantityLots(node, order.quantityLots);
    pool.setFilledLots(node, filledLots);
    pool.setRemainingLots(node, remainingLots);
    pool.setPriceTicks(node, order.limitPriceTicks);
    pool.setExpirySeconds(node, order.expirySeconds);
    pool.setTerms(node, terms);
    this.levels.append(node, termsBookSide(terms), level);
    this.expiries.add(node);
    this.linkAccount(node, order.account, termsReduceOnly(terms));
    this.slots.setNode(entry, node);
    return node;
  }

  /** Takes an order out of the book. Its node's fields stay readable until the next {@link add}. */
  remove(node: number): void {
    this.levels.unlink(node);
    this.expiries.remove(node);
    this.unlinkAccount(node);
    this.slots.setNode(this.slots.find(this.pool.key(node)), NIL);
    this.pool.release(node);
  }

  /** Records a fill of a resting order. It stays in the book even with nothing left: the caller removes it. */
  fill(node: number, lots: number): void {
    this.pool.setFilledLots(node, this.pool.filledLots(node) + lots);
    this.levels.setRemainingLots(node, this.pool.remainingLots(node) - lots);
  }

  /** Takes lots off a resting order without a fill. */
  shrink(node: number, lots: number): void {
    this.levels.setRemainingLots(node, this.pool.remainingLots(node) - lots);
  }

  /** Gives a resting order an amended sequence, quantity, expiry and keepFilled flag; its place in the queue stays. */
  amendInPlace(node: number, order: BookOrder, filledLots: number, remainingLots: number): void {
    const pool = this.pool;
    pool.setSequence(node, order.sequence);
    pool.setQuantityLots(node, order.quantityLots);
    pool.setFilledLots(node, filledLots);
    pool.setTerms(node, packTerms(order));
    this.levels.setRemainingLots(node, remainingLots);
    if (pool.expirySeconds(node) !== order.expirySeconds) {
      this.expiries.remove(node);
      pool.setExpirySeconds(node, order.expirySeconds);
      this.expiries.add(node);
    }
  }

  /** Live orders of an account, ascending by slot. */
  ordersOf(account: number): number[] {
    const nodes: number[] = [];
    if (account >= this.accountHeads.length) return nodes;
    const pool = this.pool;
    for (let node = this.accountHeads[account] as number; node !== NIL; node = pool.accountNext(node)) nodes.push(node);
    return nodes.sort((a, b) => pool.key(a) - pool.key(b));
  }

  openOrderCount(account: number): number {
    return account < this.accountCounts.length ? (this.accountCounts[account] as number) : 0;
  }

  /** Live reduce-only orders of an account, all markets together. */
  reduceOnlyCount(account: number): number {
    return account < this.reduceOnlyCounts.length ? (this.reduceOnlyCounts[account] as number) : 0;
  }

  /** See {@link ExpiryIndex.expired}. */
  expired(nowSeconds: number): number[] {
    return this.expiries.expired(nowSeconds);
  }

  private linkAccount(node: number, account: number, reduceOnly: boolean): void {
    if (account >= this.accountHeads.length) this.growAccounts(account);
    const head = this.accountHeads[account] as number;
    this.pool.setAccountPrev(node, NIL);
    this.pool.setAccountNext(node, head);
    if (head !== NIL) this.pool.setAccountPrev(head, node);
    this.accountHeads[account] = node;
    this.accountCounts[account] = (this.accountCounts[account] as number) + 1;
    if (reduceOnly) this.reduceOnlyCounts[account] = (this.reduceOnlyCounts[account] as number) + 1;
  }

  private unlinkAccount(node: number): void {
    const pool = this.pool;
    const account = slotKeyAccount(pool.key(node));
    const prev = pool.accountPrev(node);
    const next = pool.accountNext(node);
    if (prev === NIL) this.accountHeads[account] = next;
    else pool.setAccountNext(prev, next);
    if (next !== NIL) pool.setAccountPrev(next, prev);
    this.accountCounts[account] = (this.accountCounts[account] as number) - 1;
    if (termsReduceOnly(pool.terms(node))) {
      this.reduceOnlyCounts[account] = (this.reduceOnlyCounts[account] as number) - 1;
    }
  }

  private growAccounts(account: number): void {
    let length = this.accountHeads.length;
    while (length <= account) length *= 2;
    if (length > ACCOUNTS) throw new RangeError(`account ${account} is beyond the account tree`);
    const heads = new Int32Array(length).fill(NIL);
    const counts = new Int32Array(length);
    const reduceOnly = new Int32Array(length);
    heads.set(this.accountHeads);
    counts.set(this.accountCounts);
    reduceOnly.set(this.reduceOnlyCounts);
    this.accountHeads = heads;
    this.accountCounts = counts;
    this.reduceOnlyCounts = reduceOnly;
  }
}
