import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import { floorDivide } from "./floor-divide.ts";
import { marginOf, type Position } from "./margin.ts";

/**
 * The last price of a market at which the account still meets maintenance margin, all other prices unchanged:
 * p = (equity − s·p₀ − MMR_other) / (|s|·MMF − s).
 *
 * Rounded to the safe side: up for a long, down for a short. One tick further the account is liquidatable; at the price itself
 * it is not. A short that no price can save gives 0, which is below every price.
 * @returns undefined when there is no position, or no price at which it would be liquidatable
 */
export function liquidationPriceTicksSafeSide(
  terms: EpochTerms,
  position: Position,
  market: number,
): bigint | undefined {
  const size = position.sizesLots[market] as bigint;
  if (size === 0n) return undefined;
  const { lotValuePicoUsd, lotMaintenancePicoUsd, maintenancePpm } = terms.markets[market] as MarketTerms;
  const magnitude = size < 0n ? -size : size;
  const { valuePicoUsd, maintenancePicoUsd } = marginOf(terms, position);
  const fixedPicoUsd = valuePicoUsd - size * lotValuePicoUsd - (maintenancePicoUsd - magnitude * lotMaintenancePicoUsd);
  // TV − TR_m = fixed + slope · p
  const slopePicoUsd = size * PICO_PER_MICRO - magnitude * maintenancePpm;
  if (slopePicoUsd > 0n) {
    const priceCeil = -floorDivide(fixedPicoUsd, slopePicoUsd);
    return priceCeil > 0n ? priceCeil : undefined;
  }
  // With MMF ≥ 100 % a long loses by every rise, or by nothing: only the first has a price, and it is found as for a short.
  if (slopePicoUsd === 0n) return undefined;
  const priceFloor = floorDivide(fixedPicoUsd, -slopePicoUsd);
  return priceFloor > 0n ? priceFloor : 0n;
}
