import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter } from "../protocol/byte-stream.ts";
import { nextJournalHead, recordDigest } from "../protocol/journal-head.ts";
import { JournalDamaged } from "./journal-damaged.ts";
import {
  checkFormat,
  IDENTITY_BYTES,
  identityBytes,
  JOURNAL_FORMAT,
  type JournalIdentity,
  readIdentity,
} from "./journal-identity.ts";

/** What stands in front of a segment's records. */
export interface SegmentHeader {
  readonly identity: JournalIdentity;
  /** From 1, without a gap. */
  readonly segment: number;
  /** Number of its first record. */
  readonly firstRecord: number;
  /** Head of the hash chain before that. */
  readonly headBefore: bigint;
}

/** "CLEARJRN" */
const MAGIC = 0x43_4c_45_41_52_4a_52_4en;
export const HEADER_BYTES = 8 + 2 + IDENTITY_BYTES + 4 + 8 + 32 + 4;
/** Length and CRC-32 of length and record, big-endian, before each record. */
export const FRAME_BYTES = 8;
/** Longer records than any command: a length beyond this is damage, not a record. */
export const RECORD_BYTES_MAX = 4_096;

export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, "0")}.segment`;
}

export function isSegmentName(name: string): boolean {
  return name.endsWith(".segment");
}

export function headerBytes({ identity, segment, firstRecord, headBefore }: SegmentHeader): Uint8Array {
  const out = new ByteWriter();
  out.bigUint(MAGIC, 8);
  out.uint(JOURNAL_FORMAT, 2);
  for (const byte of identityBytes(identity)) out.uint(byte, 1);
  out.uint(segment, 4);
  out.uint(firstRecord, 8);
  out.bigUint(headBefore, 32);
  out.uint(crc32(out.bytes()), 4);
  return out.bytes();
}

/** @throws JournalDamaged, JournalForeign for a format of another version */
export function readHeader(path: string, bytes: Uint8Array): SegmentHeader {
  const damaged = (atByte: number, what: string) => new JournalDamaged({ path, atByte, record: 0, what });
  if (bytes.length < HEADER_BYTES) throw damaged(bytes.length, "the header ends too early");
  const source = new ByteReader(bytes.subarray(0, HEADER_BYTES));
  if (source.bigUint(8) !== MAGIC) throw damaged(0, "it does not begin as a journal does");
  const format = source.uint(2);
  const end = HEADER_BYTES - 4;
  const sound = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end) === crc32(bytes.subarray(0, end));
  if (!sound && format === JOURNAL_FORMAT) throw damaged(0, "the header has a wrong checksum");
  checkFormat(path, format);
  const identity = readIdentity(source);
  return { identity, segment: source.uint(4), firstRecord: source.uint(8), headBefore: source.bigUint(32) };
}

/** A record as it goes to disk. */
export function framed(record: Uint8Array): Uint8Array {
  const out = new Uint8Array(FRAME_BYTES + record.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, record.length);
  view.setUint32(4, crc32(record, crc32(out.subarray(0, 4))));
  out.set(record, FRAME_BYTES);
  return out;
}

/** The records of a segment, walked through in order with their place in the hash chain. */
export class SegmentReader {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly #bytes: Uint8Array;
  readonly #chained: boolean;
  /** Byte behind the last record taken. */
  at = HEADER_BYTES;
  /** Number of the next record. */
  next: number;
  /** Head of the hash chain after the last one taken, if it is followed. */
  head: bigint;

  /**
   * @param chained false leaves the hash chain out, for bytes that were read before
   * @throws JournalDamaged, JournalForeign for a header that is none of ours
   */
  constructor(path: string, bytes: Uint8Array, { chained = true }: { chained?: boolean } = {}) {
    this.path = path;
    this.#bytes = bytes;
    this.#chained = chained;
    this.header = readHeader(path, bytes);
    this.next = this.header.firstRecord;
    this.head = this.header.headBefore;
  }

  get isAtEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  /** The next record, or what is wrong with the bytes there. Not to be called at the end. */
  take(): Uint8Array | string {
    const bytes = this.#bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.at + FRAME_BYTES > bytes.length) return "a record's frame ends too early";
    const length = view.getUint32(this.at);
    if (length === 0 || length > RECORD_BYTES_MAX) return `a record of ${length} bytes`;
    const end = this.at + FRAME_BYTES + length;
    if (end > bytes.length) return "a record ends too early";
    const record = bytes.subarray(this.at + FRAME_BYTES, end);
    if (crc32(record, crc32(bytes.subarray(this.at, this.at + 4))) !== view.getUint32(this.at + 4)) {
      return "a wrong checksum";
    }
    this.at = end;
    this.next += 1;
    if (this.#chained) this.head = nextJournalHead(this.head, recordDigest(record));
    return record;
  }

  damaged(what: string): JournalDamaged {
    return new JournalDamaged({ path: this.path, atByte: this.at, record: this.next, what });
  }
}
