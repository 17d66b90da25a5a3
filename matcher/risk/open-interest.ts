import { PPM } from "../protocol/spec.ts";

/** Terms of open-interest scaling; both bounds in micro-USD of one-sided open notional. An upper bound of 0 switches it off. */
export interface OpenInterestScaling {
  baseImfPpm: number;
  lowerCapMicroUsd: bigint;
  upperCapMicroUsd: bigint;
}

/** Open notional from gross open interest. Σ|size| counts both sides and, as sizes sum to zero, is even: the half is exact. */
export function openNotionalMicroUsd(grossOpenInterestLots: bigint, priceTicks: number): bigint {
  return (grossOpenInterestLots * BigInt(priceTicks)) / 2n;
}

/**
 * Initial margin fraction that grows linearly from the base at the lower bound to 100 % at the upper one. Rounded up, against the
 * trader. Evaluated once, when an epoch is opened, on the open interest at that moment.
 * @throws RangeError when the bounds are in the wrong order
 */
export function openInterestScaledImfPpmCeil(scaling: OpenInterestScaling, openNotional: bigint): number {
  const { baseImfPpm, lowerCapMicroUsd, upperCapMicroUsd } = scaling;
  if (upperCapMicroUsd === 0n) return baseImfPpm;
  if (lowerCapMicroUsd < 0n || lowerCapMicroUsd > upperCapMicroUsd) {
    throw new RangeError(`open-interest bounds ${lowerCapMicroUsd} … ${upperCapMicroUsd} are in the wrong order`);
  }
  if (openNotional <= lowerCapMicroUsd) return baseImfPpm;
  if (openNotional >= upperCapMicroUsd) return Math.max(PPM, baseImfPpm);
  const rangePpm = BigInt(Math.max(0, PPM - baseImfPpm));
  const width = upperCapMicroUsd - lowerCapMicroUsd;
  const scaledCeil = (rangePpm * (openNotional - lowerCapMicroUsd) + width - 1n) / width;
  return baseImfPpm + Number(scaledCeil);
}

/** The cap of docs/protocol.md §8: gross open interest ends at or below it, or did not grow. */
export function openInterestAllowed(beforeLots: bigint, afterLots: bigint, capLots: bigint): boolean {
  return afterLots <= capLots || afterLots <= beforeLots;
}
