import { type Static, type TSchema, Type } from "typebox";
import type { Channel } from "../stream-channels.ts";
import { WireAccount } from "./account.ts";
import { WireConditionalOrder } from "./conditional-order.ts";
import { Decimal, Ms, nullable, oneOf, STRICT, Text, Whole } from "./field.ts";
import { WireFundingRate, WireOpenFunding } from "./funding.ts";
import { WireCandle, WireDeposit } from "./history.ts";
import { WireDeleveraged, WireForcedClosed, WireLiquidated, WirePositionSettled } from "./liquidation.ts";
import { WireMarket, WireTicker, WireTrade } from "./market.ts";
import { WireFill, WireOrder } from "./order.ts";
import { WireTransfer, WireWithdrawal } from "./payment.ts";
import { WireBatch } from "./status.ts";

/** What channels carry: the `data` of their snapshots and updates. */

/** Orders at the price: 0 takes the level away. */
const Level = Type.Unsafe<[price: string, size: string, orders: number]>({
  type: "array",
  items: [{ type: "string" }, { type: "string" }, { type: "integer" }],
  minItems: 3,
  maxItems: 3,
  description: 'Price, size, orders. A size of "0" takes the level away.',
});

const bookFields = {
  sequence: Type.Integer({
    description:
      "Of the latest event in it, in the exchange's numbering: the same as seq of GET /v1/orderbook, also after a restart.",
  }),
  bids: Type.Array(Level),
  asks: Type.Array(Level),
  checksum: Type.Integer({
    description:
      'Of the book after it: CRC-32 of the best 25 levels a side in ticks and lots, "price:size,…|price:size,…", bids first, best first.',
  }),
  atMs: Ms,
};

export const WireBookSnapshot = Type.Object(bookFields, {
  ...STRICT,
  description: "Every level of the book, best first.",
});
export type WireBookSnapshot = Static<typeof WireBookSnapshot>;

export const WireBookUpdate = Type.Object(
  {
    previousSequence: Type.Integer({
      description: "The sequence of the message before: if it is another, one is missing.",
    }),
    ...bookFields,
  },
  { ...STRICT, description: "Levels that changed, as they are now." },
);
export type WireBookUpdate = Static<typeof WireBookUpdate>;

export const WireTradeList = Type.Object(
  { trades: Type.Array(WireTrade) },
  { ...STRICT, description: "Oldest first; a snapshot has the latest 50." },
);
export type WireTradeList = Static<typeof WireTradeList>;

export const WireCandleList = Type.Object(
  { candles: Type.Array(WireCandle) },
  {
    ...STRICT,
    description:
      "Oldest first: in a snapshot the newest, if there was a trade yet; in an update those that changed, as they are now.",
  },
);
export type WireCandleList = Static<typeof WireCandleList>;

export const WireFundingState = Type.Object(
  {
    open: nullable(WireOpenFunding, "The interval that takes samples now; null before the first epoch."),
    sealed: nullable(WireFundingRate, "The newest that is complete: its rate is charged now."),
  },
  STRICT,
);
export type WireFundingState = Static<typeof WireFundingState>;

const Epoch = Type.Object({ number: Whole, timeSeconds: Whole }, STRICT);

export const WireMarketStates = Type.Object(
  { epoch: Epoch, markets: Type.Array(WireMarket) },
  { ...STRICT, description: "Every market as the epoch in force has it; sent with each epoch." },
);
export type WireMarketStates = Static<typeof WireMarketStates>;

export const WireExchangeState = Type.Object(
  {
    status: oneOf(["starting", "trading", "backlogged", "halted"]),
    epoch: Epoch,
    steps: Type.Object({ emitted: Whole, proven: Whole }, STRICT),
    lastBatch: nullable(WireBatch, "The newest that was settled on L1: everything up to its last step is final."),
    atMs: Ms,
  },
  STRICT,
);
export type WireExchangeState = Static<typeof WireExchangeState>;

/** All private data is dated with the latest event in it; give it as fromSequence to go on after it. */
const sequence = Type.Integer({
  description: "Of the latest event in it. Give the last one that was seen as fromSequence, to go on after it.",
});

export const WireOrderChanges = Type.Object(
  { sequence, orders: Type.Array(WireOrder) },
  { ...STRICT, description: "Orders that a command changed, as they are after it; in a snapshot every open one." },
);
export type WireOrderChanges = Static<typeof WireOrderChanges>;

export const WireConditionalChanges = Type.Object(
  { sequence, orders: Type.Array(WireConditionalOrder) },
  {
    ...STRICT,
    description:
      "Conditional orders that a command changed, as they are after it; in a snapshot every one that is not over.",
  },
);
export type WireConditionalChanges = Static<typeof WireConditionalChanges>;

export const WireNewFills = Type.Object(
  { sequence, fills: Type.Array(WireFill) },
  { ...STRICT, description: "Oldest first; a snapshot has the latest 50." },
);
export type WireNewFills = Static<typeof WireNewFills>;

export const WireAccountState = Type.Object(
  { sequence, account: WireAccount },
  { ...STRICT, description: "The account with its positions; after changes and with each epoch." },
);
export type WireAccountState = Static<typeof WireAccountState>;

export const WirePayments = Type.Object(
  {
    sequence,
    deposits: Type.Array(WireDeposit),
    withdrawals: Type.Array(WireWithdrawal),
    transfers: Type.Array(WireTransfer),
  },
  {
    ...STRICT,
    description: "Oldest first; a snapshot has the latest 50 of each kind.",
  },
);
export type WirePayments = Static<typeof WirePayments>;

export const WireNewForcedTrades = Type.Object(
  {
    sequence,
    trades: Type.Array(Type.Union([WireLiquidated, WireDeleveraged, WireForcedClosed, WirePositionSettled])),
  },
  {
    ...STRICT,
    description:
      "Liquidations, deleveragings and settled positions: what nobody signed. Oldest first; a snapshot has the latest 50.",
  },
);
export type WireNewForcedTrades = Static<typeof WireNewForcedTrades>;

export const WireFinalityNews = Type.Object(
  {
    provenThroughStep: Whole,
    batch: nullable(WireBatch, "That was settled; in a snapshot the newest, null before the first."),
    fills: Type.Array(Type.Object({ tradeId: Whole, market: Text }, STRICT), {
      description: "Of the account, that this batch proved.",
    }),
    withdrawals: Type.Array(Whole, { description: "Nonces of its withdrawals that this batch proved: claimable now." }),
    exits: Type.Array(Decimal, { description: "What forced exits of it paid by this batch: claimable now." }),
    transfers: Type.Array(Type.Object({ from: Whole, to: Whole, nonce: Whole }, STRICT)),
  },
  STRICT,
);
export type WireFinalityNews = Static<typeof WireFinalityNews>;

/** By channel: what snapshots and updates carry. */
export const CHANNEL_DATA = {
  orderbook: {
    snapshot: WireBookSnapshot,
    update: WireBookUpdate,
    about: "A market's book by price: every level, then changes.",
  },
  trades: { snapshot: WireTradeList, update: WireTradeList, about: "A market's trades." },
  ticker: { snapshot: WireTicker, update: WireTicker, about: "Best prices, last trade and the last day of a market." },
  candles: { snapshot: WireCandleList, update: WireCandleList, about: "The running candle of a market." },
  funding: { snapshot: WireFundingState, update: WireFundingState, about: "A market's funding rate as it forms." },
  markets: { snapshot: WireMarketStates, update: WireMarketStates, about: "What each epoch says of every market." },
  status: { snapshot: WireExchangeState, update: WireExchangeState, about: "Epochs, and what is settled on L1." },
  orders: { snapshot: WireOrderChanges, update: WireOrderChanges, about: "An account's orders." },
  "conditional-orders": {
    snapshot: WireConditionalChanges,
    update: WireConditionalChanges,
    about: "An account's orders that wait for their price, time or entry, or are executed in parts.",
  },
  fills: { snapshot: WireNewFills, update: WireNewFills, about: "An account's fills." },
  account: {
    snapshot: WireAccountState,
    update: WireAccountState,
    about: "An account's collateral, margin and positions.",
  },
  payments: {
    snapshot: WirePayments,
    update: WirePayments,
    about: "An account's deposits, withdrawals and transfers.",
  },
  "forced-trades": {
    snapshot: WireNewForcedTrades,
    update: WireNewForcedTrades,
    about: "Changes to an account's positions that nobody signed.",
  },
  finality: { snapshot: WireFinalityNews, update: WireFinalityNews, about: "What of an account became proven." },
} as const satisfies Record<Channel, { snapshot: TSchema; update: TSchema; about: string }>;

export type SnapshotOf<C extends Channel> = Static<(typeof CHANNEL_DATA)[C]["snapshot"]>;
export type UpdateOf<C extends Channel> = Static<(typeof CHANNEL_DATA)[C]["update"]>;
