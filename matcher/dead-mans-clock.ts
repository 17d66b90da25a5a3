import type { Sequencer } from "./sequencer/sequencer.ts";

export interface DeadMansClockOptions {
  readonly sequencer: Sequencer;
  /** Time between two looks, milliseconds: how late a switch may fire. */
  readonly periodMs?: number;
  readonly nowMs?: () => number;
  readonly onNotice?: (sentence: string) => void;
}

const DEFAULT_PERIOD_MS = 100;

/**
 * Fires dead-man's switches whose time has come, by a command of its own for each account, so that a replay cancels at the same places. One
 * that came due while the exchange was down fires at the first look.
 */
export class DeadMansClock {
  readonly #options: DeadMansClockOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DeadMansClockOptions) {
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
    if (sequencer.halt !== null) return;
    try {
      for (const account of sequencer.state.deadMansSwitches.due(nowMs())) {
        sequencer.apply({ type: "cancelAllApi", account, market: null });
      }
    } catch (error) {
      // The sequencer has halted and says so to everybody else; a timer's exception would end the process instead.
      onNotice?.(`no dead-man's switch: ${error instanceof Error ? error.message : error}`);
    }
  }
}
