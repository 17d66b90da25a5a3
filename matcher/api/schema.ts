import { Type } from "typebox";
import type { RejectCode } from "../protocol/reject.ts";
import { BATCH_MAX } from "../protocol/wire/batch-request.ts";
import { Account, MarketSymbol, oneOf, STRICT } from "../protocol/wire/field.ts";

/** Queries are text: numbers in them are digits. */
const Count = Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,3}$" }));
const AccountText = Type.String({ pattern: "^(0|[1-9][0-9]{0,5})$" });

const OwnAccount = Type.Optional(AccountText);

/** Of a batch only the frame is judged at once: each item has an answer of its own. */
const Items = Type.Array(Type.Unknown(), { minItems: 1, maxItems: BATCH_MAX });
export const PlaceBatchFrame = Type.Object({ account: Account, orders: Items }, STRICT);
export const CancelBatchFrame = Type.Object({ account: Account, cancels: Items }, STRICT);

export const AccountParams = Type.Object({ account: AccountText }, STRICT);
export const OrderParams = Type.Object({ id: Type.String({ pattern: "^[0-9]{1,4}-[0-9]{1,15}$" }) }, STRICT);
export const FeesQuery = Type.Object({ account: OwnAccount }, STRICT);
export const ConditionalQuery = Type.Object(
  { account: OwnAccount, status: Type.Optional(oneOf(["open", "closed", "all"])) },
  STRICT,
);
export const PositionsQuery = Type.Object({ account: AccountText }, STRICT);
export const MarketParams = Type.Object({ market: MarketSymbol }, STRICT);
export const DepthQuery = Type.Object({ levels: Count }, STRICT);
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
  entry: "INVALID_FLAG",
  settle: "INVALID_FLAG",
  expirySeconds: "INVALID_EXPIRY",
  maxFeePpm: "INVALID_MAX_FEE",
  nonce: "WRONG_NONCE",
  chainId: "WRONG_CHAIN",
  issuedAtMs: "LOGIN_EXPIRED",
  channel: "UNKNOWN_CHANNEL",
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
