import type { WireCandleResolution } from "./wire/history.ts";

/** What a stream can be of. Names only: nothing here needs a schema at run time, so that clients may load it. */

export const STREAM_PATH = "/v1/stream";
/** Raised when a message changes so that an older client would misread it. */
export const STREAM_VERSION = 1;

/** Of one market. */
export const MARKET_CHANNELS = ["orderbook", "trades", "ticker", "candles", "funding"] as const;
/** Of the exchange. */
export const EXCHANGE_CHANNELS = ["markets", "status"] as const;
/** Of one account, after a login. */
export const ACCOUNT_CHANNELS = [
  "orders",
  "conditional-orders",
  "fills",
  "account",
  "payments",
  "forced-trades",
  "finality",
] as const;

export type MarketChannel = (typeof MARKET_CHANNELS)[number];
export type ExchangeChannel = (typeof EXCHANGE_CHANNELS)[number];
export type AccountChannel = (typeof ACCOUNT_CHANNELS)[number];
export type Channel = MarketChannel | ExchangeChannel | AccountChannel;

export const CHANNELS: readonly Channel[] = [...MARKET_CHANNELS, ...EXCHANGE_CHANNELS, ...ACCOUNT_CHANNELS];

/** Channels of an account whose messages each carry the events' own sequence, so that a client can go on where it stopped. */
export const RESUMABLE_CHANNELS: readonly AccountChannel[] = [
  "orders",
  "conditional-orders",
  "fills",
  "payments",
  "forced-trades",
];

/**
 * Channels whose messages replace or add up to what a snapshot says: a reader that is behind is given a new snapshot instead of what it
 * missed. The others lose nothing: who is too far behind on one of them is disconnected.
 */
export const REPLACEABLE_CHANNELS: readonly Channel[] = [
  "orderbook",
  "ticker",
  "candles",
  "funding",
  "markets",
  "status",
  "account",
];

/** One thing that can be subscribed to. */
export interface StreamTopic {
  readonly channel: Channel;
  readonly market?: string;
  readonly account?: number;
  readonly resolution?: WireCandleResolution;
}

export function isMarketChannel(channel: Channel): channel is MarketChannel {
  return (MARKET_CHANNELS as readonly Channel[]).includes(channel);
}

export function isAccountChannel(channel: Channel): channel is AccountChannel {
  return (ACCOUNT_CHANNELS as readonly Channel[]).includes(channel);
}

/** The same for the same thing. */
export function topicKey({ channel, market, account, resolution }: StreamTopic): string {
  return `${channel}/${market ?? ""}/${account ?? ""}/${resolution ?? ""}`;
}

/** The fields that name a topic, and nothing else. */
export function topicOf({ channel, market, account, resolution }: StreamTopic): StreamTopic {
  return {
    channel,
    ...(market === undefined ? {} : { market }),
    ...(account === undefined ? {} : { account }),
    ...(resolution === undefined ? {} : { resolution }),
  };
}

/** Why the exchange ends a connection, beside what WebSockets themselves know. Closed: a client may rely on it. */
export const STREAM_CLOSES = {
  /** The exchange stops or restarts: come back after a while. */
  goingAway: 1_001,
  /** A message longer than the exchange takes. */
  messageTooLong: 1_009,
  /** It reads too slowly. */
  slowReader: 4_008,
  /** It sent far more messages than it may. */
  tooManyMessages: 4_009,
  /** It tried to log in too often without success. */
  failedLogins: 4_010,
} as const;
