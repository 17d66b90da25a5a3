import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { JournalInUse, JournalLock } from "../../matcher/journal/journal-lock.ts";

describe("A journal's lock", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-lock-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is held until it is released", () => {
    const lock = JournalLock.take(folder);
    expect(() => JournalLock.take(folder)).to.throw(JournalInUse, "by this process already");
    lock.release();
    JournalLock.take(folder).release();
  });

  it("is held by another process while that lives, and by nobody once it was killed", async () => {
    const script = `import { JournalLock } from "./matcher/journal/journal-lock.ts"; JournalLock.take(process.argv[1]); console.log("held"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--no-warnings", "--input-type=module-typescript", "-e", script, folder]);
    const ended = new Promise((resolve) => child.on("close", resolve));
    await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
    expect(() => JournalLock.take(folder)).to.throw(JournalInUse, `is written by process ${child.pid}: end it first`);
    child.kill("SIGKILL");
    await ended;
    JournalLock.take(folder).release();
  });

  it("is not held by a process that got the number of one that is gone", () => {
    JournalLock.take(folder);
    const path = join(folder, "in-use");
    const [, start] = readFileSync(path, "utf8").split(" ");
    if (start === "-") return;
    writeFileSync(path, `${process.ppid} 1`);
    JournalLock.take(folder).release();
  });
});
