import { reducibleLots, termsMarket, termsReduceOnly, termsSide } from "./order.ts";
import type { OrderBook } from "./order-book.ts";
import { NIL } from "./order-pool.ts";

/**
 * Lots, rounded up at the last order, that a notional trades against one side from its best price on: notional / lots is the impact
 * price, rounded down. 0 when the side is not that deep. Orders count with what they can fill: reduce-only ones up to their account's
 * position, all of an account's together, so that size which nothing stands behind moves no price.
 * @param notionalMicroUsd at least 1
 * @param positionLots signed position of an account in a market
 */
export function impactLotsCeil(
  book: OrderBook,
  bookSide: number,
  notionalMicroUsd: bigint,
  positionLots: (account: number, market: number) => number,
): number {
  const { pool } = book;
  const reducible = new Map<number, number>();
  let restMicroUsd = notionalMicroUsd;
  // A lot costs at least one micro-USD: below a notional of 2^53 there are no more lots than a safe integer holds.
  let lots = 0n;
  for (let node = book.best(bookSide); node !== NIL; node = book.following(node)) {
    let orderLots = pool.remainingLots(node);
    const terms = pool.terms(node);
    if (termsReduceOnly(terms)) {
      const account = pool.account(node);
      const room = reducible.get(account) ?? reducibleLots(positionLots(account, termsMarket(terms)), termsSide(terms));
      orderLots = Math.min(orderLots, room);
      reducible.set(account, room - orderLots);
    }
    const priceTicks = BigInt(pool.priceTicks(node));
    const quoteMicroUsd = priceTicks * BigInt(orderLots);
    if (quoteMicroUsd >= restMicroUsd) return Number(lots + (restMicroUsd + priceTicks - 1n) / priceTicks);
    restMicroUsd -= quoteMicroUsd;
    lots += BigInt(orderLots);
  }
  return 0;
}
