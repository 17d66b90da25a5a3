import type { RejectEntry } from "./reject-entry.ts";

/** Refusals of a command as such: it cannot be read, or its sender may not send it. */
export const COMMAND_REJECTS = {
  // --- Shape: the command cannot be read -------------------------------------------------------------------------
  MALFORMED: {
    code: "MALFORMED",
    httpStatus: 400,
    field: null,
    message: "The command is not an object of the documented shape, or has a field that is unknown.",
    remedy: "Send exactly the documented fields; a field outside the signed order is never ignored silently.",
  },
  MISSING_FIELD: {
    code: "MISSING_FIELD",
    httpStatus: 400,
    field: null,
    message: "A required field is absent.",
    remedy: "Send every field of the order; there are no defaults, because every field is signed.",
  },
  BODY_TOO_LARGE: {
    code: "BODY_TOO_LARGE",
    httpStatus: 413,
    field: null,
    message: "The request body is larger than the limit.",
    remedy: "Split the batch into several requests.",
  },
  INVALID_ACCOUNT: {
    code: "INVALID_ACCOUNT",
    httpStatus: 400,
    field: "account",
    message: "The account index is not an integer in range.",
    remedy: "Use the account index from your registration.",
  },
  INVALID_SLOT: {
    code: "INVALID_SLOT",
    httpStatus: 400,
    field: "slot",
    message: "The order slot is not an integer from 0 to 4095.",
    remedy: "Pick one of the account's 4,096 slots.",
  },
  INVALID_SEQUENCE: {
    code: "INVALID_SEQUENCE",
    httpStatus: 400,
    field: "sequence",
    message: "The sequence is not an integer from 1 to 2^48 - 1.",
    remedy: "Use a counter or a millisecond timestamp.",
  },
  INVALID_SIDE: {
    code: "INVALID_SIDE",
    httpStatus: 400,
    field: "side",
    message: 'The side is neither "buy" nor "sell".',
    remedy: 'Send "buy" or "sell".',
  },
  INVALID_TIME_IN_FORCE: {
    code: "INVALID_TIME_IN_FORCE",
    httpStatus: 400,
    field: "timeInForce",
    message: "The time in force is none of GTT, IOC, FOK.",
    remedy: "Send GTT, IOC or FOK; a market order is an IOC order with a protection price.",
  },
  INVALID_SELF_TRADE: {
    code: "INVALID_SELF_TRADE",
    httpStatus: 400,
    field: "selfTrade",
    message: "The self-trade rule is none of expire-maker, expire-taker, expire-both, decrement.",
    remedy: "Send one of the four rules.",
  },
  INVALID_FLAG: {
    code: "INVALID_FLAG",
    httpStatus: 400,
    field: null,
    message: "One of postOnly, reduceOnly, keepFilled, settle is not a boolean.",
    remedy: "Send true or false.",
  },

  NOT_FOUND: {
    code: "NOT_FOUND",
    httpStatus: 404,
    field: null,
    message: "There is nothing at this address.",
    remedy: "Check path and method against the documentation.",
  },

  // --- Who and where ---------------------------------------------------------------------------------------------
  UNKNOWN_MARKET: {
    code: "UNKNOWN_MARKET",
    httpStatus: 404,
    field: "market",
    message: "There is no such market, or it is not open for trading.",
    remedy: "Take the index from GET /v1/markets.",
  },
  UNKNOWN_ACCOUNT: {
    code: "UNKNOWN_ACCOUNT",
    httpStatus: 404,
    field: "account",
    message: "No account is registered at this index.",
    remedy: "Register the account on L1 and wait for its confirmation.",
  },
  KEY_UNKNOWN: {
    code: "KEY_UNKNOWN",
    httpStatus: 401,
    field: "account",
    message: "The account has no usable trading key.",
    remedy: "Register a trading key: on the curve, of prime order, not the identity.",
  },
  WRONG_SIGNATURE: {
    code: "WRONG_SIGNATURE",
    httpStatus: 401,
    field: "signature",
    message: "The signature does not verify under the account's trading key for exactly these fields.",
    remedy: "Compare the order hash that the API returns with yours: a differing hash means a differing field.",
  },
  WRONG_CHAIN: {
    code: "WRONG_CHAIN",
    httpStatus: 401,
    field: "chainId",
    message: "The order was signed for another chain.",
    remedy: "Sign with the chain id from GET /v1/markets.",
  },
  WRONG_EXCHANGE: {
    code: "WRONG_EXCHANGE",
    httpStatus: 401,
    field: "exchange",
    message: "The order was signed for another exchange contract.",
    remedy: "Sign with the exchange address from GET /v1/markets.",
  },
  INVALID_RECEIVER: {
    code: "INVALID_RECEIVER",
    httpStatus: 422,
    field: "to",
    message: "The receiving account does not exist, is the sending one, or has another L1 owner.",
    remedy: "Transfer between two accounts of the same owner; withdraw to pay anybody else.",
  },
  NOT_PERMITTED: {
    code: "NOT_PERMITTED",
    httpStatus: 403,
    field: "account",
    message: "This account may not trade through order rows (fee and insurance accounts never do).",
    remedy: "Use a trading account.",
  },
} as const satisfies Record<string, RejectEntry>;
