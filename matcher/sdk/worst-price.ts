import type { WireMarket } from "../protocol/api-wire.ts";
import { type Market, priceTicksFromUsd, usdFromPriceTicks } from "../protocol/market.ts";
import type { Side } from "../protocol/message.ts";
import { PPM } from "../protocol/spec.ts";

/**
 * The worst price for an order that takes what there is: so far beyond the index price, rounded to the step towards it, and inside what can be
 * proven in this epoch. @throws RangeError for a market without a price
 */
export function worstPriceUsd(
  market: Market,
  { indexPrice, priceStep, priceMin, priceMax }: Pick<WireMarket, "indexPrice" | "priceStep" | "priceMin" | "priceMax">,
  side: Side,
  slippagePpm: number,
): string {
  if (indexPrice === null) throw new RangeError(`${market.symbol} has no price yet`);
  const ticksOf = (usd: string) => BigInt(priceTicksFromUsd(market, usd));
  const index = ticksOf(indexPrice);
  const step = ticksOf(priceStep);
  const room = (index * BigInt(slippagePpm)) / BigInt(PPM);
  if (side === "buy") {
    const worst = ((index + room) / step) * step;
    return priceMax !== null && worst > ticksOf(priceMax) ? priceMax : usdFromPriceTicks(market, worst);
  }
  const worst = ((index - room + step - 1n) / step) * step;
  return priceMin !== null && worst < ticksOf(priceMin) ? priceMin : usdFromPriceTicks(market, worst);
}
