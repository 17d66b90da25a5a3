import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestEvent } from "./event-reporter.ts";
import type { Outcome } from "./outcome.ts";
import { run } from "./process-group.ts";

const mochaProgram = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
const reporterPath = join(import.meta.dirname, "event-reporter.ts");

export interface FileLimits {
  /** No file may hold its lane longer than this: something in it hangs. */
  readonly fileMs: number;
  /** How long a process may live on once all its tests have ended, before that counts as a leak. */
  readonly lingerMs: number;
}

const defaultLimits: FileLimits = { fileMs: 20 * 60_000, lingerMs: 20_000 };

/** The events so far; none when the file is not there yet. A line that is still being written is left out. */
function readEvents(file: string): TestEvent[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

/**
 * Runs one test file in a process of its own: a crash, a hang or a leak then has a name, and the memory of circuits
 * and keys is given back. Hardhat is imported by the tests that need a chain, so the others do not pay for it.
 */
export async function runMochaFile(
  file: string,
  { fileMs, lingerMs }: FileLimits = defaultLimits,
): Promise<Omit<Outcome, "label" | "durationMs">> {
  const folder = mkdtempSync(join(tmpdir(), "clearbook-test-"));
  const reportFile = join(folder, "events");
  let endedMs: number | undefined;
  const stopWhen = () => {
    if (endedMs === undefined && readEvents(reportFile).at(-1)?.type === "end") endedMs = performance.now();
    const lingers = endedMs !== undefined && performance.now() - endedMs > lingerMs;
    return lingers ? "its tests ended but something it opened (a server, worker or timer) kept it alive" : undefined;
  };
  try {
    const reporter = ["--reporter", reporterPath, "--reporter-option", `output=${reportFile}`];
    const ending = await run(process.execPath, [mochaProgram, ...reporter, file], {
      limitMs: fileMs,
      stopWhen,
      // Lanes keep every core busy all the time; provers that gave way to them would not get to work at all.
      env: { CLEARBOOK_PROVER_NICENESS: "0" },
    });
    const events = readEvents(reportFile);
    const countOf = (type: TestEvent["type"]) => events.filter((event) => event.type === type).length;
    const reports = events.flatMap((event) => (event.type === "fail" ? [event.description] : []));
    let failed = reports.length;
    const cutOff = countOf("end") === 0;
    if (cutOff || ending.stopped !== undefined || (failed === 0 && ending.code !== 0)) {
      failed += 1;
      const how = ending.stopped ?? `exit code ${ending.code ?? ending.signal}`;
      const what = cutOff ? `ended before its tests did (${how})` : how;
      reports.push(`✘ ${file}: ${what}\n${ending.output.trim().slice(-4_000)}`);
    }
    return { passed: countOf("pass"), failed, skipped: countOf("pending"), report: reports.join("\n\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
