import type { Outcome, Unit } from "./outcome.ts";

export interface Lanes {
  readonly units: readonly Unit[];
  readonly laneCount: number;
  /** Makes what most units need; its outcome is undefined when it succeeds. */
  readonly build: () => Promise<Outcome | undefined>;
  readonly onOutcome: (outcome: Outcome) => void;
  /** What units took before, by label; it wins over their estimates. */
  readonly recorded: Readonly<Record<string, number>>;
}

/**
 * Runs the build and the units in lanes. The build holds one lane, and the others meanwhile run what does without it:
 * compiling a circuit keeps only one core busy. Each lane takes the longest unit left, by what it took last time or by
 * its estimate, so that no long one is left for the end. When the build fails, the units that need it are not run.
 */
export async function runInLanes({ units, laneCount, build, onOutcome, recorded }: Lanes): Promise<Outcome[]> {
  const seconds = (unit: Unit) => recorded[unit.label] ?? unit.expectedSeconds;
  const longestFirst = [...units].sort((a, b) => seconds(b) - seconds(a));
  let queue = longestFirst.filter((unit) => !unit.needsBuild);
  const outcomes: Outcome[] = [];
  const settle = (outcome: Outcome) => {
    outcomes.push(outcome);
    onOutcome(outcome);
  };
  const lane = async () => {
    for (let unit = queue.shift(); unit; unit = queue.shift()) {
      const startMs = performance.now();
      settle({ label: unit.label, ...(await unit.run()), durationMs: performance.now() - startMs });
    }
  };
  const built = build().then((broken) => {
    if (broken) settle(broken);
    else queue = longestFirst.filter((unit) => unit.needsBuild || queue.includes(unit));
  });
  const laneBesideBuild = async () => {
    await lane();
    await built;
    await lane();
  };
  await Promise.all([built.then(lane), ...Array.from({ length: laneCount - 1 }, laneBesideBuild)]);
  return outcomes;
}
