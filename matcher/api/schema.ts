import { type Static, Type } from "typebox";
import type { RejectCode } from "../protocol/reject.ts";

const STRICT = { additionalProperties: false } as const;

/** 256 bits in decimal or hexadecimal; values that are out of range are refused by the signature check. */
const Word = Type.String({ pattern: "^(0x[0-9a-fA-F]{1,64}|0|[1-9][0-9]{0,77})$", maxLength: 78 });
const Signature = Type.Object({ r8x: Word, r8y: Word, s: Word }, STRICT);
const Decimal = Type.String({ minLength: 1, maxLength: 80 });
const Account = Type.Integer({ minimum: 0, maximum: 2 ** 18 - 1 });
const Slot = Type.Integer({ minimum: 0, maximum: 4_095 });
const Sequence = Type.Integer({ minimum: 1, maximum: 2 ** 48 - 1 });
const Seconds = Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 });
const MarketSymbol = Type.String({ minLength: 1, maxLength: 32 });

export const OrderBody = Type.Object(
  {
    account: Account,
    market: MarketSymbol,
    side: Type.Enum(["buy", "sell"]),
    price: Decimal,
    size: Decimal,
    timeInForce: Type.Enum(["GTT", "IOC", "FOK"]),
    postOnly: Type.Boolean(),
    reduceOnly: Type.Boolean(),
    keepFilled: Type.Boolean(),
    selfTrade: Type.Enum(["expire-maker", "expire-taker", "expire-both", "decrement"]),
    slot: Slot,
    sequence: Sequence,
    expirySeconds: Seconds,
    maxFeePpm: Type.Integer({ minimum: -(2 ** 19), maximum: 2 ** 19 - 1 }),
    signature: Signature,
    clientId: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: "^[ -~]+$" })),
    chainId: Type.Optional(Type.Integer({ minimum: 0 })),
    exchange: Type.Optional(Type.String({ maxLength: 42 })),
  },
  STRICT,
);
export type OrderBody = Static<typeof OrderBody>;

export const CancelBody = Type.Object(
  { account: Account, slot: Slot, sequence: Sequence, signature: Signature, settle: Type.Optional(Type.Boolean()) },
  STRICT,
);
export type CancelBody = Static<typeof CancelBody>;

export const CancelAllBody = Type.Object(
  { account: Account, sequence: Sequence, signature: Signature, settle: Type.Optional(Type.Boolean()) },
  STRICT,
);
export type CancelAllBody = Static<typeof CancelAllBody>;

export const WithdrawalBody = Type.Object(
  {
    account: Account,
    nonce: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
    amount: Decimal,
    expirySeconds: Seconds,
    signature: Signature,
  },
  STRICT,
);
export type WithdrawalBody = Static<typeof WithdrawalBody>;

export const TransferBody = Type.Object({ ...WithdrawalBody.properties, to: Account }, STRICT);
export type TransferBody = Static<typeof TransferBody>;

export const MarginModeBody = Type.Object(
  {
    account: Account,
    isolatedMarket: Type.Union([MarketSymbol, Type.Null()]),
    sequence: Sequence,
    signature: Signature,
  },
  STRICT,
);
export type MarginModeBody = Static<typeof MarginModeBody>;

export const LoginBody = Type.Object(
  { account: Account, issuedAtMs: Type.Integer({ minimum: 1, maximum: 2 ** 48 - 1 }), signature: Signature },
  STRICT,
);
export type LoginBody = Static<typeof LoginBody>;

export const NoBody = Type.Object({}, STRICT);

/** An order without what names, dates and signs it. */
export const PreviewBody = Type.Object(
  {
    account: Account,
    market: MarketSymbol,
    side: OrderBody.properties.side,
    price: Decimal,
    size: Decimal,
    timeInForce: OrderBody.properties.timeInForce,
    postOnly: Type.Boolean(),
    reduceOnly: Type.Boolean(),
    maxFeePpm: OrderBody.properties.maxFeePpm,
  },
  STRICT,
);
export type PreviewBody = Static<typeof PreviewBody>;

/** Queries are text: numbers in them are digits. */
const Count = Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,3}$" }));
const AccountText = Type.String({ pattern: "^(0|[1-9][0-9]{0,5})$" });

/** The session's when absent. */
const OwnAccount = Type.Optional(AccountText);

export const AccountParams = Type.Object({ account: AccountText }, STRICT);
export const MarketParams = Type.Object({ market: MarketSymbol }, STRICT);
export const DepthQuery = Type.Object({ levels: Count }, STRICT);
export const TradesQuery = Type.Object({ market: MarketSymbol, limit: Count }, STRICT);
export const OrdersQuery = Type.Object(
  {
    account: OwnAccount,
    status: Type.Optional(Type.Enum(["open", "closed", "all"])),
    slot: Type.Optional(Type.String({ pattern: "^(0|[1-9][0-9]{0,3})$" })),
    limit: Count,
  },
  STRICT,
);
export const FillsQuery = Type.Object({ account: OwnAccount, limit: Count }, STRICT);
const SecondsText = Type.String({ pattern: "^(0|[1-9][0-9]{0,9})$" });
export const FundingQuery = Type.Object(
  { market: MarketSymbol, from: Type.Optional(SecondsText), limit: Count },
  STRICT,
);
export const FundingSamplesQuery = Type.Object({ interval: SecondsText }, STRICT);
export const BatchesQuery = Type.Object({ limit: Count }, STRICT);
const Address = Type.String({ pattern: "^0x[0-9a-fA-F]{40}$" });
export const OwnerQuery = Type.Object({ owner: Address }, STRICT);
export const OwnerParams = Type.Object({ address: Address }, STRICT);
export const NoQuery = Type.Object({}, STRICT);

/** Code of a field whose value has the wrong type or range. All others are MALFORMED, with the field's name. */
const FIELD_CODES: Readonly<Record<string, RejectCode>> = {
  account: "INVALID_ACCOUNT",
  slot: "INVALID_SLOT",
  sequence: "INVALID_SEQUENCE",
  market: "UNKNOWN_MARKET",
  isolatedMarket: "UNKNOWN_MARKET",
  side: "INVALID_SIDE",
  timeInForce: "INVALID_TIME_IN_FORCE",
  selfTrade: "INVALID_SELF_TRADE",
  postOnly: "INVALID_FLAG",
  reduceOnly: "INVALID_FLAG",
  keepFilled: "INVALID_FLAG",
  settle: "INVALID_FLAG",
  expirySeconds: "INVALID_EXPIRY",
  maxFeePpm: "INVALID_MAX_FEE",
  nonce: "WRONG_NONCE",
  chainId: "WRONG_CHAIN",
  exchange: "WRONG_EXCHANGE",
};

/** What the schema compiler says about the first violation. */
export interface SchemaViolation {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
  message?: string | undefined;
}

/** The closed code, field and detail of a violation. */
export function violationCode({ keyword, instancePath, params, message = "is wrong" }: SchemaViolation): {
  code: RejectCode;
  field: string | null;
  detail: string;
} {
  const field = instancePath.split("/")[1] ?? null;
  if (keyword === "required") {
    const missing = String(params.missingProperty);
    return { code: "MISSING_FIELD", field: field ?? missing, detail: `${missing} is missing` };
  }
  if (keyword === "additionalProperties") {
    const unknown = String(params.additionalProperty).slice(0, 64);
    return { code: "MALFORMED", field: field ?? unknown, detail: `${JSON.stringify(unknown)} is no field here` };
  }
  const known = field !== null && instancePath === `/${field}` ? FIELD_CODES[field] : undefined;
  return { code: known ?? "MALFORMED", field, detail: `${field ?? "the body"} ${message}` };
}
