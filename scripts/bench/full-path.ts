/**
 * The full path of an order: HTTP in, signature, margin, match, journal on disk, acknowledgement; with real proofs made beside it at the
 * lowest priority. Orders are signed before; the generator is a process of its own whose CPU is told apart.
 *
 *   node scripts/bench/full-path.ts [--requests <n>] [--rate <n>] [--seconds <n>] [--provers <n>]
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BenchRow, reportRows, reportSkipped } from "./frame/bench-row.ts";
import { GeneratorProcess, ServerProcess } from "./full-path/bench-process.ts";
import type { LoadPhase } from "./full-path/generator.ts";

const GOAL_ORDERS_PER_SECOND = 1_000;
/** At half of that rate. */
const GOAL_P50_MS = 5;
const GOAL_P99_MS = 25;
const builtCircuits = new URL("../../build/circuits", import.meta.url);

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "10000" },
    accounts: { type: "string", default: "64" },
    connections: { type: "string", default: "32" },
    rate: { type: "string", default: "500" },
    seconds: { type: "string", default: "10" },
    provers: { type: "string", default: "1" },
  },
});
const [requests, accounts, connections, rate, seconds, provers] = [
  values.requests,
  values.accounts,
  values.connections,
  values.rate,
  values.seconds,
  values.provers,
].map(Number) as [number, number, number, number, number, number];

if (provers > 0 && !existsSync(builtCircuits)) {
  reportSkipped("The full path needs the built circuits: run `npm run build` first, or give --provers 0.");
  process.exit();
}
const rows: BenchRow[] = [];
const folder = mkdtempSync(join(tmpdir(), "clearbook-bench-"));
const server = new ServerProcess(accounts, folder, provers);
let generator: GeneratorProcess | undefined;
try {
  const { url } = await server.message<{ url: string }>("ready");
  generator = new GeneratorProcess(url, accounts, connections, requests + rate * seconds);
  await generator.message("signed");
  const phases: [string, LoadPhase][] = [
    [`${connections} connections`, { type: "closed", requests }],
    [`${rate} a second`, { type: "open", rate, seconds }],
  ];
  for (const [name, phase] of phases) {
    const before = await server.usage();
    const { count, elapsedMs, cpuMs, p50Ms, p99Ms, maxMs, refusals } = await generator.run(phase);
    const after = await server.usage();
    const serverUs = ((after.cpuMs - before.cpuMs) * 1_000) / count;
    console.log(
      `${name}: ${((count * 1_000) / elapsedMs).toFixed(0)} orders/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ` +
        `max ${maxMs.toFixed(1)} ms; CPU an order: server ${serverUs.toFixed(0)} µs, generator ${((cpuMs * 1_000) / count).toFixed(0)} µs; ` +
        `${after.proofs - before.proofs} proofs meanwhile; refused ${JSON.stringify(refusals)}`,
    );
    const beside = provers > 0 ? ", proofs beside" : "";
    if (phase.type === "closed") {
      const value = (count * 1_000) / elapsedMs;
      const figure = `full path of signed orders, ${name}${beside}`;
      rows.push({ figure, value, unit: "orders/s", better: "higher", goal: GOAL_ORDERS_PER_SECOND });
    } else {
      const figure = `acknowledgement at ${name}${beside}`;
      rows.push(
        { figure: `${figure}, p50`, value: p50Ms, unit: "ms", better: "lower", goal: GOAL_P50_MS },
        { figure: `${figure}, p99`, value: p99Ms, unit: "ms", better: "lower", goal: GOAL_P99_MS },
      );
    }
  }
  reportRows(rows);
} finally {
  await generator?.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
