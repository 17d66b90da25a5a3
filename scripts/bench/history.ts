import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { History } from "../../matcher/api/history.ts";
import type { Accepted } from "../../matcher/sequencer/outcome.ts";
import { reportRows } from "./frame/bench-row.ts";

/**
 * What keeping the past costs: CPU of the thread that orders commands, and rows a second of the database's thread. Each command is an
 * order that takes a resting one whole: two orders change and one trade is new, on accounts and prices that vary.
 */
const { values } = parseArgs({ options: { fills: { type: "string", default: "100000" } } });
const FILLS = Number(values.fills);
const ACCOUNTS = 10_000;

/** Two commands: an order that rests, and one that takes it. */
function pair(index: number): Accepted[] {
  const [maker, taker] = [1 + ((index * 7) % ACCOUNTS), 1 + ((index * 13 + 5) % ACCOUNTS)];
  const [slot, sequence, market, priceTicks, quantityLots] = [
    index % 4_096,
    index + 1,
    index % 4,
    650_000 + (index % 997),
    500,
  ];
  const atMs = 1_800_000_000_000 + index * 10;
  const order = (account: number, side: "buy" | "sell") => ({ account, slot, sequence, market, side, priceTicks });
  const [buy, sell] = [order(maker, "buy"), order(taker, "sell")];
  const base = { accepted: true as const, acceptedAtMs: atMs, record: new Uint8Array(), digest: 0n, previousHead: 0n };
  const leg = (side: typeof buy) => ({ order: { ...side, kind: "order" }, feePicoUsd: 65_000_000_000n });
  const step = {
    kind: "fill",
    priceTicks,
    quantityLots,
    quoteMicroUsd: BigInt(priceTicks * quantityLots),
    maker: leg(buy),
    taker: leg(sell),
  };
  const seq = index * 5 + 1;
  const command = 2 * index + 1;
  const rested = { rested: true, remainingLots: 0, filledLots: quantityLots, reason: "filled" } as const;
  const fill = {
    type: "fill",
    tradeId: index + 1,
    market,
    priceTicks,
    quantityLots,
    takerSide: "sell",
    liquidation: false,
    makerAccount: maker,
    makerSlot: slot,
    makerSequence: sequence,
    makerRemainingLots: 0,
    takerAccount: taker,
    takerSlot: slot,
    takerSequence: sequence,
    takerRemainingLots: 0,
  } as const;
  const events = [
    { type: "accepted", ...buy, quantityLots, remainingLots: quantityLots },
    { type: "accepted", ...sell, quantityLots, remainingLots: quantityLots },
    fill,
    { type: "removed", ...buy, ...rested },
    { type: "removed", ...sell, ...rested, rested: false },
  ] as const;
  const sequenced = events.map((event, at) => {
    return { seq: seq + at, command: at === 0 ? command : command + 1, step: at === 2 ? index + 1 : null, event };
  });
  return [
    { ...base, command, journalHead: BigInt(command), events: sequenced.slice(0, 1), steps: [] },
    {
      ...base,
      command: command + 1,
      journalHead: BigInt(command + 1),
      events: sequenced.slice(1),
      steps: [{ number: index + 1, step, journalHead: BigInt(command + 1) }],
    },
  ] as unknown as Accepted[];
}

const dir = mkdtempSync(join(tmpdir(), "history-bench-"));
const path = join(dir, "history.db");
const commands = Array.from({ length: FILLS }, (_, index) => pair(index)).flat();
const history = await History.open({ path, identity: "bench" });
const threadCpu = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};
const startMs = performance.now();
const startCpuMs = threadCpu();
for (let at = 0; at < commands.length; at += 200) {
  for (const command of commands.slice(at, at + 200)) history.record(command, `order-${command.command}`);
  // As in life, where other work comes in between.
  await new Promise((resolve) => setImmediate(resolve));
}
const cpuMs = threadCpu() - startCpuMs;
await history.flush();
const writtenMs = performance.now() - startMs;
const readMs = performance.now();
for (let at = 0; at < 200; at++) await history.read("page", "trades", { account: 1 + at, before: FILLS, limit: 100 });
const pageMs = (performance.now() - readMs) / 200;
await history.close();
const reopenMs = performance.now();
await (await History.open({ path, identity: "bench" })).close();
const reopenedMs = performance.now() - reopenMs;
const bytesPerFill = statSync(path).size / FILLS;
rmSync(dir, { recursive: true });
console.log(`${commands.length} commands with ${FILLS} fills: ${3 * FILLS} rows and their candles`);
reportRows([
  {
    figure: "history: ordering thread's CPU",
    value: (cpuMs * 1_000) / commands.length,
    unit: "µs a command",
    better: "lower",
  },
  {
    figure: "history: rows until they are durable",
    value: (3 * FILLS) / (writtenMs / 1_000),
    unit: "rows/s",
    better: "higher",
  },
  { figure: "history: a page of 100 fills", value: pageMs, unit: "ms", better: "lower" },
  { figure: "history: reopened", value: reopenedMs, unit: "ms", better: "lower" },
  { figure: "history: file", value: bytesPerFill, unit: "bytes a fill", better: "lower" },
]);
