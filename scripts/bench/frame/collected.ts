import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
/** Helper threads go on sweeping after a collection; their time would be counted as the measured code's. */
const SWEEPING_MS = 60;

/** Collects garbage, and waits until all that comes after a collection is over. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise(setImmediate);
  }
  await new Promise((wake) => setTimeout(wake, SWEEPING_MS));
}

/** Bytes in use: heap and buffers, after a collection. */
export async function usedBytes(): Promise<number> {
  await collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
