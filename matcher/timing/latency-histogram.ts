/** Upper bounds of the buckets, milliseconds: fine where acknowledgements should be, coarse where they should not. */
const BOUNDS_MS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/**
 * How long something took, counted in buckets. Recording is a few comparisons and two additions, so that every order can be counted;
 * whoever wants quantiles or a text makes them from the counts.
 */
export class LatencyHistogram {
  readonly boundsMs: readonly number[];
  /** One more than bounds: what was longer than the last. */
  readonly #counts: Float64Array;
  #sumMs = 0;
  #count = 0;

  constructor(boundsMs: readonly number[] = BOUNDS_MS) {
    this.boundsMs = boundsMs;
    this.#counts = new Float64Array(boundsMs.length + 1);
  }

  record(ms: number): void {
    const { boundsMs } = this;
    let at = 0;
    while (at < boundsMs.length && ms > (boundsMs[at] as number)) at++;
    (this.#counts[at] as number)++;
    this.#sumMs += ms;
    this.#count++;
  }

  get count(): number {
    return this.#count;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  /** By bucket, not added up. */
  get counts(): readonly number[] {
    return [...this.#counts];
  }
}
