/**
 * When funding is measured. Intervals are numbered from 1970 in their own length, so that a time alone says which interval it is in.
 * All lengths in seconds.
 */
export interface FundingSchedule {
  /** What is measured in an interval is charged during the next one. */
  intervalSeconds: number;
  /** A minute, or what stands for one: the median of its samples counts once in the interval's mean. */
  slotSeconds: number;
  /** From one sample to the next. */
  sampleSeconds: number;
}

/** Production: hours of 60 minutes with five samples each. */
export const HOURLY_FUNDING: FundingSchedule = { intervalSeconds: 3_600, slotSeconds: 60, sampleSeconds: 12 };

/** Devnet: an interval a minute, of twelve slots with five samples each. */
export const MINUTE_FUNDING: FundingSchedule = { intervalSeconds: 60, slotSeconds: 5, sampleSeconds: 1 };

/** @throws RangeError unless samples divide slots, and slots intervals. */
export function checkFundingSchedule({ intervalSeconds, slotSeconds, sampleSeconds }: FundingSchedule): void {
  for (const [name, seconds] of Object.entries({ intervalSeconds, slotSeconds, sampleSeconds })) {
    if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds >= 2 ** 32) {
      throw new RangeError(`${name} = ${seconds} is not a whole number of seconds`);
    }
  }
  if (intervalSeconds % slotSeconds !== 0 || slotSeconds % sampleSeconds !== 0) {
    throw new RangeError(
      `funding samples every ${sampleSeconds} s, slots of ${slotSeconds} s and intervals of ${intervalSeconds} s do not divide each other`,
    );
  }
}

/** Number of the interval that a time is in. */
export function fundingIntervalAt({ intervalSeconds }: FundingSchedule, timeSeconds: number): number {
  return Math.floor(timeSeconds / intervalSeconds);
}

/** First second of an interval; the end of the one before. */
export function intervalStartSeconds({ intervalSeconds }: FundingSchedule, interval: number): number {
  return interval * intervalSeconds;
}

export function slotsPerInterval({ intervalSeconds, slotSeconds }: FundingSchedule): number {
  return intervalSeconds / slotSeconds;
}

export function samplesPerSlot({ slotSeconds, sampleSeconds }: FundingSchedule): number {
  return slotSeconds / sampleSeconds;
}

/** Which interval's rate is charged for how long. */
export interface FundingSpan {
  /** The interval whose rate it is: the one before the seconds lie. */
  interval: number;
  seconds: number;
}

/** Splits the time from one epoch to the next at the ends of intervals. Empty unless time passes. */
export function fundingSpans(schedule: FundingSchedule, fromSeconds: number, toSeconds: number): FundingSpan[] {
  const spans: FundingSpan[] = [];
  for (let at = fromSeconds; at < toSeconds; ) {
    const interval = fundingIntervalAt(schedule, at);
    const end = Math.min(toSeconds, intervalStartSeconds(schedule, interval + 1));
    spans.push({ interval: interval - 1, seconds: end - at });
    at = end;
  }
  return spans;
}
