/**
 * Builds what the tests need and runs the suite in lanes, one per core unless `--lanes` says otherwise.
 *
 *   npm test                      everything
 *   npm test -- --only <glob>     only the test files that match (or whose path contains the word)
 *   npm test -- --quick           everything but test/deep
 */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { sourceChecks } from "./testing/checks.ts";
import { contractCoverage } from "./testing/coverage.ts";
import { recordedSeconds, recordSeconds } from "./testing/durations.ts";
import { runInLanes } from "./testing/lanes.ts";
import { isRed, type Outcome, summaryOf } from "./testing/outcome.ts";
import { endChildrenOnSignals, run } from "./testing/process-group.ts";
import { unitsOf } from "./testing/suite.ts";

const buildLimitMs = 30 * 60_000;
const startMs = performance.now();

const program = new Command("test")
  .option("--only <glob>", "run only the test files that match this glob or contain this word in their path")
  .option("--quick", "leave out test/deep", false)
  .option(
    "--lanes <count>",
    "test files to run side by side",
    String(Math.min(4, Math.max(2, availableParallelism()))),
  );
const options = program.parse().opts<{ only?: string; quick: boolean; lanes: string }>();
const laneCount = Number(options.lanes);
if (!Number.isInteger(laneCount) || laneCount < 1) program.error("--lanes needs a whole number above zero.");

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function announce({ label, passed, failed, skipped, durationMs, report }: Outcome): void {
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`];
  console.log(`${failed > 0 ? "✘" : "✔"} ${label}: ${counts.filter(Boolean).join(", ")} (${seconds(durationMs)})`);
  if (report !== "") console.log(report.replace(/^/gm, "    "));
}

/** Shows each line of the build as it comes; the outcome is undefined when it succeeds. */
async function build(): Promise<Outcome | undefined> {
  const ending = await run(process.execPath, ["scripts/build.ts"], { show: true, limitMs: buildLimitMs });
  const durationMs = performance.now() - startMs;
  if (ending.code === 0) {
    console.log(`  build: done (${seconds(durationMs)})`);
    return undefined;
  }
  const report = `It failed (${ending.stopped ?? `exit code ${ending.code ?? ending.signal}`}); what needs it was not run.`;
  return { label: "build", passed: 0, failed: 1, skipped: 0, durationMs, report };
}

function finish(outcomes: readonly Outcome[]): void {
  const failures = outcomes.filter((outcome) => outcome.failed > 0);
  if (failures.length > 0) {
    // Once more, where whoever reads only the end of a long log finds it.
    console.log(`\nFailed: ${failures.map((outcome) => outcome.label).join(", ")}`);
    for (const { label, report } of failures) console.log(`\n${label}\n${report.replace(/^/gm, "    ")}`);
  }
  if (outcomes.length === 0) console.log("No test file matches.");
  console.log(`\nTook ${seconds(performance.now() - startMs)} in ${laneCount} lanes.`);
  console.log(summaryOf(outcomes));
  process.exitCode = isRed(outcomes) ? 1 : 0;
}

endChildrenOnSignals();
const checks = options.only === undefined ? [...sourceChecks, contractCoverage] : [];
const units = [...checks, ...unitsOf(options)];
const nothingToBuild = async () => undefined;
const buildIsNeeded = units.some((unit) => unit.needsBuild);
const outcomes = await runInLanes({
  units,
  laneCount,
  build: buildIsNeeded ? build : nothingToBuild,
  onOutcome: announce,
  recorded: recordedSeconds(),
});
recordSeconds(outcomes);
finish(outcomes);
