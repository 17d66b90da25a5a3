export interface SteadyClockOptions {
  /** The machine's time of day, which somebody may set. */
  readonly wallMs?: () => number;
  /** Time since some moment, which nobody can set. */
  readonly monotonicMs?: () => number;
  /** Told of a step of the machine's clock, milliseconds. */
  readonly onJump?: (jumpMs: number) => void;
}

/** Part of the elapsed time by which the clock may differ from it: ten minutes are made up for in 100. */
const SLEW = 0.1;
/** Smaller differences are the ordinary discipline of a clock. */
const JUMP_MS = 1_000;

/**
 * The time of day without its jumps: it goes on with the monotonic clock and draws near to the machine's by at most a tenth, so that it never goes
 * back, never leaves out a time and never stands still, whatever is done to the machine's clock, and is right again after a while. What is told to
 * others as a time (acceptance, funding samples, reports) is this one; durations are measured by the monotonic clock.
 */
export class SteadyClock {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #onJump: ((jumpMs: number) => void) | undefined;
  #ms: number;
  #readAtMs: number;
  /** Of the machine's clock to this one, when it was last read. */
  #offsetMs = 0;

  constructor({ wallMs = Date.now, monotonicMs = () => performance.now(), onJump }: SteadyClockOptions = {}) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    this.#onJump = onJump;
    this.#ms = wallMs();
    this.#readAtMs = monotonicMs();
  }

  /** Whole milliseconds since 1970; never less than before. */
  readonly nowMs = (): number => {
    const readAtMs = this.#monotonicMs();
    const elapsedMs = readAtMs - this.#readAtMs;
    this.#readAtMs = readAtMs;
    const evenlyMs = this.#ms + elapsedMs;
    const offsetMs = this.#wallMs() - evenlyMs;
    const slewMs = SLEW * elapsedMs;
    const correctionMs = Math.max(-slewMs, Math.min(slewMs, offsetMs));
    this.#ms = evenlyMs + correctionMs;
    const jumpMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs - correctionMs;
    if (Math.abs(jumpMs) >= JUMP_MS) this.#onJump?.(Math.round(jumpMs));
    return Math.floor(this.#ms);
  };

  /** How far the machine's clock is ahead of this one, milliseconds, as last read. */
  get offsetMs(): number {
    return this.#offsetMs;
  }
}
