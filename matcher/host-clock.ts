import type { Sequencer } from "./sequencer/sequencer.ts";

export interface HostClockOptions {
  readonly sequencer: Sequencer;
  /** Time between two looks, milliseconds: how late a command may be. */
  readonly periodMs?: number;
  readonly nowMs?: () => number;
  readonly onNotice?: (sentence: string) => void;
}

/** Gives commands whose time has come: the exchange itself has no clock, and a replay finds them at the same places. */
export abstract class HostClock {
  protected readonly sequencer: Sequencer;
  readonly #options: HostClockOptions;
  readonly #periodMs: number;
  readonly #missing: string;
  #timer: NodeJS.Timeout | undefined;

  /** @param missing what there is not when a command cannot be given: the notice's beginning */
  constructor(options: HostClockOptions, periodMs: number, missing: string) {
    this.sequencer = options.sequencer;
    this.#options = options;
    this.#periodMs = options.periodMs ?? periodMs;
    this.#missing = missing;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), this.#periodMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look. */
  look(): void {
    const { onNotice, nowMs = Date.now } = this.#options;
    if (this.sequencer.halt !== null) return;
    try {
      this.giveDue(nowMs());
    } catch (error) {
      // The sequencer has halted and says so to everybody else; a timer's exception would end the process instead.
      onNotice?.(`${this.#missing}: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Gives the commands that are due. */
  protected abstract giveDue(nowMs: number): void;
}
