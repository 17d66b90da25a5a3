import type { PublicKey } from "../protocol/keys.ts";

interface Entry {
  readonly ay: bigint;
  /** Which table is the key's, or null until it has come back. */
  slot: number | null;
}

/** What is known of a key. */
export type KnownKey =
  /** Never seen, or forgotten: to be checked. */
  | "new"
  /** Not a key: the other point with its x is one, and at most one of the two has prime order. */
  | "wrong"
  | Entry;

/**
 * Which keys passed their check and which of them has which table; the least recently used is given up first. A table is for keys that
 * come back, so that passers-by cost no more than their check. Keys that fail it are never remembered.
 */
export class KeySlots {
  readonly capacityKeys: number;
  readonly #entries = new Map<bigint, Entry>();
  readonly #free: number[];

  /** @throws RangeError unless the capacity is a positive integer */
  constructor(capacityKeys: number) {
    if (!Number.isSafeInteger(capacityKeys) || capacityKeys < 1)
      throw new RangeError("the capacity is a positive integer");
    this.capacityKeys = capacityKeys;
    this.#free = Array.from({ length: capacityKeys }, (_, i) => capacityKeys - 1 - i);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Looks a key up and makes it the most recent. */
  find({ ax, ay }: PublicKey): KnownKey {
    const entry = this.#entries.get(ax);
    if (entry === undefined) return "new";
    if (entry.ay !== ay) return "wrong";
    this.#entries.delete(ax);
    this.#entries.set(ax, entry);
    return entry;
  }

  /** Remembers a key that passed its check. */
  remember({ ax, ay }: PublicKey): void {
    if (this.#entries.size >= this.capacityKeys) {
      const [oldest] = this.#entries;
      if (oldest !== undefined) {
        const [x, { slot }] = oldest;
        this.#entries.delete(x);
        if (slot !== null) this.#free.push(slot);
      }
    }
    this.#entries.set(ax, { ay, slot: null });
  }

  /** A free slot, for a key that is known and has none. There is one: as many as keys. */
  takeSlot(): number {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("more keys than slots");
    return slot;
  }
}
