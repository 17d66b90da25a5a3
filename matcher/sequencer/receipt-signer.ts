import { Worker } from "node:worker_threads";
import { type ReceiptGroup, type ReceiptPlace, receiptsAddress } from "../protocol/receipt-group.ts";
import type { SigningAnswer, SigningJob, SigningWorkerData } from "./receipt-signer-worker.ts";

/** Signs groups of commands with the operator's receipts key. */
export interface GroupSigner {
  /** Address of the key. */
  readonly address: string;
  /** @throws (rejects) when it is broken or closed */
  sign(group: ReceiptGroup): Promise<string>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(signature: string): void;
  reject(reason: Error): void;
}

/** A thread that signs: half a millisecond a signature, which the thread that orders commands has better use for. */
export class ReceiptSigner implements GroupSigner {
  readonly address: string;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private failure: Error | null = null;
  private nextId = 1;

  /** @param secretKey 0x and 64 hexadecimal digits */
  constructor(place: ReceiptPlace, secretKey: string) {
    this.address = receiptsAddress(secretKey);
    const workerData: SigningWorkerData = { place, secretKey };
    this.worker = new Worker(new URL("./receipt-signer-worker.ts", import.meta.url), { workerData });
    this.worker.on("message", ({ id, signature, failure }: SigningAnswer) => {
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      if (signature === undefined) waiting?.reject(new Error(`a receipt could not be signed: ${failure}`));
      else waiting?.resolve(signature);
    });
    this.worker.on("error", (error: Error) => this.fail(error));
    // As with the threads that verify: whoever waits for an answer has something else that keeps the process alive.
    this.worker.unref();
  }

  sign(group: ReceiptGroup): Promise<string> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, group } satisfies SigningJob);
    });
  }

  async close(): Promise<void> {
    this.fail(new Error("the signer of receipts is closed"));
    await this.worker.terminate();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}
