import type { RemovedEvent } from "../book/book-event.ts";
import type { HiddenLots } from "../book/matching.ts";
import type { MatchingEngine } from "../book/matching-engine.ts";
import { NIL } from "../book/order-pool.ts";
import type { ConditionalGroup } from "../protocol/conditional.ts";
import type { RejectCode } from "../protocol/reject.ts";
import type { MarketTerms } from "../risk/epoch-terms.ts";
import { bestTicks, isTriggered } from "../risk/trigger.ts";
import type { Ledger } from "../state/ledger.ts";
import type { ClientOrders } from "./client-orders.ts";
import type { CancelAtCommand, ConditionalCommand } from "./command.ts";
import { ConditionalEnds, conditionalEvent } from "./conditional-ends.ts";
import { ConditionalEntry, PASSING_REFUSALS } from "./conditional-entry.ts";
import { duePart, type GroupLeg, isEnded, LiveGroup, partMs } from "./conditional-group.ts";
import {
  CONDITIONAL_MAX,
  CONDITIONAL_PER_ACCOUNT_MAX,
  type ConditionalParts,
  ENDS_PARTS,
  ENTRIES_PER_COMMAND_MAX,
} from "./conditional-limits.ts";
import { ConditionalStore, type LegPlace } from "./conditional-store.ts";
import { conditionalReject } from "./conditional-validity.ts";
import type { ExchangeEvent } from "./exchange-event.ts";
import type { LedgerGate } from "./ledger-gate.ts";
import { TimedCancels } from "./timed-cancels.ts";

/**
 * Signed orders that wait outside the book until their price, time or entry has come, and orders that are executed in parts. When it is
 * its turn an order goes through the admission and matching of a fresh one, so that whatever is executed is within what was signed.
 * Deterministic: it judges prices of epochs and times of commands, in order of acceptance.
 */
export class ConditionalOrders implements HiddenLots {
  readonly store = new ConditionalStore();
  readonly timedCancels = new TimedCancels();
  readonly #ledger: Ledger;
  readonly #engine: MatchingEngine;
  readonly #gate: LedgerGate;
  readonly #clientOrders: ClientOrders;
  readonly #entry: ConditionalEntry;
  readonly #ends: ConditionalEnds;
  readonly #desk: ConditionalParts["desk"];

  constructor({ ledger, engine, gate, clientOrders, desk }: ConditionalParts) {
    this.#desk = desk;
    this.#ledger = ledger;
    this.#engine = engine;
    this.#gate = gate;
    this.#clientOrders = clientOrders;
    this.#entry = new ConditionalEntry(ledger, engine, gate);
    const { store, timedCancels } = this;
    this.#ends = new ConditionalEnds({ store, entry: this.#entry, clientOrders, timedCancels });
    engine.matching.hidden = this;
  }

  // ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param number of the command */
  place(command: ConditionalCommand, number: number, nowMs: number): ExchangeEvent[] | RejectCode {
    const { account, market } = command.legs[0]?.order ?? { account: -1, market: -1 };
    const group = new LiveGroup(command, { number, placedAtMs: nowMs });
    const code = this.#placeRefusal(command, group);
    if (code !== null) return code;
    // 1. What goes in at once does so first: if it is refused, nothing has changed.
    const events: ExchangeEvent[] = [];
    for (const leg of group.legs) {
      leg.bestTicks = this.#priceTicks(market);
      if (group.isDependent(leg)) leg.status = "dormant";
      if (leg.terms.slicing?.kind === "twap") this.#schedule(group, leg, 0);
    }
    const isAtOnce = ({ status, terms, nextPartMs }: GroupLeg) =>
      status === "waiting" && terms.trigger === null && nextPartMs <= nowMs;
    const atOnce = group.legs.find(isAtOnce);
    if (atOnce !== undefined) {
      atOnce.status = "active";
      const refusal = this.#entry.enter(group, atOnce, 0, false, events);
      if (refusal !== null) return refusal;
      if (atOnce.nextPartMs > 0) this.#schedule(group, atOnce, 1);
    }
    // 2. Its slots are its own from here on.
    for (const { terms } of group.legs) {
      const { slot } = terms.order;
      const before = this.store.on(account, slot);
      if (before !== undefined) this.#ends.endSlot(before, slot, "replaced", events);
      if (!group.entered.has(slot)) this.#entry.reserve(terms.order, events);
    }
    this.store.add(group);
    const { order } = group.first.terms;
    if (command.clientId !== undefined) {
      this.#clientOrders.placed(account, command.clientId, order.slot, order.sequence);
    }
    // Told first: what it fills at once is added to that.
    return [...group.legs.map((leg) => conditionalEvent(group, leg, null)), ...events];
  }

  /** What {@link place} would check before anything that depends on the book; null when nothing is wrong. */
  precheck(command: ConditionalGroup): RejectCode | null {
    const code = conditionalReject(command, this.#engine.rules, this.#ledger.shared.epoch?.timeSeconds ?? 0);
    if (code !== null) return code;
    return command.legs.every(({ order }) => this.#ledger.has(order.account)) ? null : "UNKNOWN_ACCOUNT";
  }

  #placeRefusal(command: ConditionalCommand, group: LiveGroup): RejectCode | null {
    const { clientId } = command;
    const code = this.precheck(command);
    if (code !== null) return code;
    const { account, slot, sequence } = group.first.terms.order;
    if (this.#desk.isLeaving(account)) return "ACCOUNT_LEAVING";
    if (clientId !== undefined && !this.#clientOrders.isFree(account, clientId, slot, sequence)) {
      return "DUPLICATE_CLIENT_ID";
    }
    for (const { terms } of group.legs) {
      const refusal = this.#engine.sequenceRefusal(terms.order) ?? this.#entry.waitingRefusal(terms.order);
      if (refusal !== null) return refusal;
    }
    if (this.store.count(account) >= CONDITIONAL_PER_ACCOUNT_MAX || this.store.size >= CONDITIONAL_MAX)
      return "CONDITIONAL_ORDERS_LIMIT";
    const price = this.#priceTicks(group.market);
    const isMet = group.legs.some(({ index, terms: { trigger, order } }) => {
      return trigger !== null && !(group.hasEntry && index > 0) && isTriggered(trigger, order.side, price, price);
    });
    return isMet ? "TRIGGER_ALREADY_MET" : null;
  }

  /** What the clock has brought. */
  sweep(nowMs: number): ExchangeEvent[] {
    const events: ExchangeEvent[] = [];
    for (const { account, slot, sequence } of this.timedCancels.due(nowMs)) {
      events.push(this.timedCancels.set(account, slot, sequence, null));
      events.push(...this.cancel(account, slot, sequence));
    }
    for (const { group, leg } of this.store.dueParts(nowMs)) this.store.setReady(group, leg, true);
    return events;
  }

  /** Whether a sweep has something to do. @param cancelsAlone orders are not let in now */
  isDue(nowMs: number, cancelsAlone = false): boolean {
    if (this.timedCancels.hasDue(nowMs)) return true;
    return !cancelsAlone && (this.store.hasReady || this.store.hasDuePart(nowMs));
  }

  cancelAt({ account, slot, sequence, atMs }: CancelAtCommand): ExchangeEvent[] | RejectCode {
    if (!this.#ledger.has(account)) return "UNKNOWN_ACCOUNT";
    const node = this.#engine.book.live(account, slot);
    const isLive = node !== NIL && this.#engine.book.pool.sequence(node) === sequence;
    const waits = this.store.on(account, slot)?.liveSequenceOn(slot) === sequence;
    if (!isLive && !waits) return "ORDER_NOT_FOUND";
    return [this.timedCancels.set(account, slot, sequence, atMs === 0 ? null : atMs)];
  }

  /** Takes what is on a slot up to a sequence out, in the book or not. */
  cancel(account: number, slot: number, sequence: number): ExchangeEvent[] {
    const events: ExchangeEvent[] = [];
    const group = this.store.on(account, slot);
    if (group !== undefined && group.sequenceOn(slot) <= sequence) this.#ends.endSlot(group, slot, "cancelled", events);
    const node = this.#engine.book.live(account, slot);
    if (node !== NIL && this.#engine.book.pool.sequence(node) <= sequence) {
      this.#entry.remove(node, "cancelled", events);
    }
    return events;
  }

  /** Takes an account's conditional orders out. @param market null: of all markets */
  cancelAll(account: number, market: number | null): ExchangeEvent[] {
    const events: ExchangeEvent[] = [];
    const groups = this.store.of(account).filter((group) => market === null || group.market === market);
    for (const group of groups) this.#ends.endGroup(group, "cancelled", events);
    return events;
  }

  /** Takes out what bears a sequence below an account's new minimum. */
  cancelBelow(account: number, minSequence: number): ExchangeEvent[] {
    const events: ExchangeEvent[] = [];
    for (const group of this.store.of(account)) {
      const below = group.legs.filter(({ terms }) => terms.order.sequence < minSequence);
      for (const { terms } of below) this.#ends.endSlot(group, terms.order.slot, "cancelled", events);
    }
    return events;
  }

  /** Whether an order of this slot and sequence waits here, or is in the book for one that does. */
  holds(account: number, slot: number, sequence: number): boolean {
    return this.store.on(account, slot)?.sequenceOn(slot) === sequence;
  }

  /** Whether a cancel up to a sequence meets one that is not over. */
  meets(account: number, slot: number, sequence: number): boolean {
    const live = this.store.on(account, slot)?.liveSequenceOn(slot) ?? null;
    return live !== null && live <= sequence;
  }

  /** Judges everything that waits by the epoch in force. */
  judge(): ExchangeEvent[] {
    const events: ExchangeEvent[] = [];
    const { markets, timeSeconds } = this.#ledger.terms;
    for (const group of this.store.groups()) {
      const market = markets[group.market] as MarketTerms;
      if (market.retired) {
        this.#ends.endGroup(group, "market-retired", events);
        continue;
      }
      for (const leg of group.legs) {
        const { order } = leg.terms;
        if (isEnded(leg)) continue;
        const isOut = this.#entry.nodeOf(order) === NIL || leg.status !== "active";
        if (isOut && order.expirySeconds < timeSeconds) this.#ends.end(group, leg, "cancelled", "expired", events);
        else this.#judgeTrigger(group, leg, market, events);
      }
    }
    return events;
  }

  /** The last price of a market that is restricted was judged when it was fresh. */
  #judgeTrigger(group: LiveGroup, leg: GroupLeg, { live, restricted }: MarketTerms, events: ExchangeEvent[]): void {
    const { trigger, order } = leg.terms;
    if (leg.status !== "waiting" || trigger === null || !live || restricted) return;
    const price = this.#priceTicks(order.market);
    leg.bestTicks = bestTicks(order.side, leg.bestTicks, price);
    if (!isTriggered(trigger, order.side, leg.bestTicks, price)) return;
    leg.status = "triggered";
    this.store.setReady(group, leg, true);
    events.push(conditionalEvent(group, leg, null));
  }

  // ── What follows from a command ──────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Draws the consequences of a command's events, and of their own, in order; lets in what is ready, a bounded number of orders.
   * @param events of the command: what follows is appended
   */
  follow(events: ExchangeEvent[], nowMs: number): ExchangeEvent[] {
    if (this.store.size === 0 && this.timedCancels.size === 0) return events;
    let heard = 0;
    for (let entries = 0; ; entries++) {
      for (; heard < events.length; heard++) this.#hear(events[heard] as ExchangeEvent, events);
      const next = entries < ENTRIES_PER_COMMAND_MAX ? this.store.firstReady() : undefined;
      if (next === undefined) return events;
      this.#letIn(next, nowMs, events);
    }
  }

  #hear(event: ExchangeEvent, events: ExchangeEvent[]): void {
    switch (event.type) {
      case "fill":
        this.#heardFill(event.makerAccount, event.makerSlot, event.makerSequence, event.quantityLots, events);
        if (!event.liquidation) {
          this.#heardFill(event.takerAccount, event.takerSlot, event.takerSequence, event.quantityLots, events);
        }
        return;
      case "decremented": {
        const leg = this.#active(event.account, event.slot, event.sequence)?.leg;
        if (leg !== undefined) leg.takenOffLots += event.decrementLots;
        return;
      }
      case "removed":
        if (event.reason === "part-filled") return;
        if (!this.#entry.isAskedFor(event)) this.#heardRemoved(event, events);
        if (!this.holds(event.account, event.slot, event.sequence)) {
          this.timedCancels.closed(event.account, event.slot, event.sequence);
        }
        return;
      case "accepted": {
        const group = this.store.on(event.account, event.slot);
        if (group === undefined || group.sequenceOn(event.slot) >= event.sequence) return;
        this.#ends.endSlot(group, event.slot, "replaced", events);
        return;
      }
      case "cancelled":
        events.push(...this.cancel(event.account, event.slot, event.sequence));
        return;
      case "cancelled-all":
        events.push(...this.cancelBelow(event.account, event.minSequence));
        return;
      case "request-waits":
      case "request-served":
        // Who leaves has no orders, and what an old key signed is void with it.
        if (event.request === "forcedExit" || event.request === "keyRotation") {
          events.push(...this.cancelAll(event.account, null));
        } else if (event.type === "request-served" && event.request === "cancelAll") {
          events.push(...this.cancelBelow(event.account, event.minSequence));
        }
        return;
      case "liquidated":
      case "deleveraged":
      case "forced-closed":
        if (event.type !== "liquidated" && event.role === "counterparty") return;
        for (const group of this.store.of(event.account)) this.#ends.endGroup(group, "liquidation", events);
        return;
      default:
        return;
    }
  }

  #heardFill(account: number, slot: number, sequence: number, lots: number, events: ExchangeEvent[]): void {
    const found = this.#active(account, slot, sequence);
    if (found === undefined) return;
    const { group, leg } = found;
    leg.filledLots += lots;
    if (!group.hasEntry) return;
    if (group.isDependent(leg)) {
      this.#ends.endEntry(group, events);
      return;
    }
    const price = this.#priceTicks(group.market);
    for (const dependent of group.legs.slice(1)) {
      const { trigger, order } = dependent.terms;
      if (dependent.status === "dormant") {
        dependent.status = "waiting";
        dependent.bestTicks = price;
        if (trigger !== null && isTriggered(trigger, order.side, price, price)) dependent.status = "triggered";
        events.push(conditionalEvent(group, dependent, null));
      }
      // What rests grows with the entry; what waits for a price finds out when its turn comes.
      if (!isEnded(dependent) && (trigger === null || dependent.status === "triggered")) {
        this.store.setReady(group, dependent, true);
      }
    }
  }

  #heardRemoved({ account, slot, sequence, reason }: RemovedEvent, events: ExchangeEvent[]): void {
    const found = this.#active(account, slot, sequence);
    if (found === undefined) return;
    const { group, leg } = found;
    const leftLots = this.#entry.leftLots(group, leg);
    if (leg.terms.slicing?.kind === "twap" && !ENDS_PARTS.has(reason)) {
      if (leftLots > 0 && leg.nextPartMs > 0) return;
    } else if (reason === "filled" && leftLots > 0) {
      // Its entry has filled more since: it goes on with that.
      this.store.setReady(group, leg, true);
      return;
    }
    const status = reason === "filled" || reason === "ioc-remainder" ? "done" : "cancelled";
    this.#ends.end(group, leg, status, reason === "filled" && leftLots > 0 ? "ioc-remainder" : reason, events);
  }

  #letIn({ group, leg }: LegPlace, nowMs: number, events: ExchangeEvent[]): void {
    const { order, slicing, trigger } = leg.terms;
    this.store.setReady(group, leg, false);
    // 1. One order of a slot is in the book at a time, and when its turn has come the other one is over.
    for (const other of group.on(order.slot)) {
      if (other !== leg && other.status === "active") this.#ends.end(group, other, "cancelled", "other-order", events);
    }
    if (group.isDependent(leg) && trigger !== null) this.#ends.endEntry(group, events);
    const own = this.#entry.nodeOf(order);
    if (own !== NIL) {
      leg.status = "triggered";
      this.#entry.remove(own, "replaced", events);
    }
    // 2. In.
    let part = 0;
    if (slicing?.kind === "twap") {
      const startMs = Math.max(slicing.startMs, group.placedAtMs);
      part = duePart(leg.terms, slicing, startMs, leg.nextPart, nowMs);
      this.#schedule(group, leg, part + 1);
    }
    const before = leg.status;
    const told = events.length;
    leg.status = "active";
    const code = this.#entry.enter(group, leg, part, true, events);
    if (code === null) {
      if (before !== "active") events.splice(told, 0, conditionalEvent(group, leg, null));
    } else if (slicing?.kind === "twap" && PASSING_REFUSALS.has(code) && leg.nextPartMs > 0) {
      events.push(conditionalEvent(group, leg, code));
    } else this.#ends.end(group, leg, code === "ALREADY_FILLED" ? "done" : "refused", code, events);
  }

  // ── Hidden lots ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  nextShownLots(account: number, slot: number, sequence: number): number {
    if (this.store.size === 0) return 0;
    const found = this.#active(account, slot, sequence);
    if (found?.leg.terms.slicing?.kind !== "iceberg") return 0;
    return Math.min(found.leg.terms.slicing.shownLots, Math.max(0, this.#entry.leftLots(found.group, found.leg)));
  }

  shown(account: number, slot: number): void {
    const order = this.store.on(account, slot)?.first.terms.order;
    if (order !== undefined) this.#gate.keep(order);
  }

  // ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #active(account: number, slot: number, sequence: number): LegPlace | undefined {
    const group = this.store.on(account, slot);
    const leg = group?.on(slot).find(({ status, terms }) => status === "active" && terms.order.sequence === sequence);
    return group === undefined || leg === undefined ? undefined : { group, leg };
  }

  #priceTicks(market: number): number {
    return Number(this.#ledger.terms.markets[market]?.priceTicks ?? 0n);
  }

  #schedule(group: LiveGroup, leg: GroupLeg, part: number): void {
    const { slicing } = leg.terms;
    if (slicing?.kind !== "twap") return;
    leg.nextPart = part;
    const startMs = Math.max(slicing.startMs, group.placedAtMs);
    leg.nextPartMs = part < slicing.parts ? partMs(leg.terms, slicing, startMs, part) : 0;
  }
}
