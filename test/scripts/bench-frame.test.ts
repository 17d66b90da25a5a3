import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { type BenchRow, meetsGoal, ratioOf } from "../../scripts/bench/frame/bench-row.ts";
import { runBenchmark } from "../../scripts/bench/frame/bench-run.ts";
import { benchTable } from "../../scripts/bench/frame/bench-table.ts";
import { median } from "../../scripts/bench/frame/cpu-rate.ts";

const fast: BenchRow = {
  figure: "fast",
  value: 1_500,
  unit: "calls/s",
  better: "higher",
  peer: { name: "slow", value: 500 },
  goal: 1_500,
};
const small: BenchRow = {
  figure: "small",
  value: 12.34,
  unit: "bytes",
  better: "lower",
  peer: { name: "fat", value: 24.68 },
  goal: 12,
};
const script = (name: string) => new URL(`./bench-scripts/${name}.ts`, import.meta.url);

describe("the benchmarks' frame", () => {
  it("says how many times better than the peer, whichever way is better", () => {
    expect(ratioOf(fast)).to.equal(3);
    expect(ratioOf(small)).to.equal(2);
    expect(ratioOf({ figure: "alone", value: 1, unit: "ms", better: "lower" })).to.equal(undefined);
  });

  it("counts a goal as met at its bound, and not beyond it", () => {
    expect(meetsGoal(fast)).to.equal(true);
    expect(meetsGoal({ ...fast, value: 1_499 })).to.equal(false);
    expect(meetsGoal({ ...small, value: 12 })).to.equal(true);
    expect(meetsGoal(small)).to.equal(false);
    expect(meetsGoal({ figure: "free", value: 1, unit: "ms", better: "lower" })).to.equal(undefined);
  });

  it("puts figure, value, unit, peer, ratio, goal and whether it is met into one table", () => {
    expect(benchTable([fast, small]).split("\n")).to.deep.equal([
      "figure  value  unit     peer       ratio     goal  met",
      "─".repeat(54),
      "fast    1,500  calls/s  slow: 500    3 ×  ≥ 1,500  ✔",
      "small    12.3  bytes    fat: 24.7    2 ×     ≤ 12  ✘",
    ]);
  });

  it("takes the middle value", () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 3, 2])).to.equal(2);
    expect(() => median([])).to.throw(RangeError);
  });

  it("runs a benchmark in a process of its own and has its rows, and what it printed", async () => {
    const lines: string[] = [];
    const { report, output } = await runBenchmark(script("rows"), (line) => lines.push(line));
    expect(report).to.deep.equal({ type: "bench-rows", rows: [{ figure: "f", value: 1, unit: "u", better: "lower" }] });
    expect(output).to.equal("measuring\n");
    expect(lines).to.deep.equal(["measuring"]);
  });

  it("tells a benchmark that could not run from one that broke", async () => {
    expect((await runBenchmark(script("skipped"))).report).to.deep.equal({
      type: "bench-skipped",
      sentence: "Something is missing.",
    });
    const broken = await runBenchmark(script("broken"));
    expect(broken.report).to.deep.equal({ type: "bench-failed", sentence: "It ended with exit code 1." });
    expect(broken.output).to.contain("it broke");
    const silent = await runBenchmark(script("silent"));
    expect(silent.report).to.deep.equal({ type: "bench-failed", sentence: "It reported no rows." });
  });

  it("ends a benchmark when it is told to", async () => {
    const ending = new AbortController();
    const run = runBenchmark(script("endless"), () => ending.abort(), ending.signal);
    const failed = await run.then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failed?.name).to.equal("AbortError");
  });

  it("has a file for every benchmark in the list, which reports once it is through", () => {
    const root = new URL("../../scripts/", import.meta.url);
    const list = /const BENCHMARKS = \[([^\]]*)\]/.exec(readFileSync(new URL("bench.ts", root), "utf8"))?.[1] ?? "";
    const names = [...list.matchAll(/"([\w-]+)"/g)].map((match) => match[1] as string);
    expect(names.length).to.be.above(4);
    for (const name of names) {
      const file = new URL(`bench/${name}.ts`, root);
      expect(existsSync(file), name).to.equal(true);
      expect(readFileSync(file, "utf8"), name).to.match(/\breportRows\(/);
    }
  });
});
