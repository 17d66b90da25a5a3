import { KeyIndex, NONE } from "./key-index.ts";
import { readWide, WIDE_WORDS, writeWide } from "./wide-words.ts";

const BLOCK_SHIFT = 10;
const BLOCK_VALUES = 1 << BLOCK_SHIFT;

/** 256-bit values by 31-bit keys, packed: about 50 bytes each. Values stand in blocks, so that growing never copies them. */
export class NodeTable {
  readonly #index = new KeyIndex();
  readonly #blocks: BigUint64Array[] = [];

  get bytesAllocated(): number {
    return this.#index.bytesAllocated + this.#blocks.length * BLOCK_VALUES * WIDE_WORDS * 8;
  }

  get size(): number {
    return this.#index.size;
  }

  get(key: number): bigint | undefined {
    const place = this.#index.find(key);
    if (place === NONE) return undefined;
    const block = this.#blocks[place >> BLOCK_SHIFT] as BigUint64Array;
    return readWide(block, (place & (BLOCK_VALUES - 1)) * WIDE_WORDS);
  }

  /** @throws RangeError for a value that does not fit 256 bits */
  set(key: number, value: bigint): void {
    const place = this.#index.ensure(key);
    const number = place >> BLOCK_SHIFT;
    if (number === this.#blocks.length) this.#blocks.push(new BigUint64Array(BLOCK_VALUES * WIDE_WORDS));
    writeWide(this.#blocks[number] as BigUint64Array, (place & (BLOCK_VALUES - 1)) * WIDE_WORDS, value);
  }
}
