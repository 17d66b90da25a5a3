import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Outcome } from "./outcome.ts";

const durationsFile = "build/test-seconds.json";

/** What each unit took when it last ran in this checkout, by label. */
export function recordedSeconds(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(durationsFile, "utf8"));
  } catch {
    // No earlier run in this checkout.
    return {};
  }
}

/** Keeps what the units took, for the order of the next run. */
export function recordSeconds(outcomes: readonly Outcome[]): void {
  const seconds = recordedSeconds();
  for (const outcome of outcomes) seconds[outcome.label] = Math.round(outcome.durationMs / 100) / 10;
  mkdirSync(dirname(durationsFile), { recursive: true });
  writeFileSync(durationsFile, `${JSON.stringify(seconds, null, 1)}\n`);
}
