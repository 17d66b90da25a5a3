import { createRequire } from "node:module";
import { failureOf, type Outcome, type Unit } from "./outcome.ts";
import { run } from "./process-group.ts";

const require = createRequire(import.meta.url);
const checkLimitMs = 5 * 60_000;

function programOf(packageName: string, name: string): string {
  const manifest = require.resolve(`${packageName}/package.json`);
  return manifest.replace("package.json", require(manifest).bin[name]);
}

function check(label: string, packageName: string, name: string, programArguments: readonly string[]): Unit {
  const runCheck = async (): Promise<Omit<Outcome, "label" | "durationMs">> => {
    const program = programOf(packageName, name);
    const ending = await run(process.execPath, [program, ...programArguments], { limitMs: checkLimitMs });
    if (ending.code === 0) return { passed: 1, failed: 0, skipped: 0, report: "" };
    return failureOf(`✘ ${label}\n${ending.output.trim()}`);
  };
  return { label, expectedSeconds: 5, needsBuild: false, run: runCheck };
}

/** The checks of the sources themselves, counted as one test each. */
export const sourceChecks: readonly Unit[] = [
  check("types (tsc)", "typescript", "tsc", ["--noEmit"]),
  check("format and lint (biome)", "@biomejs/biome", "biome", ["check", "--error-on-warnings", "--max-diagnostics=50"]),
];
