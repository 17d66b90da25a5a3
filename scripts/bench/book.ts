/**
 * Speed and size of the order book: 100,000 resting orders, then a mixed flow of placements (50 %), cancels (45 %) and
 * takers (5 %), the same for a well-known package. Run: `node scripts/bench/book.ts [commands]`.
 *
 * The gate lets everything through, so that the figure is the book's and not the ledger's; scripts/bench/exchange.ts has both. Both
 * books must hold the same at the end.
 */

import type { BookEvent } from "../../matcher/book/book-event.ts";
import { depth } from "../../matcher/book/book-view.ts";
import { MatchingEngine } from "../../matcher/book/matching-engine.ts";
import { applyTo, BookFlow, type FlowCommand, flowGate, flowRules, LIVE_MARKETS } from "./book/book-flow.ts";
import { PEER_NAME, PeerBooks, type PeerCommand, peerCommand } from "./book/peer-book.ts";
import { reportRows } from "./frame/bench-row.ts";
import { collectGarbage, usedBytes } from "./frame/collected.ts";
import { median, type Rate, rateOf } from "./frame/cpu-rate.ts";

const RESTING_ORDERS = 100_000;
/** Commands per group: events are handed on group by group, as a journal's group commit does. */
const GROUP_COMMANDS = 64;
const ROUNDS = 20;
const GOAL_COMMANDS_PER_SECOND = 1_000_000;
const GOAL_BYTES_PER_ORDER = 300;

function ours(engine: MatchingEngine, commands: readonly FlowCommand[], events: BookEvent[]): Rate {
  return rateOf(commands.length, () => {
    let untilFlush = GROUP_COMMANDS;
    for (const command of commands) {
      applyTo(engine, command, events);
      untilFlush -= 1;
      if (untilFlush > 0) continue;
      untilFlush = GROUP_COMMANDS;
      events.length = 0;
    }
  });
}

function theirs(books: PeerBooks, commands: readonly PeerCommand[]): Rate {
  return rateOf(commands.length, () => {
    for (const command of commands) books.apply(command);
  });
}

/** @throws Error unless both hold the same quantities at the same prices */
function assertSame(engine: MatchingEngine, peer: PeerBooks): void {
  for (let market = 0; market < LIVE_MARKETS; market++) {
    const { bids, asks } = depth(engine.book, market);
    const flat = (levels: typeof bids) => levels.map(({ priceTicks, quantityLots }) => [priceTicks, quantityLots]);
    const other = peer.depth(market);
    if (JSON.stringify([flat(bids), flat(asks)]) !== JSON.stringify([other.bids, other.asks])) {
      throw new Error(`the books of market ${market} differ`);
    }
  }
}

function count(n: number): string {
  return Math.round(n).toLocaleString("en").padStart(11);
}

const commandCount = Number(process.argv[2] ?? 1_000_000);
const events: BookEvent[] = [];
const flow = new BookFlow(RESTING_ORDERS);
const filling = Array.from({ length: RESTING_ORDERS }, () => flow.place(false));
const before = await usedBytes();
const engine = new MatchingEngine(flowGate(), flowRules);
const filled = ours(engine, filling, events);
const orders = engine.book.orderCount;
const bytesPerOrder = ((await usedBytes()) - before) / orders;
console.log(`${count(orders)}  resting orders`);
console.log(`${count(filled.wallPerSecond)}  placements/s while filling the book (cold)`);
console.log(`${count(engine.book.bytesAllocated / orders)}  bytes per order in arrays`);
console.log(`${count(bytesPerOrder)}  bytes per order in heap and buffers together`);

const rates: Rate[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const commands = Array.from({ length: commandCount / ROUNDS }, () => flow.mixed());
  await collectGarbage();
  rates.push(ours(engine, commands, events));
}

// The same commands again, for the peer: a flow is the same each time.
const peerFlow = new BookFlow(RESTING_ORDERS);
const peer = new PeerBooks(LIVE_MARKETS);
const peerFilling = Array.from({ length: RESTING_ORDERS }, () => peerCommand(peerFlow.place(false)));
theirs(peer, peerFilling);
const peerRates: Rate[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const commands = Array.from({ length: commandCount / ROUNDS }, () => peerCommand(peerFlow.mixed()));
  await collectGarbage();
  peerRates.push(theirs(peer, commands));
}
assertSame(engine, peer);
const wall = rates.map(({ wallPerSecond }) => wallPerSecond);
const cpu = rates.map(({ cpuPerSecond }) => cpuPerSecond);
const peerCpu = peerRates.map(({ cpuPerSecond }) => cpuPerSecond);
console.log(`${count(median(wall))}  commands/s, mixed flow, median of ${ROUNDS} rounds by the clock`);
console.log(`${count(median(cpu))}  by CPU time, median round`);
console.log(`${count(Math.max(...cpu))}  by CPU time, best round`);
console.log(`${count(median(peerCpu))}  by CPU time, median round: ${PEER_NAME}`);
console.log(`${count(engine.book.orderCount)}  resting at the end`);
console.log(`${count(engine.book.slots.size)}  slots remembered`);
for (const [name, number] of flow.counts) console.log(`${count(number)}  ${name}`);

reportRows([
  {
    figure: "matching alone, 100,000 orders, mixed flow, one core",
    value: median(cpu),
    unit: "commands/s",
    better: "higher",
    peer: { name: PEER_NAME, value: median(peerCpu) },
    goal: GOAL_COMMANDS_PER_SECOND,
  },
  {
    figure: "the book alone, per resting order",
    value: bytesPerOrder,
    unit: "bytes",
    better: "lower",
    goal: GOAL_BYTES_PER_ORDER,
  },
]);
