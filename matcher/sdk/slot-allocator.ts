import { ORDER_SLOTS } from "../protocol/spec.ts";

/** All 4,096 slots hold an order that may be live. */
export class SlotsExhausted extends Error {
  constructor() {
    super(`all ${ORDER_SLOTS} order slots of the account are in use: cancel an order first`);
    this.name = "SlotsExhausted";
  }
}

/**
 * Hands out order slots that no live order is on: an order on a taken slot would replace the one that is there. Slots are handed out
 * in turn, so that one that was just freed is used again as late as possible.
 *
 * Two clients of one account do not see each other's slots: give each an account, or slots of its own.
 */
export class SlotAllocator {
  private readonly taken = new Set<number>();
  private next: number;

  /** @param first where to begin */
  constructor(first = 0) {
    this.next = first % ORDER_SLOTS;
  }

  get takenCount(): number {
    return this.taken.size;
  }

  get isFull(): boolean {
    return this.taken.size >= ORDER_SLOTS;
  }

  isTaken(slot: number): boolean {
    return this.taken.has(slot);
  }

  /** @throws SlotsExhausted */
  acquire(): number {
    for (let tried = 0; tried < ORDER_SLOTS; tried++) {
      const slot = this.next;
      this.next = (this.next + 1) % ORDER_SLOTS;
      if (this.taken.has(slot)) continue;
      this.taken.add(slot);
      return slot;
    }
    throw new SlotsExhausted();
  }

  /** Takes a certain slot, whether it is free or not. */
  hold(slot: number): void {
    this.taken.add(slot);
  }

  release(slot: number): void {
    this.taken.delete(slot);
  }
}
