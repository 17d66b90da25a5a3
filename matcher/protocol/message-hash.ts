import { bytesToNumberBE } from "@noble/curves/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { abiWord, addressNumber } from "./abi-word.ts";
import { instructionKind, messageWord, type Statement } from "./message.ts";
import { type Poseidon, signingPoseidon } from "./signing-poseidon.ts";
import { DOMAIN_TEXT, TAG_MESSAGE } from "./spec.ts";

/**
 * The domain of signed messages: a signature for one chain and exchange means nothing on another.
 * uint256(keccak256(abi.encode(keccak256(text), chainId, exchange))) >> 8, which makes it a field element.
 * @throws RangeError for a chain id that is negative or no integer, or for a string that is not an address.
 */
export function domainOf(chainId: number | bigint, exchange: string): bigint {
  const text = keccak_256(utf8ToBytes(DOMAIN_TEXT));
  const encoded = concatBytes(text, abiWord(BigInt(chainId)), abiWord(addressNumber(exchange)));
  return bytesToNumberBE(keccak_256(encoded)) >> 8n;
}

/** What M is the hash of. @throws RangeError naming a field that does not fit its width. */
export function messageHashInputs(message: Statement, domain: bigint): [tag: bigint, domain: bigint, word: bigint] {
  return [TAG_MESSAGE + BigInt(instructionKind(message.kind)), domain, messageWord(message)];
}

/**
 * M = H_3(TAG_MESSAGE + kind, domain, word): what is signed, and what the circuit recomputes (docs/protocol.md §3).
 * @throws RangeError naming a field that does not fit its width.
 */
export function messageHash(message: Statement, domain: bigint, hash: Poseidon = signingPoseidon): bigint {
  return hash(messageHashInputs(message, domain));
}
