import { type TSchema, Type } from "typebox";
import {
  CHANNELS,
  type Channel,
  isAccountChannel,
  isMarketChannel,
  REPLACEABLE_CHANNELS,
  RESUMABLE_CHANNELS,
  STREAM_CLOSES,
  STREAM_PATH,
} from "../protocol/stream-channels.ts";
import { Account, MarketSymbol } from "../protocol/wire/field.ts";
import { CHANNEL_DATA } from "../protocol/wire/stream-data.ts";
import * as message from "../protocol/wire/stream-message.ts";
import * as request from "../protocol/wire/stream-request.ts";
import { type Json, type JsonObject, shownSchema } from "./openapi.ts";

/** What a client asks, by type, and what it is answered beside an error. */
const REQUESTS: Readonly<Record<string, { schemas: readonly TSchema[]; answer: TSchema; about: string }>> = {
  subscribe: {
    schemas: [request.WireSubscribe],
    answer: message.WireSubscribed,
    about: "Be told of a channel: first how it stands, then what happens.",
  },
  unsubscribe: {
    schemas: [request.WireUnsubscribe],
    answer: message.WireUnsubscribed,
    about: "Be told no more of a channel.",
  },
  login: {
    schemas: [request.WireStreamLogin, request.WireTokenLogin],
    answer: message.WireLoggedIn,
    about:
      "Read an account, by a signature as POST /v1/login takes or by the token of an open session. Several accounts may be logged in.",
  },
  logout: {
    schemas: [request.WireStreamLogout],
    answer: message.WireStreamLoggedOut,
    about: "Read an account no more on this connection.",
  },
  ping: { schemas: [request.WirePing], answer: message.WirePong, about: "Ask whether the exchange is there." },
  place: { schemas: [request.WireStreamPlace], answer: message.WireStreamResult, about: "As POST /v1/orders." },
  amend: { schemas: [request.WireStreamAmend], answer: message.WireStreamResult, about: "As POST /v1/amend." },
  cancel: { schemas: [request.WireStreamCancel], answer: message.WireStreamResult, about: "As POST /v1/cancel." },
  "cancel-all": {
    schemas: [request.WireStreamCancelAll],
    answer: message.WireStreamResult,
    about: "As POST /v1/cancel-all.",
  },
};

const DESCRIPTION = [
  "One WebSocket carries everything: requests with an id, answers that bear it, and the messages of the channels that were subscribed to.",
  "Messages are JSON texts. Prices, sizes and amounts are exact decimal strings.",
  "Nothing is told before it is durable. A channel begins with a snapshot; each of its messages has a seq, which rises by 1.",
  `The exchange ends connections with the codes ${Object.entries(STREAM_CLOSES)
    .map(([name, code]) => `${code} (${name})`)
    .join(", ")}.`,
].join(" ");

/** The AsyncAPI document of the streams: made from the very schemas that requests are judged by and messages are typed by. */
export function asyncApiDocument(version: string): JsonObject {
  const schemas: JsonObject = {};
  const messages: JsonObject = {};
  const operations: JsonObject = {};
  const add = (name: string, payload: TSchema): string => {
    const { description } = payload as { description?: string };
    messages[name] = {
      name,
      ...(description === undefined ? {} : { summary: description }),
      payload: shownSchema(payload, schemas),
    };
    return name;
  };
  const error = add("error", message.WireStreamError);
  for (const [type, { schemas: asked, answer, about }] of Object.entries(REQUESTS)) {
    const names = asked.map((schema, i) => add(i === 0 ? type : `${type}-with-token`, schema));
    const { const: answered } = (answer as unknown as { properties: { type: { const: string } } }).properties.type;
    operations[type] = {
      action: "receive",
      channel: channelRef,
      summary: about,
      messages: names.map(messageRef),
      reply: { channel: channelRef, messages: [add(answered, answer), error].map(messageRef) },
    };
  }
  operations.welcome = {
    action: "send",
    channel: channelRef,
    summary: "First of all, unasked.",
    messages: [messageRef(add("welcome", message.WireWelcome))],
  };
  for (const channel of CHANNELS) {
    const names = [add(`${channel}.snapshot`, snapshotOf(channel)), add(`${channel}.update`, updateOf(channel))];
    if (isResumable(channel)) names.push(add(`${channel}.resumed`, resumedOf(channel)));
    operations[channel] = {
      action: "send",
      channel: channelRef,
      summary: CHANNEL_DATA[channel].about,
      description: wordsOn(channel),
      messages: names.map(messageRef),
    };
  }
  return {
    asyncapi: "3.0.0",
    info: { title: "Clearbook streams", version, description: DESCRIPTION },
    defaultContentType: "application/json",
    channels: {
      stream: {
        address: STREAM_PATH,
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: "GET" } },
      },
    },
    operations,
    components: {
      messages,
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

const channelRef: JsonObject = { $ref: "#/channels/stream" };

function messageRef(name: string): Json {
  return { $ref: `#/channels/stream/messages/${name}` };
}

function isResumable(channel: Channel): boolean {
  return (RESUMABLE_CHANNELS as readonly Channel[]).includes(channel);
}

function wordsOn(channel: Channel): string {
  const whose = isAccountChannel(channel)
    ? "Of one account, after a login."
    : isMarketChannel(channel)
      ? "Of one market."
      : "Of the exchange.";
  const late = REPLACEABLE_CHANNELS.includes(channel)
    ? "Who reads too slowly is given a new snapshot, with reset, in the place of what was missed."
    : "Nothing is left out: who reads too slowly is disconnected.";
  const resumed = isResumable(channel) ? " With fromSequence, resumed comes in the place of the snapshot." : "";
  return `${whose} ${late}${resumed}`;
}

/** Fields that name what the channel is of. */
function topicFields(channel: Channel): Record<string, TSchema> {
  return {
    channel: Type.Literal(channel),
    ...(isMarketChannel(channel) ? { market: MarketSymbol } : {}),
    ...(isAccountChannel(channel) ? { account: Account } : {}),
    ...(channel === "candles" ? { resolution: request.WireSubscribe.properties.resolution } : {}),
  };
}

function snapshotOf(channel: Channel): TSchema {
  const data = CHANNEL_DATA[channel].snapshot;
  return Type.Object({ ...message.snapshotFields, ...topicFields(channel), data });
}

function updateOf(channel: Channel): TSchema {
  return Type.Object({ ...message.updateFields, ...topicFields(channel), data: CHANNEL_DATA[channel].update });
}

function resumedOf(channel: Channel): TSchema {
  const { update } = CHANNEL_DATA[channel];
  return Type.Object({ ...message.resumedFields, ...topicFields(channel), data: Type.Array(update) });
}
