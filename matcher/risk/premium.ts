import { IMPACT_FRACTION_BITS, PPM } from "../protocol/spec.ts";
import { clampSymmetric } from "./clamp.ts";

/** Mean prices at which an impact notional could be traded, in 2^−20 ticks; 0 for a side that is not deep enough. */
export interface Impact {
  readonly impactBidTicksQ20: number;
  readonly impactAskTicksQ20: number;
}

/** A premium may reach this many times the gap between initial and maintenance margin (dYdX v4's bound of a premium vote). */
const PREMIUM_CLAMP_FACTOR = 60;

/** Bound of |premium|, ppm. */
export function premiumMaxPpm(imfPpm: number, mmfPpm: number): number {
  return PREMIUM_CLAMP_FACTOR * Math.max(0, imfPpm - mmfPpm);
}

/**
 * (max(0, impactBid − index) − max(0, index − impactAsk)) / index in ppm, rounded toward zero, within ±maxPpm. A side that is not deep
 * enough says nothing.
 * @throws RangeError for an index below one tick: nothing can be compared with it
 */
export function premiumPpmTowardZero(
  indexTicks: number,
  { impactBidTicksQ20, impactAskTicksQ20 }: Impact,
  maxPpm: number,
): number {
  if (!Number.isSafeInteger(indexTicks) || indexTicks < 1) throw new RangeError(`an index of ${indexTicks} ticks`);
  // Ticks have 32 bits: 52 with the fraction, 72 as ppm.
  const index = BigInt(indexTicks) << BigInt(IMPACT_FRACTION_BITS);
  const bid = BigInt(impactBidTicksQ20);
  const ask = BigInt(impactAskTicksQ20);
  const above = bid > index ? bid - index : 0n;
  const below = ask !== 0n && ask < index ? index - ask : 0n;
  // Clamped, it is exact as a number again.
  return clampSymmetric(Number((BigInt(PPM) * (above - below)) / index), maxPpm);
}
