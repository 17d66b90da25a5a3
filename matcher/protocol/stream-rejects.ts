import type { RejectEntry } from "./reject-entry.ts";

/** Refusals that only streams know. */
export const STREAM_REJECTS = {
  UNKNOWN_CHANNEL: {
    code: "UNKNOWN_CHANNEL",
    httpStatus: 400,
    field: "channel",
    message: "There is no such channel.",
    remedy: "Use a channel that GET /v1/asyncapi.json names.",
  },
  ALREADY_SUBSCRIBED: {
    code: "ALREADY_SUBSCRIBED",
    httpStatus: 409,
    field: "channel",
    message: "This connection is subscribed to that already.",
    remedy: "Unsubscribe first, if a new snapshot is what you want.",
  },
  NOT_SUBSCRIBED: {
    code: "NOT_SUBSCRIBED",
    httpStatus: 404,
    field: "channel",
    message: "This connection is not subscribed to that.",
    remedy: "Nothing is left to end: name market, account and resolution as in the subscription.",
  },
  TOO_MANY_SUBSCRIPTIONS: {
    code: "TOO_MANY_SUBSCRIPTIONS",
    httpStatus: 429,
    field: null,
    message: "This connection has as many subscriptions as it may have.",
    remedy: "Unsubscribe from something, or open another connection.",
  },
  TOO_MANY_LOGINS: {
    code: "TOO_MANY_LOGINS",
    httpStatus: 429,
    field: "account",
    message: "This connection reads as many accounts as it may.",
    remedy: "Log one out, or open another connection.",
  },
  TOO_MANY_CONNECTIONS: {
    code: "TOO_MANY_CONNECTIONS",
    httpStatus: 429,
    field: null,
    message: "There are as many streams, from this address or in all, as there may be.",
    remedy: "Close one: many subscriptions fit into one connection.",
  },
} as const satisfies Record<string, RejectEntry>;
