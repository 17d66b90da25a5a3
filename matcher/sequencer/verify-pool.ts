import { Worker } from "node:worker_threads";
import type { PublicKey } from "../protocol/keys.ts";
import type { Signed, Statement } from "../protocol/message.ts";
import type { Verification } from "./verify-message.ts";
import type { VerifyAnswer, VerifyJob, VerifyWorkerData } from "./verify-worker.ts";

/** Checks signatures. Answers may come in another order than questions: the order of answers is the order of arrival. */
export interface SignatureVerifier {
  /** @throws (rejects) when the verifier is broken or closed. */
  verify(message: Signed<Statement>, key: PublicKey): Promise<Verification>;
  close(): Promise<void>;
}

export interface VerifyPoolOptions {
  domain: bigint;
  /** Threads. One does about 1,300 signatures a second under known keys. */
  threads?: number;
  /** Keys that each thread keeps tables for, 0.1 MB each. */
  tableKeys?: number;
}

const DEFAULT_THREADS = 1;
const DEFAULT_TABLE_KEYS = 256;

interface Pending {
  resolve(verification: Verification): void;
  reject(reason: Error): void;
}

interface Thread {
  worker: Worker;
  pending: Map<number, Pending>;
  /** Jobs of this turn of the event loop, sent together: a message between threads costs more than a job's description. */
  outbox: VerifyJob[];
}

/**
 * Threads that check signatures, so that the thread that orders commands never does. An account always goes to the same thread: its
 * key's table is built once, and its messages keep their order.
 */
export class VerifyPool implements SignatureVerifier {
  private readonly threads: Thread[];
  private nextId = 1;
  private failure: Error | null = null;

  constructor({ domain, threads = DEFAULT_THREADS, tableKeys = DEFAULT_TABLE_KEYS }: VerifyPoolOptions) {
    const workerData: VerifyWorkerData = { domain, tableKeys };
    this.threads = Array.from({ length: threads }, () => this.start(workerData));
  }

  /** Questions without an answer yet. */
  get pendingCount(): number {
    return this.threads.reduce((sum, thread) => sum + thread.pending.size, 0);
  }

  verify(message: Signed<Statement>, key: PublicKey): Promise<Verification> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const thread = this.threads[message.account % this.threads.length] as Thread;
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      thread.pending.set(id, { resolve, reject });
      thread.outbox.push({ id, message, key });
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
    if (jobs.length > 0) thread.worker.postMessage(jobs);
  }

  private start(workerData: VerifyWorkerData): Thread {
    const worker = new Worker(new URL("./verify-worker.ts", import.meta.url), { workerData });
    const thread: Thread = { worker, pending: new Map(), outbox: [] };
    worker.on("message", (answers: VerifyAnswer[]) => {
      for (const { id, answer } of answers) {
        const waiting = thread.pending.get(id);
        thread.pending.delete(id);
        if (typeof answer === "string") waiting?.reject(new Error(`signature verification failed: ${answer}`));
        else waiting?.resolve(answer);
      }
    });
    worker.on("error", (error: Error) => this.fail(error));
    // A pool that is forgotten must not keep the process alive; whoever waits for an answer has something else that does.
    worker.unref();
    return thread;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { pending, outbox } of this.threads) {
      outbox.length = 0;
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
    }
  }
}
