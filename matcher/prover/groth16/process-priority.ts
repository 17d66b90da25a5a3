import { writeFileSync } from "node:fs";
import os from "node:os";

export const LOWEST_PRIORITY = 19;
/** Where Linux shares processors among sessions before it does among processes: the prover leads one, so its own niceness counts within it only. */
const SESSION_PRIORITY_FILE = "/proc/self/autogroup";

/** Makes this process, and threads that it starts from here on, give way to everybody else on the machine: 19 always, 0 not at all. */
export function takePriority(niceness: number): void {
  os.setPriority(niceness);
  try {
    writeFileSync(SESSION_PRIORITY_FILE, String(niceness));
  } catch {
    // A system without such groups, where the process's own priority is all there is.
  }
}
