import { ACCOUNTS, ORDER_SLOTS, WIDTH } from "../protocol/spec.ts";
import { grown, KeyIndex, NONE, roomFor } from "./key-index.ts";
import { UNUSED_SLOT } from "./order-tree.ts";
import type { OrderSlot } from "./trace.ts";

const FIRST_CAPACITY = 16;

/** A slot with its place: what every list of slots is made of. */
export type SlotEntry = readonly [slot: number, content: OrderSlot];

/**
 * The order slots of all accounts: sequence and filled quantity by (account, slot), about 40 bytes each instead of an object and an
 * entry of a map. A slot that is written back to {@link UNUSED_SLOT} is as good as never used.
 */
export class OrderSlots {
  #index = new KeyIndex();
  #sequences = new Float64Array(FIRST_CAPACITY);
  #filledLots = new Float64Array(FIRST_CAPACITY);

  get bytesAllocated(): number {
    return this.#index.bytesAllocated + this.#sequences.byteLength + this.#filledLots.byteLength;
  }

  /** Number of slots that were ever written. */
  get size(): number {
    return this.#index.size;
  }

  get(account: number, slot: number): OrderSlot {
    const place = this.#index.find(slotKey(account, slot));
    if (place === NONE) return UNUSED_SLOT;
    return { sequence: this.#sequences[place] as number, filledLots: this.#filledLots[place] as number };
  }

  set(account: number, slot: number, content: OrderSlot): void {
    const place = this.#index.ensure(slotKey(account, slot));
    if (place >= this.#sequences.length) {
      const length = roomFor(place + 1);
      this.#sequences = grown(this.#sequences, new Float64Array(length));
      this.#filledLots = grown(this.#filledLots, new Float64Array(length));
    }
    this.#sequences[place] = content.sequence;
    this.#filledLots[place] = content.filledLots;
  }

  /** The slots of this moment, on their own from here on. */
  copy(): OrderSlots {
    const copy = new OrderSlots();
    copy.#index = this.#index.copy();
    copy.#sequences = this.#sequences.slice();
    copy.#filledLots = this.#filledLots.slice();
    return copy;
  }

  /** Used slots by account, both ascending; each account once, those without any left out. */
  *byAccount(): Generator<[account: number, slots: SlotEntry[]]> {
    const keys = this.#index.sortedKeys();
    let slots: SlotEntry[] = [];
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as number;
      const account = key >>> WIDTH.slot;
      const slot = key & (ORDER_SLOTS - 1);
      const content = this.get(account, slot);
      if (content.sequence !== 0 || content.filledLots !== 0) slots.push([slot, content]);
      const next = keys[at + 1];
      if (slots.length === 0 || (next !== undefined && next >>> WIDTH.slot === account)) continue;
      yield [account, slots];
      slots = [];
    }
  }
}

/** (account, slot) as one positive 30-bit integer. @throws RangeError for what is none: its bits would be another slot's */
function slotKey(account: number, slot: number): number {
  if (!(account >= 0 && account < ACCOUNTS && slot >= 0 && slot < ORDER_SLOTS)) {
    throw new RangeError(`no slot ${account}/${slot}`);
  }
  return (account << WIDTH.slot) | slot;
}
