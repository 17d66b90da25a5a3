import { nextJournalHead, recordDigest } from "../protocol/journal-head.ts";
import { splitRecord } from "../protocol/journal-record.ts";
import type { Accepted } from "./outcome.ts";

/** What of an accepted command its place in the hash chain consists of. */
export type ChainedRecord = Pick<Accepted, "command" | "acceptedAtMs" | "digest" | "previousHead" | "journalHead">;

/** Commands whose digests share a piece of memory. */
const CHUNK = 8_192;
/** Every so many commands the head before is kept: others are computed from there. */
const STRIDE = 32;
/** Heads of the newest commands, which are asked for most. */
const RECENT = 4_096;
const WORDS = 4;

/** 256-bit numbers, packed. */
class PackedWords {
  private readonly words: BigUint64Array;

  constructor(count: number) {
    this.words = new BigUint64Array(count * WORDS);
  }

  set(at: number, value: bigint): void {
    let rest = value;
    for (let word = at * WORDS; word < (at + 1) * WORDS; word++) {
      this.words[word] = BigInt.asUintN(64, rest);
      rest >>= 64n;
    }
  }

  get(at: number): bigint {
    let value = 0n;
    for (let word = (at + 1) * WORDS - 1; word >= at * WORDS; word--)
      value = (value << 64n) | (this.words[word] as bigint);
    return value;
  }
}

interface Chunk {
  readonly digests: PackedWords;
  readonly acceptedAtMs: Float64Array;
  /** Head before every STRIDE-th command. */
  readonly heads: PackedWords;
}

/**
 * Digest and time of every durable command since it began to listen: 41 bytes a command. Tell it what the sequencer calls durable, or
 * what a restart replays; a journal whose beginning is gone is told from where it goes on.
 */
export class JournalDigests {
  private readonly chunks: Chunk[] = [];
  private readonly recentHeads = new PackedWords(RECENT);
  private first = 1;
  private count = 0;
  private newestHead = 0n;

  /** Oldest command that is known. */
  get firstCommand(): number {
    return this.first;
  }

  /** Newest one; one less than {@link firstCommand} before any. */
  get lastCommand(): number {
    return this.first + this.count - 1;
  }

  /** Head after the newest command. */
  get head(): bigint {
    return this.newestHead;
  }

  /** @throws RangeError for a record that does not follow the last one */
  record({ command, acceptedAtMs, digest, previousHead, journalHead }: ChainedRecord): void {
    if (this.count === 0) this.first = command;
    else if (command !== this.lastCommand + 1 || previousHead !== this.newestHead) {
      throw new RangeError(`command ${command} does not follow command ${this.lastCommand} in the hash chain`);
    }
    const at = this.count % CHUNK;
    if (at === 0) {
      this.chunks.push({
        digests: new PackedWords(CHUNK),
        acceptedAtMs: new Float64Array(CHUNK),
        heads: new PackedWords(CHUNK / STRIDE),
      });
    }
    const chunk = this.chunks.at(-1) as Chunk;
    chunk.digests.set(at, digest);
    chunk.acceptedAtMs[at] = acceptedAtMs;
    if (at % STRIDE === 0) chunk.heads.set(at / STRIDE, previousHead);
    this.recentHeads.set(this.count % RECENT, journalHead);
    this.newestHead = journalHead;
    this.count += 1;
  }

  /**
   * The next record as the journal has it, for a restart that does not execute it again because a snapshot holds what it did.
   * @throws RangeError for bytes that are no record
   */
  recordBytes(record: Uint8Array): void {
    const digest = recordDigest(record);
    const previousHead = this.newestHead;
    const journalHead = nextJournalHead(previousHead, digest);
    const { acceptedAtMs } = splitRecord(record);
    this.record({ command: this.lastCommand + 1, acceptedAtMs, digest, previousHead, journalHead });
  }

  has(command: number): boolean {
    return Number.isSafeInteger(command) && command >= this.first && command <= this.lastCommand;
  }

  /** @throws RangeError for a command that is not known */
  digest(command: number): bigint {
    const { chunk, at } = this.place(command);
    return chunk.digests.get(at);
  }

  /** @throws RangeError for a command that is not known */
  acceptedAtMs(command: number): number {
    const { chunk, at } = this.place(command);
    return chunk.acceptedAtMs[at] as number;
  }

  /** Head after a command; the one before the oldest is known, too. @throws RangeError for a command that is not known */
  headAfter(command: number): bigint {
    if (command === this.first - 1 && this.count > 0) return (this.chunks[0] as Chunk).heads.get(0);
    const { chunk, at } = this.place(command);
    if (command > this.lastCommand - RECENT) return this.recentHeads.get((command - this.first) % RECENT);
    const start = at - (at % STRIDE);
    let head = chunk.heads.get(start / STRIDE);
    for (let i = start; i <= at; i++) head = nextJournalHead(head, chunk.digests.get(i));
    return head;
  }

  private place(command: number): { chunk: Chunk; at: number } {
    if (!this.has(command)) {
      throw new RangeError(`command ${command} is none of ${this.first} to ${this.lastCommand}`);
    }
    const index = command - this.first;
    return { chunk: this.chunks[Math.floor(index / CHUNK)] as Chunk, at: index % CHUNK };
  }
}
