/**
 * How final something is. accepted: in the exchange's history. matched: executed by the matcher, which promises to settle it.
 * proven: settled by a proof that the contract checked.
 */
export type FinalityLabel = "accepted" | "matched" | "proven";

/** Ledger steps first … last, inclusive. A batch without a step (an idle epoch's) has last = first − 1. */
export interface StepRange {
  first: number;
  last: number;
}

/** A batch that the contract has accepted. */
export interface ProvenBatch {
  batchNumber: number;
  txHash: string;
  steps: StepRange;
  /** When this process learned of it. */
  provenAtMs: number;
  /** Whatever else the chain side knows and wants shown: gas, tier, times. JSON. */
  details: Readonly<Record<string, unknown>>;
}

/** What has been proven so far. Batches settle in order, so the proven steps are a prefix. */
export class Finality {
  private readonly proven: ProvenBatch[] = [];
  private readonly nowMs: () => number;
  private readonly listeners: ((batch: ProvenBatch) => void)[] = [];

  constructor(nowMs: () => number = Date.now) {
    this.nowMs = nowMs;
  }

  /**
   * A batch was settled on L1.
   * @throws RangeError for a gap or an overlap in the steps: batches settle in order, and every step is in exactly one
   */
  markProven(batchNumber: number, txHash: string, steps: StepRange, details: Record<string, unknown> = {}): void {
    const last = this.proven.at(-1);
    if (last !== undefined && batchNumber !== last.batchNumber + 1) {
      throw new RangeError(`batch ${batchNumber} follows batch ${last.batchNumber}`);
    }
    const expected = this.provenThroughStep + 1;
    if (steps.first !== expected || steps.last < steps.first - 1) {
      throw new RangeError(`batch ${batchNumber} has steps ${steps.first} … ${steps.last}; step ${expected} is next`);
    }
    const batch = { batchNumber, txHash, steps, provenAtMs: this.nowMs(), details };
    this.proven.push(batch);
    for (const listener of this.listeners) listener(batch);
  }

  onProven(listener: (batch: ProvenBatch) => void): void {
    this.listeners.push(listener);
  }

  /** Steps up to this one are proven; 0 before the first. */
  get provenThroughStep(): number {
    return this.proven.at(-1)?.steps.last ?? 0;
  }

  /** The batch that proved a step, or null. */
  batchOf(step: number): ProvenBatch | null {
    if (step < 1 || step > this.provenThroughStep) return null;
    let low = 0;
    let high = this.proven.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.proven[middle] as ProvenBatch).steps.last < step) low = middle + 1;
      else high = middle;
    }
    return this.proven[low] as ProvenBatch;
  }

  /** The latest batches, newest first. */
  latest(limit: number): ProvenBatch[] {
    return this.proven.slice(-limit).reverse();
  }
}
