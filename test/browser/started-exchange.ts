import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

const START_LIMIT_MS = 240_000;

/** `npm start` in a process of its own: chain, contracts, matcher with page, provers, price feeds, bots. */
export class StartedExchange {
  readonly url: string;
  readonly rpcUrl: string;
  readonly exchange: string;
  private readonly process: ChildProcess;
  private readonly folder: string;
  private readonly said: () => string;

  private constructor(process: ChildProcess, folder: string, said: () => string) {
    this.process = process;
    this.folder = folder;
    this.said = said;
    const urls = JSON.parse(readFileSync(`${folder}/urls.json`, "utf8")) as {
      api: string;
      rpc: string;
      exchange: string;
    };
    this.url = urls.api;
    this.rpcUrl = urls.rpc;
    this.exchange = urls.exchange;
  }

  /** Resolves once the bots trade. @throws Error with all that it said when it does not come up */
  static async start(...options: string[]): Promise<StartedExchange> {
    const args = ["scripts/start.ts", "--no-build", "--port", "0", "--rpc-port", "0", ...options];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
    const endMs = performance.now() + START_LIMIT_MS;
    while (!/bots trade/.test(output)) {
      if (child.exitCode !== null || performance.now() > endMs) {
        child.kill("SIGTERM");
        throw new Error(output);
      }
      await new Promise((wake) => setTimeout(wake, 100));
    }
    const port = /chain +http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    return new StartedExchange(child, `build/devnet-${port}`, () => output);
  }

  /** Ends some of its parts for good. @param words what their command lines contain */
  killParts(words: string): void {
    const lines = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
    for (const line of lines) {
      if (!line.includes(`${this.folder}/`) || !line.includes(words)) continue;
      process.kill(Number(/^ *(\d+)/.exec(line)?.[1]), "SIGKILL");
    }
  }

  get output(): string {
    return this.said();
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      const ended = new Promise((resolve) => this.process.once("close", resolve));
      this.process.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
