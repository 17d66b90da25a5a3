import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import type { Reduction } from "./least-quantity.ts";
import type { Margin } from "./margin.ts";

/**
 * The most lots that can be closed at a price so that the fund can pay in full what the account may not lose (rule 5 of
 * docs/protocol.md §5a): the whole position where the price is at the bankruptcy quote or better. A payout is
 * ⌈q · (|e| · TR_m⁰ − TV⁰ · M) / TR_m⁰⌉, e being what a lot loses against the index price.
 * @param leftPicoUsd what the fund may still pay: the lesser of what is left of its cap and what it holds
 */
export function mostCoveredLots(
  { markets }: EpochTerms,
  { valuePicoUsd, maintenancePicoUsd }: Margin,
  { market, sizeLots, priceTicks }: Reduction,
  leftPicoUsd: bigint,
): bigint {
  const wholeLots = sizeLots < 0n ? -sizeLots : sizeLots;
  const lot = markets[market] as MarketTerms;
  const behindTicks = sizeLots > 0n ? lot.priceTicks - priceTicks : priceTicks - lot.priceTicks;
  // Bits: 52 + 95, 109 + 52.
  const missingSquared = behindTicks * PICO_PER_MICRO * maintenancePicoUsd - valuePicoUsd * lot.lotMaintenancePicoUsd;
  // Without a requirement there is no bankruptcy quote, and nothing to pay.
  if (missingSquared <= 0n || maintenancePicoUsd === 0n) return wholeLots;
  if (leftPicoUsd <= 0n) return 0n;
  const coveredLots = (leftPicoUsd * maintenancePicoUsd) / missingSquared;
  return coveredLots < wholeLots ? coveredLots : wholeLots;
}
