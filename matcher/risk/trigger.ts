import type { Trigger } from "../protocol/conditional.ts";
import type { Side } from "../protocol/message.ts";
import { PPM } from "../protocol/spec.ts";

const WHOLE_PPM = BigInt(PPM);

/** A price in ticks that need not be whole: a / b. */
export interface PriceFraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * Whether a price has reached a trigger's. A take-profit that buys and a stop that sells wait for prices at or below it, a take-profit that
 * sells and a stop that buys for prices at or above it. Between two ticks the price counts as the one farther away from the trigger.
 */
export function isReached(
  { kind, side, triggerTicks }: { kind: "stop" | "takeProfit"; side: Side; triggerTicks: number },
  { numerator, denominator }: PriceFraction,
): boolean {
  const down = (kind === "stop") === (side === "sell");
  const trigger = BigInt(triggerTicks);
  const floor = numerator / denominator;
  if (!down) return floor >= trigger;
  return (floor * denominator === numerator ? floor : floor + 1n) <= trigger;
}

/** Where a trigger stands: for one that trails, by the best price so far, rounded so that it is reached later. */
export function triggerTicksLater({ kind, value }: Trigger, side: Side, bestTicks: number): number {
  switch (kind) {
    case "stop":
    case "takeProfit":
      return value;
    case "trailingTicks":
      return side === "sell" ? Math.max(bestTicks - value, 0) : bestTicks + value;
    case "trailingPpm": {
      const best = BigInt(bestTicks);
      const ppm = BigInt(value);
      if (side === "sell") return Number((best * (WHOLE_PPM - ppm)) / WHOLE_PPM);
      return Number((best * (WHOLE_PPM + ppm) + WHOLE_PPM - 1n) / WHOLE_PPM);
    }
  }
}

/** The best price for one that trails, with a new price: the highest for a sale, the lowest for a purchase. */
export function bestTicks(side: Side, bestSoFarTicks: number, priceTicks: number): number {
  return side === "sell" ? Math.max(bestSoFarTicks, priceTicks) : Math.min(bestSoFarTicks, priceTicks);
}

/** Whether an order is to be let in at a price. @param bestSoFarTicks with this price in it */
export function isTriggered(trigger: Trigger, side: Side, bestSoFarTicks: number, priceTicks: number): boolean {
  const kind = trigger.kind === "takeProfit" ? "takeProfit" : "stop";
  const triggerTicks = triggerTicksLater(trigger, side, bestSoFarTicks);
  return isReached({ kind, side, triggerTicks }, { numerator: BigInt(priceTicks), denominator: 1n });
}
