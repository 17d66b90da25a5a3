import { COMMAND_REJECTS } from "./command-rejects.ts";
import type { RejectEntry } from "./reject-entry.ts";
import { STREAM_REJECTS } from "./stream-rejects.ts";

export type { RejectEntry } from "./reject-entry.ts";

/**
 * Every reason for which Clearbook refuses a command: one closed table, shared by matcher, API, SDK and page.
 * A code is stable for ever; message and remedy are texts for people and may be reworded.
 * A refused command changes nothing. Bugs are not in this table: they are thrown.
 */
export const REJECTS = {
  // --- Shape; who and where: command-rejects.ts ------------------------------------------------------------------
  ...COMMAND_REJECTS,

  // --- Streams: stream-rejects.ts --------------------------------------------------------------------------------
  ...STREAM_REJECTS,

  // --- Price, quantity, time -------------------------------------------------------------------------------------
  PRICE_ZERO: {
    code: "PRICE_ZERO",
    httpStatus: 400,
    field: "limitPriceTicks",
    message: "The limit price is zero.",
    remedy: "Send a price of at least one tick; a market order carries its protection price.",
  },
  PRICE_TOO_LARGE: {
    code: "PRICE_TOO_LARGE",
    httpStatus: 400,
    field: "limitPriceTicks",
    message: "The limit price is no integer, is negative or is 2^32 ticks or more.",
    remedy: "Send an integer number of ticks below 2^32.",
  },
  OFF_TICK: {
    code: "OFF_TICK",
    httpStatus: 400,
    field: "limitPriceTicks",
    message: "The limit price is no multiple of the market's price step.",
    remedy: "Round to the market's price step.",
  },
  OUTSIDE_PRICE_BAND: {
    code: "OUTSIDE_PRICE_BAND",
    httpStatus: 422,
    field: "limitPriceTicks",
    message: "At this price no fill could be proven: it lies outside the band around the epoch's price.",
    remedy: "Move the limit inside the band that GET /v1/markets shows.",
  },
  QUANTITY_ZERO: {
    code: "QUANTITY_ZERO",
    httpStatus: 400,
    field: "quantityLots",
    message: "The quantity is zero.",
    remedy: "Send at least the market's smallest quantity.",
  },
  QUANTITY_TOO_SMALL: {
    code: "QUANTITY_TOO_SMALL",
    httpStatus: 400,
    field: "quantityLots",
    message: "The quantity is below the market's smallest.",
    remedy: "Send at least the market's smallest quantity.",
  },
  NOTIONAL_TOO_SMALL: {
    code: "NOTIONAL_TOO_SMALL",
    httpStatus: 400,
    field: "quantityLots",
    message: "Price times quantity is below the market's smallest order.",
    remedy: "Raise the quantity to notionalMin of GET /v1/markets, or send a reduce-only order.",
  },
  QUANTITY_TOO_LARGE: {
    code: "QUANTITY_TOO_LARGE",
    httpStatus: 400,
    field: "quantityLots",
    message: "The quantity is no integer, is negative or is above the market's largest.",
    remedy: "Split the order.",
  },
  OFF_LOT: {
    code: "OFF_LOT",
    httpStatus: 400,
    field: "quantityLots",
    message: "The quantity is no multiple of the market's quantity step.",
    remedy: "Round to the market's quantity step.",
  },
  INVALID_EXPIRY: {
    code: "INVALID_EXPIRY",
    httpStatus: 400,
    field: "expirySeconds",
    message: "The expiry is not an integer number of seconds below 2^32.",
    remedy: "Send seconds since 1970, not milliseconds.",
  },
  EXPIRED: {
    code: "EXPIRED",
    httpStatus: 422,
    field: "expirySeconds",
    message: "The order's expiry is before the current epoch's time.",
    remedy: "Sign a new order with a later expiry; GET /v1/time gives the epoch's time.",
  },
  EXPIRY_TOO_FAR: {
    code: "EXPIRY_TOO_FAR",
    httpStatus: 422,
    field: "expirySeconds",
    message: "The expiry lies further ahead than the exchange accepts.",
    remedy: "Sign a nearer expiry.",
  },
  MAX_FEE_TOO_LOW: {
    code: "MAX_FEE_TOO_LOW",
    httpStatus: 422,
    field: "maxFeePpm",
    message: "The signed fee maximum is below the account's current fee rate.",
    remedy: "Sign a maximum of at least the rate that GET /v1/account shows.",
  },

  INVALID_MAX_FEE: {
    code: "INVALID_MAX_FEE",
    httpStatus: 400,
    field: "maxFeePpm",
    message: "The fee maximum is not an integer from -2^19 to 2^19 - 1.",
    remedy: "Send parts per million of the quote amount; a negative maximum asks for a rebate.",
  },
  INVALID_AMOUNT: {
    code: "INVALID_AMOUNT",
    httpStatus: 400,
    field: "amountMicroUsd",
    message: "The amount is zero, negative, finer than a micro-USD or 2^72 micro-USD or more.",
    remedy: "Send at least 0.000001 USD.",
  },

  // --- Identity in time ------------------------------------------------------------------------------------------
  DUPLICATE_SEQUENCE: {
    code: "DUPLICATE_SEQUENCE",
    httpStatus: 409,
    field: "sequence",
    message: "An order or cancel with this slot and sequence was already accepted.",
    remedy: "If this was a retry, nothing is lost: look the order up. Otherwise raise the sequence.",
  },
  DUPLICATE_CLIENT_ID: {
    code: "DUPLICATE_CLIENT_ID",
    httpStatus: 409,
    field: "clientId",
    message: "An order of the account has this client id already, and other terms than this one.",
    remedy: "If this was a retry, look the order up by its client id. Otherwise name the new order differently.",
  },
  STALE_SEQUENCE: {
    code: "STALE_SEQUENCE",
    httpStatus: 409,
    field: "sequence",
    message: "The sequence is below the slot's last one or below the account's minimum.",
    remedy: "Use a sequence above every one sent on this slot and above the account's minimum.",
  },
  ALREADY_FILLED: {
    code: "ALREADY_FILLED",
    httpStatus: 409,
    field: "quantityLots",
    message: "The order keeps the slot's filled quantity, which already reaches the signed quantity.",
    remedy: "Sign a larger total quantity, or a fresh order without keepFilled.",
  },
  KEPT_FILLED_MISMATCH: {
    code: "KEPT_FILLED_MISMATCH",
    httpStatus: 409,
    field: "keepFilled",
    message: "The slot's settled record belongs to an earlier order, whose fills would count against this amend.",
    remedy: "The live order has no fills: replace it without keepFilled, or use another slot.",
  },
  ORDER_NOT_FOUND: {
    code: "ORDER_NOT_FOUND",
    httpStatus: 404,
    field: "slot",
    message: "No order is live on this slot.",
    remedy: "It was filled, cancelled, replaced or has expired: look the order up.",
  },

  WRONG_NONCE: {
    code: "WRONG_NONCE",
    httpStatus: 409,
    field: "sequence",
    message: "The sequence is not the account's next withdrawal nonce.",
    remedy: "Take withdrawalNonce from GET /v1/account and sign again; a lower one was already used.",
  },

  // --- What the order asks for -----------------------------------------------------------------------------------
  POST_ONLY_NOT_RESTING: {
    code: "POST_ONLY_NOT_RESTING",
    httpStatus: 400,
    field: "postOnly",
    message: "A post-only order must be able to rest, which IOC and FOK exclude.",
    remedy: "Use GTT, or drop postOnly.",
  },
  POST_ONLY_WOULD_CROSS: {
    code: "POST_ONLY_WOULD_CROSS",
    httpStatus: 422,
    field: "limitPriceTicks",
    message: "The post-only order would have matched at once.",
    remedy: "Move the limit behind the best opposite price.",
  },
  FOK_NOT_FILLABLE: {
    code: "FOK_NOT_FILLABLE",
    httpStatus: 422,
    field: "quantityLots",
    message: "The whole quantity cannot be filled at once within the limit.",
    remedy: "Lower the quantity, widen the limit, or use IOC.",
  },
  REDUCE_ONLY_WOULD_INCREASE: {
    code: "REDUCE_ONLY_WOULD_INCREASE",
    httpStatus: 422,
    field: "reduceOnly",
    message: "The account has no position on the other side that this order could reduce.",
    remedy: "Check side and position, or drop reduceOnly.",
  },

  // --- Risk and capacity -----------------------------------------------------------------------------------------
  INSUFFICIENT_INITIAL_MARGIN: {
    code: "INSUFFICIENT_INITIAL_MARGIN",
    httpStatus: 422,
    field: "quantityLots",
    message: "The account's equity would not cover its initial margin.",
    remedy: "Deposit, lower the quantity, or close positions.",
  },
  LIQUIDATABLE: {
    code: "LIQUIDATABLE",
    httpStatus: 422,
    field: "account",
    message: "The account is below its maintenance margin: it is being liquidated.",
    remedy: "Deposit; trading resumes once maintenance margin is met.",
  },
  OPEN_INTEREST_CAP: {
    code: "OPEN_INTEREST_CAP",
    httpStatus: 422,
    field: "market",
    message: "The market's open interest is at its cap.",
    remedy: "Only orders that reduce a position are accepted until it falls.",
  },
  POSITION_CAP: {
    code: "POSITION_CAP",
    httpStatus: 422,
    field: "quantityLots",
    message: "The position would grow beyond the market's cap for one account.",
    remedy: "Lower the quantity; GET /v1/markets shows the cap.",
  },
  ISOLATED_ONLY: {
    code: "ISOLATED_ONLY",
    httpStatus: 422,
    field: "market",
    message: "A position in an isolated-only market must be the account's only one.",
    remedy: "Trade the market in an account of its own: isolated margin.",
  },
  ISOLATED_ACCOUNT: {
    code: "ISOLATED_ACCOUNT",
    httpStatus: 422,
    field: "market",
    message: "The account is isolated: it trades one market, and not this one.",
    remedy: "Send the order from the cross account, or change the isolated account's market while it is flat.",
  },
  MARGIN_MODE_IN_USE: {
    code: "MARGIN_MODE_IN_USE",
    httpStatus: 409,
    field: "account",
    message: "The account's margin mode cannot change while it has a position or an open order.",
    remedy: "Close the position and cancel the orders first.",
  },
  POOL_SHORT: {
    code: "POOL_SHORT",
    httpStatus: 422,
    field: "amountMicroUsd",
    message:
      "The exchange does not hold as much as this withdrawal asks for: withdrawals wait until negative accounts are settled.",
    remedy: "Withdraw less, or try again later: nothing is lost, and the same signed withdrawal stays valid.",
  },
  MARKET_RESTRICTED: {
    code: "MARKET_RESTRICTED",
    httpStatus: 422,
    field: "market",
    message: "A market has no fresh price: positions there only shrink, and who has one pays nothing out.",
    remedy: "Send a reducing order, close the position, or wait for the next oracle round.",
  },
  OPEN_ORDERS_LIMIT: {
    code: "OPEN_ORDERS_LIMIT",
    httpStatus: 422,
    field: "account",
    message: "The account has as many open orders as it may have.",
    remedy: "Cancel or replace an order.",
  },

  // --- Conditional orders ----------------------------------------------------------------------------------------
  INVALID_CONDITION: {
    code: "INVALID_CONDITION",
    httpStatus: 400,
    field: null,
    message: "The conditions of the order, or the orders that it is placed with, do not go together.",
    remedy:
      "See the order types in docs/trading.md: one market, alternatives on one slot and sequence, an entry on its own slot.",
  },
  TRIGGER_ALREADY_MET: {
    code: "TRIGGER_ALREADY_MET",
    httpStatus: 422,
    field: "trigger",
    message: "The price has already reached the trigger.",
    remedy: "Move the trigger to the other side of the index price, or place the order without one.",
  },
  CONDITIONAL_ORDERS_LIMIT: {
    code: "CONDITIONAL_ORDERS_LIMIT",
    httpStatus: 422,
    field: "account",
    message: "The account, or the exchange as a whole, has as many conditional orders as it may have.",
    remedy: "Cancel a conditional order.",
  },

  // --- Limits ----------------------------------------------------------------------------------------------------
  RATE_LIMIT: {
    code: "RATE_LIMIT",
    httpStatus: 429,
    field: null,
    message: "Too many requests.",
    remedy: "Wait as long as the Retry-After header says.",
  },
  BACKLOG_FULL: {
    code: "BACKLOG_FULL",
    httpStatus: 503,
    field: null,
    message: "Too much work is in flight; new orders wait for proofs or for the history. Cancels are still accepted.",
    remedy: "Retry after the time that the status URL estimates.",
  },
  SHUTTING_DOWN: {
    code: "SHUTTING_DOWN",
    httpStatus: 503,
    field: null,
    message: "The exchange is being stopped and takes nothing new; what it acknowledged is kept.",
    remedy: "Send it again, unchanged, once GET /ready answers 200.",
  },
  HISTORY_UNAVAILABLE: {
    code: "HISTORY_UNAVAILABLE",
    httpStatus: 503,
    field: null,
    message: "The past cannot be read at the moment. The newest orders, fills and payments still can.",
    remedy: "Retry later, or ask for the newest rows only.",
  },
  HALTED: {
    code: "HALTED",
    httpStatus: 503,
    field: null,
    message:
      "The exchange has stopped taking commands; this one is not acknowledged. What was acknowledged before stands.",
    remedy:
      "Read GET /v1/status for the reason; after the exchange is back, look the command up before sending it again.",
  },
  FROZEN: {
    code: "FROZEN",
    httpStatus: 503,
    field: null,
    message: "The exchange is frozen for ever; only claims on L1 remain.",
    remedy: "Claim the account's equity through the contract.",
  },
} as const satisfies Record<string, RejectEntry>;

/** Stable code of a refusal. */
export type RejectCode = keyof typeof REJECTS;

/** Every code, in the table's order. */
export const REJECT_CODES: readonly RejectCode[] = Object.keys(REJECTS) as RejectCode[];
