import type { AccountLeaf } from "../protocol/account.ts";

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
  /** Whatever else the chain side knows and wants shown: tier, gas, times. JSON. */
  details: Readonly<Record<string, unknown>>;
}

/** What the chain side may tell about a batch beside its steps. */
export interface ProvenDetails {
  details?: Readonly<Record<string, unknown>>;
  /** Leaves of the accounts that the batch touched, after it. */
  accounts?: readonly { account: number; leaf: AccountLeaf }[];
  /** When an earlier life of the process learned of it. */
  provenAtMs?: number;
}

/** An account as the contract has it. */
export interface ProvenAccount {
  leaf: AccountLeaf;
  batch: ProvenBatch;
}

/** What has been proven so far. Batches settle in order, so the proven steps are a prefix. */
export class Finality {
  private readonly proven: ProvenBatch[] = [];
  private readonly accounts = new Map<number, ProvenAccount>();
  private readonly nowMs: () => number;
  private readonly listeners: ((batch: ProvenBatch) => void)[] = [];

  constructor(nowMs: () => number = Date.now) {
    this.nowMs = nowMs;
  }

  /**
   * A batch was settled on L1.
   * @throws RangeError for a gap or an overlap in the steps: batches settle in order, and every step is in exactly one
   */
  markProven(
    batchNumber: number,
    txHash: string,
    steps: StepRange,
    { details = {}, accounts = [], provenAtMs = this.nowMs() }: ProvenDetails = {},
  ): void {
    const last = this.proven.at(-1);
    if (last !== undefined && batchNumber !== last.batchNumber + 1) {
      throw new RangeError(`batch ${batchNumber} follows batch ${last.batchNumber}`);
    }
    const expected = this.provenThroughStep + 1;
    if (steps.first !== expected || steps.last < steps.first - 1) {
      throw new RangeError(`batch ${batchNumber} has steps ${steps.first} … ${steps.last}; step ${expected} is next`);
    }
    const batch = { batchNumber, txHash, steps, provenAtMs, details };
    this.proven.push(batch);
    for (const { account, leaf } of accounts) this.accounts.set(account, { leaf, batch });
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

  /** The account as of the latest proven batch that touched it, or null. */
  account(account: number): ProvenAccount | null {
    return this.accounts.get(account) ?? null;
  }

  /** The latest batches, newest first. */
  latest(limit: number): ProvenBatch[] {
    return this.proven.slice(-limit).reverse();
  }

  get batchCount(): number {
    return this.proven.length;
  }
}
