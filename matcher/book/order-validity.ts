import { SELF_TRADES, TIMES_IN_FORCE } from "../protocol/message.ts";
import { notionalReject, priceReject, quantityReject } from "../protocol/order-limits.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { ACCOUNTS, INSURANCE_ACCOUNT, MARKETS, ORDER_SLOTS, WIDTH } from "../protocol/spec.ts";
import type { BookRules } from "./book-rules.ts";
import type { BookOrder } from "./order.ts";

const SEQUENCE_LIMIT = 2 ** WIDTH.sequence;

const ORDER_FIELDS: readonly string[] = [
  "account",
  "slot",
  "sequence",
  "market",
  "side",
  "quantityLots",
  "limitPriceTicks",
  "expirySeconds",
  "timeInForce",
  "postOnly",
  "reduceOnly",
  "selfTrade",
  "keepFilled",
] satisfies (keyof BookOrder)[];

/** Fields of a signed order that the book does not read. */
const CARRIED_FIELDS: readonly string[] = ["kind", "maxFeePpm", "signature"];

/**
 * Whether a value of unknown origin is an order at all: own fields only, all of them, none besides.
 * Unknown fields are refused, because whoever sent one expects an effect that it would not have.
 * Null means that {@link orderReject} may be asked next.
 */
export function shapeReject(value: unknown): RejectCode | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "MALFORMED";
  for (const field of Reflect.ownKeys(value)) {
    if (typeof field !== "string") return "MALFORMED";
    if (!ORDER_FIELDS.includes(field) && !CARRIED_FIELDS.includes(field)) return "MALFORMED";
  }
  for (const field of ORDER_FIELDS) if (!Object.hasOwn(value, field)) return "MISSING_FIELD";
  return null;
}

/** Whether x is an integer of 32 bits without sign. The type comes first: a shift of a bigint or a symbol throws. */
function isWord(x: unknown): boolean {
  return typeof x === "number" && x >>> 0 === x;
}

/**
 * Every rule that needs nothing but the order, the market's terms and the epoch's time. The first one violated is named.
 * Types are not trusted: any value in any field gives a code, never an exception.
 */
export function orderReject(order: BookOrder, rules: BookRules, nowSeconds: number): RejectCode | null {
  const { account, slot, sequence, market, quantityLots, limitPriceTicks, expirySeconds } = order;
  // 1. Identity.
  if (!isWord(account) || account >= ACCOUNTS) return "INVALID_ACCOUNT";
  if (account === INSURANCE_ACCOUNT) return "NOT_PERMITTED";
  if (!isWord(slot) || slot >= ORDER_SLOTS) return "INVALID_SLOT";
  if (!Number.isSafeInteger(sequence) || sequence < 1 || sequence >= SEQUENCE_LIMIT) return "INVALID_SEQUENCE";
  // 2. Terms.
  if (!isWord(market) || market >= MARKETS) return "UNKNOWN_MARKET";
  const terms = rules.markets[market];
  if (terms === undefined || terms === null) return "UNKNOWN_MARKET";
  if (order.side !== "buy" && order.side !== "sell") return "INVALID_SIDE";
  if (!TIMES_IN_FORCE.includes(order.timeInForce)) return "INVALID_TIME_IN_FORCE";
  if (!SELF_TRADES.includes(order.selfTrade)) return "INVALID_SELF_TRADE";
  if (typeof order.postOnly !== "boolean") return "INVALID_FLAG";
  if (typeof order.reduceOnly !== "boolean") return "INVALID_FLAG";
  if (typeof order.keepFilled !== "boolean") return "INVALID_FLAG";
  if (order.postOnly && order.timeInForce !== "GTT") return "POST_ONLY_NOT_RESTING";
  // 3. Quantity.
  const quantityCode = quantityReject(quantityLots, terms);
  if (quantityCode !== null) return quantityCode;
  // 4. Time.
  if (!isWord(expirySeconds)) return "INVALID_EXPIRY";
  if (expirySeconds < nowSeconds) return "EXPIRED";
  if (expirySeconds - nowSeconds > rules.expiryHorizonSeconds) return "EXPIRY_TOO_FAR";
  // 5. Price.
  return priceReject(limitPriceTicks, terms) ?? notionalReject(order, terms);
}
