import { clampSymmetric } from "./clamp.ts";

/** A rate that is charged for some time: ppm of the price in eight hours, signed; positive when longs pay. */
export interface ChargedRate {
  readonly rate8hPpm: number;
  readonly seconds: number;
}

const SECONDS_IN_8_HOURS = 28_800n;
const HOURS_8 = 8;

/** The rate that is charged: no more than the contract's bound, which is given per hour. */
export function chargedRate8hPpm(rate8hPpm: number, rateMaxPpmPerHour: number): number {
  return clampSymmetric(rate8hPpm, HOURS_8 * rateMaxPpmPerHour);
}

/**
 * What an epoch adds to a market's funding index: price · Σ rate · seconds / 28,800 s, pico-USD per lot, all products before the one
 * division, rounded toward zero: the least that is owed. With rates within {@link chargedRate8hPpm}, |result| · 3,600 is at most
 * rateMaxPpmPerHour · price · Σ seconds, the bound of `Exchange.openEpoch`, exactly.
 */
export function fundingDeltaPicoUsdTowardZero(priceTicks: number, rates: readonly ChargedRate[]): bigint {
  const ppmSeconds = rates.reduce((sum, { rate8hPpm, seconds }) => sum + BigInt(rate8hPpm) * BigInt(seconds), 0n);
  return (BigInt(priceTicks) * ppmSeconds) / SECONDS_IN_8_HOURS;
}
