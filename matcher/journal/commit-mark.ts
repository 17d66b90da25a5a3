import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter } from "../protocol/byte-stream.ts";
import { type FileOperations, writeAll } from "./file-operations.ts";

/** How far a log was acknowledged. */
export interface CommitMark {
  readonly segment: number;
  /** Length of that segment. */
  readonly bytes: number;
  /** Records up to there, from the first of all. */
  readonly records: number;
  readonly head: bigint;
}

export const MARK_NAME = "acknowledged";
/** "CLEARACK" */
const MAGIC = 0x43_4c_45_41_52_41_43_4bn;
/** Slots lie in different sectors, so that a write that a power failure tears spoils one of them. */
const SLOT_STRIDE_BYTES = 4_096;
const SLOT_BYTES = 8 + 8 + 4 + 8 + 8 + 32 + 4;

function slotBytes(turn: number, { segment, bytes, records, head }: CommitMark): Uint8Array {
  const out = new ByteWriter();
  out.bigUint(MAGIC, 8);
  out.uint(turn, 8);
  out.uint(segment, 4);
  out.uint(bytes, 8);
  out.uint(records, 8);
  out.bigUint(head, 32);
  out.uint(crc32(out.bytes()), 4);
  return out.bytes();
}

function readSlot(bytes: Uint8Array): { turn: number; mark: CommitMark } | undefined {
  if (bytes.length < SLOT_BYTES) return undefined;
  const source = new ByteReader(bytes.subarray(0, SLOT_BYTES));
  try {
    if (source.bigUint(8) !== MAGIC) return undefined;
    const turn = source.uint(8);
    const mark = { segment: source.uint(4), bytes: source.uint(8), records: source.uint(8), head: source.bigUint(32) };
    return source.uint(4) === crc32(bytes.subarray(0, SLOT_BYTES - 4)) ? { turn, mark } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The file that says how far the log was acknowledged: two slots, written in turns.
 *
 * Why there is one. At the end of a log a record that a crash cut off and a record that was acknowledged and damaged later look the
 * same, and a file from which whole records are missing at the end looks like a whole one. So the evidence has to stand elsewhere. It
 * is written after the group of records is on disk and before anybody is told. A killed process takes nothing back that was written,
 * so that after a kill the mark covers everything that was acknowledged, to the byte: whatever is missing or wrong below it is damage and
 * refused; whatever is wrong above it was never acknowledged and is cut off.
 *
 * A power failure may lose the mark's last moments, because it is synced beside the acknowledgements and not before them (a second
 * sync would double what every one of them waits). The records themselves were synced: they are found above the mark, whole, and
 * kept. Only both at once, a power failure and a disk that damages just those records, would go unnoticed here, and then batches and
 * receipts beyond the journal's end tell.
 */
export class CommitMarkFile {
  readonly #files: FileOperations;
  readonly #descriptor: number;
  #turn: number;
  #syncing: Promise<void> | null = null;
  #dirty = false;

  private constructor(files: FileOperations, descriptor: number, turn: number) {
    this.#files = files;
    this.#descriptor = descriptor;
    this.#turn = turn;
  }

  /** Opens the file, or creates it. Without a mark that can be read there is none. */
  static open(files: FileOperations, directory: string): { file: CommitMarkFile; mark: CommitMark | undefined } {
    const path = join(directory, MARK_NAME);
    const bytes = files.list(directory).includes(MARK_NAME) ? files.read(path) : new Uint8Array();
    const slots = [readSlot(bytes), readSlot(bytes.subarray(SLOT_STRIDE_BYTES))].filter((slot) => slot !== undefined);
    const newest = slots.sort((a, b) => a.turn - b.turn).at(-1);
    return { file: new CommitMarkFile(files, files.open(path), newest?.turn ?? 0), mark: newest?.mark };
  }

  /** Writes the mark down: a kill does not lose it. @throws what the file system says */
  write(mark: CommitMark): void {
    this.#turn += 1;
    writeAll(this.#files, this.#descriptor, slotBytes(this.#turn, mark), (this.#turn % 2) * SLOT_STRIDE_BYTES);
    this.#dirty = true;
  }

  /** Resolves once what was written survives a power failure. */
  async sync(): Promise<void> {
    this.#dirty = false;
    await this.#files.sync(this.#descriptor);
  }

  /** The same beside everything else. A disk that fails here fails for the records, too, and is reported there. */
  syncSoon(): void {
    this.#syncing ??= this.#syncWhileDirty()
      .catch(() => {})
      .then(() => {
        this.#syncing = null;
      });
  }

  /** Both slots alike, and synced: what a new segment starts with. */
  async writeThrough(mark: CommitMark): Promise<void> {
    this.write(mark);
    this.write(mark);
    await this.sync();
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#syncing;
    this.#files.close(this.#descriptor);
  }

  async #syncWhileDirty(): Promise<void> {
    while (this.#dirty) await this.sync();
  }
}
