import { type ChildProcess, fork } from "node:child_process";
import type { LoadPhase, Measured } from "./generator.ts";

/** What a server process says of itself. */
export interface ServerUsage {
  readonly cpuMs: number;
  readonly commands: number;
  readonly proofs: number;
  readonly rssBytes: number;
}

/** A process of a benchmark. It ends when its channel does. */
export class BenchProcess {
  protected readonly child: ChildProcess;
  private readonly ended: Promise<never>;

  /** @param script file beside this one, or an absolute URL */
  constructor(script: URL | string, args: readonly string[]) {
    this.child = fork(new URL(script, import.meta.url), args, { execArgv: ["--disable-warning=ExperimentalWarning"] });
    this.ended = new Promise((_, reject) => {
      this.child.once("exit", (code, signal) =>
        reject(new Error(`a process of the benchmark ended with ${signal ?? `exit code ${code}`}`)),
      );
    });
    this.ended.catch(() => {});
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The next message of a type. @throws Error when the process ends before */
  async message<T>(type: string): Promise<T> {
    let listener: ((told: { type: string }) => void) | undefined;
    const told = new Promise<T>((resolve) => {
      listener = (message) => {
        if (message.type === type) resolve(message as T);
      };
      this.child.on("message", listener);
    });
    try {
      return await Promise.race([told, this.ended]);
    } finally {
      this.child.off("message", listener as () => void);
    }
  }

  tell(message: object): void {
    this.child.send(message);
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    if (this.child.connected) this.child.disconnect();
    await exited;
  }
}

/** The exchange that is measured. */
export class ServerProcess extends BenchProcess {
  constructor(accounts: number, folder: string, provers: number) {
    super("./server.ts", [String(accounts), folder, String(provers)]);
  }

  async usage(): Promise<ServerUsage> {
    const answer = this.message<ServerUsage>("usage");
    this.tell({ type: "usage" });
    return answer;
  }
}

/** The traders. */
export class GeneratorProcess extends BenchProcess {
  constructor(url: string, accounts: number, connections: number, requests: number) {
    super("./generator.ts", [url, String(accounts), String(connections), String(requests)]);
  }

  async run(phase: LoadPhase): Promise<Measured> {
    const measured = this.message<Measured>("measured");
    this.tell(phase);
    return measured;
  }
}
