import { buildPoseidon } from "circomlibjs";
import { WidePoseidon } from "../eddsa/wide-poseidon.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { assertPoseidonInputs } from "../protocol/signing-poseidon.ts";

const MAX_INPUTS = 16;
const ELEMENT_BYTES = 32;
const WORDS = 4;

/**
 * Poseidon in WebAssembly, bigint to bigint, for Node: trees and the sponge hash in a module of ours, which takes half the time, the other
 * widths in circomlibjs'. Inputs are written into its memory directly: the library's own conversions cost as much as a short hash. Faster
 * than poseidon-lite at every width (scripts/bench/poseidon.ts).
 * Each call makes an instance of its own, so that workers and tests share nothing.
 * @throws RangeError (from the hash) for a wrong number of inputs, or one outside [0, r).
 */
export async function buildFastPoseidon(): Promise<Poseidon> {
  const { tm } = (await buildPoseidon()).F;
  const { poseidon, frm_toMontgomery: toMontgomery, frm_fromMontgomery: fromMontgomery } = tm.instance.exports;
  // The allocator aligns to 4 bytes; a view of 64-bit words needs 8.
  const zero = (tm.alloc(ELEMENT_BYTES * (MAX_INPUTS + 2) + 8) + 7) & ~7;
  const input = zero + ELEMENT_BYTES;
  const output = input + ELEMENT_BYTES * MAX_INPUTS;
  let words = new BigUint64Array(tm.memory.buffer);
  words.fill(0n, zero / 8, zero / 8 + WORDS);
  const wide = new WidePoseidon();

  return (inputs) => {
    const count = inputs.length;
    if (count < 1 || count > MAX_INPUTS) throw new RangeError(`Poseidon takes 1 to 16 inputs, not ${count}`);
    assertPoseidonInputs(inputs);
    if (WidePoseidon.takes(count)) return wide.hash(inputs);
    // A grown memory leaves the old view empty.
    if (words.length === 0) words = new BigUint64Array(tm.memory.buffer);
    for (let i = 0; i < count; i++) {
      const value = inputs[i] as bigint;
      const at = input / 8 + i * WORDS;
      words[at] = value; // the array keeps the low 64 bits
      words[at + 1] = value >> 64n;
      words[at + 2] = value >> 128n;
      words[at + 3] = value >> 192n;
      toMontgomery(input + i * ELEMENT_BYTES, input + i * ELEMENT_BYTES);
    }
    poseidon(zero, input, count, output, 1);
    fromMontgomery(output, output);
    const at = output / 8;
    return (
      (words[at] as bigint) |
      ((words[at + 1] as bigint) << 64n) |
      ((words[at + 2] as bigint) << 128n) |
      ((words[at + 3] as bigint) << 192n)
    );
  };
}
