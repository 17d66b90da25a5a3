import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { PublicKey } from "../protocol/keys.ts";
import type { Signed, Statement } from "../protocol/message.ts";
import { packJobs, unpackAnswers, type VerifyBatch, type VerifyJob, verifyJob } from "./verify-batch.ts";
import type { Verification } from "./verify-message.ts";
import type { VerifyWorkerData } from "./verify-worker.ts";

/** Checks signatures. Answers may come in another order than questions: the order of answers is the order of arrival. */
export interface SignatureVerifier {
  /** How many signatures it checks at the same time; 1 if it does not say. */
  readonly threadCount?: number;
  /** @throws (rejects) when the verifier is broken or closed. */
  verify(message: Signed<Statement>, key: PublicKey): Promise<Verification>;
  close(): Promise<void>;
}

export interface VerifyPoolOptions {
  domain: bigint;
  /** Threads; all cores but one, if not given, and four at most: the thread that orders commands needs a core of its own. */
  threads?: number;
  /** Keys that each thread keeps tables for, 14 KB each. */
  tableKeys?: number;
}

const DEFAULT_THREADS_MAX = 4;
const DEFAULT_TABLE_KEYS = 2_048;
/** Jobs sent together: a message between threads costs more than a job's description, and the first job waits for the last. */
const BATCH_MAX = 8;

interface Pending {
  resolve(verification: Verification): void;
  reject(reason: Error): void;
}

interface Thread {
  worker: Worker;
  /** In the order in which they were sent; the thread answers in it. */
  pending: Pending[];
  /** Jobs of this turn of the event loop. */
  outbox: VerifyJob[];
}

/**
 * Threads that check signatures, so that the thread that orders commands never does. An account always goes to the same thread: its
 * key's table is built once, and its messages keep their order.
 */
export class VerifyPool implements SignatureVerifier {
  private readonly threads: Thread[];
  private failure: Error | null = null;

  constructor({ domain, threads = defaultThreads(), tableKeys = DEFAULT_TABLE_KEYS }: VerifyPoolOptions) {
    const workerData: VerifyWorkerData = { domain, tableKeys };
    this.threads = Array.from({ length: threads }, () => this.start(workerData));
  }

  get threadCount(): number {
    return this.threads.length;
  }

  /** Questions without an answer yet. */
  get pendingCount(): number {
    return this.threads.reduce((sum, thread) => sum + thread.pending.length, 0);
  }

  /** @throws (rejects) RangeError when a field of the message does not fit its width, and when the pool is broken or closed */
  async verify(message: Signed<Statement>, key: PublicKey): Promise<Verification> {
    if (this.failure !== null) throw this.failure;
    const thread = this.threads[message.account % this.threads.length] as Thread;
    const job = verifyJob(message, key);
    return new Promise((resolve, reject) => {
      thread.pending.push({ resolve, reject });
      thread.outbox.push(job);
      if (thread.outbox.length === 1) setImmediate(() => this.flush(thread));
    });
  }

  async close(): Promise<void> {
    this.fail(new Error("the signature verifier is closed"));
    await Promise.all(this.threads.map((thread) => thread.worker.terminate()));
  }

  private flush(thread: Thread): void {
    const jobs = thread.outbox;
    thread.outbox = [];
    for (let start = 0; start < jobs.length; start += BATCH_MAX) {
      const words = packJobs(jobs.slice(start, start + BATCH_MAX));
      thread.worker.postMessage(words, [words.buffer]);
    }
  }

  private start(workerData: VerifyWorkerData): Thread {
    const worker = new Worker(new URL("./verify-worker.ts", import.meta.url), { workerData });
    const thread: Thread = { worker, pending: [], outbox: [] };
    worker.on("message", (words: VerifyBatch) => {
      const answers = unpackAnswers(words);
      const waiting = thread.pending.splice(0, answers.length);
      answers.forEach((answer, i) => {
        waiting[i]?.resolve(answer);
      });
    });
    // A thread that throws has a defect: shapes were checked before. Whoever waits for it is told, and nobody else is let in.
    worker.on("error", (error: Error) => this.fail(error));
    // A pool that is forgotten must not keep the process alive; whoever waits for an answer has something else that does.
    worker.unref();
    return thread;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { pending, outbox } of this.threads) {
      outbox.length = 0;
      for (const { reject } of pending.splice(0)) reject(error);
    }
  }
}

function defaultThreads(): number {
  return Math.max(1, Math.min(DEFAULT_THREADS_MAX, availableParallelism() - 1));
}
