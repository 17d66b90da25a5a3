import { baseFromLots, type Market } from "../../protocol/market.ts";
import { rounded } from "../show/decimal-text.ts";

/** Places that sizes of a market are shown with in lists: enough for what is traded, and no more than can be read at a glance. */
export function sizePlaces({ lotDecimals }: Market): number {
  return Math.min(lotDecimals, 4);
}

export function lotsText(market: Market, lots: number | bigint): string {
  return rounded(baseFromLots(market, lots), sizePlaces(market));
}
