import { FIELD_ORDER } from "../protocol/spec.ts";
import { writeFieldFunctions } from "./field-functions.ts";
import { ELEMENT_BYTES, modulusOf } from "./limbs.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { writeHash, writePoseidonParts } from "./poseidon-writer.ts";
import { WasmModule } from "./wasm-module.ts";

/** Inputs of a tree's node, and of a leaf or a sponge's block. */
export type WideInputs = 8 | 16;
const WIDE_INPUTS: readonly WideInputs[] = [8, 16];
const NUMBER_BYTES = 32;
const WORDS = 4;
const WORD_BYTES = 8;

/** Operands are addresses in the module's memory. */
interface HashFunctions {
  read(to: number, bytes: number): void;
  write(bytes: number, from: number): void;
  hash8(to: number, inputs: number): void;
  hash16(to: number, inputs: number): void;
}

interface HashImage {
  readonly module: WebAssembly.Module;
  readonly plan: MemoryPlan;
  /** Bytes of sixteen numbers, with room for what a load of the last one runs into. */
  readonly numbers: number;
  readonly elements: number;
}

let written: HashImage | undefined;

/** Written once a thread, in about a quarter of a second. */
function hashImage(): HashImage {
  if (written !== undefined) return written;
  const module = new WasmModule();
  const plan = new MemoryPlan();
  const field = modulusOf(FIELD_ORDER);
  writeFieldFunctions(module, field);
  writePoseidonParts(
    module,
    field,
    WIDE_INPUTS.map((inputs) => inputs + 1),
  );
  for (const inputs of WIDE_INPUTS) writeHash(module, field, plan, inputs);
  const count = Math.max(...WIDE_INPUTS);
  const numbers = plan.reserve(count * NUMBER_BYTES + WORD_BYTES);
  const elements = plan.elements(count + 1);
  written = { module: new WebAssembly.Module(module.bytes(plan.pages)), plan, numbers, elements };
  return written;
}

/** H_8 and H_16 of the trees and the sponge, in WebAssembly that is written at start like the verifier's. Not to be shared between threads. */
export class WidePoseidon {
  readonly #functions: HashFunctions;
  readonly #words: BigUint64Array;
  readonly #numbers: number;
  readonly #elements: number;

  constructor() {
    const { module, plan, numbers, elements } = hashImage();
    const { exports } = new WebAssembly.Instance(module);
    const memory = exports.memory as WebAssembly.Memory;
    plan.fill(memory);
    this.#functions = exports as unknown as HashFunctions;
    this.#words = new BigUint64Array(memory.buffer);
    this.#numbers = numbers;
    this.#elements = elements;
  }

  static takes(inputs: number): inputs is WideInputs {
    return inputs === 8 || inputs === 16;
  }

  /** @param inputs field elements, as many as {@link WidePoseidon.takes} says */
  hash(inputs: readonly bigint[]): bigint {
    const wasm = this.#functions;
    const words = this.#words;
    const numbers = this.#numbers;
    const elements = this.#elements;
    const count = inputs.length;
    for (let i = 0; i < count; i++) {
      const value = inputs[i] as bigint;
      const at = numbers / WORD_BYTES + i * WORDS;
      words[at] = value; // the array keeps the low 64 bits
      words[at + 1] = value >> 64n;
      words[at + 2] = value >> 128n;
      words[at + 3] = value >> 192n;
      wasm.read(elements + (i + 1) * ELEMENT_BYTES, numbers + i * NUMBER_BYTES);
    }
    if (count === 8) wasm.hash8(elements, elements + ELEMENT_BYTES);
    else wasm.hash16(elements, elements + ELEMENT_BYTES);
    wasm.write(numbers, elements);
    const at = numbers / WORD_BYTES;
    return (
      (words[at] as bigint) |
      ((words[at + 1] as bigint) << 64n) |
      ((words[at + 2] as bigint) << 128n) |
      ((words[at + 3] as bigint) << 192n)
    );
  }
}
