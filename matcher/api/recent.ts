/** The latest items, at most so many; the oldest gives way. */
export class Recent<T> {
  private readonly capacity: number;
  private items: T[] = [];
  /** Position of the oldest item once the ring is full. */
  private oldest = 0;
  /** Whether an item gave way. */
  private lost = false;

  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError("the capacity is a positive integer");
    this.capacity = capacity;
  }

  /** @returns the item that gave way, if one did */
  push(item: T): T | undefined {
    if (this.items.length < this.capacity) {
      this.items.push(item);
      return undefined;
    }
    this.lost = true;
    const gone = this.items[this.oldest] as T;
    this.items[this.oldest] = item;
    this.oldest = (this.oldest + 1) % this.capacity;
    return gone;
  }

  /** Whether every item that was ever pushed is still here. */
  get isWhole(): boolean {
    return !this.lost;
  }

  /** At most `limit` items, newest first. */
  newest(limit: number): T[] {
    const count = Math.min(limit, this.items.length);
    const newest: T[] = [];
    for (let back = 1; back <= count; back++) {
      newest.push(this.items[(this.oldest - back + this.items.length) % this.items.length] as T);
    }
    return newest;
  }
}
