import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failureOf, type Outcome } from "./outcome.ts";
import { run } from "./process-group.ts";

const mochaProgram = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");

export interface FileLimits {
  /** No file may hold its lane longer than this: something in it hangs. */
  readonly fileMs: number;
  /** How long a process may live on once all its tests have ended, before that counts as a leak. */
  readonly lingerMs: number;
}

const defaultLimits: FileLimits = { fileMs: 20 * 60_000, lingerMs: 20_000 };

interface MochaTest {
  readonly fullTitle: string;
  readonly err: {
    readonly message?: string;
    readonly stack?: string;
    readonly expected?: unknown;
    readonly actual?: unknown;
  };
}

interface MochaReport {
  readonly stats: { readonly passes: number; readonly pending: number; readonly failures: number };
  readonly failures: readonly MochaTest[];
}

function readReport(file: string): MochaReport | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // Not there yet, or cut off by a crash: both mean that there is no report.
    return undefined;
  }
}

function describeFailure({ fullTitle, err }: MochaTest): string {
  const lines = [`✘ ${fullTitle}`, err.stack ?? err.message ?? "failed without a message"];
  const show = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  if (err.expected !== undefined) lines.push(`expected: ${show(err.expected)}`, `actual:   ${show(err.actual)}`);
  return lines.join("\n");
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
  const reportFile = join(folder, "report.json");
  let reportedMs: number | undefined;
  const stopWhen = () => {
    if (reportedMs === undefined && readReport(reportFile)) reportedMs = Date.now();
    const lingers = reportedMs !== undefined && Date.now() - reportedMs > lingerMs;
    return lingers ? "its tests ended but something it opened (a server, worker or timer) kept it alive" : undefined;
  };
  try {
    const reporter = ["--reporter", "json", "--reporter-option", `output=${reportFile}`];
    const ending = await run(process.execPath, [mochaProgram, ...reporter, file], { limitMs: fileMs, stopWhen });
    const report = readReport(reportFile);
    if (!report) {
      const how = ending.stopped ?? `exit code ${ending.code ?? ending.signal}`;
      return failureOf(`${file} ended before its tests did (${how}):\n${ending.output.trim()}`);
    }
    const { passes, pending, failures } = report.stats;
    const reports = report.failures.map(describeFailure);
    let failed = failures;
    if (ending.stopped !== undefined || (failures === 0 && ending.code !== 0)) {
      failed += 1;
      const how = ending.stopped ?? `exit code ${ending.code ?? ending.signal}`;
      reports.push(`✘ ${file}: ${how}\n${ending.output.trim().slice(-4_000)}`);
    }
    return { passed: passes, failed, skipped: pending, report: reports.join("\n\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
