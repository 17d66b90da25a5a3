import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { addressNumber } from "./abi-word.ts";
import type { Receipt } from "./receipt.ts";
import type { ReceiptPlace } from "./receipt-group.ts";
import { receiptFromWire, wireReceipt } from "./receipt-wire.ts";

/** A receipt with everything that its holder needs to show: what was sent, where, and whose key was to answer for it. */
export interface HeldReceipt {
  readonly place: ReceiptPlace;
  /** Address of the key that the operator named. */
  readonly signer: string;
  /** The command as its sender knows it (journal-record.ts). */
  readonly commandBytes: Uint8Array;
  readonly receipt: Receipt;
}

const BYTES_PATTERN = /^0x(?:[0-9a-f]{2}){1,4096}$/;

/** One line of JSON, without its end. */
export function heldReceiptLine({ place, signer, commandBytes, receipt }: HeldReceipt): string {
  const { chainId, exchange } = place;
  const command = `0x${bytesToHex(commandBytes)}`;
  return JSON.stringify({ chainId, exchange, signer, command, receipt: wireReceipt(receipt) });
}

/** Inverse of {@link heldReceiptLine}. Judges shape only. @throws RangeError, SyntaxError for anything else */
export function heldReceiptFromLine(line: string): HeldReceipt {
  const found: unknown = JSON.parse(line);
  if (typeof found !== "object" || found === null) throw new RangeError("a line is an object");
  const { chainId, exchange, signer, command, receipt } = found as Record<string, unknown>;
  if (!Number.isSafeInteger(chainId) || (chainId as number) < 1)
    throw new RangeError("chainId is no number of a chain");
  if (typeof exchange !== "string" || typeof signer !== "string") throw new RangeError("an address is a text");
  addressNumber(exchange);
  addressNumber(signer);
  if (typeof command !== "string" || !BYTES_PATTERN.test(command)) throw new RangeError("command is no text of bytes");
  const commandBytes = hexToBytes(command.slice(2));
  return { place: { chainId: chainId as number, exchange }, signer, commandBytes, receipt: receiptFromWire(receipt) };
}

/** Lines of JSON. */
export function heldReceiptsText(held: readonly HeldReceipt[]): string {
  return held.map((one) => `${heldReceiptLine(one)}\n`).join("");
}

/** Inverse of {@link heldReceiptsText}; empty lines are skipped. @throws RangeError naming the first line that is none */
export function heldReceiptsFrom(text: string): HeldReceipt[] {
  return text.split("\n").flatMap((line, at) => {
    if (line.trim() === "") return [];
    try {
      return [heldReceiptFromLine(line)];
    } catch (error) {
      throw new RangeError(`line ${at + 1} is no receipt: ${error instanceof Error ? error.message : error}`);
    }
  });
}
