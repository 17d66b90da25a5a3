/** Durations in milliseconds, summed up by order statistics. */
export class Latencies {
  private readonly values: number[] = [];

  add(ms: number): void {
    this.values.push(ms);
  }

  get count(): number {
    return this.values.length;
  }

  /** The smallest value that at least this share of all do not exceed; NaN without any. @param share 0 < share ≤ 1 */
  quantileMs(share: number): number {
    const sorted = this.values.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  }
}
