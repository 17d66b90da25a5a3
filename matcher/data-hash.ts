import { bytesToNumberBE } from "@noble/curves/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import * as spec from "./protocol/spec.ts";

export function hashOf(bytes: Uint8Array): bigint {
  return bytesToNumberBE(keccak_256(bytes));
}

/** Of plain data; bigints with their digits. */
export function hashOfData(value: unknown): bigint {
  const text = JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : item));
  return hashOf(utf8ToBytes(text));
}

/** Every constant that the protocol is made of. */
export function protocolHash(): bigint {
  return hashOfData(Object.entries(spec).filter(([, value]) => typeof value !== "function"));
}
