import { type Static, Type } from "typebox";
import { CHANNELS, type Channel } from "../stream-channels.ts";
import { Account, MarketSymbol, STRICT } from "./field.ts";
import { CANDLE_RESOLUTIONS, type WireCandleResolution } from "./history.ts";
import { WireCancelAllRequest, WireCancelRequest, WireOrderRequest } from "./order.ts";
import { WireLoginRequest } from "./session.ts";

/** What a client may send over a stream. Each is a JSON text with a type; its answer bears its id. */

const Id = Type.Unsafe<string | number>({
  type: ["string", "integer"],
  maxLength: 64,
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "The client's own name for the request, borne by the answer.",
});

const Resolution = Type.Unsafe<WireCandleResolution>({
  type: "string",
  enum: [...CANDLE_RESOLUTIONS],
  description: "Of candles.",
});

const topicFields = {
  channel: Type.Unsafe<Channel>({ type: "string", enum: [...CHANNELS] }),
  market: Type.Optional(MarketSymbol),
  account: Type.Optional(Account),
  resolution: Type.Optional(Resolution),
};

export const WireSubscribe = Type.Object(
  {
    type: Type.Literal("subscribe"),
    id: Type.Optional(Id),
    ...topicFields,
    fromSequence: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          "Sequence of the last message that was seen of the channel: what was missed since is given, if it is still remembered, else a snapshot with reset.",
      }),
    ),
  },
  STRICT,
);
export type WireSubscribe = Static<typeof WireSubscribe>;

export const WireUnsubscribe = Type.Object(
  { type: Type.Literal("unsubscribe"), id: Type.Optional(Id), ...topicFields },
  STRICT,
);
export type WireUnsubscribe = Static<typeof WireUnsubscribe>;

/** With a signature, which opens a session, … */
export const WireStreamLogin = Type.Object(
  { type: Type.Literal("login"), id: Type.Optional(Id), ...WireLoginRequest.properties },
  STRICT,
);
export type WireStreamLogin = Static<typeof WireStreamLogin>;

/** … or with the token of an open one. */
export const WireTokenLogin = Type.Object(
  { type: Type.Literal("login"), id: Type.Optional(Id), token: Type.String({ minLength: 1, maxLength: 128 }) },
  STRICT,
);
export type WireTokenLogin = Static<typeof WireTokenLogin>;

/** This connection reads nothing more of the account. The session itself stays open. */
export const WireStreamLogout = Type.Object(
  { type: Type.Literal("logout"), id: Type.Optional(Id), account: Account },
  STRICT,
);
export type WireStreamLogout = Static<typeof WireStreamLogout>;

export const WirePing = Type.Object({ type: Type.Literal("ping"), id: Type.Optional(Id) }, STRICT);
export type WirePing = Static<typeof WirePing>;

const NeededId = { ...Id, description: "Names the request; its answer bears it." } as typeof Id;

export const WireStreamPlace = Type.Object(
  { type: Type.Literal("place"), id: NeededId, body: WireOrderRequest },
  { ...STRICT, description: "As POST /v1/orders." },
);
export const WireStreamAmend = Type.Object(
  { type: Type.Literal("amend"), id: NeededId, body: WireOrderRequest },
  { ...STRICT, description: "As POST /v1/amend." },
);
export const WireStreamCancel = Type.Object(
  { type: Type.Literal("cancel"), id: NeededId, body: WireCancelRequest },
  { ...STRICT, description: "As POST /v1/cancel." },
);
export const WireStreamCancelAll = Type.Object(
  { type: Type.Literal("cancel-all"), id: NeededId, body: WireCancelAllRequest },
  { ...STRICT, description: "As POST /v1/cancel-all." },
);
export type WireStreamOrder =
  | Static<typeof WireStreamPlace>
  | Static<typeof WireStreamAmend>
  | Static<typeof WireStreamCancel>
  | Static<typeof WireStreamCancelAll>;

export type WireStreamRequest =
  | WireSubscribe
  | WireUnsubscribe
  | WireStreamLogin
  | WireTokenLogin
  | WireStreamLogout
  | WirePing
  | WireStreamOrder;
