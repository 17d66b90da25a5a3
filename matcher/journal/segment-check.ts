import { join } from "node:path";
import { type CommitMark, MARK_NAME } from "./commit-mark.ts";
import type { FileOperations } from "./file-operations.ts";
import { JournalDamaged } from "./journal-damaged.ts";
import { checkIdentity, type JournalIdentity } from "./journal-identity.ts";
import { HEADER_BYTES, SegmentReader, segmentName } from "./segment.ts";

/** Where a log ends: the same words as a mark. */
export type LogEnd = CommitMark;

/** What is in a log's folder. */
export interface FoundSegments {
  /** Files that a crash left before anything was in them. */
  readonly unused: readonly string[];
  /** undefined for a log that is still to be begun. */
  readonly end: LogEnd | undefined;
  /** Whole records above the mark, as bytes up to the end. */
  readonly tail: Uint8Array;
  /** Bytes behind the end. */
  readonly torn: number;
}

/**
 * Walks through every segment: headers that follow each other, checksums, the hash chain, and the mark.
 * @throws JournalDamaged for anything but a torn end above the mark; JournalForeign
 */
export function checkSegments(
  files: FileOperations,
  directory: string,
  identity: JournalIdentity,
  { names, mark }: { readonly names: readonly string[]; readonly mark: CommitMark | undefined },
): FoundSegments {
  const damaged = (name: string, atByte: number, record: number, what: string) =>
    new JournalDamaged({ path: join(directory, name), atByte, record, what });
  names.forEach((name, i) => {
    if (name !== segmentName(i + 1)) throw damaged(segmentName(i + 1), 0, 0, `it is missing, and ${name} is there`);
  });
  const lengthOf = (name: string) => files.read(join(directory, name)).length;
  if (mark === undefined) {
    const [first] = names;
    // Nothing was ever acknowledged: the log died while it was begun.
    if (first === undefined) return { unused: [], end: undefined, tail: new Uint8Array(), torn: 0 };
    if (names.length === 1 && lengthOf(first) <= HEADER_BYTES) {
      return { unused: [join(directory, first)], end: undefined, tail: new Uint8Array(), torn: 0 };
    }
    throw damaged(MARK_NAME, 0, 0, "neither of its two marks can be read, and there are records");
  }
  const unused: string[] = [];
  const kept = [...names];
  const newest = kept.at(-1);
  // A crash while a segment was begun: its first records come only after a mark in it.
  if (newest !== undefined && kept.length === mark.segment + 1 && lengthOf(newest) <= HEADER_BYTES) {
    unused.push(join(directory, newest));
    kept.pop();
  }
  if (kept.length !== mark.segment) {
    const what = `it says that segment ${mark.segment} is the last, and ${kept.length} segments are there`;
    throw damaged(MARK_NAME, 0, mark.records, what);
  }
  let next: number | undefined;
  let head = 0n;
  for (const [i, name] of kept.entries()) {
    const path = join(directory, name);
    const bytes = files.read(path);
    const reader = new SegmentReader(path, bytes);
    const { header } = reader;
    checkIdentity(path, header.identity, identity);
    if (header.segment !== i + 1) throw damaged(name, 0, header.firstRecord, `it is segment ${header.segment}`);
    if (next !== undefined && (header.firstRecord !== next || header.headBefore !== head)) {
      throw damaged(
        name,
        0,
        header.firstRecord,
        `it does not continue the segment before it, which ends before record ${next}`,
      );
    }
    if (i < kept.length - 1) {
      walkTo(reader, bytes.length);
      next = reader.next;
      head = reader.head;
      continue;
    }
    walkTo(reader, mark.bytes);
    if (reader.next - 1 !== mark.records || reader.head !== mark.head) {
      throw damaged(name, reader.at, reader.next, "its records are not those that were acknowledged");
    }
    while (!reader.isAtEnd && typeof reader.take() !== "string");
    const end = { segment: mark.segment, bytes: reader.at, records: reader.next - 1, head: reader.head };
    return { unused, end, tail: bytes.slice(mark.bytes, reader.at), torn: bytes.length - reader.at };
  }
  throw damaged(MARK_NAME, 0, mark.records, "it names a segment, and there is none");
}

/** @throws JournalDamaged unless whole records reach exactly up to a byte */
function walkTo(reader: SegmentReader, end: number): void {
  while (reader.at < end) {
    if (reader.isAtEnd) throw reader.damaged(`it ends here, and it was acknowledged through byte ${end}`);
    const record = reader.take();
    if (typeof record === "string") throw reader.damaged(record);
  }
  if (reader.at !== end) throw reader.damaged(`a record reaches beyond byte ${end}, where the last one ended`);
}
