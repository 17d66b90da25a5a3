import type { ClosedBatch } from "./closed-batches.ts";

/** queued: cut, waits for a prover. proven: waits for its turn on L1. settled: mined. final: below enough blocks. */
export type BatchState = "queued" | "proving" | "proven" | "settled" | "final" | "failed";

/** Milliseconds each phase took; absent while it has not ended. */
export interface BatchTimings {
  /** From its first step to the cut. */
  readonly openMs: number;
  queuedMs?: number;
  loadMs?: number;
  witnessMs?: number;
  proveMs?: number;
  verifyMs?: number;
  /** From the proof to the block. */
  settleMs?: number;
  /** From the first step to the block: what the last trader to be served waited, and the first at most. */
  totalMs?: number;
}

/** What is told about a batch. Plain JSON. */
export interface BatchProgress {
  readonly batchNumber: number;
  readonly epochNumber: number;
  readonly tier: string;
  /** Ledger steps first … last, inclusive; last = first − 1 in an empty batch. */
  readonly steps: { readonly first: number; readonly last: number };
  readonly rows: number;
  readonly fills: number;
  readonly accounts: number;
  readonly queueEntries: number;
  readonly withdrawals: number;
  readonly cutBy: "timer" | "capacity" | "epoch" | "request";
  state: BatchState;
  readonly timings: BatchTimings;
  txHash?: string;
  blockNumber?: number;
  gasUsed?: number;
}

/** What the batch alone says. */
export function countsOf({
  head,
  rows,
  accounts,
}: ClosedBatch): Pick<BatchProgress, "rows" | "accounts" | "queueEntries" | "withdrawals"> {
  return {
    rows: rows.length,
    accounts: accounts.length,
    queueEntries: head.queue.length,
    withdrawals: rows.filter(({ message }) => message.kind === "withdrawal").length,
  };
}
