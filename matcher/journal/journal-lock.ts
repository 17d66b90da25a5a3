import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Somebody else writes this journal. */
export class JournalInUse extends Error {}

const NAME = "in-use";

/**
 * Keeps a second process from a journal: two that append to one file destroy it. The file names the process that writes; one that is gone,
 * however it ended, holds nothing, also if its number was given to another one since.
 */
export class JournalLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws JournalInUse while the process that has it is alive */
  static take(directory: string): JournalLock {
    mkdirSync(directory, { recursive: true });
    const path = join(directory, NAME);
    const mine = `${process.pid} ${startOf(process.pid)}`;
    for (;;) {
      try {
        writeFileSync(path, mine, { flag: "wx" });
        return new JournalLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = readFileSync(path, "utf8");
      const [processId = "", start = ""] = holder.split(" ");
      if (holder !== mine && isAlive(Number(processId)) && startOf(Number(processId)) === start) {
        throw new JournalInUse(
          `${directory} is written by process ${processId}: end it first, or name another folder.`,
        );
      }
      if (holder === mine) throw new JournalInUse(`${directory} is written by this process already.`);
      rmSync(path, { force: true });
    }
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}

function isAlive(processId: number): boolean {
  if (!Number.isSafeInteger(processId) || processId < 1) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process began, as Linux counts; "-" where nobody says. */
function startOf(processId: number): string {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, "latin1");
    // The name may hold spaces and brackets; the 20th field behind it is the start.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "-";
  } catch {
    return "-";
  }
}
