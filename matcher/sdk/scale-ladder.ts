import type { WireMarket } from "../protocol/api-wire.ts";
import {
  baseFromLots,
  type Market,
  priceTicksFromUsd,
  quantityLotsFromBase,
  usdFromPriceTicks,
} from "../protocol/market.ts";
import { PPM } from "../protocol/spec.ts";

export interface LadderTerms {
  /** Of all orders together: a decimal string on the lot. */
  readonly size: string;
  /** Prices of the first and the last order, on the step. */
  readonly from: string;
  readonly to: string;
  readonly orders: number;
  /** Size of the last order by that of the first, ppm: 1,000,000 makes all alike, 3,000,000 the last three times as large. */
  readonly skewPpm?: number;
}

export interface LadderStep {
  readonly price: string;
  readonly size: string;
}

const WHOLE = BigInt(PPM);
/** More would be more than one request. */
export const LADDER_ORDERS_MAX = 50;

/**
 * A ladder of limit orders: prices at even distances, to the nearest step; sizes in a straight line from the first to the last, which add up to
 * the whole exactly, because each is the difference of two rounded sums.
 * @throws DecimalError; RangeError where an order would be smaller than the market's smallest
 */
export function scaleLadder(
  market: Market,
  { priceStep, sizeStep, sizeMin }: Pick<WireMarket, "priceStep" | "sizeStep" | "sizeMin">,
  { size, from, to, orders, skewPpm = PPM }: LadderTerms,
): LadderStep[] {
  if (!Number.isSafeInteger(orders) || orders < 2 || orders > LADDER_ORDERS_MAX) {
    throw new RangeError(`a ladder has 2 to ${LADDER_ORDERS_MAX} orders, not ${orders}`);
  }
  if (!Number.isSafeInteger(skewPpm) || skewPpm < 1) throw new RangeError(`a skew of ${skewPpm} ppm is no ratio`);
  const step = BigInt(priceTicksFromUsd(market, priceStep));
  const lotStep = BigInt(quantityLotsFromBase(market, sizeStep));
  const first = BigInt(priceTicksFromUsd(market, from));
  const last = BigInt(priceTicksFromUsd(market, to));
  const total = BigInt(quantityLotsFromBase(market, size));
  if (total % lotStep !== 0n) throw new RangeError(`${size} is no multiple of ${sizeStep}`);
  const gaps = BigInt(orders - 1);
  // Twice the sums of a line from 1 to the skew, in ppm times gaps: exact integers.
  const sumThrough = (count: bigint) => 2n * count * gaps * WHOLE + count * (count - 1n) * (BigInt(skewPpm) - WHOLE);
  const whole = sumThrough(BigInt(orders));
  const lotsThrough = (count: bigint) => ((total / lotStep) * sumThrough(count)) / whole;
  return Array.from({ length: orders }, (_, at): LadderStep => {
    const place = BigInt(at);
    const lots = (lotsThrough(place + 1n) - lotsThrough(place)) * lotStep;
    if (lots < BigInt(quantityLotsFromBase(market, sizeMin))) {
      throw new RangeError(`order ${at + 1} of the ladder would be smaller than ${sizeMin} ${market.symbol}`);
    }
    const ticks = nearest(first * gaps + (last - first) * place, gaps * step) * step;
    return { price: usdFromPriceTicks(market, ticks), size: baseFromLots(market, lots) };
  });
}

/** a / b to the nearest integer, half upwards. */
function nearest(a: bigint, b: bigint): bigint {
  return (2n * a + b) / (2n * b);
}
