import { orderNumber, REVISIONS } from "../protocol/message.ts";

/**
 * Sequences of new orders that only rise, also over restarts, without anything being stored: the order number is the clock in
 * milliseconds, or one more than the last; 2^41 ms · 64 stays below 2^48. The account's minimum is kept to as well.
 */
export class SequenceClock {
  private last: number;
  private readonly nowMs: () => number;

  constructor(minimum = 0, nowMs: () => number = Date.now) {
    this.last = minimum - 1;
    this.nowMs = nowMs;
  }

  next(): number {
    const number = Math.max(orderNumber(Math.max(this.last, 0)) + 1, Math.floor(this.nowMs()), 1);
    this.last = number * REVISIONS;
    return this.last;
  }

  /** Sequences from here on are at least this: the account's minimum has risen, or a slot's last one is known. */
  raise(minimum: number): void {
    this.last = Math.max(this.last, minimum - 1);
  }
}
