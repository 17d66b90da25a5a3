import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, writevSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { CommandLog } from "./command-log.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** length (4 bytes) and CRC-32 of the record (4 bytes), big-endian, before each record. */
const HEADER_BYTES = 8;
/** Longer records than any command: a length beyond this is damage, not a record. */
const RECORD_BYTES_MAX = 4_096;

/** A journal whose beginning is good and whose middle is not: nobody may guess what was lost. */
export class JournalDamaged extends Error {
  readonly atByte: number;
  constructor(path: string, atByte: number, what: string) {
    super(`${path} is damaged at byte ${atByte} (${what}), with records after it: restore it from a copy.`);
    this.name = "JournalDamaged";
    this.atByte = atByte;
  }
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** What was found in a journal's bytes. */
export interface JournalContent {
  records: Uint8Array[];
  /** Bytes that hold whole records. */
  goodBytes: number;
}

/**
 * Reads records up to the end or to a torn last one, which a crash in the middle of a write leaves: it was never acknowledged.
 * @throws JournalDamaged when a bad record is not the last
 */
export function readJournal(bytes: Uint8Array, path = "the journal"): JournalContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = view.getUint32(at);
    const end = at + HEADER_BYTES + length;
    if (length === 0 || length > RECORD_BYTES_MAX) {
      // A torn write may have left zeros, and nothing else.
      if (bytes.subarray(at).every((byte) => byte === 0)) break;
      throw new JournalDamaged(path, at, `a record of ${length} bytes`);
    }
    if (end > bytes.length) break;
    const record = bytes.slice(at + HEADER_BYTES, end);
    if (crc32(record) !== view.getUint32(at + 4)) {
      if (end === bytes.length) break;
      throw new JournalDamaged(path, at, "a wrong checksum");
    }
    records.push(record);
    at = end;
  }
  return { records, goodBytes: at };
}

/**
 * An append-only file of commands. Records that arrive while the disk works are written and synced together, so that an acknowledgement
 * costs a share of one fdatasync. The first failure ends the journal: what is not on disk must not be acknowledged, ever.
 */
export class JournalFile implements CommandLog {
  /** Commands that were in the file when it was opened, in order. */
  readonly replay: readonly Uint8Array[];
  readonly fsync = new LatencyHistogram();
  private readonly descriptor: number;
  private pending: Uint8Array[] = [];
  private waiting: Waiting[] = [];
  private syncing: Promise<void> | null = null;
  private failure: Error | null = null;

  /**
   * Opens or creates the file; a torn last record is cut off.
   * @throws JournalDamaged; whatever the file system says
   */
  constructor(path: string) {
    this.descriptor = openSync(path, "a+");
    try {
      const { records, goodBytes } = readJournal(readFileSync(path), path);
      ftruncateSync(this.descriptor, goodBytes);
      this.replay = records;
    } catch (error) {
      closeSync(this.descriptor);
      throw error;
    }
  }

  append(record: Uint8Array): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (record.length === 0 || record.length > RECORD_BYTES_MAX) {
      return Promise.reject(new RangeError(`a record of ${record.length} bytes`));
    }
    const header = new Uint8Array(HEADER_BYTES);
    const view = new DataView(header.buffer);
    view.setUint32(0, record.length);
    view.setUint32(4, crc32(record));
    this.pending.push(header, record);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      // Everything that comes in this turn of the event loop goes to disk together.
      this.syncing ??= new Promise<void>((begin) => setImmediate(begin)).then(() => this.drain());
    });
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Waits for what is under way, then closes the file. */
  async close(): Promise<void> {
    await this.syncing;
    this.failure ??= new Error("the journal is closed");
    closeSync(this.descriptor);
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const { pending, waiting } = this;
      this.pending = [];
      this.waiting = [];
      try {
        if (this.failure !== null) throw this.failure;
        writeAll(this.descriptor, Buffer.concat(pending));
        const startMs = performance.now();
        await sync(this.descriptor);
        this.fsync.record(performance.now() - startMs);
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        this.failure ??= error as Error;
        for (const { reject } of waiting) reject(this.failure);
      }
    }
    this.syncing = null;
  }
}

/** A write may take less than it was given. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writevSync(descriptor, [bytes.subarray(at)]);
}

function sync(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) =>
    fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error))),
  );
}
