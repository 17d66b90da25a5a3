import type { WireFinality } from "./api-wire.ts";
import type { Side } from "./message.ts";

/** What all changes to a position that nobody signed have in common. USD and sizes are exact decimal strings. */
interface WireForced {
  account: number;
  market: string;
  atMs: number;
  finality: WireFinality;
}

/** A part of the position was closed in the book: the account was below maintenance margin. Its fills are under GET /v1/fills. */
export interface WireLiquidated extends WireForced {
  kind: "liquidated";
  /** What the account did: "sell" closed a long. */
  side: Side;
  size: string;
  /** Over all fills. */
  quote: string;
  /** From the account to the insurance fund. */
  fee: string;
  /** From the fund to the account, so that it did not get less than the bankruptcy price. */
  payout: string;
}

/** A part of the position was closed against another account's: one of the two was bankrupt, and the book did not take it. */
export interface WireDeleveraged extends WireForced {
  kind: "deleveraged";
  role: "liquidated" | "counterparty";
  /** The other account. */
  other: number;
  side: Side;
  size: string;
  /** The epoch's. */
  price: string;
  /** Why the book did not take it. */
  reason: "book-empty" | "insurance-exhausted";
  /** The counterparty's place before: 1 is deleveraged first; quintile 5 are the first fifth of the holders. */
  rank: { position: number; holders: number; quintile: number };
  /** Beside size · price, signed: the bankrupt one gets the payout, the counterparty pays what the fund does not. */
  received: string;
  /** The fund's part of the payout. */
  covered: string;
}

/** The market has retired: the position was turned into money at its last price. */
export interface WirePositionSettled extends WireForced {
  kind: "position-settled";
  /** Signed. */
  size: string;
  price: string;
}

/** GET /v1/forced-trades */
export type WireForcedTrade = WireLiquidated | WireDeleveraged | WirePositionSettled;
