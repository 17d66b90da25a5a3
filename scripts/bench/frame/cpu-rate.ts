/** How often something happened in a second. */
export interface Rate {
  /** By the clock on the wall, which other work on the machine slows down. */
  readonly wallPerSecond: number;
  /** By this process's CPU time, its collector's threads included: what one core does. */
  readonly cpuPerSecond: number;
}

/** @param count what `work` does */
export function rateOf(count: number, work: () => void): Rate {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  work();
  const wallSeconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { wallPerSecond: count / wallSeconds, cpuPerSecond: (count * 1e6) / (user + system) };
}

/** The middle value; of an even number of them, the lower one. @throws RangeError without any */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
  if (middle === undefined) throw new RangeError("no values");
  return middle;
}
