/**
 * Speed and size of the order book: 100,000 resting orders, then a mixed flow of placements (50 %), cancels (45 %) and
 * takers (5 %). Run: `node --expose-gc scripts/bench/book.ts [commands]`. Prints commands per second and bytes per order.
 *
 * The gate lets everything through, so that the figure is the book's and not the ledger's.
 */

import type { BookEvent } from "../../matcher/book/book-event.ts";
import type { BookRules } from "../../matcher/book/book-rules.ts";
import type { FillGate, FillVerdict, ProposedFill } from "../../matcher/book/fill-gate.ts";
import { MatchingEngine } from "../../matcher/book/matching-engine.ts";
import type { BookOrder } from "../../matcher/book/order.ts";
import { MARKETS, ORDER_SLOTS } from "../../matcher/protocol/spec.ts";
import { Sequence32 } from "./sequence-32.ts";

const RESTING_ORDERS = 100_000;
const LIVE_MARKETS = 4;
const ACCOUNT_COUNT = 2_000;
const MID_TICKS = 1_000_000;
const SPREAD_TICKS = 1_000;
/** Commands per group: events are handed on group by group, as a journal's group commit does. */
const GROUP_COMMANDS = 64;
const ROUNDS = 20;
const NOW_SECONDS = 1_800_000_000;

class OpenGate implements FillGate {
  private readonly positions = new Float64Array(ACCOUNT_COUNT * MARKETS + MARKETS);
  positionLots(account: number, market: number): number {
    return this.positions[account * MARKETS + market] as number;
  }
  sequenceFloor(): number {
    return 1;
  }
  keptFilledLots(): number {
    return 0;
  }
  admit(): null {
    return null;
  }
  liquidationLots(): number {
    return 0;
  }
  check(): FillVerdict {
    return "ok";
  }
  apply(fill: ProposedFill): void {
    const signedLots = fill.takerSide === "buy" ? fill.quantityLots : -fill.quantityLots;
    const taker = fill.takerAccount * MARKETS + fill.market;
    const maker = fill.makerAccount * MARKETS + fill.market;
    this.positions[taker] = (this.positions[taker] as number) + signedLots;
    this.positions[maker] = (this.positions[maker] as number) - signedLots;
  }
  begin(): void {}
  rollback(): void {}
}

const rules: BookRules = {
  markets: Array.from({ length: MARKETS }, (_, market) =>
    market < LIVE_MARKETS
      ? { priceStepTicks: 1, quantityStepLots: 1, quantityMinLots: 1, quantityMaxLots: 2 ** 40 - 1 }
      : null,
  ),
  expiryHorizonSeconds: 30 * 86_400,
  openOrdersPerAccountMax: ORDER_SLOTS,
};

type Command = { kind: "place"; order: BookOrder } | { kind: "cancel"; account: number; slot: number };

/**
 * Writes the flow before the clock starts, with a book of its own that tells which orders are still live: every cancel
 * finds its order, takers are sized so that the number of resting orders stays where it is, and an account places its next
 * order on a slot that has become free, as a client does.
 */
class Flow {
  readonly counts = new Map<string, number>();
  private readonly random = new Sequence32();
  private readonly engine = new MatchingEngine(new OpenGate(), rules);
  private readonly nextSlot = new Int32Array(ACCOUNT_COUNT + 1);
  private readonly freeSlots: number[][] = Array.from({ length: ACCOUNT_COUNT + 1 }, () => []);
  private readonly live: number[] = [];
  private readonly position = new Map<number, number>();
  private readonly events: BookEvent[] = [];
  private sequence = 0;

  place(crossing: boolean): Command {
    const account = 1 + this.random.next(ACCOUNT_COUNT);
    const slot = this.takeSlot(account);
    const side = this.random.next(2) === 0 ? "buy" : "sell";
    const towardsTicks = crossing ? SPREAD_TICKS : -1 - this.random.next(SPREAD_TICKS);
    const sizeLots = crossing && this.live.length > RESTING_ORDERS ? 2_000 : 1_000;
    this.sequence += 1;
    const order: BookOrder = {
      account,
      slot,
      sequence: this.sequence,
      market: this.random.next(LIVE_MARKETS),
      side,
      quantityLots: 1 + this.random.next(sizeLots),
      limitPriceTicks: side === "buy" ? MID_TICKS + towardsTicks : MID_TICKS - towardsTicks,
      expirySeconds: NOW_SECONDS + 60 + this.random.next(86_400),
      timeInForce: crossing ? "IOC" : "GTT",
      postOnly: false,
      reduceOnly: false,
      selfTrade: "expire-maker",
      keepFilled: false,
    };
    return this.follow({ kind: "place", order });
  }

  cancel(): Command {
    const key = this.live[this.random.next(this.live.length)] as number;
    return this.follow({ kind: "cancel", account: Math.floor(key / ORDER_SLOTS), slot: key % ORDER_SLOTS });
  }

  mixed(): Command {
    const dice = this.random.next(100);
    if (dice < 50) return this.place(false);
    return dice < 95 ? this.cancel() : this.place(true);
  }

  private takeSlot(account: number): number {
    const free = this.freeSlots[account]?.pop();
    if (free !== undefined) return free;
    const slot = this.nextSlot[account] as number;
    this.nextSlot[account] = slot + 1;
    return slot;
  }

  private follow(command: Command): Command {
    apply(this.engine, command, this.events);
    for (const event of this.events) {
      const name = event.type === "removed" ? `removed (${event.reason})` : event.type;
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      if (event.type === "booked") {
        this.position.set(event.account * ORDER_SLOTS + event.slot, this.live.length);
        this.live.push(event.account * ORDER_SLOTS + event.slot);
      } else if (event.type === "removed") {
        this.freeSlots[event.account]?.push(event.slot);
        if (event.rested) this.forget(event.account * ORDER_SLOTS + event.slot);
      }
    }
    this.events.length = 0;
    return command;
  }

  private forget(key: number): void {
    const at = this.position.get(key) as number;
    const last = this.live.pop() as number;
    this.position.delete(key);
    if (last === key) return;
    this.live[at] = last;
    this.position.set(last, at);
  }
}

function apply(engine: MatchingEngine, command: Command, events: BookEvent[]): void {
  if (command.kind === "place") engine.place(command.order, NOW_SECONDS, events);
  else engine.cancel(command.account, command.slot, null, events);
}

interface Timing {
  /** By the clock on the wall, which other work on the machine slows down. */
  wallPerSecond: number;
  /** By this process's CPU time, its collector's threads included. */
  cpuPerSecond: number;
}

function timed(engine: MatchingEngine, commands: readonly Command[], events: BookEvent[]): Timing {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  let untilFlush = GROUP_COMMANDS;
  for (const command of commands) {
    apply(engine, command, events);
    untilFlush -= 1;
    if (untilFlush > 0) continue;
    untilFlush = GROUP_COMMANDS;
    events.length = 0;
  }
  const wallSeconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { wallPerSecond: commands.length / wallSeconds, cpuPerSecond: (commands.length * 1e6) / (user + system) };
}

/** After several collections: the buffers that growing arrays leave behind are freed late. */
async function usedBytes(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function count(n: number): string {
  return Math.round(n).toLocaleString("en").padStart(11);
}

const commandCount = Number(process.argv[2] ?? 2_000_000);
const events: BookEvent[] = [];
const flow = new Flow();
const filling = Array.from({ length: RESTING_ORDERS }, () => flow.place(false));
const before = await usedBytes();
const engine = new MatchingEngine(new OpenGate(), rules);
const filled = timed(engine, filling, events);
const resident = (await usedBytes()) - before;
const orders = engine.book.orderCount;
console.log(`${count(orders)}  resting orders`);
console.log(`${count(filled.wallPerSecond)}  placements/s while filling the book (cold)`);
console.log(`${count(engine.book.bytesAllocated / orders)}  bytes per order in arrays`);
if (globalThis.gc !== undefined)
  console.log(`${count(resident / orders)}  bytes per order in heap and buffers together`);

const timings: Timing[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const commands = Array.from({ length: commandCount / ROUNDS }, () => flow.mixed());
  globalThis.gc?.();
  await new Promise((r) => setTimeout(r, 60));
  timings.push(timed(engine, commands, events));
}
// On a shared machine the best round is the one that was disturbed least.
const wall = timings.map(({ wallPerSecond }) => wallPerSecond).sort((a, b) => b - a);
const cpu = timings.map(({ cpuPerSecond }) => cpuPerSecond).sort((a, b) => b - a);
console.log(`${count(wall[0] as number)}  commands/s, mixed flow, best of ${ROUNDS} rounds by the clock`);
console.log(`${count(wall[ROUNDS / 2] as number)}  in the median round`);
console.log(`${count(cpu[0] as number)}  by CPU time, best round`);
console.log(`${count(cpu[ROUNDS / 2] as number)}  by CPU time, median round`);
console.log(`${count(engine.book.orderCount)}  resting at the end`);
console.log(`${count(engine.book.slots.size)}  slots remembered`);
for (const [name, number] of flow.counts) console.log(`${count(number)}  ${name}`);
