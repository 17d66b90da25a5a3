import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import type { ProvenBatch } from "../protocol/proven-batch.ts";
import { genesisSharedState, type SharedState } from "../protocol/shared-state.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import type { Step } from "../state/step.ts";
import type { BatchTrace } from "../state/trace.ts";
import { batchDataOf, publicInputsOf, sharedStateAfter } from "./batch-data.ts";
import { type BatchProgress, countsOf } from "./batch-progress.ts";
import type { Batcher } from "./batcher.ts";
import type { ProofResult } from "./groth16/proof.ts";
import { ProofFailed } from "./groth16/proof-failed.ts";
import type { Prover } from "./groth16/prover.ts";
import { batchInput } from "./witness.ts";

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
  /** Told of every change of a batch's state, with the trace and the shared state behind the batch. */
  readonly onProgress?: (progress: BatchProgress, batch: CutBatch) => void;
  /** Called once: nothing is proven or settled any more. */
  readonly onHalt: (report: string) => void;
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

/** Weight of the newest proof in the mean, of 8. */
const MEAN_WEIGHT = 3;

/**
 * From steps to settled batches: the batcher cuts, a free prover proves, the settlement line settles in order. Matching never
 * waits for it; what it has not done yet is the backlog. The first thing that goes wrong stops it for good, because every
 * later batch starts from the state that the failed one would have left.
 */
export class ProofPipeline {
  readonly #options: PipelineOptions;
  readonly #idle: Prover[];
  readonly #queued: CutBatch[] = [];
  readonly #proven = new Map<number, { cut: CutBatch; batch: ProvenBatch; provenMs: number }>();
  readonly #unsettled: CutBatch[] = [];
  readonly #epochs = new Map<number, OpenedEpoch>();
  #sharedState: SharedState;
  #nextToSettle: number;
  #firstOpenStep = 1;
  #lastStep = 0;
  #openFills = 0;
  #stepsInEpoch = 0;
  #firstStepMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerIsOver = false;
  #state: PipelineStatus["state"] = "running";
  #haltReport: string | undefined;
  #settledBatches = 0;
  #settledStep = 0;
  #settledEpoch = 0;
  #proofMs = 0;

  constructor(options: PipelineOptions, sharedState: SharedState = genesisSharedState()) {
    this.#options = options;
    this.#idle = [...options.provers];
    this.#sharedState = sharedState;
    this.#nextToSettle = sharedState.batchNumber + 1;
  }

  /** Epoch of the newest settled batch; 0 before the first. */
  get settledEpoch(): number {
    return this.#settledEpoch;
  }

  /** Whether anything was done since the epoch in force began. */
  get busy(): boolean {
    return this.#stepsInEpoch > 0;
  }

  /** Takes the steps of one accepted command. Throws nothing: what cannot be proven halts the pipeline. */
  push(steps: readonly PipelineStep[]): void {
    for (const numbered of steps) {
      if (this.#state !== "running") return;
      try {
        this.#take(numbered);
      } catch (error) {
        this.#halt(`Step ${numbered.number} (${numbered.step.kind}) cannot be put into a batch: ${textOf(error)}`);
      }
    }
  }

  /** Closes the open batch now, unless it is empty. */
  cut(): void {
    if (this.#state === "running") this.#cutOpen("request");
  }

  status(): PipelineStatus {
    const oldestMs = this.#unsettled[0]?.firstStepMs ?? this.#firstStepMs;
    return {
      state: this.#state,
      haltReport: this.#haltReport,
      openSteps: this.#lastStep - this.#firstOpenStep + 1,
      unprovenSteps: this.#lastStep - this.#settledStep,
      queued: this.#queued.length,
      proving: this.#options.provers.length - this.#idle.length,
      settling: this.#unsettled.filter(({ progress }) => progress.state === "proven").length,
      settledBatches: this.#settledBatches,
      lagMs: oldestMs === undefined ? 0 : Math.round(performance.now() - oldestMs),
      proofMs: Math.round(this.#proofMs),
    };
  }

  /** Ends the provers; batches on their way are given up. */
  async stop(): Promise<void> {
    if (this.#state === "running") this.#state = "stopped";
    clearTimeout(this.#timer);
    await Promise.all(this.#options.provers.map((prover) => prover.close()));
  }

  /** Ends everything because of something outside: L1 refused a batch, or the watcher saw a reorganisation. */
  halt(report: string): void {
    this.#halt(report);
  }

  #take({ number, step, journalHead }: PipelineStep): void {
    if (number !== this.#lastStep + 1) throw new RangeError(`step ${number} came after step ${this.#lastStep}`);
    if (step.kind === "epoch") this.#epochs.set(step.epoch.number, step.epoch as OpenedEpoch);
    this.#options.batcher.grow(this.#queued.length >= this.#options.growFromQueued);
    // What the step closes holds everything before it.
    const trace = this.#options.batcher.push(step, journalHead);
    if (trace !== undefined) this.#queue(trace, step.kind === "epoch" ? "epoch" : "capacity");
    this.#lastStep = number;
    if (step.kind === "fill") this.#openFills++;
    this.#stepsInEpoch = step.kind === "epoch" ? 0 : this.#stepsInEpoch + 1;
    if (step.kind !== "epoch" && this.#firstStepMs === undefined) {
      this.#firstStepMs = performance.now();
      this.#timer = setTimeout(() => this.#timeIsUp(), this.#options.cutAfterMs);
    }
  }

  /** A batch that nobody can prove yet may as well take more: it is cut when a prover is free. */
  #timeIsUp(): void {
    this.#timerIsOver = true;
    if (this.#state === "running" && this.#idle.length > 0 && this.#queued.length === 0) this.#cutOpen("timer");
  }

  #cutOpen(cutBy: BatchProgress["cutBy"]): void {
    try {
      const trace = this.#options.batcher.cut();
      if (trace !== undefined) this.#queue(trace, cutBy);
    } catch (error) {
      this.#halt(`The open batch cannot be closed: ${textOf(error)}`);
    }
  }

  #queue(trace: BatchTrace, cutBy: BatchProgress["cutBy"]): void {
    clearTimeout(this.#timer);
    this.#timerIsOver = false;
    const epoch = this.#epochs.get(trace.epoch.number);
    if (epoch === undefined) throw new Error(`epoch ${trace.epoch.number} is unknown`);
    const cutMs = performance.now();
    const firstStepMs = this.#firstStepMs ?? cutMs;
    const data = batchDataOf(trace, epoch, this.#sharedState);
    const progress: BatchProgress = {
      batchNumber: trace.batchNumber,
      epochNumber: epoch.number,
      tier: trace.tier.name,
      steps: { first: this.#firstOpenStep, last: this.#lastStep },
      ...countsOf(trace),
      fills: this.#openFills,
      cutBy,
      state: "queued",
      timings: { openMs: Math.round(cutMs - firstStepMs) },
    };
    const cut: CutBatch = { trace, progress, data, after: sharedStateAfter(data), firstStepMs, cutMs };
    this.#sharedState = cut.after;
    this.#firstOpenStep = this.#lastStep + 1;
    this.#openFills = 0;
    this.#firstStepMs = undefined;
    this.#queued.push(cut);
    this.#unsettled.push(cut);
    this.#tell(cut);
    this.#proveNext();
  }

  #tell(cut: CutBatch): void {
    this.#options.onProgress?.(cut.progress, cut);
  }

  #proveNext(): void {
    while (this.#state === "running" && this.#idle.length > 0) {
      const cut = this.#queued.shift();
      if (cut === undefined) {
        if (this.#timerIsOver) this.#cutOpen("timer");
        if (this.#queued.length === 0) return;
        continue;
      }
      const prover = this.#idle.pop()!;
      this.#prove(cut, prover).then(
        () => {
          this.#idle.push(prover);
          this.#proveNext();
        },
        (error) => this.#proofFailed(cut, error),
      );
    }
  }

  async #prove(cut: CutBatch, prover: Prover): Promise<void> {
    const { chainId, exchange, hash } = this.#options;
    const { progress, trace } = cut;
    progress.state = "proving";
    progress.timings.queuedMs = Math.round(performance.now() - cut.cutMs);
    this.#tell(cut);
    const inputs = publicInputsOf(cut.data, chainId, exchange, hash);
    const result = await prover.prove({ tier: trace.tier.name, input: { ...batchInput(trace), ...inputs } });
    if (this.#state !== "running") return;
    const expected = [inputs.commitment, inputs.z, inputs.y];
    if (result.publicSignals.length !== 3 || result.publicSignals.some((signal, i) => signal !== expected[i])) {
      throw new Error("the proof is for other public inputs than the batch's");
    }
    this.#note(progress, result);
    const { calldata: proof } = result;
    const batch: ProvenBatch = { batchNumber: trace.batchNumber, data: cut.data, commitment: inputs.commitment, proof };
    this.#proven.set(trace.batchNumber, { cut, batch, provenMs: performance.now() });
    this.#tell(cut);
    this.#settleReady();
  }

  #note(progress: BatchProgress, { timings }: ProofResult): void {
    for (const name of ["loadMs", "witnessMs", "proveMs", "verifyMs"] as const) {
      progress.timings[name] = Math.round(timings[name]);
    }
    progress.state = "proven";
    const proofMs = timings.witnessMs + timings.proveMs + timings.verifyMs;
    this.#proofMs = this.#proofMs === 0 ? proofMs : (this.#proofMs * (8 - MEAN_WEIGHT) + proofMs * MEAN_WEIGHT) / 8;
  }

  /** Proofs may come in any order; batches are settled in theirs. */
  #settleReady(): void {
    for (;;) {
      const ready = this.#proven.get(this.#nextToSettle);
      if (ready === undefined) return;
      this.#proven.delete(this.#nextToSettle++);
      this.#settle(ready.cut, ready.batch, ready.provenMs).catch((error) => {
        if (this.#state === "running") this.#halt(`Batch ${ready.batch.batchNumber} is not settled: ${textOf(error)}`);
      });
    }
  }

  async #settle(cut: CutBatch, batch: ProvenBatch, provenMs: number): Promise<void> {
    const { progress } = cut;
    const { mined, confirmed } = this.#options.settle(batch);
    const place = await mined;
    const nowMs = performance.now();
    progress.timings.settleMs = Math.round(nowMs - provenMs);
    progress.timings.totalMs = Math.round(nowMs - cut.firstStepMs);
    this.#place(cut, "settled", place);
    this.#unsettled.splice(this.#unsettled.indexOf(cut), 1);
    this.#settledBatches++;
    this.#settledStep = progress.steps.last;
    this.#settledEpoch = progress.epochNumber;
    for (const number of this.#epochs.keys()) if (number < this.#settledEpoch) this.#epochs.delete(number);
    this.#tell(cut);
    // A reorganisation may have moved it to another block meanwhile.
    this.#place(cut, "final", await confirmed);
    this.#tell(cut);
  }

  #place({ progress }: CutBatch, state: "settled" | "final", { hash, blockNumber, gasUsed }: SettledAt): void {
    progress.state = state;
    progress.txHash = hash;
    progress.blockNumber = blockNumber;
    progress.gasUsed = Number(gasUsed);
  }

  #proofFailed(cut: CutBatch, error: unknown): void {
    if (this.#state !== "running") return;
    cut.progress.state = "failed";
    this.#tell(cut);
    const { batchNumber, tier } = cut.progress;
    const reason =
      error instanceof ProofFailed ? `${error.code} in phase ${error.phase}: ${error.report}` : textOf(error);
    this.#halt(`Batch ${batchNumber} (tier ${tier}) has no proof, ${reason}`);
  }

  #halt(report: string): void {
    if (this.#state !== "running") return;
    this.#state = "halted";
    this.#haltReport = report;
    clearTimeout(this.#timer);
    this.#options.onHalt(report);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
