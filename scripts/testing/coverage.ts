import { globSync } from "node:fs";
import { createRequire } from "node:module";
import { failureOf, type Outcome, type Unit } from "./outcome.ts";
import { run } from "./process-group.ts";

const hardhatProgram = createRequire(import.meta.url)
  .resolve("hardhat/package.json")
  .replace("package.json", "dist/src/cli.js");
const coverageLimitMs = 20 * 60_000;

/** Everything that holds money or says what it is worth; verifiers are reached by real proofs, in test/end-to-end. */
const demanded = /^contracts\/(Exchange\.sol|(exchange|escape|libraries|markets|oracle)\/)/;

/** What one file of contracts came to, in the words of Hardhat's table. */
export interface FileCoverage {
  readonly path: string;
  readonly linePercent: number;
  readonly statementPercent: number;
  readonly uncovered: string;
}

/** Reads the table that Hardhat prints. */
export function coverageTable(output: string): FileCoverage[] {
  return output.split("\n").flatMap((line) => {
    const [, path, lines, statements, uncovered] =
      /^║\s*(contracts\/\S+)\s*│\s*([\d.]+)\s*│\s*([\d.]+)\s*│\s*(.*?)\s*║/.exec(line) ?? [];
    if (path === undefined) return [];
    return [{ path, linePercent: Number(lines), statementPercent: Number(statements), uncovered: uncovered ?? "" }];
  });
}

/** What is not reached of what must be: a sentence a file. */
export function coverageFaults(files: readonly FileCoverage[]): string[] {
  const judged = files.filter(({ path }) => demanded.test(path));
  if (judged.length === 0) return ["The coverage report names no contract: Hardhat's table has changed."];
  return judged
    .filter(({ linePercent, statementPercent }) => linePercent < 100 || statementPercent < 100)
    .map(({ path, linePercent, statementPercent, uncovered }) => {
      return `${path}: lines ${linePercent} %, statements ${statementPercent} %; not reached: ${uncovered}`;
    });
}

/** Every line and statement of the contracts is reached by the contracts' own tests, run on instrumented code built apart. */
async function runCoverage(): Promise<Omit<Outcome, "label" | "durationMs">> {
  const files = [...globSync("test/contracts/**/*.test.ts"), ...globSync("contracts/test/**/*.t.sol")].sort();
  const ending = await run(process.execPath, ["--no-warnings", hardhatProgram, "test", ...files, "--coverage"], {
    limitMs: coverageLimitMs,
    env: { NO_COLOR: "1", FORCE_COLOR: undefined, CLEARBOOK_COVERAGE_FOLDER: "./build/coverage" },
  });
  if (ending.code !== 0) {
    return failureOf(
      `The contracts' tests fail on instrumented code:\n${ending.stopped ?? ""}\n${ending.output.trim().slice(-6_000)}`,
    );
  }
  const faults = coverageFaults(coverageTable(ending.output));
  return faults.length === 0 ? { passed: 1, failed: 0, skipped: 0, report: "" } : failureOf(faults.join("\n"));
}

export const contractCoverage: Unit = {
  label: "coverage of the contracts",
  expectedSeconds: 60,
  needsBuild: true,
  run: runCoverage,
};
