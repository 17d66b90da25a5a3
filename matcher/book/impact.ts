import { IMPACT_FRACTION_BITS } from "../protocol/spec.ts";
import { bookSide, reducibleLots, termsMarket, termsReduceOnly, termsSide } from "./order.ts";
import type { OrderBook } from "./order-book.ts";
import { NIL } from "./order-pool.ts";

/** Signed position of an account in a market, lots. */
type PositionLots = (account: number, market: number) => number;

/**
 * The mean price at which a notional could be sold to the bids, in 2^−20 ticks, rounded down; 0 when they are not that deep. Orders
 * count with what they can fill: reduce-only ones up to their account's position, all of an account's together, so that size which
 * nothing stands behind moves no price.
 * @throws RangeError for a notional below one micro-USD
 */
export function impactBidTicksQ20Floor(
  book: OrderBook,
  market: number,
  notionalMicroUsd: bigint,
  positionLots: PositionLots,
): number {
  const price = impactPrice(book, bookSide(market, "buy"), notionalMicroUsd, positionLots);
  return price === null ? 0 : Number(price.dividend / price.divisor);
}

/** The same for buying from the asks, rounded up: both sides are rounded away from a premium. */
export function impactAskTicksQ20Ceil(
  book: OrderBook,
  market: number,
  notionalMicroUsd: bigint,
  positionLots: PositionLots,
): number {
  const price = impactPrice(book, bookSide(market, "sell"), notionalMicroUsd, positionLots);
  return price === null ? 0 : Number((price.dividend + price.divisor - 1n) / price.divisor);
}

/** Notional / lots, exact: of the last order a fraction of a lot may be taken. */
function impactPrice(
  book: OrderBook,
  side: number,
  notionalMicroUsd: bigint,
  positionLots: PositionLots,
): { dividend: bigint; divisor: bigint } | null {
  if (notionalMicroUsd < 1n) throw new RangeError(`an impact notional of ${notionalMicroUsd} micro-USD`);
  const { pool } = book;
  const reducible = new Map<number, number>();
  let restMicroUsd = notionalMicroUsd;
  let lots = 0n;
  for (let node = book.best(side); node !== NIL; node = book.following(node)) {
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
    if (quoteMicroUsd >= restMicroUsd) {
      // lots + rest / price lots for the notional.
      const dividend = (notionalMicroUsd * priceTicks) << BigInt(IMPACT_FRACTION_BITS);
      return { dividend, divisor: lots * priceTicks + restMicroUsd };
    }
    restMicroUsd -= quoteMicroUsd;
    lots += BigInt(orderLots);
  }
  return null;
}
