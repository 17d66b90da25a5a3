/**
 * Sends pre-signed requests, in a process of its own.
 *
 *   node scripts/bench/full-path/generator.ts <url> <accounts> <closed requests> <connections> <requests a second> <seconds>
 *
 * First as many requests as fast as so many connections let it (each sends its next one when the last was answered), then a steady rate,
 * where each latency counts from the moment at which the request was due: a server that stalls does not make its own excuse.
 * Tells its parent {type: "signed"}, {type: "closed", …}, {type: "open", …}; waits for "go" before each.
 */

import { HttpSender } from "./http-sender.ts";
import { Latencies } from "./latencies.ts";
import { BENCH_DOMAIN, BENCH_EPOCH_SECONDS } from "./opened-exchange.ts";
import { SignedFlow, type SignedRequest } from "./signed-flow.ts";

const [url = "", ...numbers] = process.argv.slice(2);
const [accounts = 64, closedRequests = 10_000, connections = 32, rate = 500, seconds = 10] = numbers.map(Number);

const refusals = new Map<string, number>();
const flow = new SignedFlow(accounts, BENCH_DOMAIN, BENCH_EPOCH_SECONDS);
const signed: SignedRequest[] = Array.from({ length: closedRequests + rate * seconds }, () => flow.next());
const sender = new HttpSender(url, connections);

async function send(request: SignedRequest): Promise<void> {
  const { code } = await sender.send(request);
  if (code !== null) refusals.set(code, (refusals.get(code) ?? 0) + 1);
}

function told(word: string): Promise<void> {
  return new Promise((resolve) => process.once("message", (message) => message === word && resolve()));
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function tell(type: string, startMs: number, startCpuMs: number, latencies: Latencies): void {
  const elapsedMs = performance.now() - startMs;
  const quantiles = {
    p50Ms: latencies.quantileMs(0.5),
    p99Ms: latencies.quantileMs(0.99),
    maxMs: latencies.quantileMs(1),
  };
  const answers = { count: latencies.count, refusals: Object.fromEntries(refusals) };
  process.send?.({ type, elapsedMs, cpuMs: cpuMs() - startCpuMs, ...answers, ...quantiles });
  refusals.clear();
}

process.send?.({ type: "signed", count: signed.length });
await told("go");
{
  const startMs = performance.now();
  const startCpuMs = cpuMs();
  const latencies = new Latencies();
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < closedRequests; at = next++) {
      const sentMs = performance.now();
      await send(signed[at] as SignedRequest);
      latencies.add(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  tell("closed", startMs, startCpuMs, latencies);
}
await told("go");
{
  const startMs = performance.now();
  const startCpuMs = cpuMs();
  const latencies = new Latencies();
  const pending: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    let sent = 0;
    const timer = setInterval(() => {
      const dueMs = performance.now() - startMs;
      for (; sent < rate * seconds && (sent * 1_000) / rate <= dueMs; sent++) {
        const scheduledMs = startMs + (sent * 1_000) / rate;
        const request = signed[closedRequests + sent] as SignedRequest;
        pending.push(send(request).then(() => latencies.add(performance.now() - scheduledMs)));
      }
      if (sent === rate * seconds) {
        clearInterval(timer);
        resolve();
      }
    }, 1);
  });
  await Promise.all(pending);
  tell("open", startMs, startCpuMs, latencies);
}
sender.close();
process.disconnect();
