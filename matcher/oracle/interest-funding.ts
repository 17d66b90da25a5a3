import { MARKETS } from "../protocol/spec.ts";

const SECONDS_PER_HOUR = 3_600n;

/**
 * The interest part of funding: longs pay shorts a fixed rate of the price, as perpetuals do while the premium is zero. The
 * premium, which needs samples of the book, is not charged by this version.
 *
 * @param ratePpmPerHour parts per million of the price per hour.
 * @returns pico-USD per lot and market, rounded toward zero: the least that is owed.
 */
export function interestFundingPicoUsd(
  ratePpmPerHour: number,
  pricesTicks: readonly number[],
  elapsedSeconds: number,
): bigint[] {
  return Array.from({ length: MARKETS }, (_, market) => {
    const priceTicks = BigInt(pricesTicks[market] ?? 0);
    return (priceTicks * BigInt(ratePpmPerHour) * BigInt(elapsedSeconds)) / SECONDS_PER_HOUR;
  });
}
