import type { ProvenBatch } from "../protocol/proven-batch.ts";
import type { SharedState } from "../protocol/shared-state.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import type { Step } from "../state/step.ts";
import type { BatchTrace } from "../state/trace.ts";
import type { batchDataOf } from "./batch-data.ts";
import type { CutRecord } from "./batch-log.ts";
import type { BatchProgress } from "./batch-progress.ts";
import type { Batcher } from "./batcher.ts";
import type { Prover } from "./groth16/prover.ts";
import type { PipelinePosition } from "./pipeline-position.ts";

/** Where a batch was settled. */
export interface SettledAt {
  readonly hash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
}

export interface PipelineOptions {
  readonly batcher: Batcher;
  readonly hash: Poseidon;
  readonly chainId: number;
  /** Address of the Exchange. */
  readonly exchange: string;
  /** Each proves one batch at a time. */
  readonly provers: readonly Prover[];
  /** How long a batch stays open after its first step, milliseconds, while a prover is free. */
  readonly cutAfterMs: number;
  /** With this many batches waiting for a prover, the next ones may grow beyond the smallest tier. 0: always. */
  readonly growFromQueued: number;
  /** Sends a proven batch to L1; called in the order of the batches. */
  readonly settle: (batch: ProvenBatch) => {
    readonly mined: Promise<SettledAt>;
    readonly confirmed: Promise<SettledAt>;
  };
  /** Notes a cut; nothing of the batch goes to L1 before this has resolved. */
  readonly noteCut?: (cut: CutRecord) => Promise<void>;
  /** Told of every change of a batch's state, with the trace and the shared state behind the batch. */
  readonly onProgress?: (progress: BatchProgress, batch: CutBatch) => void;
  /** Called once: nothing is proven or settled any more. */
  readonly onHalt: (report: string) => void;
}

/** What an earlier life of the process has left. */
export interface PipelineStart {
  readonly position: PipelinePosition;
  /** Where batches behind the position were cut. */
  readonly cuts: readonly CutRecord[];
  /**
   * Where a batch is final on L1; undefined for one that is to be proven.
   * @throws Error when L1 has another batch of this number
   */
  readonly finalAt: (batch: CutBatch) => SettledAt | undefined;
}

/** A batch on its way. */
export interface CutBatch {
  readonly trace: BatchTrace;
  readonly progress: BatchProgress;
  readonly data: ReturnType<typeof batchDataOf>;
  /** The shared state that the contract will have after it. */
  readonly after: SharedState;
  readonly firstStepMs: number;
  readonly cutMs: number;
  /** Resolves once the cut is on disk; undefined when it is there, or need not be. */
  readonly noted: Promise<void> | undefined;
}

/** A step as the sequencer numbers it. */
export interface PipelineStep {
  readonly number: number;
  readonly step: Step;
  readonly journalHead: bigint;
}

export interface PipelineStatus {
  readonly state: "running" | "halted" | "stopped";
  readonly haltReport: string | undefined;
  /** Steps that are in no batch yet. */
  readonly openSteps: number;
  /** Steps that no settled batch has. */
  readonly unprovenSteps: number;
  readonly queued: number;
  readonly proving: number;
  /** Proven and not yet mined. */
  readonly settling: number;
  readonly settledBatches: number;
  /** Age of the oldest step that is not settled, milliseconds; 0 when there is none. */
  readonly lagMs: number;
  /** Of the last proofs, witness to verification, milliseconds. */
  readonly proofMs: number;
}
