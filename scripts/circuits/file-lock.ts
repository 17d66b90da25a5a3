import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

const POLL_MS = 100;
/** A lock without a readable owner is one that is just being written, unless it stays so. */
const UNREADABLE_LIMIT_MS = 2000;

/** Runs `work` while no other process of this machine holds the lock file. A dead owner's lock is taken over. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!tryLock(path)) {
    if (isAbandoned(path)) rmSync(path, { force: true });
    else await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isAbandoned(path: string): boolean {
  try {
    const owner = Number(readFileSync(path, "utf8"));
    if (!(owner > 0)) return Date.now() - statSync(path).mtimeMs > UNREADABLE_LIMIT_MS;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
