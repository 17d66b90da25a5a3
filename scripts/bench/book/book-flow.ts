import type { BookEvent } from "../../../matcher/book/book-event.ts";
import type { BookRules } from "../../../matcher/book/book-rules.ts";
import { MatchingEngine } from "../../../matcher/book/matching-engine.ts";
import type { BookOrder } from "../../../matcher/book/order.ts";
import { REVISIONS } from "../../../matcher/protocol/message.ts";
import { MARKETS, ORDER_SLOTS, WIDTH } from "../../../matcher/protocol/spec.ts";
import { Sequence32 } from "../sequence-32.ts";
import { OpenGate } from "./open-gate.ts";

export const LIVE_MARKETS = 4;
export const FLOW_SECONDS = 1_800_000_000;
export const FLOW_ACCOUNTS = 2_000;
export const FLOW_MID_TICKS = 1_000_000;
const SPREAD_TICKS = 1_000;
/** Sequences have the size of real ones, which are too large for a small integer. */
const FIRST_NUMBER = 2 ** (WIDTH.sequence - 1) / REVISIONS;

export const flowRules: BookRules = {
  markets: Array.from({ length: MARKETS }, (_, market) =>
    market < LIVE_MARKETS
      ? { priceStepTicks: 1, quantityStepLots: 1, quantityMinLots: 1, quantityMaxLots: 2 ** 40 - 1 }
      : null,
  ),
  expiryHorizonSeconds: 30 * 86_400,
  openOrdersPerAccountMax: ORDER_SLOTS,
};

export type FlowCommand =
  | { readonly kind: "place"; readonly order: BookOrder }
  | {
      readonly kind: "cancel";
      readonly account: number;
      readonly slot: number;
      readonly sequence: number;
      readonly market: number;
    };

/** A gate for all accounts of a flow. */
export function flowGate(): OpenGate {
  return new OpenGate(FLOW_ACCOUNTS + 1);
}

export function applyTo(engine: MatchingEngine, command: FlowCommand, events: BookEvent[]): void {
  if (command.kind === "place") engine.place(command.order, FLOW_SECONDS, events);
  else engine.cancel(command.account, command.slot, null, events);
}

interface Live {
  readonly account: number;
  readonly slot: number;
  readonly sequence: number;
  readonly market: number;
}

/**
 * Writes the flow before the clock starts, with a book of its own that tells which orders are still live: every cancel
 * finds its order, takers are sized so that the number of resting orders stays where it is, and an account places its next
 * order on a slot that has become free, as a client does.
 */
export class BookFlow {
  /** How often what happened. */
  readonly counts = new Map<string, number>();
  private readonly restingTarget: number;
  private readonly random = new Sequence32();
  private readonly engine = new MatchingEngine(flowGate(), flowRules);
  private readonly nextSlot = new Int32Array(FLOW_ACCOUNTS + 1);
  private readonly freeSlots: number[][] = Array.from({ length: FLOW_ACCOUNTS + 1 }, () => []);
  private readonly live: Live[] = [];
  private readonly position = new Map<number, number>();
  private readonly events: BookEvent[] = [];
  private number = FIRST_NUMBER;

  constructor(restingTarget: number) {
    this.restingTarget = restingTarget;
  }

  place(crossing: boolean): FlowCommand {
    const account = 1 + this.random.next(FLOW_ACCOUNTS);
    const slot = this.takeSlot(account);
    const side = this.random.next(2) === 0 ? "buy" : "sell";
    const towardsTicks = crossing ? SPREAD_TICKS : -1 - this.random.next(SPREAD_TICKS);
    const sizeLots = crossing && this.live.length > this.restingTarget ? 2_000 : 1_000;
    this.number += 1;
    const order: BookOrder = {
      account,
      slot,
      sequence: this.number * REVISIONS,
      market: this.random.next(LIVE_MARKETS),
      side,
      quantityLots: 1 + this.random.next(sizeLots),
      limitPriceTicks: side === "buy" ? FLOW_MID_TICKS + towardsTicks : FLOW_MID_TICKS - towardsTicks,
      expirySeconds: FLOW_SECONDS + 60 + this.random.next(86_400),
      timeInForce: crossing ? "IOC" : "GTT",
      postOnly: false,
      reduceOnly: false,
      selfTrade: "expire-maker",
      keepFilled: false,
    };
    return this.follow({ kind: "place", order });
  }

  cancel(): FlowCommand {
    const order = this.live[this.random.next(this.live.length)] as Live;
    return this.follow({ kind: "cancel", ...order });
  }

  /** Half placements, 45 % cancels, 5 % takers. */
  mixed(): FlowCommand {
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

  private follow(command: FlowCommand): FlowCommand {
    applyTo(this.engine, command, this.events);
    for (const event of this.events) {
      const name = event.type === "removed" ? `removed (${event.reason})` : event.type;
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      if (event.type === "booked") {
        const { account, slot, sequence, market } = event;
        this.position.set(account * ORDER_SLOTS + slot, this.live.length);
        this.live.push({ account, slot, sequence, market });
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
    const last = this.live.pop() as Live;
    this.position.delete(key);
    const lastKey = last.account * ORDER_SLOTS + last.slot;
    if (lastKey === key) return;
    this.live[at] = last;
    this.position.set(lastKey, at);
  }
}
