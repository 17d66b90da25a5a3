import { Child, type ChildMessage, type ChildOptions, describeEnding } from "./child.ts";
import { Refusal } from "./refusal.ts";

/** A bot waits for its deposit to be confirmed; on a busy machine that is the longest start. */
const START_LIMIT_MS = 180_000;

/**
 * Starts processes one after the other and stops them in reverse. The first one that ends unasked brings all down: an
 * exchange without one of its parts only looks as if it ran. Parts that the others can do without have an `onLoss`.
 */
export class Supervisor {
  readonly #children: Child[] = [];
  readonly #onFailure: (sentence: string) => void;
  #stopping: Promise<void> | undefined;

  /** @param onFailure called once, with one sentence, before anything is stopped. */
  constructor(onFailure: (sentence: string) => void) {
    this.#onFailure = onFailure;
  }

  /** Starts a process. @throws Refusal when everything is being stopped. */
  start(options: ChildOptions): Child {
    if (this.#stopping !== undefined) throw new Refusal("Everything is being stopped.");
    const child = new Child(options);
    this.#children.push(child);
    child.ended.then((ending) => {
      if (child.stopping || this.#stopping !== undefined) return;
      (options.onLoss ?? this.#onFailure)(describeEnding(ending));
    });
    return child;
  }

  /**
   * Starts a process and waits for its message.
   * @throws Error with its last words when it ends before, Refusal when it takes longer than `limitMs`.
   */
  async startUntil(type: string, options: ChildOptions, limitMs = START_LIMIT_MS): Promise<ChildMessage> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const sentence = `The ${options.name} did not start within ${Math.round(limitMs / 1000)} s.`;
      timer = setTimeout(() => reject(new Refusal(sentence)), limitMs);
    });
    try {
      return await Promise.race([this.start(options).message(type), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Starts a process that ends by itself. @throws Refusal with its last words when it fails. */
  async runToEnd(options: ChildOptions): Promise<void> {
    if (this.#stopping !== undefined) throw new Refusal("Everything is being stopped.");
    const child = new Child(options);
    this.#children.push(child);
    const ending = await child.ended;
    this.#children.splice(this.#children.indexOf(child), 1);
    if (ending.code !== 0) throw new Refusal(describeEnding(ending));
  }

  /** Stops all, the last started first. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** At once, without grace. */
  kill(): void {
    for (const child of this.#children) child.kill();
  }

  async #stopAll(): Promise<void> {
    // Clients of one kind end together: they do not need each other.
    const groups = Map.groupBy([...this.#children].reverse(), ({ name }) => name.replace(/ \d+$/, ""));
    for (const group of groups.values()) await Promise.all(group.map((child) => child.stop()));
  }
}
