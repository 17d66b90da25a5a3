import type { BookEvent } from "../../matcher/book/book-event.ts";
import type { BookRules, MarketRules } from "../../matcher/book/book-rules.ts";
import { MatchingEngine } from "../../matcher/book/matching-engine.ts";
import type { BookOrder } from "../../matcher/book/order.ts";
import { MemoryGate } from "./memory-gate.ts";

export const NOW_SECONDS = 1_000;

const OPEN_MARKET: MarketRules = {
  priceStepTicks: 1,
  quantityStepLots: 1,
  quantityMinLots: 1,
  quantityMaxLots: 2 ** 40 - 1,
};

/** Markets 0 to 3 live, without steps. */
export const RULES: BookRules = {
  markets: [OPEN_MARKET, OPEN_MARKET, OPEN_MARKET, OPEN_MARKET, null, null, null, null],
  expiryHorizonSeconds: 1_000_000,
  openOrdersPerAccountMax: 4_096,
};

/** A valid resting buy of account 1 on slot 0 in market 0, with the given fields changed. */
export function order(changes: Partial<BookOrder> = {}): BookOrder {
  return {
    account: 1,
    slot: 0,
    sequence: 1,
    market: 0,
    side: "buy",
    quantityLots: 10,
    limitPriceTicks: 100,
    expirySeconds: NOW_SECONDS + 100,
    timeInForce: "GTT",
    postOnly: false,
    reduceOnly: false,
    selfTrade: "expire-maker",
    keepFilled: false,
    ...changes,
  };
}

export function newEngine(rules: BookRules = RULES): { engine: MatchingEngine; gate: MemoryGate } {
  const gate = new MemoryGate();
  return { engine: new MatchingEngine(gate, rules), gate };
}

/** Events in short, for comparisons that a reader can take in at a glance. */
export function brief(events: readonly BookEvent[]): string[] {
  return events.map((event) => {
    const name = "slot" in event ? `${event.account}/${event.slot}` : "";
    switch (event.type) {
      case "accepted":
        return `accepted ${name}`;
      case "booked":
        return `booked ${name} ${event.remainingLots}@${event.priceTicks}${event.keptPriority ? " in place" : ""}`;
      case "fill":
        return `fill ${event.takerAccount}/${event.takerSlot} ${event.makerAccount}/${event.makerSlot} ${event.quantityLots}@${event.priceTicks}`;
      case "decremented":
        return `decremented ${name} by ${event.decrementLots} to ${event.remainingLots}`;
      case "removed":
        return `removed ${name} ${event.reason} ${event.remainingLots}`;
      case "rejected":
        return `rejected ${event.code}`;
      case "cancel-remembered":
        return `cancel-remembered ${name}#${event.sequence}`;
      case "liquidation-ended":
        return `liquidation-ended ${event.account} filled ${event.filledLots} left ${event.remainingLots} ${event.reason}`;
    }
    throw new Error("unknown event");
  });
}
