import type { WireMarket } from "../protocol/api-wire.ts";
import { type Market, priceTicksFromUsd, quantityLotsFromBase } from "../protocol/market.ts";
import type { Side } from "../protocol/message.ts";

const PPM = 1_000_000;

export interface LadderTerms {
  /** Levels on each side. */
  levels: number;
  /** Distance of the first level from the middle, and between levels. */
  stepPpm: number;
  /** How far the middle moves against a full position. */
  skewPpm: number;
  /** What a level is worth, micro-USD. */
  levelMicroUsd: number;
  /** Beyond this position, micro-USD at the index, the side that would grow it is left out. */
  positionMaxMicroUsd: number;
}

/** An order that the maker wants to have in the book. */
export interface Quote {
  side: Side;
  level: number;
  priceTicks: number;
  quantityLots: number;
}

/**
 * The quotes around the index, best first on each side: the middle leans against the position, prices stay inside the provable band,
 * sizes stay inside the market's.
 * @param positionLots signed
 */
export function ladder(market: Market, state: WireMarket, terms: LadderTerms, positionLots: number): Quote[] {
  if (state.status !== "live" || state.indexPrice === null || state.priceMin === null || state.priceMax === null)
    return [];
  const indexTicks = priceTicksFromUsd(market, state.indexPrice);
  const minTicks = priceTicksFromUsd(market, state.priceMin);
  const maxTicks = priceTicksFromUsd(market, state.priceMax);
  const sizeMaxLots = quantityLotsFromBase(market, state.sizeMax);
  const fullLots = Math.max(1, terms.positionMaxMicroUsd / indexTicks);
  const lean = Math.max(-1, Math.min(1, positionLots / fullLots));
  const middleTicks = indexTicks * (1 - (lean * terms.skewPpm) / PPM);
  const quantityLots = Math.min(sizeMaxLots, Math.max(1, Math.floor(terms.levelMicroUsd / indexTicks)));
  const quotes: Quote[] = [];
  for (const side of ["buy", "sell"] as const) {
    if (side === "buy" ? positionLots >= fullLots : positionLots <= -fullLots) continue;
    for (let level = 1; level <= terms.levels; level++) {
      // At least one tick a level, so that both sides never meet.
      const offsetTicks = Math.max(level, Math.round((middleTicks * terms.stepPpm * level) / PPM));
      const away = side === "buy" ? -offsetTicks : offsetTicks;
      const priceTicks = Math.max(1, Math.round(middleTicks) + away);
      if (priceTicks < minTicks || priceTicks > maxTicks) continue;
      quotes.push({ side, level, priceTicks, quantityLots });
    }
  }
  return quotes;
}
