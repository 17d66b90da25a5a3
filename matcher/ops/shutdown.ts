import type { ProofPipeline } from "../prover/pipeline.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";
import type { Readiness } from "./readiness.ts";
import type { RequestGate } from "./request-gate.ts";

export interface ShutdownParts {
  readonly readiness: Pick<Readiness, "beginStopping">;
  readonly gate: Pick<RequestGate, "close" | "idle">;
  readonly sequencer: Pick<Sequencer, "finish">;
  readonly pipeline: Pick<ProofPipeline, "status">;
}

/** What a stop leaves to the restart. */
export interface LeftOver {
  /** Batches that were being proven or settled. */
  readonly batches: number;
  /** Whether each command that was taken got its answer. */
  readonly allAnswered: boolean;
}

/** Answers that are on their way to slow clients. */
const ANSWERS_LIMIT_MS = 5_000;
const LOOK_MS = 50;

/**
 * Finishes what was acknowledged, and begins nothing new. Everything is still open afterwards; closing it is the caller's.
 * 1. Not ready any more, so that nobody sends more. 2. Commands are refused with SHUTTING_DOWN; reads go on.
 * 3. What was taken becomes durable and is answered. 4. Batches that are being proven or settled get the grace time;
 * one that takes longer is proven again after the restart, from the journal.
 */
export async function finishWork(parts: ShutdownParts, settleGraceMs: number): Promise<LeftOver> {
  const { readiness, gate, sequencer, pipeline } = parts;
  readiness.beginStopping();
  gate.close();
  await sequencer.finish();
  const allAnswered = await gate.idle(ANSWERS_LIMIT_MS);
  const endMs = performance.now() + settleGraceMs;
  const begun = pipeline.status();
  const target = begun.settledBatches + begun.settling + begun.proving;
  for (;;) {
    const { state, settledBatches } = pipeline.status();
    if (state !== "running" || settledBatches >= target || performance.now() >= endMs) {
      return { batches: target - Math.min(settledBatches, target), allAnswered };
    }
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
  }
}
