/**
 * Runs the benchmarks one after the other, each in a process of its own, and prints all figures in one table: with the peer that was
 * measured in the same run where there is one, and whether the figure keeps its goal.
 *
 *   npm run bench                          all of them
 *   npm run bench -- book risk             these
 *   npm run bench -- --json results.json   writes the figures to a file as well
 *   npm run bench -- --verbose             shows what each prints
 *
 * Each of them also runs alone: `npm run with-node -- node scripts/bench/book.ts`.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { Command } from "commander";
import { type BenchRow, meetsGoal, ratioOf } from "./bench/frame/bench-row.ts";
import { runBenchmark } from "./bench/frame/bench-run.ts";
import { benchTable } from "./bench/frame/bench-table.ts";
import { machineLine, thisMachine } from "./bench/frame/machine.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

/** Files of scripts/bench/, in the order in which they run. Each calls reportRows or reportSkipped once (bench/frame/bench-row.ts). */
const BENCHMARKS = [
  "book",
  "exchange",
  "capacity",
  "risk",
  "signatures",
  "poseidon",
  "history",
  "rebuild",
  "full-path",
  "page",
];

interface Options {
  json?: string;
  verbose: boolean;
}

async function bench(names: readonly string[], { json, verbose }: Options): Promise<number> {
  const unknown = names.find((name) => !BENCHMARKS.includes(name));
  if (unknown !== undefined) {
    throw new Refusal(`There is no benchmark "${unknown}": choose from ${BENCHMARKS.join(", ")}.`);
  }
  const machine = thisMachine();
  console.log(machineLine(machine));
  if ((loadavg()[0] as number) > availableParallelism() / 2) {
    console.log("Other programs are using this machine now: figures will be lower than it can do.");
  }
  const chosen = names.length === 0 ? BENCHMARKS : names;
  const rows: BenchRow[] = [];
  let failed = 0;
  for (const name of chosen) {
    const progress = new ProgressLine(name);
    const script = new URL(`./bench/${name}.ts`, import.meta.url);
    const { report, output, seconds } = await runBenchmark(script, (line) => progress.note(line), ending.signal);
    progress.end(`${seconds.toFixed(1)} s`);
    if (verbose) console.log(output);
    if (report.type === "bench-rows") rows.push(...report.rows);
    else console.log(report.sentence);
    if (report.type !== "bench-failed") continue;
    failed += 1;
    if (!verbose) console.log(output);
  }
  console.log(`\n${benchTable(rows)}`);
  const missed = rows.filter((row) => meetsGoal(row) === false).length;
  if (missed > 0) console.log(`\n${missed} ${missed === 1 ? "goal is" : "goals are"} missed.`);
  if (json !== undefined) {
    const results = rows.map((row) => ({ ...row, ratio: ratioOf(row), met: meetsGoal(row) }));
    writeFileSync(json, `${JSON.stringify({ machine, rows: results }, null, 2)}\n`);
  }
  return failed > 0 ? 1 : 0;
}

/** One line a benchmark: what it printed last while it runs, on a terminal; how long it took at the end. */
class ProgressLine {
  private readonly label: string;

  constructor(label: string) {
    this.label = label;
    process.stderr.write(`${label} … `);
  }

  note(line: string): void {
    const room = (process.stderr.columns ?? 0) - this.label.length - 4;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${this.label} … ${line.slice(0, Math.max(0, room))}`);
  }

  end(text: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${this.label} … ${text}\n` : `${text}\n`);
  }
}

// What runs ends with this process, however that is asked to end.
const ending = new AbortController();
for (const [signal, exitCode] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const, ["SIGHUP", 129] as const]) {
  process.on(signal, () => {
    ending.abort();
    process.exit(exitCode);
  });
}

const program = new Command("bench")
  .argument("[names...]", `which benchmarks to run: ${BENCHMARKS.join(", ")}`)
  .option("--json <file>", "write the figures to a file")
  .option("--verbose", "show what each benchmark prints", false)
  .parse();
await runCommand(() => bench(program.args, program.opts<Options>()));
