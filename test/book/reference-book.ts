import type { BookRules } from "../../matcher/book/book-rules.ts";
import type { BookOrder } from "../../matcher/book/order.ts";
import { orderReject } from "../../matcher/book/order-validity.ts";
import type { MemoryGate } from "./memory-gate.ts";

export interface ReferenceOrder {
  order: BookOrder;
  filled: number;
  remaining: number;
  arrival: number;
}

/**
 * The rules of matching, written for reading: one array, sorted whenever the best order is asked for, and trials made on a
 * copy of everything. The engine must agree with it on every event and on every order left.
 */
export class ReferenceBook {
  live: ReferenceOrder[] = [];
  sequences = new Map<string, number>();
  arrivals = 0;
  log: string[] = [];
  gate: MemoryGate;
  readonly rules: BookRules;

  constructor(gate: MemoryGate, rules: BookRules) {
    this.gate = gate;
    this.rules = rules;
  }

  place(order: BookOrder, now: number): void {
    const name = `${order.account}/${order.slot}`;
    const old = this.live.find(({ order: o }) => o.account === order.account && o.slot === order.slot);
    const kept = this.gate.startingFilledLots(order);
    const code = orderReject(order, this.rules, now) ?? this.refusal(order, old, kept, now);
    if (code !== null) {
      this.log.push(`rejected ${code}`);
      return;
    }
    this.sequences.set(name, order.sequence);
    this.log.push(`accepted ${name}`);
    const o = old?.order;
    const same =
      o !== undefined &&
      order.keepFilled &&
      PLACE_FIELDS.every((field) => o[field] === order[field]) &&
      order.quantityLots - kept <= (old?.remaining ?? 0);
    if (old !== undefined) this.remove(old, "replaced");
    const incoming: ReferenceOrder = { order, filled: kept, remaining: order.quantityLots - kept, arrival: 0 };
    if (incoming.remaining <= 0) {
      this.log.push(`removed ${name} filled 0`);
      return;
    }
    if (same && old !== undefined) {
      this.live.push({ ...incoming, arrival: old.arrival });
      this.log.push(`booked ${name} ${incoming.remaining}@${order.limitPriceTicks} in place`);
      return;
    }
    const stop = this.match(incoming, now, false);
    if (incoming.remaining === 0) this.log.push(`removed ${name} filled 0`);
    else if (stop !== null) this.log.push(`removed ${name} ${stop} ${incoming.remaining}`);
    else if (order.timeInForce !== "GTT") this.log.push(`removed ${name} ioc-remainder ${incoming.remaining}`);
    else {
      this.arrivals += 1;
      this.live.push({ ...incoming, arrival: this.arrivals });
      this.log.push(`booked ${name} ${incoming.remaining}@${order.limitPriceTicks}`);
    }
  }

  liquidate(account: number, market: number, side: "buy" | "sell", lots: number, price: number, now: number): void {
    const order = {
      account,
      slot: -1,
      sequence: 0,
      market,
      side,
      quantityLots: lots,
      limitPriceTicks: price,
    } as BookOrder;
    const taker = {
      order: { ...order, reduceOnly: true, selfTrade: "expire-maker" as const },
      filled: 0,
      remaining: lots,
      arrival: 0,
    };
    const stop = this.match(taker, now, true);
    const reason = taker.remaining === 0 ? null : stop;
    this.log.push(`liquidation-ended ${account} filled ${taker.filled} left ${taker.remaining} ${reason}`);
  }

  cancel(account: number, slot: number, sequence: number | null): void {
    const name = `${account}/${slot}`;
    const old = this.live.find(({ order: o }) => o.account === account && o.slot === slot);
    const last = this.sequences.get(name) ?? 0;
    if (old === undefined && (sequence === null || sequence <= last)) this.log.push("rejected ORDER_NOT_FOUND");
    else if (old !== undefined && sequence !== null && sequence < last) this.log.push("rejected STALE_SEQUENCE");
    else {
      if (old === undefined) this.log.push(`cancel-remembered ${name}#${sequence}`);
      else this.remove(old, "cancelled");
      if (sequence !== null) this.sequences.set(name, sequence);
    }
  }

  cancelAll(account: number, market?: number): void {
    const gone = this.live.filter(
      ({ order: o }) => o.account === account && (market === undefined || o.market === market),
    );
    for (const old of gone.sort((a, b) => a.order.slot - b.order.slot)) this.remove(old, "cancelled");
  }

  expire(now: number): void {
    const gone = this.live.filter(({ order: o }) => o.expirySeconds < now);
    const key = ({ order: o }: ReferenceOrder): number => (o.expirySeconds * 2 ** 9 + o.account) * 2 ** 12 + o.slot;
    for (const old of gone.sort((a, b) => key(a) - key(b))) this.remove(old, "expired");
  }

  positionChanged(account: number, market: number): void {
    const gone = this.live.filter(({ order: o }) => o.account === account && o.market === market && o.reduceOnly);
    const lost = gone.filter(({ order: o }) => this.room(o) === 0);
    const buysFirst = (o: BookOrder): number => (o.side === "buy" ? o.slot : o.slot + 4_096);
    for (const old of lost.sort((a, b) => buysFirst(a.order) - buysFirst(b.order))) this.remove(old, "reduce-only");
  }

  /** One side of a market, best first. */
  side(market: number, side: "buy" | "sell"): ReferenceOrder[] {
    const direction = side === "buy" ? -1 : 1;
    return this.live
      .filter(({ order: o }) => o.market === market && o.side === side)
      .sort((a, b) => direction * (a.order.limitPriceTicks - b.order.limitPriceTicks) || a.arrival - b.arrival);
  }

  private refusal(order: BookOrder, old: ReferenceOrder | undefined, kept: number, now: number): string | null {
    const last = this.sequences.get(`${order.account}/${order.slot}`) ?? 0;
    if (order.sequence === last) return "DUPLICATE_SEQUENCE";
    if (order.sequence < last || order.sequence < this.gate.sequenceFloor(order)) return "STALE_SEQUENCE";
    if (order.keepFilled && old !== undefined && kept !== old.filled) return "KEPT_FILLED_MISMATCH";
    if (order.quantityLots <= kept) return old === undefined ? "ALREADY_FILLED" : null;
    const open = this.live.filter(({ order: o }) => o.account === order.account).length;
    if (old === undefined && order.timeInForce === "GTT" && open >= this.rules.openOrdersPerAccountMax)
      return "OPEN_ORDERS_LIMIT";
    if (order.reduceOnly && this.room(order) === 0) return "REDUCE_ONLY_WOULD_INCREASE";
    const code = this.gate.admit(order, order.quantityLots - kept);
    if (code !== null) return code;
    if (order.timeInForce !== "FOK" && !order.postOnly) return null;
    const trial = this.copy();
    if (old !== undefined) trial.live = trial.live.filter(({ order: o }) => o !== old.order);
    const incoming = { order, filled: kept, remaining: order.quantityLots - kept, arrival: 0 };
    trial.match(incoming, now, false);
    const filled = incoming.filled - kept;
    if (order.postOnly) return filled > 0 ? "POST_ONLY_WOULD_CROSS" : null;
    return filled < order.quantityLots - kept ? "FOK_NOT_FILLABLE" : null;
  }

  private match(taker: ReferenceOrder, now: number, liquidation: boolean): string | null {
    const { order } = taker;
    while (taker.remaining > 0) {
      const maker = this.side(order.market, other(order))[0];
      if (maker === undefined) return null;
      const price = maker.order.limitPriceTicks;
      if (order.side === "buy" ? price > order.limitPriceTicks : price < order.limitPriceTicks) return null;
      if (maker.order.expirySeconds < now) {
        this.remove(maker, "expired");
      } else if (maker.order.account === order.account) {
        if (order.selfTrade === "expire-taker") return "self-trade";
        const lots = order.selfTrade === "decrement" ? Math.min(taker.remaining, maker.remaining) : maker.remaining;
        if (lots === maker.remaining) this.remove(maker, "self-trade");
        else {
          maker.remaining -= lots;
          this.log.push(`decremented ${nameOf(maker.order)} by ${lots} to ${maker.remaining}`);
        }
        if (order.selfTrade === "expire-both") return "self-trade";
        if (order.selfTrade === "decrement") {
          if (lots === taker.remaining) return "self-trade";
          taker.remaining -= lots;
          this.log.push(`decremented ${nameOf(order)} by ${lots} to ${taker.remaining}`);
        }
      } else if (maker.order.reduceOnly && this.room(maker.order) === 0) {
        this.remove(maker, "reduce-only");
      } else if (order.reduceOnly && this.room(order) === 0) {
        return "reduce-only";
      } else {
        const least = liquidation
          ? this.gate.liquidationLots(order.account, order.market, order.side, price)
          : Number.MAX_SAFE_INTEGER;
        if (least === 0) return null;
        const lots = Math.min(taker.remaining, maker.remaining, this.cap(maker.order), this.cap(order), least);
        const fill = this.fill(taker, maker, lots, liquidation);
        const verdict = this.gate.check(fill);
        if (verdict.startsWith("taker")) return verdict;
        if (verdict !== "ok") this.remove(maker, verdict);
        else this.execute(taker, maker, lots, fill);
        if (verdict === "ok" && order.reduceOnly && taker.remaining > 0 && this.room(order) === 0) return "reduce-only";
      }
    }
    return null;
  }

  private execute(
    taker: ReferenceOrder,
    maker: ReferenceOrder,
    lots: number,
    fill: ReturnType<ReferenceBook["fill"]>,
  ): void {
    const accounts = [maker.order.account, taker.order.account];
    const before = accounts.map((account) => Math.sign(this.gate.positionLots(account, fill.market)));
    this.gate.apply(fill);
    for (const side of [taker, maker]) {
      side.remaining -= lots;
      side.filled += lots;
    }
    this.log.push(`fill ${nameOf(taker.order)} ${nameOf(maker.order)} ${lots}@${fill.priceTicks}`);
    if (maker.remaining === 0) this.remove(maker, "filled");
    accounts.forEach((account, i) => {
      if (before[i] === 0 || Math.sign(this.gate.positionLots(account, fill.market)) === before[i]) return;
      const lost = this.live.filter(
        ({ order: o }) => o.account === account && o.market === fill.market && o.reduceOnly,
      );
      for (const old of lost.sort((a, b) => a.order.slot - b.order.slot)) this.remove(old, "reduce-only");
    });
  }

  private fill(taker: ReferenceOrder, maker: ReferenceOrder, quantityLots: number, liquidation: boolean) {
    const t = taker.order;
    const m = maker.order;
    return {
      market: t.market,
      priceTicks: m.limitPriceTicks,
      quantityLots,
      takerSide: t.side,
      makerAccount: m.account,
      makerSlot: m.slot,
      makerSequence: m.sequence,
      makerKeepFilled: m.keepFilled,
      takerAccount: t.account,
      takerSlot: t.slot,
      takerSequence: t.sequence,
      takerKeepFilled: t.keepFilled,
      liquidation,
      exit: false,
    };
  }

  private room(order: BookOrder): number {
    const position = this.gate.positionLots(order.account, order.market);
    return Math.max(0, order.side === "buy" ? -position : position);
  }

  private cap(order: BookOrder): number {
    return order.reduceOnly ? this.room(order) : Number.MAX_SAFE_INTEGER;
  }

  private remove(old: ReferenceOrder, reason: string): void {
    this.live = this.live.filter((candidate) => candidate !== old);
    this.log.push(`removed ${nameOf(old.order)} ${reason} ${old.remaining}`);
  }

  private copy(): ReferenceBook {
    const copy = new ReferenceBook(this.gate.clone(), this.rules);
    copy.live = this.live.map((entry) => ({ ...entry }));
    return copy;
  }
}

/** Fields that an amend must leave alone to keep its place. */
const PLACE_FIELDS = [
  "market",
  "side",
  "limitPriceTicks",
  "timeInForce",
  "postOnly",
  "reduceOnly",
  "selfTrade",
] as const;

function other(order: BookOrder): "buy" | "sell" {
  return order.side === "buy" ? "sell" : "buy";
}

function nameOf(order: BookOrder): string {
  return `${order.account}/${order.slot}`;
}
