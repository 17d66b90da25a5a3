import type { L1Watcher } from "../chain/l1-watcher.ts";
import type { TransactionLine } from "../chain/transaction-line.ts";
import type { ProofPipeline } from "../prover/pipeline.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";

export interface ReadinessOptions {
  readonly sequencer: Pick<Sequencer, "halt" | "state" | "onDurable">;
  readonly pipeline: Pick<ProofPipeline, "status">;
  readonly line: Pick<TransactionLine, "status">;
  readonly watcher: Pick<L1Watcher, "status">;
  /** An epoch that is in force for longer is no fresh one any more, milliseconds. */
  readonly staleEpochMs: number;
  readonly monotonicMs?: () => number;
}

/** One thing that keeps the exchange from taking orders as it should. */
export interface Hindrance {
  readonly part: "shutdown" | "sequencer" | "settlement" | "l1" | "epoch";
  readonly reason: string;
}

/** Whether orders should be sent here. Each reason stands in docs/runbook.md with what to do about it. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #monotonicMs: () => number;
  #epochSinceMs: number;
  #stopping = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    // The age of an epoch that was in force before us is not known: it counts from now.
    this.#epochSinceMs = this.#monotonicMs();
    options.sequencer.onDurable((_, command) => {
      if (command.type === "epoch") this.#epochSinceMs = this.#monotonicMs();
    });
  }

  /** From here on nothing makes it ready again. */
  beginStopping(): void {
    this.#stopping = true;
  }

  /** Since the newest epoch came into force here, milliseconds. */
  get epochAgeMs(): number {
    return this.#monotonicMs() - this.#epochSinceMs;
  }

  /** Empty when it is ready. */
  hindrances(): Hindrance[] {
    const { sequencer, pipeline, line, watcher, staleEpochMs } = this.#options;
    const found: Hindrance[] = [];
    if (this.#stopping) found.push({ part: "shutdown", reason: "The exchange is being stopped." });
    if (sequencer.halt !== null) found.push({ part: "sequencer", reason: `${sequencer.halt.message}.` });
    const { haltReport } = pipeline.status();
    if (haltReport !== undefined) found.push({ part: "settlement", reason: haltReport });
    // What exactly a node said may name its address with the key in it: that stands in the log.
    const silent = line.status().lastError !== undefined || watcher.status().lastError !== undefined;
    if (silent && haltReport === undefined) found.push({ part: "l1", reason: "L1 does not answer." });
    if (sequencer.state.epochNumber === 0) found.push({ part: "epoch", reason: "No epoch is in force yet." });
    else if (this.epochAgeMs > staleEpochMs) {
      const seconds = Math.floor(this.epochAgeMs / 1_000);
      found.push({ part: "epoch", reason: `No epoch has come for ${seconds} s.` });
    }
    return found;
  }
}
