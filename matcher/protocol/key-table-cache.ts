import type { Point } from "./curve.ts";
import { keyFault, negatedTimesEight, type PublicKey } from "./keys.ts";

/**
 * Window width of a key's table, in bits: 64 windows of 8 points, 105 KB and 4 ms to build, for 4 to 5 times the speed of a
 * multiplication without a table. A width of 6 would verify a fifth faster still, for 280 KB and 10 ms a key.
 */
const WINDOW_BITS = 4;

interface Entry {
  ay: bigint;
  negated: Point;
  hasTable: boolean;
}

/**
 * Checked public keys with tables of multiples of −8·A, the least recently used given up first.
 * A key is checked when it enters; a table is built when a key comes back, so that passers-by cost no more than without a cache.
 * Keys that fail their check are never remembered.
 */
export class KeyTableCache {
  readonly capacityKeys: number;
  readonly #entries = new Map<bigint, Entry>();

  /** @param capacityKeys Most keys remembered; a table takes about 0.1 MB. @throws RangeError unless a positive integer. */
  constructor(capacityKeys: number) {
    if (!Number.isSafeInteger(capacityKeys) || capacityKeys < 1)
      throw new RangeError("the capacity is a positive integer");
    this.capacityKeys = capacityKeys;
  }

  /** Keys remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  has(key: PublicKey): boolean {
    return this.#entries.get(key.ax)?.ay === key.ay;
  }

  /** −8·A, or undefined when A is not a public key. */
  negatedKey(key: PublicKey): Point | undefined {
    const known = this.#entries.get(key.ax);
    if (known !== undefined) {
      // Of the two points with this x at most one has prime order: the other is not a key.
      if (known.ay !== key.ay) return undefined;
      this.#entries.delete(key.ax);
      this.#entries.set(key.ax, known);
      if (!known.hasTable) {
        known.negated.precompute(WINDOW_BITS);
        known.hasTable = true;
      }
      return known.negated;
    }
    if (keyFault(key) !== undefined) return undefined;
    const negated = negatedTimesEight(key);
    if (this.#entries.size >= this.capacityKeys) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key.ax, { ay: key.ay, negated, hasTable: false });
    return negated;
  }
}
