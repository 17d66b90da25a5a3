import { parentPort, workerData } from "node:worker_threads";
import { KeyTableCache } from "../protocol/key-table-cache.ts";
import type { PublicKey } from "../protocol/keys.ts";
import type { Signed, Statement } from "../protocol/message.ts";
import { buildPoseidonInThread } from "./poseidon-in-thread.ts";
import { checkSignature, type Verification } from "./verify-message.ts";

/** A question to the worker. */
export interface VerifyJob {
  id: number;
  message: Signed<Statement>;
  key: PublicKey;
}

/** Its answer: a verification, or the text of an exception (a defect, since shapes were checked before). */
export interface VerifyAnswer {
  id: number;
  answer: Verification | string;
}

export interface VerifyWorkerData {
  domain: bigint;
  tableKeys: number;
}

if (parentPort !== null) {
  const port = parentPort;
  const { domain, tableKeys } = workerData as VerifyWorkerData;
  const tables = new KeyTableCache(tableKeys);
  const building = buildPoseidonInThread();
  // The listener comes first: what arrives before there is one would be lost.
  port.on("message", async (jobs: VerifyJob[]) => {
    const hash = await building;
    const answers = jobs.map(({ id, message, key }): VerifyAnswer => {
      try {
        return { id, answer: checkSignature(message, key, domain, { hash, tables }) };
      } catch (thrown) {
        return { id, answer: thrown instanceof Error ? thrown.message : String(thrown) };
      }
    });
    port.postMessage(answers);
  });
}
