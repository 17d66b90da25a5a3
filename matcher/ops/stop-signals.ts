import type { Logger } from "./log.ts";

/** How a process ends. */
export interface Ending {
  /** Finishes what was begun. @param graceless without waiting for proofs */
  finish(graceless: boolean): Promise<void>;
  /** Closes what is open. It holds nothing that could be lost: a close that hangs is cut off. */
  close(): Promise<void>;
  /** More than finish may take, milliseconds: then something hangs, and acknowledged work may be unfinished. */
  readonly finishLimitMs: number;
}

/** A terminal and a program that started us may both pass the same signal on. */
const SAME_SIGNAL_MS = 500;
const CLOSE_LIMIT_MS = 4_000;

/**
 * The first signal stops in order and exits with 0; a second one, a moment later, exits at once with 1. When the parent is gone, nobody waits for
 * proofs: the same, without grace.
 */
export class StopSignals {
  readonly #log: Logger;
  #askedMs: number | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  listen(ending: Ending): void {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => this.#asked(signal, ending));
    process.on("disconnect", () => this.#begin("the parent is gone", ending, true));
  }

  #asked(signal: string, ending: Ending): void {
    if (this.#askedMs === undefined) this.#begin(signal, ending, false);
    else if (performance.now() - this.#askedMs >= SAME_SIGNAL_MS) {
      this.#log.warn(`${signal} again: ends at once`);
      process.exit(1);
    }
  }

  #begin(why: string, { finish, close, finishLimitMs }: Ending, graceless: boolean): void {
    if (this.#askedMs !== undefined) return;
    this.#askedMs = performance.now();
    this.#log.info(`stopping: ${why}`);
    const hangs = setTimeout(() => {
      this.#log.error(`did not finish within ${finishLimitMs} ms: ends at once`);
      process.exit(1);
    }, finishLimitMs);
    finish(graceless)
      .then(() => {
        clearTimeout(hangs);
        setTimeout(() => process.exit(0), CLOSE_LIMIT_MS);
        return close();
      })
      .then(
        () => process.exit(0),
        (error: unknown) => {
          this.#log.error({ err: error }, "the stop failed");
          process.exit(1);
        },
      );
  }
}
