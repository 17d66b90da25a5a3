import type { LatencyHistogram } from "../timing/latency-histogram.ts";

/** Where accepted commands are written down, in order, as canonical bytes (command-bytes.ts). */
export interface CommandLog {
  /**
   * Resolves once the command will survive a crash. Rejects when it cannot be written: then nothing more may be acknowledged.
   * @param head of the hash chain after it
   */
  append(bytes: Uint8Array, head: bigint): Promise<void>;
  close(): Promise<void>;
  /** How long the disk takes for a group of records; of a log on disk. */
  readonly fsync?: LatencyHistogram;
  /** Records that wait for the disk. */
  readonly waitingCount?: number;
}

/** A log that lives as long as its process. */
export class MemoryLog implements CommandLog {
  readonly records: Uint8Array[] = [];

  append(bytes: Uint8Array): Promise<void> {
    this.records.push(bytes);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Keeps nothing. For a chain that starts afresh each time, where a journal would grow without use. */
export class NoLog implements CommandLog {
  append(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
