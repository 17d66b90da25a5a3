import type { WireIceberg, WireTrigger, WireTwap } from "../protocol/conditional-wire.ts";
import type { OrderTerms } from "./order-terms.ts";

/** An order with its conditions. Its price is what is signed: the worst at which it can be executed. */
export interface ConditionalTerms extends Omit<OrderTerms, "clientId"> {
  trigger?: WireTrigger;
  iceberg?: WireIceberg;
  twap?: WireTwap;
}

/** An exit at a price. It only reduces, and takes what there is, unless it is told otherwise. */
export interface TriggerTerms extends OrderTerms {
  /** USD on the tick: the index price that lets the order in. */
  triggerPrice: string;
}

/** One of the two: USD on the tick, or parts per million of the best price. */
export type TrailingDistance = { distance: string } | { distancePpm: number };

/** Where a bracket closes what its entry has opened. */
export interface BracketTerms {
  entry: ConditionalTerms;
  /** A resting limit at this price. */
  takeProfitPrice?: string;
  stopLoss?: {
    triggerPrice: string;
    /** The worst price at which it may sell, or buy back. */
    worstPrice: string;
  };
  clientId?: string;
}

export interface CloseTerms {
  /** How far beyond the index price it may fill. */
  slippagePpm?: number;
  clientId?: string;
}
