import type { OrderMessage } from "../protocol/message.ts";
import { PPM } from "../protocol/spec.ts";

/** Rates of one account tier. A negative maker rate is a rebate. */
export interface FeeTier {
  makerPpm: number;
  takerPpm: number;
}

/** Fee tiers by number; tier 0 is what every account starts with. */
export type FeeSchedule = readonly FeeTier[];

export type FeeRefusal = "fee-above-maximum" | "rebate-above-cap";

/**
 * A schedule is usable when no pair of tiers can trade at a loss to the exchange: the largest rebate is covered by the smallest
 * taker rate. @throws RangeError naming the tiers
 */
export function checkFeeSchedule(schedule: FeeSchedule, rebateCapPpm: number): void {
  if (schedule.length === 0) throw new RangeError("a fee schedule has at least one tier");
  schedule.forEach(({ makerPpm, takerPpm }, tier) => {
    for (const rate of [makerPpm, takerPpm]) {
      if (!Number.isSafeInteger(rate) || Math.abs(rate) >= PPM) throw new RangeError(`tier ${tier}: rate ${rate} ppm`);
      if (rate < -rebateCapPpm) throw new RangeError(`tier ${tier}: a rebate above the cap of ${rebateCapPpm} ppm`);
    }
  });
  const lowestMakerPpm = Math.min(...schedule.map((tier) => tier.makerPpm));
  const lowestTakerPpm = Math.min(...schedule.map((tier) => tier.takerPpm));
  if (lowestMakerPpm + lowestTakerPpm < 0) {
    throw new RangeError(`a rebate of ${-lowestMakerPpm} ppm is not covered by a taker rate of ${lowestTakerPpm} ppm`);
  }
}

/** @throws RangeError for a tier that the schedule does not have */
export function feeTier(schedule: FeeSchedule, tier: number): FeeTier {
  const found = schedule[tier];
  if (found === undefined) throw new RangeError(`no fee tier ${tier}`);
  return found;
}

/** fee = rate · quote: ppm · micro-USD = pico-USD, exact. */
export function feePicoUsd(ratePpm: number, quoteMicroUsd: bigint): bigint {
  return BigInt(ratePpm) * quoteMicroUsd;
}

/** Whether an order may be charged a rate: at most its signed maximum, and no rebate beyond the epoch's cap. */
export function feeRateRefusal(order: OrderMessage, ratePpm: number, rebateCapPpm: number): FeeRefusal | undefined {
  if (ratePpm > order.maxFeePpm) return "fee-above-maximum";
  if (ratePpm < -rebateCapPpm) return "rebate-above-cap";
  return undefined;
}
