/**
 * Sends pre-signed requests, in a process of its own.
 *
 *   node scripts/bench/full-path/generator.ts <url> <accounts> <connections> <requests to sign>
 *
 * Told {type: "closed", requests}, it sends so many as fast as its connections let it: each sends its next one when the last was answered.
 * Told {type: "open", rate, seconds}, it keeps a steady rate, and each latency counts from the moment at which the request was due: a
 * server that stalls does not make its own excuse. Tells its parent {type: "signed"} first and {type: "measured", …} after each.
 */
import { HttpSender } from "./http-sender.ts";
import { Latencies } from "./latencies.ts";
import { BENCH_DOMAIN, BENCH_EPOCH_SECONDS } from "./opened-exchange.ts";
import { SignedFlow, type SignedRequest } from "./signed-flow.ts";

/** What a parent may ask for. */
export type LoadPhase = { type: "closed"; requests: number } | { type: "open"; rate: number; seconds: number };

/** What became of a phase. */
export interface Measured {
  readonly count: number;
  readonly elapsedMs: number;
  /** Of the generator. */
  readonly cpuMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Answers by code; "lost" for requests without one. */
  readonly refusals: Readonly<Record<string, number>>;
}

const [url = "", ...numbers] = process.argv.slice(2);
const [accounts = 64, connections = 32, requests = 10_000] = numbers.map(Number);

const flow = new SignedFlow(accounts, BENCH_DOMAIN, BENCH_EPOCH_SECONDS);
const signed: SignedRequest[] = Array.from({ length: requests }, () => flow.next());
const sender = new HttpSender(url, connections);
let used = 0;

/** What one phase has seen so far. */
class Phase {
  readonly latencies = new Latencies();
  readonly refusals: Record<string, number> = {};
  private readonly startMs = performance.now();
  private readonly startCpuMs = cpuMs();

  /** Sends the next request. @param dueMs from when its latency counts */
  async send(dueMs = performance.now()): Promise<void> {
    const request = signed[used++];
    if (request === undefined) throw new Error(`only ${requests} requests were signed`);
    const code = await sender.send(request).then(
      (answer) => answer.code,
      () => "lost",
    );
    this.latencies.add(performance.now() - dueMs);
    if (code !== null) this.refusals[code] = (this.refusals[code] ?? 0) + 1;
  }

  measured(): Measured {
    const { latencies, refusals } = this;
    return {
      count: latencies.count,
      elapsedMs: performance.now() - this.startMs,
      cpuMs: cpuMs() - this.startCpuMs,
      p50Ms: latencies.quantileMs(0.5),
      p99Ms: latencies.quantileMs(0.99),
      maxMs: latencies.quantileMs(1),
      refusals,
    };
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function closedLoop(count: number): Promise<Measured> {
  const phase = new Phase();
  let left = count;
  const connection = async () => {
    while (left-- > 0) await phase.send();
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return phase.measured();
}

async function openLoop(rate: number, seconds: number): Promise<Measured> {
  const phase = new Phase();
  const startMs = performance.now();
  const pending: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(rate * seconds, Math.floor(((performance.now() - startMs) * rate) / 1_000) + 1);
      while (pending.length < due) pending.push(phase.send(startMs + (pending.length * 1_000) / rate));
      if (pending.length < rate * seconds) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(pending);
  return phase.measured();
}

process.on("message", async (phase: LoadPhase) => {
  const measured = phase.type === "closed" ? closedLoop(phase.requests) : openLoop(phase.rate, phase.seconds);
  process.send?.({ type: "measured", ...(await measured) });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ type: "signed" });
