/**
 * Trouble, while others trade: each scenario runs beside a steady flow of valid signed orders, whose latencies must stay within twice those
 * without it. Everything speaks to loopback, and ends by itself.
 *
 *   npm run command load [-- --rate <n> --seconds <n> --bodies <n> --only <text>]
 *
 * Exits 1 when something broke, answered 5xx or slowed the valid traffic down by more than that.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { GeneratorProcess, ServerProcess } from "./bench/full-path/bench-process.ts";
import type { Measured } from "./bench/full-path/generator.ts";
import { renderTable } from "./cli/table.ts";
import { clockJump } from "./load/clock-jump.ts";
import { badSignatures, burst } from "./load/flood.ts";
import { fuzz } from "./load/fuzz.ts";
import { idleStreams } from "./load/idle-streams.ts";
import type { Scenario, Trouble } from "./load/scenario.ts";
import { slowLoris } from "./load/slow-loris.ts";
import { slowReaders } from "./load/slow-readers.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

const ACCOUNTS = 64;
const CONNECTIONS = 32;
/** Latency of valid traffic may grow by this. */
const RATIO_MAX = 2;
/** Below these the clock's own grain and the machine's neighbours decide. They are the goals of the acknowledgement itself. */
const P50_GOAL_MS = 5;
const P99_GOAL_MS = 25;

const flags = new Command("load")
  .option("--rate <n>", "valid orders a second", "250")
  .option("--seconds <n>", "how long each scenario lasts", "15")
  .option("--bodies <n>", "fuzzed bodies", "100000")
  .option("--only <text>", "only scenarios with this in their name")
  .parse()
  .opts<{ rate: string; seconds: string; bodies: string; only?: string }>();

function count(text: string, flag: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Refusal(`${flag} needs a positive whole number, not "${text}".`);
  return Number(text);
}

function slowed(valid: Measured, baseline: Measured): string[] {
  const faults: string[] = [];
  const judge = (name: string, ms: number, baselineMs: number, goalMs: number) => {
    const boundMs = RATIO_MAX * Math.max(baselineMs, goalMs);
    if (!(ms <= boundMs)) faults.push(`${name} ${ms.toFixed(1)} ms, at most ${boundMs.toFixed(1)} ms`);
  };
  judge("p50", valid.p50Ms, baseline.p50Ms, P50_GOAL_MS);
  judge("p99", valid.p99Ms, baseline.p99Ms, P99_GOAL_MS);
  const { lost = 0, INTERNAL: defects = 0 } = valid.refusals;
  if (lost + defects > 0) faults.push(`${lost} valid requests without an answer, ${defects} with a defect`);
  return faults;
}

await runCommand(async () => {
  const [rate, seconds] = [count(flags.rate, "--rate"), count(flags.seconds, "--seconds")];
  const all: Scenario[] = [
    slowLoris,
    idleStreams,
    slowReaders,
    badSignatures,
    burst,
    clockJump,
    fuzz(count(flags.bodies, "--bodies")),
  ];
  const scenarios = all.filter(({ name }) => flags.only === undefined || name.includes(flags.only));
  if (scenarios.length === 0) throw new Refusal(`No scenario has "${flags.only}" in its name.`);
  const folder = mkdtempSync(join(tmpdir(), "clearbook-load-"));
  const server = new ServerProcess(ACCOUNTS, folder, 0);
  let generator: GeneratorProcess | undefined;
  const lines: string[][] = [];
  let broken = 0;
  try {
    const { url } = await server.message<{ url: string }>("ready");
    const phases = scenarios.length + 2;
    console.log(`signing ${rate * seconds * phases} orders …`);
    generator = new GeneratorProcess(url, ACCOUNTS, CONNECTIONS, rate * seconds * phases);
    await generator.message("signed");
    const measure = () => (generator as GeneratorProcess).run({ type: "open", rate, seconds });
    // Once to be warm.
    await measure();
    const baseline = await measure();
    const row = async (name: string, valid: Measured, { sent, faults }: Trouble) => {
      const { rssBytes } = await server.usage();
      const ratio = (valid.p99Ms / baseline.p99Ms).toFixed(2);
      const figures = [valid.p50Ms.toFixed(2), valid.p99Ms.toFixed(2), ratio, `${Math.round(rssBytes / 2 ** 20)}`];
      lines.push([name, ...figures, faults.length === 0 ? "✓" : `✗ ${faults.join("; ")}`, sent]);
    };
    await row("nothing else", baseline, { sent: `${rate} valid orders a second`, faults: [] });
    for (const { name, run } of scenarios) {
      console.log(`${name} …`);
      const stop = new AbortController();
      const trouble = run({ url, server }, stop.signal);
      const valid = await measure();
      stop.abort();
      const { sent, faults } = await trouble;
      const found = [...faults, ...slowed(valid, baseline)];
      broken += found.length;
      await row(name, valid, { sent, faults: found });
    }
  } finally {
    await generator?.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const head = ["beside", "p50 ms", "p99 ms", "p99 ratio", "server MiB", "", "what was sent"];
  console.log(`\n${renderTable(head, lines)}\n`);
  console.log(broken === 0 ? "✓ Valid orders went on as before." : `✗ ${broken} things did not hold.`);
  return broken === 0 ? 0 : 1;
});
process.exit();
