import type { Side, TimeInForce } from "./message.ts";
import type { RejectCode } from "./reject.ts";

/** What goes over the wire about margin (docs/margin.md). USD and shares are exact decimal strings; a share of "0.25" is a quarter. */

export type WireMarginMode = "cross" | "isolated";

/** Margin of an account, at the epoch's (index) prices. */
export interface WireMargin {
  /** Collateral plus positions. */
  equity: string;
  initialMargin: string;
  maintenanceMargin: string;
  /** equity − initialMargin, or 0. */
  freeCollateral: string;
  /** What a withdrawal or transfer may take: the free collateral, or 0 while there is a position in a restricted market. */
  withdrawable: string;
  /** maintenanceMargin / equity, rounded up: above 1 the account is liquidatable. null when equity ≤ 0 with a position. */
  marginRatio: string | null;
  /** Σ |size| · index / equity, rounded up; null likewise. */
  leverage: string | null;
  liquidatable: boolean;
}

/** Where a position stands among those on its side of the market if the other side goes bankrupt: 1 is deleveraged first. */
export interface WireDeleveragingRank {
  position: number;
  holders: number;
  /** 5 for the fifth of the holders who are first, 1 for the last. */
  quintile: number;
}

export interface WirePosition {
  market: string;
  side: "long" | "short";
  mode: WireMarginMode;
  /** Signed. */
  size: string;
  /** The epoch's price, which margin is judged at. */
  indexPrice: string;
  /** What the market says now; margin does not use it. */
  markPrice: string;
  /** At the index price, signed, USD. */
  value: string;
  initialMargin: string;
  maintenanceMargin: string;
  /** |value| / equity of the account, rounded up; null when equity ≤ 0. */
  leverage: string | null;
  /** USD; null when no price would liquidate. */
  liquidationPrice: string | null;
  /** What the position was bought or sold for, USD; null when it is older than what the API remembers. */
  entryValue: string | null;
  /** entryValue a unit, in whole ticks, against the trader. */
  entryPrice: string | null;
  /** Against the mark price. */
  unrealisedPnl: string | null;
  /** null for an account without value: it is to be liquidated itself. */
  deleveragingRank: WireDeleveragingRank | null;
}

export interface WireOwnedPosition extends WirePosition {
  account: number;
  /** The most that the position can cost: the equity of its isolated account. null in a cross account, where positions share. */
  lossLimit: string | null;
}

/** One of an owner's accounts. */
export interface WireOwnedAccount {
  account: number;
  mode: WireMarginMode;
  isolatedMarket: string | null;
  equity: string;
  openOrders: number;
}

/** GET /v1/owners/:address/positions */
export interface WireOwner {
  owner: string;
  epochNumber: number;
  accounts: WireOwnedAccount[];
  /** Over all accounts. */
  positions: WireOwnedPosition[];
}

/** Answer to POST /v1/margin-mode. */
export interface WireMarginModeSet {
  account: number;
  mode: WireMarginMode;
  isolatedMarket: string | null;
}

/** Body of POST /v1/preview: an order without what names, dates and signs it. */
export interface WirePreviewRequest {
  account: number;
  market: string;
  side: Side;
  price: string;
  size: string;
  timeInForce: TimeInForce;
  postOnly: boolean;
  reduceOnly: boolean;
  /** Most it may be charged, as it would be signed. */
  maxFeePpm: number;
}

export interface WireRefusal {
  code: RejectCode;
  message: string;
  remedy: string;
}

/** A fill of a size, and the account after it. */
export interface WireExecution extends WireMargin {
  size: string;
  /** Whole ticks, against the trader. */
  averagePrice: string;
  /** size · average price, USD, exact. */
  quote: string;
  /** How much worse than the mark price the average is, as a share, rounded up; negative when better. */
  slippage: string;
  fee: string;
  /** Position in the market after it, signed. */
  positionSize: string;
  liquidationPrice: string | null;
  /** Why the fill itself would not be valid. */
  refusal: WireRefusal | null;
}

export interface WirePreview {
  account: number;
  market: string;
  mode: WireMarginMode;
  epochNumber: number;
  /** What the matcher would refuse the order with; null when it would take it. */
  refusal: WireRefusal | null;
  /** Most that it would take at this price, fee included. */
  maxSize: string;
  /** In full at the limit: what the matcher judges. */
  atLimit: WireExecution | null;
  /** What would fill at once against the book; null when nothing would. */
  atOnce: WireExecution | null;
  /** What would rest after that. */
  restingSize: string;
}

/** An account that will be liquidated as soon as the book allows. */
export interface WireAtRisk {
  account: number;
  equity: string;
  maintenanceMargin: string;
}

/** GET /v1/insurance */
export interface WireInsurance {
  epochNumber: number;
  /** The fund: collateral of account 0, USD. */
  balance: string;
  /** Paid in this epoch. */
  spent: string;
  /** Most that may be paid in this epoch. */
  cap: string;
  /** What may still be paid in this epoch: what is left of the cap, and no more than the balance. */
  available: string;
}
