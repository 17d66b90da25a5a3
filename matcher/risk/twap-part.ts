import type { Side } from "../protocol/message.ts";
import { PPM } from "../protocol/spec.ts";

/** What was left over is made up for by parts of at most this many times the even size. */
const CATCH_UP_MAX = 3;

export interface TwapProgress {
  /** Of the whole order. */
  readonly totalLots: number;
  readonly parts: number;
  readonly remainingLots: number;
  /** With this one. */
  readonly remainingParts: number;
  readonly quantityStepLots: number;
}

/** Lots of the next part: an even share of what is left, at most three even shares of the whole, down to the market's step. */
export function twapPartLotsFloor(progress: TwapProgress): number {
  const { totalLots, parts, remainingLots, remainingParts, quantityStepLots } = progress;
  const share = Math.ceil(remainingLots / remainingParts);
  const most = CATCH_UP_MAX * Math.ceil(totalLots / parts);
  const lots = Math.min(share, most, remainingLots);
  return lots - (lots % quantityStepLots);
}

export interface TwapPrice {
  readonly side: Side;
  /** Signed; null: none. */
  readonly limitTicks: number | null;
  readonly priceTicks: number;
  /** 0: none. */
  readonly tolerancePpm: number;
  readonly priceStepTicks: number;
}

/** The worst price of a part: the signed limit, or one that is off the price by the tolerance, whichever is better for the order. */
export function twapWorstTicks({ side, limitTicks, priceTicks, tolerancePpm, priceStepTicks }: TwapPrice): number {
  if (tolerancePpm === 0) return limitTicks ?? priceTicks;
  const step = BigInt(priceStepTicks);
  const whole = BigInt(PPM) * step;
  const price = BigInt(priceTicks);
  const tolerance = BigInt(tolerancePpm);
  // Rounded to the step away from the price: a tolerance below one step still lets the order trade.
  if (side === "sell") {
    const floor = Number(((price * (BigInt(PPM) - tolerance)) / whole) * step);
    return Math.max(limitTicks ?? floor, floor);
  }
  const ceil = Number(((price * (BigInt(PPM) + tolerance) + whole - 1n) / whole) * step);
  return Math.min(limitTicks ?? ceil, ceil);
}
