import { join } from "node:path";
import { GENESIS_JOURNAL_HEAD, nextJournalHead, recordDigest } from "../protocol/journal-head.ts";
import { LatencyHistogram } from "../timing/latency-histogram.ts";
import { CommitMarkFile } from "./commit-mark.ts";
import { type FileOperations, REAL_FILES, writeAll } from "./file-operations.ts";
import { JournalFailed } from "./journal-damaged.ts";
import type { JournalIdentity } from "./journal-identity.ts";
import {
  framed,
  HEADER_BYTES,
  headerBytes,
  isSegmentName,
  RECORD_BYTES_MAX,
  SegmentReader,
  segmentName,
} from "./segment.ts";
import { checkSegments, type LogEnd } from "./segment-check.ts";

export interface RecordLogOptions {
  readonly directory: string;
  readonly identity: JournalIdentity;
  /** A segment that would grow beyond this is ended and a new one begun. */
  readonly segmentBytes?: number;
  readonly files?: FileOperations;
  /** Where a new log begins, when not at the first record of all. */
  readonly begin?: LogBeginning;
  readonly onNotice?: (sentence: string) => void;
}

export interface LogBeginning {
  readonly firstRecord: number;
  readonly headBefore: bigint;
}

const DEFAULT_SEGMENT_BYTES = 64 * 1024 * 1024;
const GENESIS: LogBeginning = { firstRecord: 1, headBefore: GENESIS_JOURNAL_HEAD };

interface Waiting {
  readonly frame: Uint8Array;
  /** Head of the hash chain after the record. */
  readonly head: bigint;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * An append-only log of records in a folder of segments. Records that arrive while the disk works are written and synced together, so
 * that an acknowledgement costs a share of one fdatasync. The first failure ends the log: after a failed sync nobody knows what the disk
 * has, so nothing is tried again.
 *
 * A group is on disk before the mark says so (commit-mark.ts), and the mark is written before anybody is told. A new segment's header,
 * its name in the folder and a mark in it are on disk before the first group goes there. So of everything that was acknowledged
 * each byte is vouched for, and what is found damaged can be told from what a crash has cut off.
 */
export class RecordLog {
  readonly directory: string;
  /** How long the disk takes for a group of records. */
  readonly fsync = new LatencyHistogram();
  readonly #options: Required<Pick<RecordLogOptions, "identity" | "segmentBytes" | "files">>;
  readonly #marks: CommitMarkFile;
  #descriptor: number;
  #end: LogEnd;
  /** Head after everything that was given to {@link append}. */
  #appendedHead: bigint;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | null = null;
  #failure: Error | null = null;

  private constructor(
    { directory, identity, segmentBytes, files }: Required<Omit<RecordLogOptions, "onNotice" | "begin">>,
    marks: CommitMarkFile,
    descriptor: number,
    end: LogEnd,
  ) {
    this.directory = directory;
    this.#options = { identity, segmentBytes, files };
    this.#marks = marks;
    this.#descriptor = descriptor;
    this.#end = end;
    this.#appendedHead = end.head;
  }

  /**
   * Opens or creates the log. Every byte of it is looked at. What a crash left above the last mark is kept as far as it is whole: it is
   * written and synced once more, because the system may have it from a sync that failed.
   * @throws JournalDamaged, JournalForeign; what the file system says
   */
  static async open(given: RecordLogOptions): Promise<RecordLog> {
    const options = { segmentBytes: DEFAULT_SEGMENT_BYTES, files: REAL_FILES, ...given };
    const { files, directory, identity, begin = GENESIS } = options;
    files.makeDirectory(directory);
    const names = files.list(directory).filter(isSegmentName);
    const { file: marks, mark } = CommitMarkFile.open(files, directory);
    try {
      const found = checkSegments(files, directory, identity, { names, mark });
      for (const path of found.unused) files.remove(path);
      if (found.end === undefined) {
        const end = { segment: 1, bytes: HEADER_BYTES, records: begin.firstRecord - 1, head: begin.headBefore };
        const descriptor = await createSegment(files, directory, identity, end);
        await marks.writeThrough(end);
        return new RecordLog(options, marks, descriptor, end);
      }
      const { end, tail, torn } = found;
      const descriptor = files.open(join(directory, segmentName(end.segment)));
      writeAll(files, descriptor, tail, end.bytes - tail.length);
      files.truncate(descriptor, end.bytes);
      await files.sync(descriptor);
      await marks.writeThrough(end);
      if (torn > 0) {
        given.onNotice?.(`${directory}: ${torn} bytes that a crash left behind record ${end.records} are cut off.`);
      }
      return new RecordLog(options, marks, descriptor, end);
    } catch (error) {
      await marks.close();
      throw error;
    }
  }

  /** Number of the last record that will survive a crash. */
  get lastRecord(): number {
    return this.#end.records;
  }

  /** Head of the hash chain there. */
  get head(): bigint {
    return this.#end.head;
  }

  /** Records that wait for the disk. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Why nothing can be written any more, or null. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Records on disk from one number on, in order. @throws JournalDamaged when a file has changed since it was opened */
  *records(from = 1): Generator<Uint8Array> {
    const { files } = this.#options;
    const last = this.#end.records;
    for (const name of segmentsFrom(files, this.directory, from)) {
      const path = join(this.directory, name);
      const reader = new SegmentReader(path, files.read(path), { chained: false });
      while (!reader.isAtEnd && reader.next <= last) {
        const number = reader.next;
        const record = reader.take();
        if (typeof record === "string") throw reader.damaged(record);
        if (number >= from) yield record;
      }
    }
  }

  /** Number of the first record that the log has. */
  get firstRecord(): number {
    const { files } = this.#options;
    const path = join(this.directory, segmentName(1));
    return new SegmentReader(path, files.read(path)).header.firstRecord;
  }

  /**
   * Resolves once the record will survive a crash.
   * @param head of the hash chain after it, if the caller has it
   * @throws (rejects) JournalFailed when it cannot be written: then nothing more may be acknowledged
   */
  append(record: Uint8Array, head = nextJournalHead(this.#appendedHead, recordDigest(record))): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (record.length === 0 || record.length > RECORD_BYTES_MAX) {
      return Promise.reject(new RangeError(`a record of ${record.length} bytes`));
    }
    this.#appendedHead = head;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ frame: framed(record), head, resolve, reject });
      // Everything that comes in this turn of the event loop goes to disk together.
      this.#draining ??= new Promise<void>((begin) => setImmediate(begin)).then(() => this.#drain());
    });
  }

  /** Waits for what is under way, then closes the files. */
  async close(): Promise<void> {
    await this.#draining;
    if (this.#descriptor < 0) return;
    this.#failure ??= new Error("the journal is closed");
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    this.#marks.syncSoon();
    await this.#marks.close();
    this.#options.files.close(descriptor);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure !== null) throw this.#failure;
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#failure ??= new JournalFailed(this.directory, error);
        for (const { reject } of group) reject(this.#failure);
      }
    }
    this.#draining = null;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const { files, segmentBytes } = this.#options;
    const bytes = Buffer.concat(group.map(({ frame }) => frame));
    if (this.#end.bytes > HEADER_BYTES && this.#end.bytes + bytes.length > segmentBytes) await this.#rotate();
    const { segment, bytes: at, records } = this.#end;
    writeAll(files, this.#descriptor, bytes, at);
    const startMs = performance.now();
    await files.sync(this.#descriptor);
    this.fsync.record(performance.now() - startMs);
    const { head } = group.at(-1) as Waiting;
    const end = { segment, bytes: at + bytes.length, records: records + group.length, head };
    this.#marks.write(end);
    this.#marks.syncSoon();
    this.#end = end;
  }

  async #rotate(): Promise<void> {
    const { files, identity } = this.#options;
    const end = { ...this.#end, segment: this.#end.segment + 1, bytes: HEADER_BYTES };
    const descriptor = await createSegment(files, this.directory, identity, end);
    const before = this.#descriptor;
    this.#descriptor = descriptor;
    this.#end = end;
    files.close(before);
    await this.#marks.writeThrough(end);
  }
}

/** A segment without records; its name and its header are on disk. */
async function createSegment(
  files: FileOperations,
  directory: string,
  identity: JournalIdentity,
  { segment, records, head }: LogEnd,
): Promise<number> {
  const descriptor = files.open(join(directory, segmentName(segment)));
  const header = headerBytes({ identity, segment, firstRecord: records + 1, headBefore: head });
  files.truncate(descriptor, 0);
  writeAll(files, descriptor, header, 0);
  await files.sync(descriptor);
  await files.syncDirectory(directory);
  return descriptor;
}

/** Names of the segments that have records from a number on. */
function segmentsFrom(files: FileOperations, directory: string, from: number): string[] {
  const names = files.list(directory).filter(isSegmentName);
  let first = names.length - 1;
  while (first > 0) {
    const path = join(directory, names[first] as string);
    if (new SegmentReader(path, files.read(path)).header.firstRecord <= from) break;
    first -= 1;
  }
  return names.slice(Math.max(first, 0));
}
