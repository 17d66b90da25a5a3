import { createRequire } from "node:module";
import type { Poseidon } from "../protocol/signing-poseidon.ts";

/**
 * The wasm Poseidon inside a worker thread. One of its dependencies (web-worker) takes a thread that is not the main one for a child of
 * its own, swallows its messages and reads its `workerData`; so it is loaded while the thread passes for the main one. Nothing else is
 * loaded meanwhile.
 */
export async function buildPoseidonInThread(): Promise<Poseidon> {
  const threads = createRequire(import.meta.url)("node:worker_threads") as { isMainThread: boolean };
  const { isMainThread } = threads;
  threads.isMainThread = true;
  try {
    const { buildFastPoseidon } = await import("../state/fast-poseidon.ts");
    return await buildFastPoseidon();
  } finally {
    threads.isMainThread = isMainThread;
  }
}
