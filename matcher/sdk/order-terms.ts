import type { SelfTrade, Side, TimeInForce } from "../protocol/message.ts";

/** What a trader wants, in the units that people use. */
export interface OrderTerms {
  /** Symbol. */
  market: string;
  side: Side;
  /** USD, a decimal string on the tick. */
  price: string;
  /** Units of the base asset, a decimal string on the lot. The total, fills included. */
  size: string;
  timeInForce?: TimeInForce;
  postOnly?: boolean;
  reduceOnly?: boolean;
  selfTrade?: SelfTrade;
  /** How long it may live. One day when absent. */
  ttlSeconds?: number;
  /** Most it may be charged. The account's present taker rate when absent. */
  maxFeePpm?: number;
  clientId?: string;
}

/** What names an order while it is live. */
export interface OrderName {
  slot: number;
  sequence: number;
}
