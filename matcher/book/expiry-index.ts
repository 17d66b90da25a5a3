import { NIL, type OrderPool } from "./order-pool.ts";
import { SortedIndex } from "./sorted-index.ts";

/**
 * Orders are kept in buckets of 1,024 seconds of expiry: adding and removing are O(1) within a bucket, and the few buckets that
 * are in use stay in the cache. A sweep looks through one bucket in vain at most.
 */
const BUCKET_SHIFT = 10;

/** Resting orders by expiry, so that a sweep touches only what has expired and one bucket more. */
export class ExpiryIndex {
  private readonly pool: OrderPool;
  /** Sorted by complement: the earliest bucket is on top. */
  private readonly index = new SortedIndex();
  private starts: number[] = [];
  private heads: number[] = [];
  private free: number[] = [];

  constructor(pool: OrderPool) {
    this.pool = pool;
  }

  get bytesAllocated(): number {
    return this.index.bytesAllocated + this.starts.length * 16;
  }

  add(node: number): void {
    const start = this.pool.expirySeconds(node) >>> BUCKET_SHIFT;
    let bucket = this.index.find(~start >>> 0);
    if (bucket === NIL) bucket = this.open(start);
    const head = this.heads[bucket] as number;
    this.pool.setBucket(node, bucket);
    this.pool.setExpiryPrev(node, NIL);
    this.pool.setExpiryNext(node, head);
    if (head !== NIL) this.pool.setExpiryPrev(head, node);
    this.heads[bucket] = node;
  }

  remove(node: number): void {
    const prev = this.pool.expiryPrev(node);
    const next = this.pool.expiryNext(node);
    if (next !== NIL) this.pool.setExpiryPrev(next, prev);
    if (prev !== NIL) {
      this.pool.setExpiryNext(prev, next);
      return;
    }
    const bucket = this.pool.bucket(node);
    this.heads[bucket] = next;
    if (next === NIL) {
      this.index.remove(~(this.starts[bucket] as number) >>> 0);
      this.free.push(bucket);
    }
  }

  /**
   * Orders whose expiry lies before `nowSeconds`, ascending by (expiry, account, slot).
   * The order is canonical, not the lists': a book reloaded from a snapshot must sweep in the same order.
   */
  expired(nowSeconds: number): number[] {
    const nodes: number[] = [];
    const pool = this.pool;
    let bucket = this.index.top();
    while (bucket !== NIL) {
      const start = this.starts[bucket] as number;
      if (start > nowSeconds >>> BUCKET_SHIFT) break;
      for (let node = this.heads[bucket] as number; node !== NIL; node = pool.expiryNext(node)) {
        if (pool.expirySeconds(node) < nowSeconds) nodes.push(node);
      }
      bucket = this.index.below(~start >>> 0);
    }
    return nodes.sort((a, b) => pool.expirySeconds(a) - pool.expirySeconds(b) || pool.key(a) - pool.key(b));
  }

  private open(start: number): number {
    const bucket = this.free.pop() ?? this.starts.length;
    this.starts[bucket] = start;
    this.heads[bucket] = NIL;
    this.index.insert(~start >>> 0, bucket);
    return bucket;
  }
}
