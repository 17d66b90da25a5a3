import { type Static, Type } from "typebox";
import {
  Decimal,
  DecimalOrNull,
  Flag,
  Ms,
  nullable,
  oneOf,
  SideField,
  STRICT,
  Text,
  TextOrNull,
  Whole,
  WholeOrNull,
  WireFinality,
} from "./field.ts";
import { WirePage } from "./page.ts";

export const WireTrade = Type.Object(
  {
    tradeId: Whole,
    market: Text,
    price: Decimal,
    size: Decimal,
    takerSide: SideField,
    liquidation: Type.Boolean({ description: "The taker was liquidated." }),
    exit: Type.Boolean({ description: "The taker's position was closed for a forced exit, which is asked for on L1." }),
    atMs: Ms,
    finality: WireFinality,
  },
  STRICT,
);
export type WireTrade = Static<typeof WireTrade>;

export const WireTrades = Type.Object({ trades: Type.Array(WireTrade), page: WirePage }, STRICT);
export type WireTrades = Static<typeof WireTrades>;

export const WireMarket = Type.Object(
  {
    index: Whole,
    symbol: Text,
    status: oneOf(["live", "closed"]),
    tickUsd: Decimal,
    lotBase: Decimal,
    indexPrice: nullable(Decimal, "The epoch's price; null while there is none."),
    markPrice: nullable(
      Decimal,
      "Median of index, middle of the book and last trade, within the band: to look at; margin goes by the index.",
    ),
    lastPrice: DecimalOrNull,
    priceMin: nullable(Decimal, "Sells below and buys above priceMax are refused: no fill outside is provable."),
    priceMax: DecimalOrNull,
    imfPpm: Type.Integer({ description: "Initial margin fraction, open-interest scaling included." }),
    mmfPpm: Whole,
    restricted: Type.Boolean({
      description: "No fresh price: positions only shrink, and who has one here pays nothing out.",
    }),
    retired: Type.Boolean({ description: "Closed for good: positions end at the settlement price." }),
    settlementPrice: DecimalOrNull,
    isolatedOnly: Type.Boolean({
      description: "Positions here are the only ones of their accounts: trade it with isolated margin.",
    }),
    positionCap: Type.String({ description: "A position may not grow beyond this." }),
    priceStep: Type.String({ description: "Prices are multiples of this." }),
    sizeStep: Decimal,
    sizeMin: Decimal,
    sizeMax: Decimal,
    notionalMin: Type.String({
      description: "USD: price · size of an order is at least this, unless it only reduces.",
    }),
    bestBid: DecimalOrNull,
    bestAsk: DecimalOrNull,
    openInterest: Type.String({ description: "Σ|size|: longs and shorts." }),
    openInterestCap: Decimal,
    openOrders: Whole,
  },
  STRICT,
);
export type WireMarket = Static<typeof WireMarket>;

export const WireMarkets = Type.Object(
  {
    chainId: Whole,
    exchange: Text,
    token: TextOrNull,
    domain: Type.String({ description: "Domain of signed messages." }),
    receiptsSigner: {
      ...TextOrNull,
      description: "Address of the key that signs receipts; null where none are given.",
    },
    epoch: Type.Object({ number: Whole, timeSeconds: Whole }, STRICT),
    expiryHorizonSeconds: Whole,
    openOrdersPerAccountMax: Whole,
    rebateCapPpm: Type.Integer({ description: "Largest rebate." }),
    liquidation: Type.Object(
      { feeCapPpm: Whole, spreadPpm: Whole, bankruptcyAdjustmentPpm: Whole, insuranceCap: Decimal },
      STRICT,
    ),
    markets: Type.Array(WireMarket),
  },
  STRICT,
);
export type WireMarkets = Static<typeof WireMarkets>;

const Level = Type.Unsafe<[price: string, size: string, orders: number]>({
  type: "array",
  items: [{ type: "string" }, { type: "string" }, { type: "integer" }],
  minItems: 3,
  maxItems: 3,
});

export const WireOrderbook = Type.Object(
  {
    market: Text,
    seq: Type.Integer({
      description: "Seq of the latest event that this includes: later ones of the stream follow it.",
    }),
    bids: Type.Array(Level),
    asks: Type.Array(Level),
    checksum: Type.Integer({
      description: 'CRC-32 of the best 25 levels a side in ticks and lots, "price:size,…|price:size,…", bids first.',
    }),
    atMs: Ms,
  },
  STRICT,
);
export type WireOrderbook = Static<typeof WireOrderbook>;

export const WireTicker = Type.Object(
  {
    market: Text,
    status: oneOf(["live", "closed"]),
    lastPrice: DecimalOrNull,
    bidPrice: DecimalOrNull,
    bidSize: DecimalOrNull,
    askPrice: DecimalOrNull,
    askSize: DecimalOrNull,
    indexPrice: DecimalOrNull,
    markPrice: DecimalOrNull,
    openPrice: nullable(
      Decimal,
      "First trade of the last 24 hours, to the minute; null without one, as the five that follow.",
    ),
    highPrice: DecimalOrNull,
    lowPrice: DecimalOrNull,
    change: DecimalOrNull,
    changePpm: WholeOrNull,
    volume: Type.String({ description: "Base asset traded in the last 24 hours, each trade once." }),
    quoteVolume: Type.String({ description: "USD." }),
    trades: Whole,
    openInterest: Type.String({ description: "Σ|size|: longs and shorts." }),
    fundingRate8hPpm: nullable(Type.Integer(), "Charged in the next interval if no sample more were taken."),
    chargedRate8hPpm: nullable(Type.Integer(), "Charged in this interval; null before the first."),
    nextFundingSeconds: nullable(Type.Integer(), "When this interval ends and its rate begins to be charged."),
    restricted: Flag,
    atMs: Ms,
  },
  STRICT,
);
export type WireTicker = Static<typeof WireTicker>;

export const WireTickers = Type.Object({ tickers: Type.Array(WireTicker) }, STRICT);
export type WireTickers = Static<typeof WireTickers>;
