import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { resolve as resolvePath } from "node:path";
import { fileURLToPath } from "node:url";
import { LOWEST_PRIORITY } from "./process-priority.ts";
import type { CircuitInput, ProofResult } from "./proof.ts";
import { ProofFailed, type ProofFailureCode, type ProofPhase } from "./proof-failed.ts";
import { encodeArguments, type ProverReply, type ProverRequest } from "./prover-messages.ts";

export type ProverOptions = {
  /** Holds a folder per tier, see `tierFiles`. */
  readonly circuitsDir: string;
  /** Default: one a processor. */
  readonly threads?: number;
  /** How far the process gives way to others, 0 to 19. Default 19: to everybody, always. */
  readonly niceness?: number;
  /** A job that takes longer is given up and its process ended. Default 15 minutes. */
  readonly jobLimitMs?: number;
};

export type ProofJob = {
  readonly tier: string;
  readonly input: CircuitInput;
  readonly onPhase?: (phase: ProofPhase) => void;
};

export type Prover = {
  /** Jobs are proven one after the other, in the order of the calls. @throws ProofFailed */
  prove(job: ProofJob): Promise<ProofResult>;
  /** Ends the process. Jobs not done fail with PROVER_CLOSED. May be called again. */
  close(): Promise<void>;
  /** Of the running process; undefined between a crash and the next job. */
  readonly processId: number | undefined;
};

type Waiting = {
  readonly id: number;
  readonly job: ProofJob;
  phase: ProofPhase;
  resolve(result: ProofResult): void;
  reject(failure: ProofFailed): void;
};

const DEFAULT_JOB_LIMIT_MS = 15 * 60_000;
const CLOSE_LIMIT_MS = 3000;
/** Of what a crashed process wrote last. */
const REPORT_CHARACTERS = 8000;

/** Starts the prover's process and waits until it answers. @throws Error when it cannot be started. */
export async function startProver(options: ProverOptions): Promise<Prover> {
  const prover = new ProverClient(options);
  await prover.start();
  return prover;
}

/**
 * Proves in a process of its own, at the lowest priority unless told otherwise. The process leads its own group, so that a Ctrl-C meant for the
 * supervisor does not end it in the middle of a proof; it ends by itself when the channel to us closes, whatever happens to us.
 * A crash fails the job at work with a report, and the next job starts a new process.
 */
class ProverClient implements Prover {
  readonly #options: ProverOptions;
  readonly #queue: Waiting[] = [];
  #child: ChildProcess | undefined;
  #ready: Promise<void> | undefined;
  #running: Waiting | undefined;
  #limit: NodeJS.Timeout | undefined;
  #errorOutput = "";
  #nextId = 0;
  #closed = false;

  constructor(options: ProverOptions) {
    this.#options = options;
  }

  get processId(): number | undefined {
    return this.#child?.pid;
  }

  start(): Promise<void> {
    this.#ready ??= new Promise<void>((resolve, reject) => {
      const { circuitsDir, threads = availableParallelism(), niceness = LOWEST_PRIORITY } = this.#options;
      const settings = encodeArguments({ circuitsDir: resolvePath(circuitsDir), threads, niceness });
      const child = fork(fileURLToPath(new URL("./prover-process.ts", import.meta.url)), [settings], {
        detached: true,
        serialization: "advanced",
        execArgv: ["--no-warnings"],
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      });
      this.#child = child;
      this.#errorOutput = "";
      child.stderr!.on("data", (chunk: Buffer) => {
        this.#errorOutput = (this.#errorOutput + chunk).slice(-REPORT_CHARACTERS);
      });
      child.on("message", (reply: ProverReply) => {
        if (reply.type === "ready") resolve();
        else if (child === this.#child) this.#receive(reply);
      });
      // "close" comes after the last of stderr, which is the report.
      child.on("close", (code, signal) => {
        reject(new Error(`the prover's process ended (${signal ?? `exit code ${code}`})\n${this.#errorOutput}`));
        if (child === this.#child) this.#lost("PROVER_CRASHED", `ended with ${signal ?? `exit code ${code}`}`);
      });
      child.on("error", (error) => {
        reject(error);
        if (child === this.#child) this.#lost("PROVER_CRASHED", `could not be used: ${error.message}`);
      });
    });
    return this.#ready;
  }

  prove(job: ProofJob): Promise<ProofResult> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { id: this.#nextId++, job, phase: "queued", resolve, reject };
      if (this.#closed) {
        reject(failure(waiting, "PROVER_CLOSED", "the prover was closed before this job was given to it"));
        return;
      }
      this.#queue.push(waiting);
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#limit);
    const open = [...(this.#running ? [this.#running] : []), ...this.#queue.splice(0)];
    this.#running = undefined;
    for (const waiting of open) waiting.reject(failure(waiting, "PROVER_CLOSED", "the prover was closed"));
    const child = this.#forget();
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      // A proof may keep the process from reading our wish; it holds nothing that could be lost.
      const impatience = setTimeout(() => child.kill("SIGKILL"), CLOSE_LIMIT_MS);
      child.once("close", () => {
        clearTimeout(impatience);
        resolve();
      });
      if (child.connected) child.send({ type: "close" } satisfies ProverRequest, () => {});
      else child.kill("SIGKILL");
    });
  }

  #next(): void {
    if (this.#running || this.#closed) return;
    const waiting = this.#queue.shift();
    if (!waiting) return;
    this.#running = waiting;
    this.start().then(
      () => {
        if (this.#running !== waiting) return;
        const limitMs = this.#options.jobLimitMs ?? DEFAULT_JOB_LIMIT_MS;
        this.#limit = setTimeout(() => this.#giveUp(limitMs), limitMs);
        const { tier, input } = waiting.job;
        const request: ProverRequest = { type: "prove", id: waiting.id, tier, input };
        this.#child!.send(request, (error) => {
          if (error) this.#finish(() => waiting.reject(failure(waiting, "PROVER_CRASHED", error.message)), waiting);
        });
      },
      (error: Error) => this.#finish(() => waiting.reject(failure(waiting, "PROVER_CRASHED", error.message)), waiting),
    );
  }

  #receive(reply: Exclude<ProverReply, { type: "ready" }>): void {
    const waiting = this.#running;
    if (!waiting || waiting.id !== reply.id) return;
    if (reply.type === "phase") {
      waiting.phase = reply.phase;
      waiting.job.onPhase?.(reply.phase);
    } else if (reply.type === "proved") {
      this.#finish(() => waiting.resolve(reply.result), waiting);
    } else {
      this.#finish(() => waiting.reject(new ProofFailed(reply.failure)), waiting);
    }
  }

  #giveUp(limitMs: number): void {
    const child = this.#child;
    this.#lost("TIMED_OUT", `no answer within ${limitMs} ms`);
    child?.kill("SIGKILL");
  }

  /** The process is gone, or as good as gone. */
  #lost(code: ProofFailureCode, cause: string): void {
    const report = `the prover's process ${cause}\n${this.#errorOutput}`.trim();
    this.#forget();
    const waiting = this.#running;
    if (waiting) this.#finish(() => waiting.reject(failure(waiting, code, report)), waiting);
  }

  #forget(): ChildProcess | undefined {
    const child = this.#child;
    this.#child = undefined;
    this.#ready = undefined;
    return child;
  }

  #finish(settle: () => void, waiting: Waiting): void {
    if (this.#running !== waiting) return;
    clearTimeout(this.#limit);
    this.#running = undefined;
    settle();
    this.#next();
  }
}

function failure({ job, phase }: Waiting, code: ProofFailureCode, report: string): ProofFailed {
  return new ProofFailed({ code, tier: job.tier, phase, report });
}
