/**
 * The full path of an order: HTTP in, signature, margin, match, journal on disk, acknowledgement; with real proofs made beside it at the
 * lowest priority. Orders are signed before; the generator is a process of its own whose CPU is told apart.
 *
 *   node scripts/bench/full-path.ts [--requests <n>] [--rate <n>] [--seconds <n>] [--provers <n>]
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

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

interface Measured {
  count: number;
  elapsedMs: number;
  cpuMs: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  refusals: Record<string, number>;
}

interface Usage {
  cpuMs: number;
  proofs: number;
  rssBytes: number;
}

function message<T>(child: ChildProcess, type: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const listener = (told: { type: string }) => {
      if (told.type !== type) return;
      child.off("message", listener);
      resolve(told as T);
    };
    child.on("message", listener);
    child.once("exit", (code) => reject(new Error(`a process of the benchmark ended with exit code ${code}`)));
  });
}

function start(script: string, ...args: string[]): ChildProcess {
  return fork(new URL(`./full-path/${script}.ts`, import.meta.url), args, {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
}

async function usage(server: ChildProcess): Promise<Usage> {
  const answer = message<Usage>(server, "usage");
  server.send("usage");
  return answer;
}

const folder = mkdtempSync(join(tmpdir(), "clearbook-bench-"));
const server = start("server", values.accounts, folder, values.provers);
try {
  const { url } = await message<{ url: string }>(server, "ready");
  const load = [values.requests, values.connections, values.rate, values.seconds];
  const generator = start("generator", url, values.accounts, ...load);
  await message(generator, "signed");
  for (const phase of ["closed", "open"]) {
    const before = await usage(server);
    const measured = message<Measured>(generator, phase);
    generator.send("go");
    const { count, elapsedMs, cpuMs, p50Ms, p99Ms, maxMs, refusals } = await measured;
    const after = await usage(server);
    const serverUs = ((after.cpuMs - before.cpuMs) * 1_000) / count;
    console.log(
      `${phase === "closed" ? `${values.connections} connections` : `${values.rate} a second`}: ` +
        `${((count * 1_000) / elapsedMs).toFixed(0)} orders/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ` +
        `max ${maxMs.toFixed(1)} ms; CPU an order: server ${serverUs.toFixed(0)} µs, generator ${((cpuMs * 1_000) / count).toFixed(0)} µs; ` +
        `${after.proofs - before.proofs} proofs meanwhile; refused ${JSON.stringify(refusals)}`,
    );
  }
} finally {
  server.disconnect();
  rmSync(folder, { recursive: true, force: true });
}
