import type { SealedInterval } from "../sequencer/funding-meter.ts";
import type { Accepted } from "../sequencer/outcome.ts";
import type { IntervalRecord } from "./history/records.ts";
import { sealedFrom } from "./history/sealed-interval.ts";

/** A month of hours. An interval of 300 samples in four markets takes about 60 kB. */
const DEFAULT_INTERVALS_MAX = 750;

/** The newest sealed funding intervals with all their samples, as canonical words. */
export class FundingHistory {
  private readonly intervalsMax: number;
  /** Ascending, without gaps. */
  private readonly sealed = new Map<number, SealedInterval>();

  constructor(intervalsMax = DEFAULT_INTERVALS_MAX) {
    this.intervalsMax = intervalsMax;
  }

  /** Takes intervals of an earlier process, ascending, before any other. */
  restore(intervals: readonly IntervalRecord[]): void {
    for (const record of intervals) this.sealed.set(record.interval, sealedFrom(record));
  }

  /** Takes one command in. */
  record({ events }: Accepted): void {
    for (const { event } of events) {
      if (event.type !== "funding-interval") continue;
      this.sealed.set(event.sealed.interval, event.sealed);
      const { oldest } = this;
      if (this.sealed.size > this.intervalsMax && oldest !== null) this.sealed.delete(oldest);
    }
  }

  /** Number of the oldest interval, or null. */
  get oldest(): number | null {
    const [oldest] = this.sealed.keys();
    return oldest ?? null;
  }

  interval(interval: number): SealedInterval | undefined {
    return this.sealed.get(interval);
  }

  /** Ascending. @param from first number; without one, the newest are given */
  intervals(limit: number, from?: number): SealedInterval[] {
    const all = [...this.sealed.values()];
    if (from === undefined) return all.slice(-limit);
    return all.filter(({ interval }) => interval >= from).slice(0, limit);
  }
}
