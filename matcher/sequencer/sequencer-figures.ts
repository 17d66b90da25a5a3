import type { RejectCode } from "../protocol/reject.ts";
import { LatencyHistogram } from "../timing/latency-histogram.ts";

/** What the sequencer counts of its own work, for whoever looks at it now and then. Plain counters: they are written for every order. */
export class SequencerFigures {
  /** Arrival to a signature found good. */
  readonly verify = new LatencyHistogram();
  /** The state machine, with those who are told at once. */
  readonly execute = new LatencyHistogram();
  /** Execution to durable. */
  readonly journal = new LatencyHistogram();
  /** Arrival to durable, of accepted messages. */
  readonly acknowledge = new LatencyHistogram();
  readonly #accepted = new Map<string, number>();
  readonly #refused = new Map<RejectCode, number>();

  /** @param kind of a message, or the type of another command */
  accepted(kind: string): void {
    this.#accepted.set(kind, (this.#accepted.get(kind) ?? 0) + 1);
  }

  refused(code: RejectCode): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  get acceptedByKind(): ReadonlyMap<string, number> {
    return this.#accepted;
  }

  get refusedByCode(): ReadonlyMap<RejectCode, number> {
    return this.#refused;
  }
}
