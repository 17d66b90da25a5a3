import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import type { Margin } from "./margin.ts";

/** A position that is to be reduced, and what a lot of it fetches or costs. */
export interface Reduction {
  readonly market: number;
  /** Signed. */
  readonly sizeLots: bigint;
  readonly priceTicks: bigint;
}

/**
 * The least lots after which an account below its maintenance margin meets it again (rule 8 of docs/protocol.md §5a), all at one price and
 * with the fee that the fund takes: the cap's share of the quote, or what lies above the bankruptcy quote if that is less. The whole
 * position if no part of it is enough.
 *
 * With D = TV − TR_m, M a lot's maintenance and e what a lot gains against the index price, a lot adds M + e − fee to D. As long as the
 * cap bounds the fee, D is linear and the answer is a quotient. If what lies above the bankruptcy quote bounds it, or there is nothing above
 * it and the fund pays, TV / TR_m stays where it is but for the rounding, and D = ⌈D⁰ · (1 − q·M / TR_m⁰)⌉ reaches zero only with the last
 * lots. For a given price it is one or the other whatever the lots: both bounds are proportional to them.
 * @param margin of the account as it stands, TV < TR_m
 * @throws RangeError for an account that meets maintenance, or no position
 */
export function leastRestoringLots(
  { markets, liquidation }: EpochTerms,
  { valuePicoUsd, maintenancePicoUsd }: Margin,
  { market, sizeLots, priceTicks }: Reduction,
): bigint {
  const missingPicoUsd = maintenancePicoUsd - valuePicoUsd;
  if (missingPicoUsd <= 0n) throw new RangeError("the account meets maintenance margin");
  if (sizeLots === 0n) throw new RangeError(`no position in market ${market}`);
  const wholeLots = sizeLots < 0n ? -sizeLots : sizeLots;
  const lot = markets[market] as MarketTerms;
  const aheadTicks = sizeLots > 0n ? priceTicks - lot.priceTicks : lot.priceTicks - priceTicks;
  const gainPicoUsd = aheadTicks * PICO_PER_MICRO;
  const feeMaxPicoUsd = BigInt(liquidation.feeCapPpm) * priceTicks;
  // Above the bankruptcy quote, a lot: gain + TV⁰ · M / TR_m⁰. Bits: 109 + 52.
  const abovePicoUsdSquared = gainPicoUsd * maintenancePicoUsd + valuePicoUsd * lot.lotMaintenancePicoUsd;
  const least =
    feeMaxPicoUsd * maintenancePicoUsd <= abovePicoUsdSquared
      ? linearLots(missingPicoUsd, lot.lotMaintenancePicoUsd + gainPicoUsd - feeMaxPicoUsd)
      : lastLots(missingPicoUsd, lot.lotMaintenancePicoUsd, maintenancePicoUsd);
  return least !== undefined && least < wholeLots ? least : wholeLots;
}

/** Least q with q · step ≥ missing, or undefined. */
function linearLots(missingPicoUsd: bigint, stepPicoUsd: bigint): bigint | undefined {
  return stepPicoUsd > 0n ? (missingPicoUsd + stepPicoUsd - 1n) / stepPicoUsd : undefined;
}

/** Least q with missing · (TR_m⁰ − q·M) < TR_m⁰, which is where ⌈D⌉ becomes zero, or undefined. */
function lastLots(missingPicoUsd: bigint, lotPicoUsd: bigint, maintenancePicoUsd: bigint): bigint | undefined {
  if (lotPicoUsd === 0n) return undefined;
  return ((missingPicoUsd - 1n) * maintenancePicoUsd) / (missingPicoUsd * lotPicoUsd) + 1n;
}
