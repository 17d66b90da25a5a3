import type { BatchProgress } from "../../matcher/prover/batch-progress.ts";
import { batchLine } from "./status-view.ts";

/** Follows the batches' progress as the matcher tells it, and says a line when one is final. */
export class BatchBoard {
  readonly #say: (line: string) => void;
  readonly #settledMs = new Map<number, number>();
  readonly #nowMs: () => number;

  constructor(say: (line: string) => void, nowMs: () => number = () => performance.now()) {
    this.#say = say;
    this.#nowMs = nowMs;
  }

  take(batch: BatchProgress): void {
    if (batch.state === "settled") this.#settledMs.set(batch.batchNumber, this.#nowMs());
    if (batch.state === "failed") this.#say(`batch ${batch.batchNumber} [${batch.tier}] has no proof`);
    if (batch.state !== "final") return;
    const settledMs = this.#settledMs.get(batch.batchNumber);
    this.#settledMs.delete(batch.batchNumber);
    const { totalMs } = batch.timings;
    const finalMs =
      settledMs === undefined || totalMs === undefined ? undefined : totalMs + (this.#nowMs() - settledMs);
    this.#say(batchLine(batch, finalMs));
  }
}
