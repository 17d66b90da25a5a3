import { type Static, type TSchema, Type } from "typebox";
import { CLIENT_ID_LENGTH_MAX, CLIENT_ID_PATTERN } from "../journal-record.ts";
import { SELF_TRADES, TIMES_IN_FORCE } from "../message.ts";
import { ACCOUNTS, MAX_FEE_OFFSET_PPM, ORDER_SLOTS, WIDTH } from "../spec.ts";

/**
 * What fields of the wire look like. Schemas of this folder are the one source: they validate requests, write answers, give the types
 * that clients compile against (import them as types, and nothing of this is loaded) and make the OpenAPI document.
 *
 * Prices, sizes and amounts are decimal strings, exact; times end in Ms (milliseconds, the matcher's clock) or Seconds (signed, or an
 * epoch's); 254-bit numbers are decimal or 0x-hexadecimal strings.
 */

/** Nothing but the named fields. */
export const STRICT = { additionalProperties: false } as const;

/** A value that may be null. A list of types is quicker to write than a choice of schemas. */
export function nullable<T extends TSchema>(schema: T, description?: string) {
  const plain = { ...schema } as { type?: unknown; enum?: readonly unknown[] };
  const values = plain.enum === undefined ? {} : { enum: [...plain.enum, null] };
  const words = description === undefined ? {} : { description };
  return Type.Unsafe<Static<T> | null>({ ...plain, type: [plain.type, "null"], ...values, ...words });
}

/** One of some words. */
export function oneOf<const T extends readonly string[]>(words: T, description?: string) {
  return Type.Unsafe<T[number]>({
    type: "string",
    enum: [...words],
    ...(description === undefined ? {} : { description }),
  });
}

export const Account = Type.Integer({ minimum: 0, maximum: ACCOUNTS - 1, description: "Index of an account." });
export const Slot = Type.Integer({ minimum: 0, maximum: ORDER_SLOTS - 1, description: "Order slot of the account." });
export const Sequence = Type.Integer({
  minimum: 1,
  maximum: 2 ** WIDTH.sequence - 1,
  description: "Order number · 64 + revision: rises on each slot.",
});
export const Seconds = Type.Integer({ minimum: 0, maximum: 2 ** WIDTH.timeSeconds - 1 });
export const Nonce = Type.Integer({ minimum: 0, maximum: 2 ** WIDTH.withdrawalNonce - 1 });
export const MaxFeePpm = Type.Integer({
  minimum: -MAX_FEE_OFFSET_PPM,
  maximum: MAX_FEE_OFFSET_PPM - 1,
  description: "Most that the order may be charged, parts per million; negative asks for a rebate.",
});
export const MarketSymbol = Type.String({ minLength: 1, maxLength: 32, description: 'For example "BTC-USD".' });
export const ClientId = Type.String({
  minLength: 1,
  maxLength: CLIENT_ID_LENGTH_MAX,
  pattern: CLIENT_ID_PATTERN.source,
  description:
    "The client's own name for the order; not signed. Names one order of the account, so that a retry acts once.",
});
export const SideField = oneOf(["buy", "sell"]);
export const TimeInForceField = oneOf(TIMES_IN_FORCE);
export const SelfTradeField = oneOf(SELF_TRADES);

/** A decimal of a request; whether it is one is judged with the market's tick or lot. */
export const DecimalText = Type.String({ minLength: 1, maxLength: 80 });

/** 256 bits in decimal or hexadecimal; values that are out of range are refused by the signature check. */
const Word = Type.String({ pattern: "^(0x[0-9a-fA-F]{1,64}|0|[1-9][0-9]{0,77})$", maxLength: 78 });

export const WireSignature = Type.Object({ r8x: Word, r8y: Word, s: Word }, STRICT);
export type WireSignature = Static<typeof WireSignature>;

// ── Of answers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** USD, price or size: exact. */
export const Decimal = Type.String({ description: "Exact decimal." });
export const DecimalOrNull = nullable(Decimal);
export const Ms = Type.Integer({ description: "Milliseconds since 1970, the exchange's clock." });
export const Whole = Type.Integer();
export const WholeOrNull = nullable(Whole);
export const Text = Type.String();
export const TextOrNull = nullable(Text);
export const Flag = Type.Boolean();

/** Whatever a part of the exchange adds. */
export const Anything = Type.Unsafe<Record<string, unknown>>({ type: "object", additionalProperties: true });

export function listOf<T extends TSchema>(schema: T) {
  return Type.Array(schema);
}

/** accepted: in the book's history. matched: executed, promised to settle. proven: settled by a proof that the contract checked. */
export const FINALITY_LABELS = ["accepted", "matched", "proven"] as const;
export type WireFinalityLabel = (typeof FINALITY_LABELS)[number];

export const WireFinality = Type.Object(
  {
    label: oneOf(
      FINALITY_LABELS,
      "accepted: in the book's history. matched: executed, promised to settle. proven: settled by a proof that the contract checked.",
    ),
    batchNumber: WholeOrNull,
    txHash: TextOrNull,
  },
  STRICT,
);
export type WireFinality = Static<typeof WireFinality>;
