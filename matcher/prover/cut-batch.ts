import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import type { SharedState, UnhashedState } from "../protocol/shared-state.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import type { BatchTrace } from "../state/trace.ts";
import { batchDataOf, hashPublicInputs, type PublicInputs, sharedStateAfter } from "./batch-data.ts";
import type { BatchProgress } from "./batch-progress.ts";
import type { ClosedBatch } from "./closed-batches.ts";
import type { SlicedWork } from "./sliced-work.ts";
import { type BatchInput, batchInput } from "./witness.ts";

/** What a proof needs. */
export interface PreparedBatch {
  readonly inputs: PublicInputs;
  readonly witness: BatchInput;
}

/** What is known of a batch when it is cut. */
export interface CutParts {
  readonly closed: ClosedBatch;
  readonly progress: BatchProgress;
  readonly epoch: OpenedEpoch;
  /** The shared state before it. */
  readonly before: UnhashedState;
  readonly firstStepMs: number;
  readonly cutMs: number;
  /** Resolves once the cut is on disk; undefined when it is there, or need not be. */
  readonly noted: Promise<void> | undefined;
}

/** What computes the public inputs, and with what. */
export interface PreparationTerms {
  readonly work: SlicedWork;
  readonly hash: Poseidon;
  readonly chainId: number;
  /** Address of the Exchange. */
  readonly exchange: string;
}

/** A batch on its way. What takes hashing is computed in slices before its proof, or at once for whoever asks earlier. */
export class CutBatch {
  readonly progress: BatchProgress;
  readonly firstStepMs: number;
  readonly cutMs: number;
  readonly noted: Promise<void> | undefined;
  readonly #parts: CutParts;
  #data: ReturnType<typeof batchDataOf> | undefined;
  #prepared: Promise<PreparedBatch> | undefined;

  constructor(parts: CutParts) {
    this.progress = parts.progress;
    this.firstStepMs = parts.firstStepMs;
    this.cutMs = parts.cutMs;
    this.noted = parts.noted;
    // Whether it failed is asked when the batch is to be settled, perhaps minutes later.
    this.noted?.catch(() => {});
    this.#parts = parts;
  }

  get trace(): BatchTrace {
    return this.#parts.closed.trace;
  }

  get data(): ReturnType<typeof batchDataOf> {
    const { epoch, before } = this.#parts;
    this.#data ??= batchDataOf(this.trace, epoch, { accountRoot: this.trace.oldRoot, ...before });
    return this.#data;
  }

  /** The shared state that the contract will have after it. */
  get after(): SharedState {
    return sharedStateAfter(this.data);
  }

  /** Begins to compute what its proof needs, unless that has begun. */
  prepare({ work, ...terms }: PreparationTerms): Promise<PreparedBatch> {
    this.#prepared ??= work.run(this.#preparation(terms));
    return this.#prepared;
  }

  /** Its proof is there: what that needed is not kept until the batch is final. */
  release(): void {
    this.#prepared = undefined;
  }

  *#preparation({ chainId, exchange, hash }: Omit<PreparationTerms, "work">): Generator<void, PreparedBatch> {
    yield* this.#parts.closed.hash();
    const inputs = yield* hashPublicInputs(this.data, chainId, exchange, hash);
    yield;
    return { inputs, witness: batchInput(this.trace) };
  }
}
