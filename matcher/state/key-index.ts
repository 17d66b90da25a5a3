const FIRST_CAPACITY = 16;
/** 2^32 / golden ratio, odd: spreads consecutive keys over the table's top bits. */
const HASH_FACTOR = 0x9e3779b1;

/** "No such key". */
export const NONE = -1;

/**
 * Gives 31-bit keys consecutive places from 0, in order of arrival, so that what belongs to a key can stand in typed arrays. A place is
 * never given back. 12 to 25 bytes a key.
 */
export class KeyIndex {
  /** Keys by place. */
  #keys = new Int32Array(FIRST_CAPACITY);
  /** Places by hash: open addressing with linear probing, at most 7/10 full. */
  #table = new Int32Array(2 * FIRST_CAPACITY).fill(NONE);
  #shift = Math.clz32(2 * FIRST_CAPACITY) + 1;
  #size = 0;

  /** Number of keys. */
  get size(): number {
    return this.#size;
  }

  get bytesAllocated(): number {
    return this.#keys.byteLength + this.#table.byteLength;
  }

  /** Place of a key, or {@link NONE}. */
  find(key: number): number {
    return this.#table[this.#probe(key)] as number;
  }

  /** Place of a key, the next free one when it is new. */
  ensure(key: number): number {
    let at = this.#probe(key);
    const found = this.#table[at] as number;
    if (found !== NONE) return found;
    if ((this.#size + 1) * 10 > this.#table.length * 7) {
      this.#spread();
      at = this.#probe(key);
    }
    if (this.#size === this.#keys.length) this.#keys = grown(this.#keys, new Int32Array(roomFor(this.#size + 1)));
    const place = this.#size;
    this.#keys[place] = key;
    this.#table[at] = place;
    this.#size += 1;
    return place;
  }

  key(place: number): number {
    return this.#keys[place] as number;
  }

  /** A copy of all keys, ascending. */
  sortedKeys(): Int32Array {
    return this.#keys.slice(0, this.#size).sort();
  }

  /** The same keys at the same places, on their own from here on. */
  copy(): KeyIndex {
    const copy = new KeyIndex();
    copy.#keys = this.#keys.slice();
    copy.#table = this.#table.slice();
    copy.#shift = this.#shift;
    copy.#size = this.#size;
    return copy;
  }

  #probe(key: number): number {
    const mask = this.#table.length - 1;
    let at = Math.imul(key, HASH_FACTOR) >>> this.#shift;
    while (true) {
      const place = this.#table[at] as number;
      if (place === NONE || this.#keys[place] === key) return at;
      at = (at + 1) & mask;
    }
  }

  #spread(): void {
    this.#table = new Int32Array(2 * this.#table.length).fill(NONE);
    this.#shift -= 1;
    for (let place = 0; place < this.#size; place++) this.#table[this.#probe(this.#keys[place] as number)] = place;
  }
}

/** Length of an array that must hold so many and will grow on: a quarter more. */
export function roomFor(count: number): number {
  return Math.max(FIRST_CAPACITY, count + (count >> 2));
}

/** The longer array, beginning with what stands in the shorter one. */
export function grown<A extends Int32Array | Float64Array>(shorter: A, longer: A): A {
  longer.set(shorter);
  return longer;
}
