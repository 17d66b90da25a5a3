import { type Static, Type } from "typebox";
import { CHANNELS, type Channel, type StreamTopic } from "../stream-channels.ts";
import { WireError } from "./error.ts";
import { Account, MarketSymbol, Ms, nullable, oneOf, STRICT, Text, Whole } from "./field.ts";
import { WireCancelled, WirePlaced } from "./order.ts";
import type { SnapshotOf, UpdateOf } from "./stream-data.ts";

/** What the exchange sends over a stream, beside the data of channels. */

const Id = Type.Unsafe<string | number | null>({
  type: ["string", "integer", "null"],
  description: "Of the request; null where it bore none.",
});

const topicFields = {
  channel: Type.Unsafe<Channel>({ type: "string", enum: [...CHANNELS] }),
  market: Type.Optional(MarketSymbol),
  account: Type.Optional(Account),
  resolution: Type.Optional(Text),
};

/** First of all, unasked. */
export const WireWelcome = Type.Object(
  {
    type: Type.Literal("welcome"),
    version: Whole,
    atMs: Ms,
    pingIntervalMs: Type.Integer({ description: "The exchange pings this often; who does not answer is gone." }),
    subscriptionsMax: Whole,
    messageBytesMax: Whole,
  },
  STRICT,
);
export type WireWelcome = Static<typeof WireWelcome>;

export const WireSubscribed = Type.Object(
  { type: Type.Literal("subscribed"), id: Id, ...topicFields },
  { ...STRICT, description: "A snapshot follows, or resumed." },
);
export type WireSubscribed = Static<typeof WireSubscribed>;

export const WireUnsubscribed = Type.Object(
  { type: Type.Literal("unsubscribed"), id: Id, ...topicFields },
  { ...STRICT, description: "Nothing more of it follows." },
);
export type WireUnsubscribed = Static<typeof WireUnsubscribed>;

export const WireLoggedIn = Type.Object(
  {
    type: Type.Literal("logged-in"),
    id: Id,
    account: Whole,
    expiresAtMs: Ms,
    token: nullable(Text, "Of the session that the login opened; null for a login with a token."),
  },
  STRICT,
);
export type WireLoggedIn = Static<typeof WireLoggedIn>;

export const WireStreamLoggedOut = Type.Object(
  {
    type: Type.Literal("logged-out"),
    id: Id,
    account: Whole,
    reason: oneOf(["asked", "expired"], "expired: the session has ended. Its subscriptions have ended with it."),
  },
  STRICT,
);
export type WireStreamLoggedOut = Static<typeof WireStreamLoggedOut>;

export const WirePong = Type.Object({ type: Type.Literal("pong"), id: Id, atMs: Ms }, STRICT);
export type WirePong = Static<typeof WirePong>;

export const WireStreamError = Type.Object(
  { type: Type.Literal("error"), id: Id, status: Type.Integer({ description: "As over HTTP." }), error: WireError },
  STRICT,
);
export type WireStreamError = Static<typeof WireStreamError>;

export const WireStreamResult = Type.Object(
  {
    type: Type.Literal("result"),
    id: Id,
    body: Type.Union([WirePlaced, WireCancelled]),
  },
  { ...STRICT, description: "What the same request over HTTP is answered with." },
);
export type WireStreamResult = Static<typeof WireStreamResult>;

export const SEQ_WORDS =
  "Rises by 1 with every message of the subscription; a jump means that one is missing. A snapshot or resumed sets it.";

/** Fields of a snapshot beside its data. */
export const snapshotFields = {
  type: Type.Literal("snapshot"),
  seq: Type.Integer({ description: SEQ_WORDS }),
  reset: Type.Boolean({
    description: "What was missed before it is not given: fromSequence is forgotten, or this reader was too slow.",
  }),
};
export const updateFields = { type: Type.Literal("update"), seq: Type.Integer({ description: SEQ_WORDS }) };
/** In the place of a snapshot: its data is the list of updates that were missed, oldest first. */
export const resumedFields = { type: Type.Literal("resumed"), seq: Type.Integer({ description: SEQ_WORDS }) };

export interface WireSnapshot<C extends Channel = Channel> extends StreamTopic {
  readonly type: "snapshot";
  readonly channel: C;
  readonly seq: number;
  readonly reset: boolean;
  readonly data: SnapshotOf<C>;
}

export interface WireUpdate<C extends Channel = Channel> extends StreamTopic {
  readonly type: "update";
  readonly channel: C;
  readonly seq: number;
  readonly data: UpdateOf<C>;
}

export interface WireResumed<C extends Channel = Channel> extends StreamTopic {
  readonly type: "resumed";
  readonly channel: C;
  readonly seq: number;
  readonly data: readonly UpdateOf<C>[];
}

export type WireStreamMessage =
  | WireWelcome
  | WireSubscribed
  | WireUnsubscribed
  | WireLoggedIn
  | WireStreamLoggedOut
  | WirePong
  | WireStreamError
  | WireStreamResult
  | WireSnapshot
  | WireUpdate
  | WireResumed;
