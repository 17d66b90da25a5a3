import { createRequire } from "node:module";
import { failureOf, type Outcome } from "./outcome.ts";
import { run } from "./process-group.ts";

const hardhatProgram = createRequire(import.meta.url)
  .resolve("hardhat/package.json")
  .replace("package.json", "dist/src/cli.js");
const solidityLimitMs = 20 * 60_000;

/** Runs the given Solidity tests (fuzz and invariant tests among them) and reads the counts that Hardhat closes with. */
export async function runSolidityTests(files: readonly string[]): Promise<Omit<Outcome, "label" | "durationMs">> {
  const ending = await run(process.execPath, [hardhatProgram, "test", "solidity", ...files], {
    limitMs: solidityLimitMs,
    env: { NO_COLOR: "1", FORCE_COLOR: undefined },
  });
  const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}\\b`, "m").exec(ending.output)?.[1] ?? 0);
  const [passed, failed, skipped] = [count("passing"), count("failing"), count("skipped")];
  if (failed > 0) return { passed, failed, skipped, report: ending.output.trim() };
  if (ending.code === 0 && ending.stopped === undefined && passed + skipped > 0)
    return { passed, failed, skipped, report: "" };
  return failureOf(`The Solidity tests did not run to their end:\n${ending.stopped ?? ""}\n${ending.output.trim()}`);
}
