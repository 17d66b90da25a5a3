import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { abiWord } from "./abi-word.ts";

/** A bytes32 as L1 libraries write it: 0x and 64 lower-case hexadecimal digits. */
export type Bytes32 = `0x${string}`;

export const ZERO_BYTES32: Bytes32 = `0x${"0".repeat(64)}`;

/** keccak256(abi.encode(words)) for values that are one word each. @throws RangeError when one is not. */
export function abiHash(words: readonly bigint[]): Bytes32 {
  return `0x${bytesToHex(keccak_256(concatBytes(...words.map(abiWord))))}`;
}
