import { createHash } from "node:crypto";
import { join } from "node:path";
import { type FileOperations, writeAll } from "./file-operations.ts";
import {
  checkFormat,
  checkIdentity,
  identityText,
  type JournalIdentity,
  readIdentityText,
} from "./journal-identity.ts";
import type { Json } from "./snapshot-part.ts";

/** Which moment of the journal a snapshot is of. */
export interface SnapshotMoment {
  /** Number of the last command in it. */
  readonly command: number;
  /** Head of the journal's hash chain after that. */
  readonly head: bigint;
  /** Number of the last batch that was cut then: it ends with this command's last step. */
  readonly batch: number;
}

/** A part's state on its way to a file. */
export interface TakenPart {
  readonly name: string;
  readonly values: Iterable<Json>;
}

/** A snapshot that was read back. */
export interface SnapshotContent extends SnapshotMoment {
  readonly parts: ReadonlyMap<string, readonly Json[]>;
}

/** A file that is no whole snapshot: an older one, or the journal from its beginning, serves as well. */
export class SnapshotDamaged extends Error {
  constructor(path: string, what: string) {
    super(`${path} is no whole snapshot (${what})`);
    this.name = "SnapshotDamaged";
  }
}

export const SNAPSHOT_FORMAT = 1;
const TEMPORARY_NAME = "unfinished";
/** The event loop is given back after so long. */
const SLICE_MS = 4;
const CHUNK_CHARACTERS = 256 * 1024;
const NEWLINE = 10;
const DIGEST_DIGITS = 64;

export function snapshotName(command: number): string {
  return `${String(command).padStart(12, "0")}.snapshot`;
}

/** Commands of the snapshots in a folder, the newest first. */
export function snapshotsIn(files: FileOperations, directory: string): number[] {
  const names = files.list(directory).filter((name) => /^\d{12,}\.snapshot$/.test(name));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => b - a);
}

/**
 * Writes a snapshot: a line of JSON that says what it is of, then each part's name and values, a line each, then the SHA-256 of
 * all that. Equal states give equal files. The work is done in slices of milliseconds, and the file takes its name once it is whole and
 * on disk. @throws what the file system says; nothing has its name then
 */
export async function writeSnapshot(
  files: FileOperations,
  directory: string,
  identity: JournalIdentity,
  { command, head, batch }: SnapshotMoment,
  parts: Iterable<TakenPart>,
): Promise<void> {
  const path = join(directory, TEMPORARY_NAME);
  const descriptor = files.open(path);
  try {
    files.truncate(descriptor, 0);
    const digest = createHash("sha256");
    let at = 0;
    const put = (text: string) => {
      const bytes = Buffer.from(text);
      digest.update(bytes);
      writeAll(files, descriptor, bytes, at);
      at += bytes.length;
    };
    const about = {
      format: SNAPSHOT_FORMAT,
      identity: identityText(identity),
      command,
      head: head.toString(16),
      batch,
    };
    let text = `${JSON.stringify(about)}\n`;
    let sliceMs = performance.now();
    for (const line of lines(parts)) {
      text += line;
      if (text.length >= CHUNK_CHARACTERS) {
        put(text);
        text = "";
      }
      if (performance.now() - sliceMs < SLICE_MS) continue;
      await new Promise((resume) => setImmediate(resume));
      sliceMs = performance.now();
    }
    put(text);
    writeAll(files, descriptor, Buffer.from(`${digest.digest("hex")}\n`), at);
    await files.sync(descriptor);
  } finally {
    files.close(descriptor);
  }
  files.rename(path, join(directory, snapshotName(command)));
  await files.syncDirectory(directory);
}

function* lines(parts: Iterable<TakenPart>): Generator<string> {
  for (const { name, values } of parts) {
    yield `${JSON.stringify({ part: name })}\n`;
    for (const value of values) yield `${JSON.stringify([value])}\n`;
  }
}

/** @throws SnapshotDamaged; JournalForeign for one of another exchange or version */
export function readSnapshot(
  files: FileOperations,
  directory: string,
  identity: JournalIdentity,
  command: number,
): SnapshotContent {
  const path = join(directory, snapshotName(command));
  const bytes = files.read(path);
  const end = bytes.length - DIGEST_DIGITS - 1;
  if (end < 0) throw new SnapshotDamaged(path, "it ends too early");
  const written = Buffer.from(bytes.subarray(end)).toString("latin1");
  const digest = createHash("sha256").update(bytes.subarray(0, end)).digest("hex");
  if (written !== `${digest}\n`) throw new SnapshotDamaged(path, "a wrong checksum");
  const [first, ...rest] = linesOf(bytes.subarray(0, end));
  const about = first as { format: number; identity: string; command: number; head: string; batch: number };
  checkFormat(path, about.format, SNAPSHOT_FORMAT);
  checkIdentity(path, readIdentityText(about.identity), identity);
  if (about.command !== command) throw new SnapshotDamaged(path, `it is of command ${about.command}`);
  const parts = new Map<string, Json[]>();
  let values: Json[] = [];
  for (const line of rest) {
    if (Array.isArray(line)) values.push(line[0] as Json);
    else {
      values = [];
      parts.set((line as { part: string }).part, values);
    }
  }
  return { command, head: BigInt(`0x${about.head}`), batch: about.batch, parts };
}

function linesOf(bytes: Uint8Array): Json[] {
  const found: Json[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; ) {
    const end = buffer.indexOf(NEWLINE, at);
    found.push(JSON.parse(buffer.toString("utf8", at, end)) as Json);
    at = end + 1;
  }
  return found;
}
