import type { Slicing, Trigger } from "./conditional.ts";
import type { WireIceberg, WireTrigger, WireTwap } from "./conditional-wire.ts";
import { type Market, priceTicksFromUsd, quantityLotsFromBase } from "./market.ts";

/**
 * A trigger as the journal has it: one of its three measures, and the one that its kind goes by.
 * @returns null for one that says too little or too much
 * @throws DecimalError for a price or distance off the tick
 */
export function triggerFromWire({ kind, price, distance, distancePpm }: WireTrigger, market: Market): Trigger | null {
  if ([price, distance, distancePpm].filter((value) => value !== undefined).length !== 1) return null;
  if (kind !== "trailing") return price === undefined ? null : { kind, value: priceTicksFromUsd(market, price) };
  if (distancePpm !== undefined) return { kind: "trailingPpm", value: distancePpm };
  return distance === undefined ? null : { kind: "trailingTicks", value: priceTicksFromUsd(market, distance) };
}

/** How an order is cut, or null: whole. @throws DecimalError for a size off the lot */
export function slicingFromWire(
  { iceberg, twap }: { iceberg?: WireIceberg; twap?: WireTwap },
  market: Market,
): Slicing | null {
  if (iceberg !== undefined) {
    return { kind: "iceberg", shownLots: quantityLotsFromBase(market, iceberg.shownSize) };
  }
  if (twap === undefined) return null;
  const { parts, intervalSeconds, startMs = 0, jitterPpm = 0, tolerancePpm = 0 } = twap;
  return { kind: "twap", startMs, parts, intervalSeconds, jitterPpm, tolerancePpm };
}
