import type { Sequencer } from "./sequencer/sequencer.ts";

export interface LiquidationClockOptions {
  readonly sequencer: Sequencer;
  /** Time between two looks at who is at risk, milliseconds. */
  readonly periodMs?: number;
  readonly onNotice?: (sentence: string) => void;
}

const DEFAULT_PERIOD_MS = 1_000;

/**
 * Every epoch liquidates whoever is at risk by itself. This gives another try within the epoch while somebody is left, because bids have
 * come since: a command of its own, so that a replay liquidates at the same places.
 */
export class LiquidationClock {
  readonly #options: LiquidationClockOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiquidationClockOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.sweep(), this.#options.periodMs ?? DEFAULT_PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look. */
  sweep(): void {
    const { sequencer, onNotice } = this.#options;
    if (sequencer.halt !== null || sequencer.state.liquidator.atRisk().length === 0) return;
    try {
      sequencer.apply({ type: "liquidationSweep" });
    } catch (error) {
      // The sequencer has halted and says so to everybody else; a timer's exception would end the process instead.
      onNotice?.(`no liquidation sweep: ${error instanceof Error ? error.message : error}`);
    }
  }
}
