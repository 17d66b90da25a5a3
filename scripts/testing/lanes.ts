import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Outcome, Unit } from "./outcome.ts";

const durationsFile = "build/test-seconds.json";

function recordedSeconds(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(durationsFile, "utf8"));
  } catch {
    // No earlier run in this checkout.
    return {};
  }
}

function record(outcomes: readonly Outcome[]): void {
  const seconds = recordedSeconds();
  for (const outcome of outcomes) seconds[outcome.label] = Math.round(outcome.durationMs / 100) / 10;
  mkdirSync(dirname(durationsFile), { recursive: true });
  writeFileSync(durationsFile, `${JSON.stringify(seconds, null, 1)}\n`);
}

/**
 * Runs the units in `laneCount` lanes. Each lane takes the longest unit left, by what it took last time or by its
 * estimate, so that no long one is left for the end.
 */
export async function runInLanes(
  units: readonly Unit[],
  laneCount: number,
  onOutcome: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const recorded = recordedSeconds();
  const seconds = (unit: Unit) => recorded[unit.label] ?? unit.expectedSeconds;
  const queue = [...units].sort((a, b) => seconds(b) - seconds(a));
  const outcomes: Outcome[] = [];
  const lane = async () => {
    for (let unit = queue.shift(); unit; unit = queue.shift()) {
      const startMs = Date.now();
      const outcome = { label: unit.label, ...(await unit.run()), durationMs: Date.now() - startMs };
      outcomes.push(outcome);
      onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: laneCount }, lane));
  record(outcomes);
  return outcomes;
}
