import type { Sequencer } from "./sequencer/sequencer.ts";

export interface ConditionalClockOptions {
  readonly sequencer: Sequencer;
  /** Time between two looks, milliseconds: how late a part or a cancel may be. */
  readonly periodMs?: number;
  readonly nowMs?: () => number;
  readonly onNotice?: (sentence: string) => void;
}

const DEFAULT_PERIOD_MS = 100;

/**
 * Does what is due of conditional orders by a command of its own, so that a replay does it at the same places: parts of TWAPs, cancels at a
 * time, and triggered orders that a command's bound left for later. What was due while the exchange was down is done at the first look.
 * While provers are too far behind for orders that trade, it cancels and lets nothing in.
 */
export class ConditionalClock {
  readonly #options: ConditionalClockOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConditionalClockOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), this.#options.periodMs ?? DEFAULT_PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look. */
  look(): void {
    const { sequencer, onNotice, nowMs = Date.now } = this.#options;
    const { conditionals } = sequencer.state;
    if (sequencer.halt !== null || !conditionals.isDue(nowMs(), sequencer.backlog.isFull)) return;
    try {
      sequencer.apply({ type: "conditionalSweep" });
    } catch (error) {
      // The sequencer has halted and says so to everybody else; a timer's exception would end the process instead.
      onNotice?.(`no sweep of conditional orders: ${error instanceof Error ? error.message : error}`);
    }
  }
}
