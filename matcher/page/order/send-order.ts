import type { WirePlaced } from "../../protocol/api-wire.ts";
import type { OrderTerms } from "../../sdk/order-terms.ts";
import type { MarketFeed } from "../exchange/market-feed.ts";
import type { Desk } from "../frame/desk.ts";
import { full } from "../show/decimal-text.ts";
import type { Trading } from "../wallet/wallet-desk.ts";

/**
 * Sends an order, and remembers where the market was then.
 * @returns title and text of what became of it
 * @throws what the client throws
 */
export async function sendOrder(
  desk: Desk,
  { client, feed: account }: Trading,
  { book }: MarketFeed,
  terms: OrderTerms,
): Promise<[string, string]> {
  const [bid, ask] = [book.bestBid?.priceTicks, book.bestAsk?.priceTicks];
  const arrivedMs = desk.link.nowMs();
  const placed = await client.place(terms);
  account.takeOrders([placed.order]);
  if (bid !== undefined && ask !== undefined) {
    desk.arrivals.note(`${client.account}/${placed.order.id}`, { middleTwiceTicks: bid + ask, atMs: arrivedMs });
  }
  return outcome(terms, placed);
}

function outcome({ side, size, market }: OrderTerms, { order }: WirePlaced): [string, string] {
  const what = `${side === "buy" ? "Buy" : "Sell"} ${full(size)} ${market}`;
  if (order.status === "open") {
    const part =
      order.filledSize === "0" ? "It rests in the book." : `${full(order.filledSize)} filled; the rest rests.`;
    return [what, part];
  }
  if (order.remainingSize === "0") return [what, "Filled."];
  return [what, `${full(order.filledSize)} filled; the rest was not (${order.reason ?? "closed"}).`];
}
