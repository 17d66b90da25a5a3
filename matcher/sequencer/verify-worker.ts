import { parentPort, workerData } from "node:worker_threads";
import { FastVerifier } from "../eddsa/fast-verifier.ts";
import { packAnswers, unpackJobs, type VerifyBatch } from "./verify-batch.ts";
import type { Verification } from "./verify-message.ts";

export interface VerifyWorkerData {
  domain: bigint;
  tableKeys: number;
}

if (parentPort !== null) {
  const port = parentPort;
  const { domain, tableKeys } = workerData as VerifyWorkerData;
  const verifier = new FastVerifier(tableKeys);
  port.on("message", (batch: VerifyBatch) => {
    const answers = unpackJobs(batch).map(({ tag, word, ax, ay, ...signature }): Verification => {
      const messageHash = verifier.hash([tag, domain, word]);
      return { signed: verifier.verify({ ax, ay }, messageHash, signature), messageHash };
    });
    const words = packAnswers(answers);
    port.postMessage(words, [words.buffer]);
  });
}
