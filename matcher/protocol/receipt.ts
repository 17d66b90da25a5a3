import { addressNumber } from "./abi-word.ts";
import { nextJournalHead, recordDigest } from "./journal-head.ts";
import { recordBytes } from "./journal-record.ts";
import { type ReceiptPlace, receiptGroupSigner } from "./receipt-group.ts";

/** Commands under one signature, at most: a receipt's path stays short. */
export const RECEIPT_GROUP_MAX = 32;

/**
 * The operator's word that a command has its place in the journal: its number and time, the chain's head before and after it, the path
 * of digests to the head of its group, and the signature of that.
 */
export interface Receipt {
  readonly command: number;
  readonly acceptedAtMs: number;
  readonly previousHead: bigint;
  /** keccak256 of the command's record. */
  readonly digest: bigint;
  readonly head: bigint;
  /** Digests of the commands after it, through the group's last. */
  readonly path: readonly bigint[];
  readonly lastCommand: number;
  readonly groupHead: bigint;
  /** r ‖ s ‖ v of the group (receipt-group.ts), 0x and 130 lower-case hexadecimal digits. */
  readonly signature: string;
}

/** What is wrong with a receipt. */
export type ReceiptFault =
  /** Its digest is not that of the command that was sent, at that time. */
  | "another-command"
  /** Its head does not follow from the one before and its digest. */
  | "broken-head"
  /** Its path does not lead to the group's head in as many steps as the numbers say. */
  | "broken-path"
  /** It is not signed by the operator's receipts key, for this exchange. */
  | "not-signed";

/** In words, for errors and reports. */
export const RECEIPT_FAULTS: Readonly<Record<ReceiptFault, string>> = {
  "another-command": "its digest is not that of the command that was sent, at the time that it names",
  "broken-head": "its head does not follow from the head before it and its digest",
  "broken-path": "its path does not lead from its number and head to those of its group",
  "not-signed": "its signature is not that of the operator's receipts key for this exchange",
};

/** What is known of a receipt without trust: what was sent, where, and who answers for it. */
export interface ReceiptExpectation {
  /** The command as its sender knows it (journal-record.ts). */
  readonly commandBytes: Uint8Array;
  readonly place: ReceiptPlace;
  /** Address of the operator's receipts key. */
  readonly signer: string;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

/** Whether the numbers, heads and path of a receipt belong together; null when they do. Who signed is another question. */
export function chainFault(receipt: Omit<Receipt, "signature">): ReceiptFault | null {
  const { command, lastCommand, previousHead, digest, head, path, groupHead } = receipt;
  // A head is 248 bits, a digest 256: others have no encoding.
  if ([previousHead, head, groupHead].some((value) => value < 0n || value >> 248n !== 0n)) return "broken-head";
  if ([digest, ...path].some((value) => value < 0n || value >> 256n !== 0n)) return "broken-path";
  if (nextJournalHead(previousHead, digest) !== head) return "broken-head";
  if (!isCount(command) || !isCount(lastCommand)) return "broken-path";
  if (path.length !== lastCommand - command || path.length >= RECEIPT_GROUP_MAX) return "broken-path";
  return path.reduce(nextJournalHead, head) === groupHead ? null : "broken-path";
}

/** Whether a receipt is for the command that was sent. */
export function isReceiptOf({ digest, acceptedAtMs }: Receipt, commandBytes: Uint8Array): boolean {
  if (!Number.isSafeInteger(acceptedAtMs) || acceptedAtMs < 0) return false;
  return recordDigest(recordBytes(acceptedAtMs, commandBytes)) === digest;
}

/** Address of whoever signed a receipt's group, lower case; null for none. */
export function receiptSigner({ lastCommand, groupHead, signature }: Receipt, place: ReceiptPlace): string | null {
  return receiptGroupSigner(place, { lastCommand, journalHead: groupHead }, signature);
}

/** Judges a receipt by what its holder sent; null when nothing is wrong. Costs about a millisecond, for the signature. */
export function receiptFault(
  receipt: Receipt,
  { commandBytes, place, signer }: ReceiptExpectation,
): ReceiptFault | null {
  if (!isReceiptOf(receipt, commandBytes)) return "another-command";
  const fault = chainFault(receipt);
  if (fault !== null) return fault;
  const found = receiptSigner(receipt, place);
  return found !== null && BigInt(found) === addressNumber(signer) ? null : "not-signed";
}
