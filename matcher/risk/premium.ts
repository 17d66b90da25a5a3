import { PPM } from "../protocol/spec.ts";
import { clampSymmetric } from "./clamp.ts";

/** Prices at which an impact notional could be traded, as lots; 0 for a side that is not deep enough. */
export interface Impact {
  readonly impactBidLots: number;
  readonly impactAskLots: number;
}

/** A premium may reach this many times the gap between initial and maintenance margin (dYdX v4's bound of a premium vote). */
const PREMIUM_CLAMP_FACTOR = 60;

/** Bound of |premium|, ppm. */
export function premiumMaxPpm(imfPpm: number, mmfPpm: number): number {
  return PREMIUM_CLAMP_FACTOR * Math.max(0, imfPpm - mmfPpm);
}

/**
 * (max(0, impactBid − index) − max(0, index − impactAsk)) / index in ppm, rounded toward zero, within ±maxPpm. An impact price is
 * notional / lots, exact as a fraction. A side that is not deep enough says nothing.
 * @throws RangeError for an index below one tick, or a notional below one micro-USD: there is no price then.
 */
export function premiumPpmTowardZero(
  indexTicks: number,
  { impactBidLots, impactAskLots }: Impact,
  impactNotionalMicroUsd: bigint,
  maxPpm: number,
): number {
  if (!Number.isSafeInteger(indexTicks) || indexTicks < 1) throw new RangeError(`an index of ${indexTicks} ticks`);
  if (impactNotionalMicroUsd < 1n) throw new RangeError(`an impact notional of ${impactNotionalMicroUsd} micro-USD`);
  const notional = impactNotionalMicroUsd;
  // Both sides over one denominator: (N/bid − P)⁺/P − (P − N/ask)⁺/P.
  const bidLots = BigInt(impactBidLots === 0 ? 1 : impactBidLots);
  const askLots = BigInt(impactAskLots === 0 ? 1 : impactAskLots);
  const bidValue = BigInt(indexTicks) * bidLots;
  const askValue = BigInt(indexTicks) * askLots;
  const above = impactBidLots > 0 && notional > bidValue ? notional - bidValue : 0n;
  const below = impactAskLots > 0 && notional < askValue ? askValue - notional : 0n;
  const ppm = (BigInt(PPM) * (above * askLots - below * bidLots)) / (bidValue * askLots);
  // At most 10^6 · 2^53 in magnitude: clamped, it is exact again.
  return clampSymmetric(Number(ppm), maxPpm);
}
