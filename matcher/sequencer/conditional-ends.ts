import type { CloseReason } from "../book/book-event.ts";
import { NIL } from "../book/order-pool.ts";
import type { ClientOrders } from "./client-orders.ts";
import type { ConditionalEntry } from "./conditional-entry.ts";
import { type GroupLeg, isEnded, type LiveGroup } from "./conditional-group.ts";
import type { ConditionalStore } from "./conditional-store.ts";
import type { ConditionalEvent, ConditionalReason, ConditionalStatus, ExchangeEvent } from "./exchange-event.ts";
import type { TimedCancels } from "./timed-cancels.ts";

/** What ends one order alone: the others of its slot go on. */
const ENDS_ALONE: ReadonlySet<ConditionalReason> = new Set<ConditionalReason>(["expired", "price-band", "other-order"]);
/** What is said of an order in the book in the same words. */
const SAID_OF_THE_BOOK: ReadonlySet<ConditionalReason> = new Set<CloseReason>([
  "market-retired",
  "liquidation",
  "replaced",
]);

export interface EndingParts {
  readonly store: ConditionalStore;
  readonly entry: ConditionalEntry;
  readonly clientOrders: ClientOrders;
  readonly timedCancels: TimedCancels;
}

/** Ends of conditional orders, and what the end of one is for the others of its group. */
export class ConditionalEnds {
  readonly #store: ConditionalStore;
  readonly #entry: ConditionalEntry;
  readonly #clientOrders: ClientOrders;
  readonly #timedCancels: TimedCancels;

  constructor({ store, entry, clientOrders, timedCancels }: EndingParts) {
    this.#store = store;
    this.#entry = entry;
    this.#clientOrders = clientOrders;
    this.#timedCancels = timedCancels;
  }

  /** Ends an order, in the book or not. Does nothing to one that is over. */
  end(
    group: LiveGroup,
    leg: GroupLeg,
    status: ConditionalStatus,
    reason: ConditionalReason,
    events: ExchangeEvent[],
  ): void {
    if (isEnded(leg)) return;
    const { order } = leg.terms;
    const node = leg.status === "active" ? this.#entry.nodeOf(order) : NIL;
    leg.status = status;
    leg.nextPartMs = 0;
    this.#store.setReady(group, leg, false);
    events.push(conditionalEvent(group, leg, reason));
    if (node !== NIL) {
      const said = SAID_OF_THE_BOOK.has(reason) ? (reason as CloseReason) : "cancelled";
      this.#entry.remove(node, said, events);
    }
    // 1. What it is for the others.
    if (status !== "refused" && !ENDS_ALONE.has(reason)) {
      const shared = status === "done" ? "other-order" : reason;
      for (const other of group.on(order.slot)) this.end(group, other, "cancelled", shared, events);
    }
    if (group.isDependent(leg) && (status === "done" || reason === "reduce-only")) this.endEntry(group, events);
    if (group.entry === leg && leg.filledLots === 0) {
      for (const other of group.legs) this.end(group, other, "cancelled", "entry-ended", events);
    }
    // 2. Nothing is left.
    if (!group.isOver || !this.#store.has(group)) return;
    this.#store.drop(group);
    const { account, slot, sequence } = group.first.terms.order;
    this.#clientOrders.closed(account, slot, sequence);
    for (const { terms } of group.legs) this.#timedCancels.closed(account, terms.order.slot, terms.order.sequence);
  }

  /** What depends on the entry is executed, or has nothing to reduce any more: the entry must not fill more. */
  endEntry(group: LiveGroup, events: ExchangeEvent[]): void {
    if (group.entry !== undefined) this.end(group, group.entry, "cancelled", "exit-executed", events);
  }

  endSlot(group: LiveGroup, slot: number, reason: CloseReason, events: ExchangeEvent[]): void {
    for (const leg of group.on(slot)) this.end(group, leg, "cancelled", reason, events);
  }

  endGroup(group: LiveGroup, reason: CloseReason, events: ExchangeEvent[]): void {
    for (const leg of group.legs) this.end(group, leg, "cancelled", reason, events);
  }
}

/** How an order of a group stands now. */
export function conditionalEvent(group: LiveGroup, leg: GroupLeg, reason: ConditionalReason | null): ConditionalEvent {
  const { account, slot, sequence, market } = leg.terms.order;
  const { status, filledLots, index } = leg;
  const place = { account, group: group.number, leg: index, slot, sequence, market };
  return { type: "conditional", ...place, status, reason, filledLots };
}
