import type { BookEvent } from "../book/book-event.ts";
import type { MatchingEngine } from "../book/matching-engine.ts";
import { bookSide } from "../book/order.ts";
import { NIL } from "../book/order-pool.ts";
import type { EpochTerms } from "../risk/epoch-terms.ts";

/** Removes what could no longer be proven at its limit: bids above the band, asks below it, and everything in a market that has retired. */
export function sweepUnprovable({ book, matching }: MatchingEngine, terms: EpochTerms, events: BookEvent[]): void {
  terms.markets.forEach(({ live, retired, priceMinTicks, priceMaxTicks }, market) => {
    if (!live && !retired) return;
    const sweep = (side: number, outside: (priceTicks: bigint) => boolean) => {
      let node = book.best(side);
      while (node !== NIL && (retired || outside(BigInt(book.pool.priceTicks(node))))) {
        matching.remove(node, retired ? "market-retired" : "price-band", events);
        node = book.best(side);
      }
    };
    sweep(bookSide(market, "buy"), (priceTicks) => priceTicks > priceMaxTicks);
    sweep(bookSide(market, "sell"), (priceTicks) => priceTicks < priceMinTicks);
  });
}
