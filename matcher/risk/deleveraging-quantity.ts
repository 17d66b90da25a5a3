import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import { magnitude } from "./magnitude.ts";
import type { Margin } from "./margin.ts";

/** One of the two accounts of a deleveraging. */
export interface DeleveragedSide {
  readonly margin: Margin;
  /** Signed. */
  readonly sizeLots: bigint;
}

/**
 * The most lots of a bankrupt account's position that a counterparty can take at the index price and still meet maintenance margin
 * (rules 9 to 11 of docs/protocol.md §5a); 0 when there are none.
 *
 * q lots entail a payout of ⌈|TV⁰| · q·M / TR_m⁰⌉, of which the fund pays what it has left and the counterparty the rest, while the
 * counterparty's requirement falls by q·M. So with D⁰ = TV − TR_m of the counterparty, q is good when both
 *
 * - D⁰ + q·M ≥ 0, which more lots help, and
 * - D⁰ + left + q·M ≥ |TV⁰| · q·M / TR_m⁰, that is q · M · (|TV⁰| − TR_m⁰) ≤ (D⁰ + left) · TR_m⁰, which bounds them or not at all.
 *
 * @param account TV < 0
 * @param leftPicoUsd what the fund may still pay: the lesser of what is left of its cap and what it holds
 */
export function largestDeleveragingLots(
  { markets }: EpochTerms,
  market: number,
  account: DeleveragedSide,
  counterparty: DeleveragedSide,
  leftPicoUsd: bigint,
): bigint {
  const held = account.sizeLots;
  const against = counterparty.sizeLots;
  if (held === 0n || against === 0n || held > 0n === against > 0n) return 0n;
  const mostLots = lesser(magnitude(held), magnitude(against));
  const lotPicoUsd = (markets[market] as MarketTerms).lotMaintenancePicoUsd;
  const { valuePicoUsd, maintenancePicoUsd } = account.margin;
  const sparePicoUsd = counterparty.margin.valuePicoUsd - counterparty.margin.maintenancePicoUsd;
  // Bits: 52 + 109 for the slope, 109 + 95 for the bound.
  const slope = lotPicoUsd * (-valuePicoUsd - maintenancePicoUsd);
  const bound = (sparePicoUsd + leftPicoUsd) * maintenancePicoUsd;
  let lots = mostLots;
  if (mostLots * slope > bound) {
    if (slope <= 0n || bound < 0n) return 0n;
    lots = bound / slope;
  }
  return sparePicoUsd + lots * lotPicoUsd >= 0n ? lots : 0n;
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
