import { RECEIPT_GROUP_MAX, type Receipt } from "./receipt.ts";
import type { WireReceipt } from "./wire/receipt.ts";

export type { WireDigests, WireReceipt, WireReceipts } from "./wire/receipt.ts";

const WORD_PATTERN = /^0x[0-9a-f]{64}$/;

/** 0x and 64 hexadecimal digits. */
export function wireWord(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** Inverse of {@link wireWord}. @throws RangeError for anything else */
export function wordFromWire(text: unknown): bigint {
  if (typeof text !== "string" || !WORD_PATTERN.test(text)) throw new RangeError(`no word: ${JSON.stringify(text)}`);
  return BigInt(text);
}

export function wireReceipt({ previousHead, digest, head, path, groupHead, ...same }: Receipt): WireReceipt {
  return {
    ...same,
    previousHead: wireWord(previousHead),
    digest: wireWord(digest),
    head: wireWord(head),
    path: path.map(wireWord),
    groupHead: wireWord(groupHead),
  };
}

function numberFrom(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`no whole number: ${JSON.stringify(value)}`);
  return value as number;
}

/** Inverse of {@link wireReceipt}. Judges shape only. @throws RangeError naming what is no part of a receipt */
export function receiptFromWire(wire: unknown): Receipt {
  if (typeof wire !== "object" || wire === null) throw new RangeError("a receipt is an object");
  const { path, signature, ...fields } = wire as Record<keyof WireReceipt, unknown>;
  if (!Array.isArray(path) || path.length >= RECEIPT_GROUP_MAX) throw new RangeError("a path is a list of few digests");
  if (typeof signature !== "string") throw new RangeError("a signature is a text");
  return {
    command: numberFrom(fields.command),
    acceptedAtMs: numberFrom(fields.acceptedAtMs),
    previousHead: wordFromWire(fields.previousHead),
    digest: wordFromWire(fields.digest),
    head: wordFromWire(fields.head),
    path: path.map(wordFromWire),
    lastCommand: numberFrom(fields.lastCommand),
    groupHead: wordFromWire(fields.groupHead),
    signature,
  };
}
