import type { RecordLog } from "../journal/record-log.ts";

/** Where a batch was cut. Cuts depend on clocks and on how busy the provers are, so they are written down. */
export interface CutRecord {
  readonly batchNumber: number;
  /** Ledger step that it ends with. */
  readonly lastStep: number;
  /** Name of its tier. */
  readonly tier: string;
}

/** What is remembered of a batch that is final. */
export interface FinalRecord {
  readonly batchNumber: number;
  readonly txHash: string;
  readonly blockNumber: number;
  readonly gasUsed: number;
  readonly provenAtMs: number;
  /** JSON. */
  readonly details: Readonly<Record<string, unknown>>;
}

type Line = { readonly cut: CutRecord } | { readonly final: FinalRecord };

/**
 * The journal of batches. A cut is on disk before its batch is sent to L1, so that after a restart every batch that L1 may have seen is
 * made again from the same steps. That a batch is final could be asked of L1 again; it is noted for what L1 does not know.
 */
export class BatchLog {
  readonly #log: RecordLog;
  readonly #cuts: CutRecord[] = [];
  readonly #final = new Map<number, FinalRecord>();

  /** @throws Error for records that are none of ours */
  constructor(log: RecordLog) {
    this.#log = log;
    for (const record of log.records()) {
      const line = JSON.parse(Buffer.from(record).toString("utf8")) as Line;
      if ("cut" in line) this.#noteCut(line.cut);
      else this.#final.set(line.final.batchNumber, line.final);
    }
  }

  /** In order, from batch 1. */
  get cuts(): readonly CutRecord[] {
    return this.#cuts;
  }

  /** undefined for a batch that was not final, as far as is known. */
  finalOf(batchNumber: number): FinalRecord | undefined {
    return this.#final.get(batchNumber);
  }

  /** Number of the last batch known to be final; 0 before the first. */
  get lastFinal(): number {
    return Math.max(0, ...[...this.#final.keys()].slice(-1));
  }

  /** Resolves once the cut is on disk. @throws (rejects) JournalFailed */
  async cut(cut: CutRecord): Promise<void> {
    this.#noteCut(cut);
    await this.#append({ cut });
  }

  /** Notes that a batch is final. @throws (rejects) JournalFailed */
  async final(final: FinalRecord): Promise<void> {
    if (this.#final.has(final.batchNumber)) return;
    this.#final.set(final.batchNumber, final);
    await this.#append({ final });
  }

  #append(line: Line): Promise<void> {
    return this.#log.append(Buffer.from(JSON.stringify(line)));
  }

  #noteCut(cut: CutRecord): void {
    const expected = (this.#cuts.at(-1)?.batchNumber ?? 0) + 1;
    if (cut.batchNumber !== expected) throw new Error(`a cut of batch ${cut.batchNumber}, ${expected} is next`);
    this.#cuts.push(cut);
  }
}
