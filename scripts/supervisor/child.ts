import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { readLogLine } from "./log-line.ts";

/** What a child tells its parent through the channel between them. */
export type ChildMessage = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface ChildOptions {
  /** Shown before the child's own lines and in the report of its death. */
  readonly name: string;
  /** File below the root, run by this very Node. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Called for every line that the child prints. */
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
  readonly onMessage?: (message: ChildMessage) => void;
  /** How long the child may take after SIGTERM before it is killed. */
  readonly graceMs?: number;
  /** Given for a child that the others can do without: told, in one sentence, when it ends unasked. */
  readonly onLoss?: (sentence: string) => void;
}

export interface ChildEnding {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last complaints that it printed on stderr. */
  readonly lastWords: readonly string[];
}

const KEPT_LINES = 12;

/**
 * A long-lived process of ours, leader of its own process group: Ctrl-C at the terminal does not reach it, so that the
 * supervisor can stop all in order, and whatever it started ends with it. It has a channel to us and should end when
 * the channel closes, which is what happens when we are killed.
 */
export class Child {
  readonly name: string;
  readonly ended: Promise<ChildEnding>;
  readonly #process: ChildProcess;
  readonly #graceMs: number;
  readonly #listeners = new Set<(message: ChildMessage) => void>();
  readonly #lastWords: string[] = [];
  #ending: ChildEnding | undefined;
  #stopping = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.#graceMs = options.graceMs ?? 5_000;
    if (options.onMessage) this.#listeners.add(options.onMessage);
    this.#process = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", options.script, ...(options.args ?? [])],
      {
        detached: true,
        env: { ...process.env, ...options.env },
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      },
    );
    for (const stream of ["stdout", "stderr"] as const) {
      createInterface({ input: this.#process[stream]! }).on("line", (line) => {
        if (stream === "stderr") {
          const { text, isComplaint } = readLogLine(line);
          if (isComplaint) this.#lastWords.push(text);
          if (this.#lastWords.length > KEPT_LINES) this.#lastWords.shift();
        }
        options.onLine(line, stream);
      });
    }
    this.#process.on("message", (message: ChildMessage) => {
      for (const listener of this.#listeners) listener(message);
    });
    this.ended = new Promise((resolve) => {
      const finish = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#signalGroup("SIGTERM");
        this.#ending = { name: this.name, code, signal, lastWords: this.#lastWords };
        resolve(this.#ending);
      };
      this.#process.on("error", (error) => {
        this.#lastWords.push(error.message);
        finish(null, null);
      });
      // "close" comes after the last line was read, "exit" may come before.
      this.#process.on("close", finish);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** True once somebody asked it to end: its end is then no failure. */
  get stopping(): boolean {
    return this.#stopping;
  }

  get alive(): boolean {
    return this.#ending === undefined;
  }

  send(message: ChildMessage): void {
    if (this.#process.connected) this.#process.send(message);
  }

  /** The first message of a type. @throws Error with the child's last words when it ends before. */
  message(type: string): Promise<ChildMessage> {
    return new Promise((resolve, reject) => {
      const listener = (message: ChildMessage) => {
        if (message.type !== type) return;
        this.#listeners.delete(listener);
        resolve(message);
      };
      this.#listeners.add(listener);
      this.ended.then((ending) => reject(new Error(describeEnding(ending))));
    });
  }

  /** SIGTERM, and SIGKILL to the whole group after the grace time. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.alive) {
      this.#signalGroup("SIGTERM");
      const kill = setTimeout(() => this.#signalGroup("SIGKILL"), this.#graceMs);
      await this.ended;
      clearTimeout(kill);
    }
    this.#signalGroup("SIGKILL");
  }

  /** At once, without grace. */
  kill(): void {
    this.#stopping = true;
    this.#signalGroup("SIGKILL");
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // The group is already gone.
    }
  }
}

/** One sentence on how a child ended, with its last line on stderr. */
export function describeEnding({ name, code, signal, lastWords }: ChildEnding): string {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  const said = lastWords.findLast((line) => line.trim() !== "" && !/^\s+at /.test(line) && !/^Node\.js v/.test(line));
  return said === undefined ? `The ${name} ended ${how}.` : `The ${name} ended ${how}: ${said.trim()}`;
}
