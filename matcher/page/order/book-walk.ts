import { type Market, priceTicksFromUsd, quantityLotsFromBase } from "../../protocol/market.ts";
import { type PreviewLevel, walkLevels } from "../../risk/preview.ts";
import { meanPriceTicksAgainst } from "../../risk/profit.ts";
import type { OrderTerms } from "../../sdk/order-terms.ts";

/** What of an order would fill at once, and how much worse than the middle of the book. */
export interface BookWalk {
  readonly filledLots: bigint;
  readonly quoteMicroUsd: bigint;
  /** Whole ticks, against the trader. */
  readonly averageTicks: bigint;
  /** Against the middle of the book, rounded up; negative when better. */
  readonly slippagePpmCeil: bigint;
  /** The same in USD. */
  readonly costMicroUsdCeil: bigint;
  /** Price of the last lot. */
  readonly lastTicks: number;
}

const PPM = 1_000_000n;

function divideCeil(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by > 0n ? quotient + 1n : quotient;
}

/**
 * Walks the book.
 * @param middleTwiceTicks best bid plus best ask, so that nothing is rounded
 * @returns null when nothing would fill
 */
export function walkBook(
  levels: readonly PreviewLevel[],
  side: OrderTerms["side"],
  limitPriceTicks: number,
  quantityLots: bigint,
  middleTwiceTicks: number,
): BookWalk | null {
  const { quantityLots: filledLots, quoteMicroUsd } = walkLevels(levels, { side, limitPriceTicks }, quantityLots);
  if (filledLots === 0n) return null;
  const buys = side === "buy";
  const atMiddleTwice = BigInt(middleTwiceTicks) * filledLots;
  const worseTwice = buys ? 2n * quoteMicroUsd - atMiddleTwice : atMiddleTwice - 2n * quoteMicroUsd;
  let left = filledLots;
  let lastTicks = 0;
  for (const level of levels) {
    if (left <= 0n) break;
    lastTicks = level.priceTicks;
    left -= BigInt(level.quantityLots);
  }
  return {
    filledLots,
    quoteMicroUsd,
    averageTicks: meanPriceTicksAgainst(quoteMicroUsd, filledLots, buys),
    slippagePpmCeil: divideCeil(worseTwice * PPM, atMiddleTwice),
    costMicroUsdCeil: divideCeil(worseTwice, 2n),
    lastTicks,
  };
}

/** Of an order as it would be sent. */
export function walkOrder(
  market: Market,
  levels: readonly PreviewLevel[],
  terms: OrderTerms,
  middleTwiceTicks: number,
): BookWalk | null {
  const [ticks, lots] = [priceTicksFromUsd(market, terms.price), quantityLotsFromBase(market, terms.size)];
  return walkBook(levels, terms.side, ticks, BigInt(lots), middleTwiceTicks);
}
