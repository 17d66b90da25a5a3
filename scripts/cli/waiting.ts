import { Refusal } from "../supervisor/refusal.ts";
import { wholeNumber } from "./desk.ts";

const POLL_MS = 500;

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** @throws Refusal when it does not come true in time */
export async function until<T>(what: string, seconds: string, look: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + wholeNumber(seconds, "--wait-seconds") * 1_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Refusal(`${what} did not happen within ${seconds} s; it may still.`);
    await pause();
  }
}
