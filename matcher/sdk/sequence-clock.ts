/** Sequences per millisecond that are free of collision with those of a later start: 2^41 ms · 16 stays far below 2^48. */
const PER_MS = 16;

/**
 * Sequence numbers that only rise, also over restarts, without anything being stored: the clock in sixteenths of a millisecond, or one
 * more than the last. The account's minimum is kept to as well.
 */
export class SequenceClock {
  private last: number;
  private readonly nowMs: () => number;

  constructor(minimum = 0, nowMs: () => number = Date.now) {
    this.last = minimum - 1;
    this.nowMs = nowMs;
  }

  next(): number {
    this.last = Math.max(this.last + 1, Math.floor(this.nowMs()) * PER_MS, 1);
    return this.last;
  }

  /** Sequences from here on are at least this: the account's minimum has risen, or a slot's last one is known. */
  raise(minimum: number): void {
    this.last = Math.max(this.last, minimum - 1);
  }
}
