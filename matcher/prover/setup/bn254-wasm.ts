import { FIELD_BYTES, fieldFromBytes, fieldToBytes, modScalar } from "./bn254.ts";

/** ffjavascript's arithmetic, compiled once; a worker thread receives it as is and instantiates its own copy. */
export type Bn254Image = {
  readonly module: WebAssembly.Module;
  /** Where the module's data segment holds the generators, in Jacobian coordinates. */
  readonly g1Generator: number;
  readonly g2Generator: number;
};

export type WasmFunction = (...args: number[]) => number;

const PAGE_BYTES = 65_536;
const INITIAL_PAGES = 25;
/** The module's word at address 0 is its stack pointer: its functions put their temporaries there and never grow. */
const FREE_POINTER_WORD = 0;

/**
 * One instance of the arithmetic with its own memory. Functions take addresses; `allocate` hands those out and there is
 * no free: an instance is used for one job and dropped. Views (`bytes`, `words`) are replaced when the memory grows, so
 * they must be read again after an `allocate`.
 */
export class Bn254Wasm {
  readonly image: Bn254Image;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Record<string, unknown>;
  bytes: Uint8Array<ArrayBuffer>;
  words: Uint32Array<ArrayBuffer>;

  constructor(image: Bn254Image) {
    this.image = image;
    this.#memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });
    this.#exports = new WebAssembly.Instance(image.module, { env: { memory: this.#memory } }).exports;
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.words = new Uint32Array(this.#memory.buffer);
  }

  /** An exported function by its name in the module. @throws TypeError for a name that it lacks. */
  function(name: string): WasmFunction {
    const found = this.#exports[name];
    if (typeof found !== "function") throw new TypeError(`the BN254 module exports no function ${name}`);
    return found as WasmFunction;
  }

  /**
   * Reserves zeroed memory for good. @param scratchBytes what the module's functions may need beyond it for temporaries: a
   * batch inversion takes as much as its input, everything else a few kilobytes.
   */
  allocate(bytes: number, scratchBytes = 1 << 20): number {
    const address = (this.words[FREE_POINTER_WORD]! + 7) & ~7;
    const end = address + bytes;
    const missingBytes = end + scratchBytes - this.#memory.buffer.byteLength;
    if (missingBytes > 0) {
      this.#memory.grow(Math.ceil(missingBytes / PAGE_BYTES));
      this.bytes = new Uint8Array(this.#memory.buffer);
      this.words = new Uint32Array(this.#memory.buffer);
    }
    this.words[FREE_POINTER_WORD] = end;
    // What lay beyond the free pointer were temporaries of earlier calls.
    this.bytes.fill(0, address, end);
    return address;
  }

  /** A scalar constant in Montgomery form. Multiplying a plain scalar by it gives a plain product. */
  allocateScalar(value: bigint): number {
    const address = this.allocate(FIELD_BYTES);
    this.bytes.set(fieldToBytes(modScalar(value)), address);
    this.function("frm_toMontgomery")(address, address);
    return address;
  }

  /** The 32 bytes at an address as a number, in whatever form they are. */
  readField(address: number): bigint {
    return fieldFromBytes(this.bytes.subarray(address, address + FIELD_BYTES));
  }
}
