import { parentPort, workerData } from "node:worker_threads";
import { type ReceiptGroup, type ReceiptPlace, signReceiptGroup } from "../protocol/receipt-group.ts";

/** What the thread is started with. */
export interface SigningWorkerData {
  readonly place: ReceiptPlace;
  readonly secretKey: string;
}

export interface SigningJob {
  readonly id: number;
  readonly group: ReceiptGroup;
}

/** A signature, or the text of an exception. */
export interface SigningAnswer {
  readonly id: number;
  readonly signature?: string;
  readonly failure?: string;
}

if (parentPort !== null) {
  const port = parentPort;
  const { place, secretKey } = workerData as SigningWorkerData;
  port.on("message", ({ id, group }: SigningJob) => {
    try {
      port.postMessage({ id, signature: signReceiptGroup(place, group, secretKey) } satisfies SigningAnswer);
    } catch (thrown) {
      const failure = thrown instanceof Error ? thrown.message : String(thrown);
      port.postMessage({ id, failure } satisfies SigningAnswer);
    }
  });
}
