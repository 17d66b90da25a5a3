export type {
  CutBatch,
  PipelineOptions,
  PipelineStart,
  PipelineStatus,
  PipelineStep,
  SettledAt,
} from "./pipeline-terms.ts";

import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import type { ProvenBatch } from "../protocol/proven-batch.ts";
import type { SharedState } from "../protocol/shared-state.ts";
import type { BatchTrace } from "../state/trace.ts";
import { batchDataOf, publicInputsOf, sharedStateAfter } from "./batch-data.ts";
import type { CutRecord } from "./batch-log.ts";
import { type BatchProgress, countsOf } from "./batch-progress.ts";
import type { ProofResult } from "./groth16/proof.ts";
import { ProofFailed } from "./groth16/proof-failed.ts";
import type { Prover } from "./groth16/prover.ts";
import { GENESIS_POSITION, type PipelinePosition } from "./pipeline-position.ts";
import type {
  CutBatch,
  PipelineOptions,
  PipelineStart,
  PipelineStatus,
  PipelineStep,
  SettledAt,
} from "./pipeline-terms.ts";
import { batchInput } from "./witness.ts";

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
  #firstOpenStep: number;
  #lastStep: number;
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
  /** Number of the last batch that touched each account. */
  readonly #touched: Map<number, number>;
  /** While steps of an earlier life come again: where it cut. */
  #replay: { readonly cuts: CutRecord[]; readonly finalAt: PipelineStart["finalAt"] } | undefined;

  /** With a start, the steps behind its position come again, then {@link endReplay}; nothing is proven before. */
  constructor(options: PipelineOptions, start?: PipelineStart) {
    const { sharedState, lastCutStep, lastStep, epoch, touched } = start?.position ?? GENESIS_POSITION;
    this.#options = options;
    this.#idle = [...options.provers];
    this.#sharedState = sharedState;
    this.#nextToSettle = sharedState.batchNumber + 1;
    this.#firstOpenStep = lastCutStep + 1;
    this.#lastStep = lastStep;
    this.#settledStep = lastCutStep;
    this.#settledEpoch = sharedState.epochNumber;
    this.#settledBatches = sharedState.batchNumber;
    this.#touched = new Map(touched);
    if (epoch !== null) this.#epochs.set(epoch.number, epoch);
    if (start !== undefined) this.#replay = { cuts: [...start.cuts], finalAt: start.finalAt };
  }

  /**
   * All steps of the earlier life have come. What was cut and is not final is proven now.
   * @throws Error when the steps do not lead to the batches that were cut
   */
  endReplay(): void {
    const replay = this.#replay;
    if (replay === undefined) return;
    if (replay.cuts[0]?.lastStep === this.#lastStep) this.#cutOpen("request");
    const [left] = replay.cuts;
    if (left !== undefined && this.#state === "running") {
      this.#halt(
        `Batch ${left.batchNumber} ended with step ${left.lastStep}; the journal leads to step ${this.#lastStep}.`,
      );
    }
    if (this.#haltReport !== undefined) throw new Error(this.#haltReport);
    this.#replay = undefined;
    if (this.#firstStepMs !== undefined) this.#startTimer();
    this.#proveNext();
  }

  /**
   * Closes the open batch and says where everything stands then: what a snapshot of the same moment needs.
   * @throws Error when nothing is cut any more
   */
  position(): PipelinePosition {
    this.cut();
    if (this.#state !== "running" || this.#replay !== undefined) throw new Error("batches have stopped");
    const { batcher } = this.#options;
    return {
      batcher: batcher.position,
      sharedState: this.#sharedState,
      lastCutStep: this.#firstOpenStep - 1,
      lastStep: this.#lastStep,
      epoch: [...this.#epochs.values()].at(-1) ?? null,
      touched: [...this.#touched].sort(([a], [b]) => a - b),
    };
  }

  /** Number of the last batch cut; 0 before the first. */
  get cutBatch(): number {
    return this.#sharedState.batchNumber;
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
    const { batcher, growFromQueued } = this.#options;
    batcher.grow(this.#replay !== undefined || this.#queued.length >= growFromQueued);
    if (this.#replay?.cuts[0]?.lastStep === this.#lastStep) this.#cutAsBefore();
    // What the step closes holds everything before it.
    const trace = batcher.push(step, journalHead);
    if (trace !== undefined) this.#queue(trace, step.kind === "epoch" ? "epoch" : "capacity");
    this.#lastStep = number;
    if (step.kind === "fill") this.#openFills++;
    this.#stepsInEpoch = step.kind === "epoch" ? 0 : this.#stepsInEpoch + 1;
    if (step.kind !== "epoch" && this.#firstStepMs === undefined) {
      this.#firstStepMs = performance.now();
      if (this.#replay === undefined) this.#startTimer();
    }
  }

  #startTimer(): void {
    this.#timer = setTimeout(() => this.#timeIsUp(), this.#options.cutAfterMs);
  }

  /** An empty batch is closed by the next epoch alone. */
  #cutAsBefore(): void {
    const trace = this.#options.batcher.cut();
    if (trace !== undefined) this.#queue(trace, "request");
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
    const noted = this.#note({ batchNumber: trace.batchNumber, lastStep: this.#lastStep, tier: trace.tier.name });
    const cut: CutBatch = { trace, progress, data, after: sharedStateAfter(data), firstStepMs, cutMs, noted };
    for (const { account } of trace.accounts) this.#touched.set(account, trace.batchNumber);
    this.#sharedState = cut.after;
    this.#firstOpenStep = this.#lastStep + 1;
    this.#openFills = 0;
    this.#firstStepMs = undefined;
    const place = this.#replay?.finalAt(cut);
    if (place !== undefined) {
      this.#nextToSettle++;
      this.#settled(cut, "final", place);
      return;
    }
    this.#queued.push(cut);
    this.#unsettled.push(cut);
    this.#tell(cut);
    this.#proveNext();
  }

  /** @throws Error for another batch than the earlier life's */
  #note(cut: CutRecord): Promise<void> | undefined {
    const before = this.#replay?.cuts.shift();
    if (before === undefined) return this.#options.noteCut?.(cut);
    const { batchNumber, lastStep, tier } = cut;
    if (before.batchNumber === batchNumber && before.lastStep === lastStep && before.tier === tier) return undefined;
    throw new Error(
      `batch ${batchNumber} (${tier}, through step ${lastStep}) was batch ${before.batchNumber} (${before.tier}, through step ${before.lastStep})`,
    );
  }

  #tell(cut: CutBatch): void {
    this.#options.onProgress?.(cut.progress, cut);
  }

  #proveNext(): void {
    while (this.#state === "running" && this.#replay === undefined && this.#idle.length > 0) {
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
    this.#noteTimings(progress, result);
    const { calldata: proof } = result;
    const batch: ProvenBatch = { batchNumber: trace.batchNumber, data: cut.data, commitment: inputs.commitment, proof };
    this.#proven.set(trace.batchNumber, { cut, batch, provenMs: performance.now() });
    this.#tell(cut);
    this.#settleReady();
  }

  #noteTimings(progress: BatchProgress, { timings }: ProofResult): void {
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
    if (cut.noted !== undefined) await cut.noted;
    const { mined, confirmed } = this.#options.settle(batch);
    const place = await mined;
    const nowMs = performance.now();
    progress.timings.settleMs = Math.round(nowMs - provenMs);
    progress.timings.totalMs = Math.round(nowMs - cut.firstStepMs);
    this.#unsettled.splice(this.#unsettled.indexOf(cut), 1);
    this.#settled(cut, "settled", place);
    // A reorganisation may have moved it to another block meanwhile.
    this.#place(cut, "final", await confirmed);
    this.#tell(cut);
  }

  #settled(cut: CutBatch, state: "settled" | "final", place: SettledAt): void {
    const { progress } = cut;
    this.#place(cut, state, place);
    this.#settledBatches++;
    this.#settledStep = progress.steps.last;
    this.#settledEpoch = progress.epochNumber;
    for (const number of this.#epochs.keys()) if (number < this.#settledEpoch) this.#epochs.delete(number);
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
