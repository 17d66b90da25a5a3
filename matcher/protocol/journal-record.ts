import { concatBytes } from "@noble/hashes/utils.js";
import { ByteReader, ByteWriter } from "./byte-stream.ts";
import { type Instruction, instructionKind, messageWord, type Signed } from "./message.ts";

/** First byte of a message among the commands (sequencer/command-bytes.ts has the others). */
export const MESSAGE_TAG = 3;

/** Width of the acceptance time, milliseconds since 1970, before a command's bytes. */
export const ACCEPTED_AT_BYTES = 8;

/** A client order id is 1 to this many printable ASCII characters. */
export const CLIENT_ID_LENGTH_MAX = 64;
export const CLIENT_ID_PATTERN = /^[ -~]+$/;

export function isClientId(text: string): boolean {
  return text.length <= CLIENT_ID_LENGTH_MAX && CLIENT_ID_PATTERN.test(text);
}

/** A message as a command: what its sender must know to recompute the record that a receipt is for. */
export interface MessageEnvelope {
  readonly message: Signed<Instruction>;
  /** Cancels only: as a proven row. */
  readonly settle: boolean;
  /** Orders only: the client's own name for it. Not signed. */
  readonly clientId?: string;
}

/**
 * Canonical bytes of a message command: tag, kind, settle, signed word, signature, length of the client id and its characters.
 * @throws RangeError naming what does not fit
 */
export function messageCommandBytes({ message, settle, clientId = "" }: MessageEnvelope): Uint8Array {
  if (clientId !== "" && !isClientId(clientId)) throw new RangeError("a client id that is not printable");
  const out = new ByteWriter();
  out.uint(MESSAGE_TAG, 1);
  out.uint(instructionKind(message.kind), 1);
  out.uint(settle ? 1 : 0, 1);
  out.bigUint(messageWord(message), 32);
  out.bigUint(message.signature.r8x, 32);
  out.bigUint(message.signature.r8y, 32);
  out.bigUint(message.signature.s, 32);
  out.uint(clientId.length, 1);
  for (const character of clientId) out.uint(character.charCodeAt(0), 1);
  return out.bytes();
}

/** A journal record: when the exchange accepted a command, and the command. This is what is written down, hashed and receipted. */
export function recordBytes(acceptedAtMs: number, commandBytes: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  out.uint(acceptedAtMs, ACCEPTED_AT_BYTES);
  return concatBytes(out.bytes(), commandBytes);
}

/** Inverse of {@link recordBytes}. @throws RangeError for bytes too few to be one */
export function splitRecord(bytes: Uint8Array): { acceptedAtMs: number; commandBytes: Uint8Array } {
  const acceptedAtMs = new ByteReader(bytes).uint(ACCEPTED_AT_BYTES);
  return { acceptedAtMs, commandBytes: bytes.subarray(ACCEPTED_AT_BYTES) };
}
