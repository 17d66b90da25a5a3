import { slotKey } from "../book/order.ts";
import type { CancelTimeEvent } from "./exchange-event.ts";

export interface TimedCancel {
  readonly account: number;
  readonly slot: number;
  readonly sequence: number;
  readonly atMs: number;
}

/** Times at which single orders are to be cancelled. One an order at most, and none of an order that is gone, so that they are no more than there are orders. */
export class TimedCancels {
  readonly #bySlot = new Map<number, TimedCancel>();

  get size(): number {
    return this.#bySlot.size;
  }

  /** When an order is cancelled, or null. */
  atMs(account: number, slot: number, sequence: number): number | null {
    const timed = this.#bySlot.get(slotKey(account, slot));
    return timed?.sequence === sequence ? timed.atMs : null;
  }

  /** @param atMs null: never */
  set(account: number, slot: number, sequence: number, atMs: number | null): CancelTimeEvent {
    if (atMs === null) this.#bySlot.delete(slotKey(account, slot));
    else this.#bySlot.set(slotKey(account, slot), { account, slot, sequence, atMs });
    return { type: "cancel-time", account, slot, sequence, atMs };
  }

  /** The order is gone. */
  closed(account: number, slot: number, sequence: number): void {
    const key = slotKey(account, slot);
    if (this.#bySlot.get(key)?.sequence === sequence) this.#bySlot.delete(key);
  }

  /** Whose time has come, by account and slot. */
  due(nowMs: number): TimedCancel[] {
    return this.entries().filter(({ atMs }) => atMs <= nowMs);
  }

  hasDue(nowMs: number): boolean {
    for (const { atMs } of this.#bySlot.values()) if (atMs <= nowMs) return true;
    return false;
  }

  /** By account and slot: equal states give equal lists. */
  entries(): TimedCancel[] {
    return [...this.#bySlot.values()].sort((a, b) => a.account - b.account || a.slot - b.slot);
  }

  restore(entries: readonly TimedCancel[]): void {
    for (const timed of entries) this.#bySlot.set(slotKey(timed.account, timed.slot), timed);
  }
}
