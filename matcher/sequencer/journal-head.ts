import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";

/** Head of the empty journal. */
export const GENESIS_JOURNAL_HEAD = 0n;

/**
 * The next head of the command hash chain: keccak256(previous head as 32 bytes ‖ canonical bytes of the command) >> 8. The shift
 * leaves 248 bits, below the field's order, so that a head is a word of the public data. Published in every epoch and batch, it
 * fixes which commands had been accepted, and in what order, before prices were known.
 */
export function nextJournalHead(head: bigint, bytes: Uint8Array): bigint {
  return bytesToNumberBE(keccak_256(concatBytes(numberToBytesBE(head, 32), bytes))) >> 8n;
}
