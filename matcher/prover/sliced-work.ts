/** Work goes on for so long before everything else has its turn. */
const SLICE_MS = 1.5;

interface Piece {
  /** Does a little. True when nothing is left. */
  readonly next: () => boolean;
  readonly fail: (error: unknown) => void;
}

/**
 * Work on the thread that orders everything which nobody waits for: piece by piece in the order in which it came, in short slices between
 * which whatever has come in is answered.
 */
export class SlicedWork {
  readonly #pieces: Piece[] = [];
  #next: NodeJS.Immediate | undefined;

  /** Resolves with the work's outcome, or rejects with what it throws; neither once {@link stop} was called. */
  run<T>(work: Generator<void, T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const next = () => {
      const step = work.next();
      if (step.done) resolve(step.value);
      return step.done === true;
    };
    this.#pieces.push({ next, fail: reject });
    this.#next ??= setImmediate(() => this.#slice());
    return promise;
  }

  /** Gives up what is not done. */
  stop(): void {
    this.#pieces.length = 0;
    clearImmediate(this.#next);
    this.#next = undefined;
  }

  #slice(): void {
    this.#next = undefined;
    const endMs = performance.now() + SLICE_MS;
    for (;;) {
      const [first] = this.#pieces;
      if (first === undefined) return;
      let isDone = true;
      try {
        isDone = first.next();
      } catch (error) {
        first.fail(error);
      }
      if (isDone) this.#pieces.shift();
      if (performance.now() >= endMs) break;
    }
    if (this.#pieces.length > 0) this.#next = setImmediate(() => this.#slice());
  }
}
