import { fork } from "node:child_process";
import type { BenchReport } from "./bench-row.ts";

/** How a benchmark went, and what it printed. */
export interface BenchRun {
  readonly report: BenchReport | { readonly type: "bench-failed"; readonly sentence: string };
  readonly output: string;
  readonly seconds: number;
}

/**
 * Runs a benchmark in a process of its own, so that none warms up or fills the heap of the next.
 * @param onLine is told each line that it prints
 * @param signal ends it
 */
export function runBenchmark(
  script: URL | string,
  onLine: (line: string) => void = () => {},
  signal?: AbortSignal,
): Promise<BenchRun> {
  const startMs = performance.now();
  const execArgv = ["--disable-warning=ExperimentalWarning"];
  const child = fork(script, { silent: true, execArgv, ...(signal === undefined ? {} : { signal }) });
  let report: BenchReport | undefined;
  let output = "";
  child.on("message", (message: { type?: string }) => {
    if (message.type === "bench-rows" || message.type === "bench-skipped") report = message as BenchReport;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const line of text.split("\n")) if (line.trim() !== "") onLine(line.trim());
    });
  }
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, cause) => {
      const seconds = (performance.now() - startMs) / 1_000;
      const failed = (sentence: string) => done({ report: { type: "bench-failed", sentence }, output, seconds });
      if (code !== 0) failed(`It ended with ${cause ?? `exit code ${code}`}.`);
      else if (report === undefined) failed("It reported no rows.");
      else done({ report, output, seconds });
    });
  });
}
