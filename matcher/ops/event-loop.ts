import { LatencyHistogram } from "../timing/latency-histogram.ts";

const PERIOD_MS = 250;

/** How late this thread's timers are: one that is busy for long answers nobody meanwhile. */
export class EventLoop {
  readonly lag = new LatencyHistogram();
  #lastLagMs = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    let dueMs = performance.now() + PERIOD_MS;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      this.#lastLagMs = Math.max(0, nowMs - dueMs);
      this.lag.record(this.#lastLagMs);
      dueMs = nowMs + PERIOD_MS;
    }, PERIOD_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get lastLagMs(): number {
    return this.#lastLagMs;
  }
}
