import { Worker } from "node:worker_threads";
import type { HistoryBatch, HistoryMark } from "./database.ts";
import {
  type HistoryRead,
  type HistoryStore,
  HistoryUnavailable,
  isLasting,
  type ReadAnswer,
  type ReadArguments,
  type StoreStatus,
} from "./store.ts";
import type { StoreReply, StoreRequest, StoreWorkerData } from "./store-worker.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: Error): void;
}

/** A database on a thread of its own: SQLite waits for disks, and the thread that orders commands must not. */
export class ThreadedStore implements HistoryStore {
  readonly mark: HistoryMark;
  readonly isLasting: boolean;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private waitingRows = 0;
  private trouble: string | null = null;
  private failure: HistoryUnavailable | null = null;

  private constructor(worker: Worker, mark: HistoryMark, lasting: boolean) {
    this.worker = worker;
    this.mark = mark;
    this.isLasting = lasting;
    worker.on("message", (reply: StoreReply) => this.take(reply));
    worker.on("error", (error: Error) =>
      this.fail(new HistoryUnavailable(`the history's thread has ended: ${error.message}`)),
    );
    worker.on("exit", () => this.fail(new HistoryUnavailable("the history is closed")));
    // A store that is forgotten must not keep the process alive; a question does.
    worker.unref();
  }

  /** @throws (rejects) Error in one sentence when the database cannot be used */
  static async open(path: string, identity: string): Promise<ThreadedStore> {
    const workerData: StoreWorkerData = { path, identity };
    const worker = new Worker(new URL("./store-worker.ts", import.meta.url), { workerData });
    const reply = await new Promise<StoreReply>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    if (reply.type === "open") return new ThreadedStore(worker, reply.mark, isLasting(path));
    await worker.terminate();
    throw new Error(reply.type === "refused" ? reply.text : "the history's thread did not start");
  }

  write(batch: HistoryBatch): void {
    this.waitingRows += batch.rowCount;
    this.send({ type: "write", batch });
  }

  read<K extends HistoryRead>(name: K, ...args: ReadArguments<K>): Promise<ReadAnswer<K>> {
    return this.request((id) => ({ type: "read", id, name, args })) as Promise<ReadAnswer<K>>;
  }

  async sync(): Promise<void> {
    await this.request((id) => ({ type: "sync", id }));
  }

  status(): StoreStatus {
    return { waitingRows: this.waitingRows, trouble: this.failure?.message ?? this.trouble };
  }

  async close(): Promise<void> {
    if (this.failure !== null) return;
    const exited = new Promise((resolve) => this.worker.once("exit", resolve));
    await this.request((id) => ({ type: "close", id }));
    this.worker.ref();
    await exited;
  }

  private request(make: (id: number) => StoreRequest): Promise<unknown> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const id = this.nextId++;
    this.worker.ref();
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send(make(id));
    });
  }

  private send(request: StoreRequest): void {
    this.worker.postMessage(request);
  }

  private take(reply: StoreReply): void {
    if (reply.type === "written") {
      this.waitingRows -= reply.rows;
      this.trouble = null;
    } else if (reply.type === "trouble") this.trouble = reply.text;
    else if (reply.type === "answer" || reply.type === "error" || reply.type === "unavailable") {
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (this.waiting.size === 0) this.worker.unref();
      if (reply.type === "answer") waiting?.resolve(reply.value);
      else waiting?.reject(reply.type === "error" ? new Error(reply.text) : new HistoryUnavailable(reply.text));
    }
  }

  private fail(error: HistoryUnavailable): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}
