import type { FundingSchedule } from "./protocol/funding-schedule.ts";
import type { Sequencer } from "./sequencer/sequencer.ts";

export interface FundingClockOptions {
  readonly sequencer: Sequencer;
  readonly schedule: FundingSchedule;
  readonly nowMs?: () => number;
  /** Time since some moment, which nobody can set. */
  readonly monotonicMs?: () => number;
  readonly onNotice?: (sentence: string) => void;
}

/**
 * Says when the books are looked at for funding: a command of its own at every time of the schedule, so that a replay looks at the same
 * places. A time that was missed stays missed: the book of then is gone, and the schedule counts it as zero.
 */
export class FundingClock {
  readonly #options: FundingClockOptions;
  readonly #ownMs: () => number;
  readonly #monotonicMs: () => number;
  /** A time that has passed for everybody, and when it was heard of. */
  #passed = { timeMs: 0, heardMs: 0 };
  #lastSeconds = 0;
  #timer: NodeJS.Timeout | undefined;
  #troubleIsTold = false;

  constructor(options: FundingClockOptions) {
    this.#options = options;
    this.#ownMs = options.nowMs ?? Date.now;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  start(): void {
    const periodMs = this.#options.schedule.sampleSeconds * 1_000;
    const next = () => {
      // From one time of the schedule to the next: an interval that drifts would leave one out now and then.
      this.#timer = setTimeout(
        () => {
          this.catchUp();
          next();
        },
        periodMs - (this.#nowMs() % periodMs),
      );
    };
    next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Our own clock, or L1's where that is further: an epoch's time has passed for everybody, and an interval that L1 has left behind must be
   * sealed here, too, or no epoch could be opened until our clock has caught up.
   */
  #nowMs(): number {
    const { timeMs, heardMs } = this.#passed;
    return Math.max(this.#ownMs(), timeMs + this.#monotonicMs() - heardMs);
  }

  /**
   * Takes the sample of the present, unless it was taken: after it every interval before the present one is sealed.
   * @param passedSeconds a time that L1 says has passed
   */
  catchUp(passedSeconds = 0): void {
    if (passedSeconds * 1_000 > this.#nowMs())
      this.#passed = { timeMs: passedSeconds * 1_000, heardMs: this.#monotonicMs() };
    const { sequencer, schedule, onNotice } = this.#options;
    const nowSeconds = Math.floor(this.#nowMs() / 1_000);
    const timeSeconds = nowSeconds - (nowSeconds % schedule.sampleSeconds);
    const { state } = sequencer;
    // An earlier life of the process may have taken it.
    const lastSeconds = Math.max(this.#lastSeconds, state.funding.lastSampleTimeSeconds);
    if (timeSeconds <= lastSeconds || state.epochNumber === 0 || sequencer.halt !== null) return;
    this.#lastSeconds = timeSeconds;
    try {
      sequencer.apply({ type: "fundingSample", timeSeconds });
      this.#troubleIsTold = false;
    } catch (error) {
      // What cannot follow has changed nothing. Once is enough: it may be so for every sample to come.
      if (!this.#troubleIsTold) onNotice?.(`no funding sample: ${error instanceof Error ? error.message : error}`);
      this.#troubleIsTold = true;
    }
  }
}
