import type { Side } from "../protocol/message.ts";
import { PPM } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import type { Margin } from "./margin.ts";

/** Three rates in ppm are multiplied: adjustment, spread and maintenance fraction. */
const PPM_CUBED = BigInt(PPM) ** 3n;

/**
 * The worst price at which an account may be liquidated, ticks: the least for a sale, the most for a purchase (rule 7 of
 * docs/protocol.md §5a). In the usual words, (PNNV − ABR·SMMR·PMMR) / PS with ABR = clamp(BA · (1 − TNC/TMMR), 0, 1): off the index price
 * by the spread's share of maintenance margin, in proportion to how far below maintenance the account is.
 *
 * Rounded in the account's favour, up for a sale and down for a purchase; exact, since a fill has one price for all its lots. At least one
 * tick.
 * @param side what the account does to its position
 * @param margin of the account as it stands, S₀ of the row
 */
export function fillablePriceTicksSafeSide(
  { markets, liquidation }: EpochTerms,
  { market, side }: { market: number; side: Side },
  { valuePicoUsd, maintenancePicoUsd }: Margin,
): bigint {
  const { priceTicks, maintenancePpm } = markets[market] as MarketTerms;
  if (maintenancePicoUsd === 0n) return priceTicks;
  // X, clamped at both ends: an account at its maintenance margin or above would be closed at the index price.
  const full = BigInt(PPM) * maintenancePicoUsd;
  const short = BigInt(liquidation.bankruptcyAdjustmentPpm) * (maintenancePicoUsd - valuePicoUsd);
  const adjustment = short < 0n ? 0n : short < full ? short : full;
  // Bits: X 115, spread 22, price 32, fraction 20: 189.
  const distanceFloor =
    (adjustment * BigInt(liquidation.spreadPpm) * priceTicks * maintenancePpm) / (PPM_CUBED * maintenancePicoUsd);
  const limit = side === "sell" ? priceTicks - distanceFloor : priceTicks + distanceFloor;
  return limit > 1n ? limit : 1n;
}
