import { expect } from "chai";
import { runInLanes } from "../../scripts/testing/lanes.ts";
import type { Outcome, Unit } from "../../scripts/testing/outcome.ts";

/** Records when units start and end, so that a test can say what ran beside what. */
class Log {
  readonly lines: string[] = [];
  readonly labels: string[] = [];

  unit(label: string, options: { needsBuild?: boolean; expectedSeconds?: number; ms?: number } = {}): Unit {
    const { needsBuild = false, expectedSeconds = 1, ms = 5 } = options;
    const run = async () => {
      this.lines.push(`+${label}`);
      await new Promise((wake) => setTimeout(wake, ms));
      this.lines.push(`-${label}`);
      return { passed: 1, failed: 0, skipped: 0, report: "" };
    };
    return { label, expectedSeconds, needsBuild, run };
  }

  build(broken?: Outcome) {
    return async () => {
      this.lines.push("+build");
      await new Promise((wake) => setTimeout(wake, 60));
      this.lines.push("-build");
      return broken;
    };
  }
}

const brokenBuild: Outcome = { label: "build", passed: 0, failed: 1, skipped: 0, durationMs: 0, report: "no circuit" };

describe("Lanes", () => {
  const rest = { onOutcome: () => {}, recorded: {} };

  it("run beside the build what does without it, and the rest after it", async () => {
    const log = new Log();
    const units = [log.unit("contract", { needsBuild: true }), log.unit("book"), log.unit("risk")];
    const outcomes = await runInLanes({ units, laneCount: 2, build: log.build(), ...rest });
    expect(log.lines.slice(0, 5)).to.deep.equal(["+build", "+book", "-book", "+risk", "-risk"]);
    expect(log.lines.indexOf("+contract")).to.be.above(log.lines.indexOf("-build"));
    expect(outcomes.map((outcome) => outcome.label)).to.deep.equal(["book", "risk", "contract"]);
  });

  it("run nothing that needs a build that failed, and count the build as a failure", async () => {
    const log = new Log();
    const units = [log.unit("contract", { needsBuild: true }), log.unit("book")];
    const outcomes = await runInLanes({ units, laneCount: 2, build: log.build(brokenBuild), ...rest });
    expect(outcomes.map(({ label, failed }) => [label, failed])).to.deep.equal([
      ["book", 0],
      ["build", 1],
    ]);
    expect(log.lines).not.to.include("+contract");
  });

  it("start with what took longest before, or is estimated to", async () => {
    const log = new Log();
    const units = [log.unit("short"), log.unit("guessed long", { expectedSeconds: 50 }), log.unit("known long")];
    await runInLanes({ ...rest, units, laneCount: 1, build: async () => undefined, recorded: { "known long": 90 } });
    const started = log.lines.filter((line) => line.startsWith("+"));
    expect(started).to.deep.equal(["+known long", "+guessed long", "+short"]);
  });

  it("run every unit once, however many lanes there are", async () => {
    for (const laneCount of [1, 2, 5]) {
      const log = new Log();
      const units = Array.from({ length: 9 }, (_, i) => log.unit(`unit ${i}`, { needsBuild: i % 2 === 0, ms: i }));
      const outcomes = await runInLanes({ units, laneCount, build: log.build(), ...rest });
      expect(outcomes.map((outcome) => outcome.label).sort()).to.deep.equal(units.map((unit) => unit.label).sort());
    }
  });
});
