import { readFileSync } from "node:fs";
import type { BookEvent, RemovedEvent } from "../../matcher/book/book-event.ts";
import { openOrders } from "../../matcher/book/book-view.ts";
import type { MatchingEngine } from "../../matcher/book/matching-engine.ts";
import type { BookOrder } from "../../matcher/book/order.ts";
import type { MemoryGate } from "./memory-gate.ts";
import { newEngine, order } from "./sample-orders.ts";

/**
 * Reads the matching vectors of another exchange into Clearbook's terms.
 *
 * | there                                        | here                                                               |
 * |----------------------------------------------|--------------------------------------------------------------------|
 * | order id Owner/subaccount#client@market      | account by name, slot = market · 64 + client                       |
 * | good-til block, which also orders versions   | sequence, and the expiry in seconds; the epoch's time is 1         |
 * | cancel with a good-til block                 | cancel with that sequence                                          |
 * | self-trade: the resting order goes           | "expire-maker"                                                     |
 * | prices up to 2^64 − 1                        | our largest, 2^32 − 1: a larger one is rejected as PRICE_TOO_LARGE |
 * | collateral check fails for an account        | the gate refuses the maker or the taker                            |
 */
export interface VectorOrder {
  id?: string;
  account: string;
  market: number;
  side: "buy" | "sell";
  qty: number;
  price: number;
  goodTilBlock?: number;
  tif?: "IOC";
  reduceOnly?: boolean;
  liquidation?: boolean;
}

export interface VectorFill {
  taker: string;
  maker: string;
  price: number;
  qty: number;
}

export interface MatchCase {
  name: string;
  resting: VectorOrder[];
  order: VectorOrder;
  priorCancelGoodTilBlock?: number;
  positions?: { account: string; market: number; qty: number }[];
  collateralFailures?: { check: number; account: string; result: string }[];
  expected: {
    error: string | null;
    status: string | null;
    filled?: number;
    fills?: VectorFill[] | null;
    bids?: { id: string; remaining: number }[];
    asks?: { id: string; remaining: number }[];
    restingIds?: string[];
    replaces?: boolean;
    cancelledReduceOnly?: string[];
  };
}

export interface CancelCase {
  name: string;
  resting: VectorOrder[];
  priorCancels: { id: string; goodTilBlock: number }[];
  cancel: { id: string; goodTilBlock: number };
  expected: {
    bestBid: number;
    bestAsk: number | null;
    cancelsRemembered: number;
    distinctCancelExpiries: number;
    cancelsAtThisExpiry: number;
  };
}

/** The epoch's time in vector runs: before every good-til block. */
export const VECTOR_NOW_SECONDS = 1;

const NAMES = ["Alice/0", "Alice/1", "Bob/0"];
const CLIENTS_PER_MARKET = 64;
export const LARGEST_PRICE_TICKS = 2 ** 32 - 1;

export function readCases<Case>(file: string): Case[] {
  const url = new URL(`../vectors/${file}`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { cases: Case[] }).cases;
}

export function accountOf(name: string): number {
  const at = NAMES.indexOf(name);
  if (at < 0) throw new Error(`unknown account ${name}`);
  return at + 1;
}

export function slotOf(id: string): { account: number; slot: number; market: number } {
  const [, name, client, market] = /^(.+)#(\d+)@(\d+)$/.exec(id) ?? [];
  if (name === undefined) throw new Error(`unknown id ${id}`);
  return {
    account: accountOf(name),
    slot: Number(market) * CLIENTS_PER_MARKET + Number(client),
    market: Number(market),
  };
}

export function idOf(account: number, slot: number): string {
  const name = NAMES[account - 1] ?? "";
  if (slot < 0) return `liquidation:${name}`;
  return `${name}#${slot % CLIENTS_PER_MARKET}@${Math.floor(slot / CLIENTS_PER_MARKET)}`;
}

export function orderOf(vector: VectorOrder): BookOrder {
  return order({
    ...slotOf(vector.id ?? ""),
    sequence: vector.goodTilBlock ?? 1,
    side: vector.side,
    quantityLots: vector.qty,
    limitPriceTicks: Math.min(vector.price, LARGEST_PRICE_TICKS),
    expirySeconds: vector.goodTilBlock ?? 1,
    timeInForce: vector.tif ?? "GTT",
    reduceOnly: vector.reduceOnly ?? false,
  });
}

/** What came of a case, in the vectors' words. */
export interface Outcome {
  engine: MatchingEngine;
  events: BookEvent[];
  rejected: string | null;
  /** How the tested order ended: "booked" or the reason for which it was removed. */
  end: string | null;
  fills: VectorFill[];
  filledLots: number;
  bids: { id: string; remaining: number }[];
  asks: { id: string; remaining: number }[];
  cancelledReduceOnly: string[];
  replaced: string[];
}

/** Places the resting orders, then the tested one. */
export function runCase(vector: MatchCase): Outcome {
  const { engine, gate } = newEngine();
  for (const position of vector.positions ?? []) {
    gate.setPositionLots(accountOf(position.account), position.market, position.qty);
  }
  for (const resting of vector.resting) engine.place(orderOf(resting), VECTOR_NOW_SECONDS);
  if (vector.priorCancelGoodTilBlock !== undefined) {
    const { account, slot } = slotOf(vector.order.id ?? "");
    engine.cancel(account, slot, vector.priorCancelGoodTilBlock);
  }
  refuseCollateral(gate, vector);
  return outcome(engine, runTested(engine, gate, vector.order), vector.order);
}

function runTested(engine: MatchingEngine, gate: MemoryGate, vector: VectorOrder): BookEvent[] {
  if (vector.liquidation !== true) return engine.place(orderOf(vector), VECTOR_NOW_SECONDS);
  const account = accountOf(vector.account);
  // A liquidation only reduces here, so the account gets the position that the vector's order would close.
  gate.setPositionLots(account, vector.market, vector.side === "sell" ? vector.qty : -vector.qty);
  const liquidation = {
    account,
    market: vector.market,
    side: vector.side,
    quantityLots: vector.qty,
    limitPriceTicks: vector.price,
  };
  return engine.liquidate(liquidation, VECTOR_NOW_SECONDS);
}

function refuseCollateral(gate: MemoryGate, vector: MatchCase): void {
  const failures = vector.collateralFailures ?? [];
  gate.checks = 0;
  gate.judge = (fill) => {
    const failure = failures.find((candidate) => candidate.check === gate.checks - 1);
    if (failure === undefined) return "ok";
    return accountOf(failure.account) === fill.makerAccount ? "maker-margin" : "taker-margin";
  };
}

function outcome(engine: MatchingEngine, events: BookEvent[], tested: VectorOrder): Outcome {
  const removed = events.filter((event): event is RemovedEvent => event.type === "removed");
  const fills = events.flatMap((event) =>
    event.type === "fill"
      ? [
          {
            taker: idOf(event.takerAccount, event.takerSlot),
            maker: idOf(event.makerAccount, event.makerSlot),
            price: event.priceTicks,
            qty: event.quantityLots,
          },
        ]
      : [],
  );
  const resting = NAMES.flatMap((name) => openOrders(engine.book, accountOf(name)));
  const side = (wanted: string) =>
    resting
      .filter((live) => live.side === wanted)
      .map((live) => ({ id: idOf(live.account, live.slot), remaining: live.remainingLots }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  const rejection = events.find((event) => event.type === "rejected");
  const end = removed.find((event) => !event.rested && idOf(event.account, event.slot) === tested.id);
  return {
    engine,
    events,
    rejected: rejection === undefined ? null : rejection.code,
    end: end?.reason ?? (events.some((event) => event.type === "booked") ? "booked" : null),
    fills,
    filledLots: fills.reduce((sum, fill) => sum + fill.qty, 0),
    bids: side("buy"),
    asks: side("sell"),
    cancelledReduceOnly: removed
      .filter((event) => event.reason === "reduce-only")
      .map((event) => idOf(event.account, event.slot))
      .sort(),
    replaced: removed.filter((event) => event.reason === "replaced").map((event) => idOf(event.account, event.slot)),
  };
}
