import { ELEMENT_BYTES, type Modulus, montgomeryLimbs } from "./limbs.ts";

const ALIGNMENT = 8;
const PAGE_BYTES = 65_536;

/** Gives out addresses while a module is written, and fills in the constants once it has a memory. */
export class MemoryPlan {
  #endBytes: number;
  readonly #constants: { address: number; words: Int32Array }[] = [];

  constructor(startBytes = ALIGNMENT) {
    this.#endBytes = startBytes;
  }

  get pages(): number {
    return Math.ceil(this.#endBytes / PAGE_BYTES);
  }

  reserve(bytes: number): number {
    const address = this.#endBytes;
    this.#endBytes = Math.ceil((address + bytes) / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  elements(count: number): number {
    return this.reserve(count * ELEMENT_BYTES);
  }

  /** Elements in a row, in Montgomery form. */
  constants(values: readonly bigint[], modulus: Modulus): number {
    const address = this.elements(values.length);
    values.forEach((value, i) => {
      this.#constants.push({ address: address + i * ELEMENT_BYTES, words: montgomeryLimbs(value, modulus) });
    });
    return address;
  }

  /** One element as it stands. */
  limbs(words: Int32Array): number {
    const address = this.elements(1);
    this.#constants.push({ address, words });
    return address;
  }

  fill(memory: WebAssembly.Memory): void {
    const words = new Int32Array(memory.buffer);
    for (const constant of this.#constants) words.set(constant.words, constant.address / 4);
  }
}
