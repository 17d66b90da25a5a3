import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";

/** Head of the empty journal. */
export const GENESIS_JOURNAL_HEAD = 0n;

/** keccak256 of a record's bytes (journal-record.ts): what the chain, receipts and audits know a command by. */
export function recordDigest(recordBytes: Uint8Array): bigint {
  return bytesToNumberBE(keccak_256(recordBytes));
}

/**
 * The next head of the hash chain over the journal: keccak256(previous head ‖ record digest, 32 bytes each) >> 8. The shift leaves 248
 * bits, below the field's order, so that a head is a word of the public data. Published in every epoch and batch, it fixes which
 * commands had been accepted, when and in what order, before prices were known. Over digests, so that a path between two heads shows
 * nobody's orders.
 */
export function nextJournalHead(head: bigint, digest: bigint): bigint {
  return bytesToNumberBE(keccak_256(concatBytes(numberToBytesBE(head, 32), numberToBytesBE(digest, 32)))) >> 8n;
}
