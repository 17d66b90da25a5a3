import type { BookRules } from "../book/book-rules.ts";
import { orderReject, shapeReject } from "../book/order-validity.ts";
import type {
  CancelAllMessage,
  CancelMessage,
  Instruction,
  MarginModeMessage,
  Signed,
  TransferMessage,
  WithdrawalMessage,
} from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { ACCOUNTS, INSURANCE_ACCOUNT, MARKETS, MAX_FEE_OFFSET_PPM, ORDER_SLOTS, WIDTH } from "../protocol/spec.ts";

/** Fields of the signed messages that are not orders. */
const FIELDS = {
  cancel: ["kind", "account", "slot", "sequence", "signature"],
  cancelAll: ["kind", "account", "sequence", "signature"],
  transfer: ["kind", "account", "to", "sequence", "expirySeconds", "amountMicroUsd", "signature"],
  withdrawal: ["kind", "account", "sequence", "expirySeconds", "amountMicroUsd", "signature"],
  marginMode: ["kind", "account", "isolatedMarket", "sequence", "signature"],
} as const satisfies Record<Exclude<Instruction["kind"], "order">, readonly string[]>;

const SEQUENCE_LIMIT = 2 ** WIDTH.sequence;
const NONCE_LIMIT = 2 ** WIDTH.withdrawalNonce;

function isIndex(value: unknown, limit: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < limit;
}

function signatureReject(signature: unknown): RejectCode | null {
  if (typeof signature !== "object" || signature === null) return "MISSING_FIELD";
  const { r8x, r8y, s } = signature as Record<string, unknown>;
  for (const value of [r8x, r8y, s]) {
    if (typeof value !== "bigint" || value < 0n || value >> 256n !== 0n) return "MALFORMED";
  }
  return null;
}

/**
 * Every rule that needs nothing but the message, the market's terms and the epoch's time: what is checked before a signature is.
 * Types are not trusted: any value gives a code, never an exception. Null when nothing is wrong.
 */
export function messageReject(message: Signed<Instruction>, rules: BookRules, nowSeconds: number): RejectCode | null {
  if (typeof message !== "object" || message === null) return "MALFORMED";
  switch (message.kind) {
    case "order": {
      const { maxFeePpm } = message;
      const code = shapeReject(message) ?? signatureReject(message.signature);
      if (code !== null) return code;
      if (maxFeePpm === undefined) return "MISSING_FIELD";
      const isFee =
        Number.isSafeInteger(maxFeePpm) && maxFeePpm >= -MAX_FEE_OFFSET_PPM && maxFeePpm < MAX_FEE_OFFSET_PPM;
      return isFee ? orderReject(message, rules, nowSeconds) : "INVALID_MAX_FEE";
    }
    case "cancel":
      return fieldsReject(message) ?? cancelReject(message);
    case "cancelAll":
      return fieldsReject(message) ?? accountReject(message) ?? sequenceReject(message);
    case "withdrawal":
      return fieldsReject(message) ?? accountReject(message) ?? paymentReject(message, nowSeconds);
    case "transfer":
      return (
        fieldsReject(message) ?? accountReject(message) ?? receiverReject(message) ?? paymentReject(message, nowSeconds)
      );
    case "marginMode":
      return fieldsReject(message) ?? accountReject(message) ?? sequenceReject(message) ?? modeReject(message, rules);
    default:
      return "MALFORMED";
  }
}

/** A market that is not live may be left, but not chosen. */
function modeReject({ isolatedMarket }: MarginModeMessage, rules: BookRules): RejectCode | null {
  if (isolatedMarket === null) return null;
  if (!isIndex(isolatedMarket, MARKETS)) return "UNKNOWN_MARKET";
  return (rules.markets[isolatedMarket] ?? null) === null ? "UNKNOWN_MARKET" : null;
}

function fieldsReject(message: Signed<Exclude<Instruction, { kind: "order" }>>): RejectCode | null {
  const fields: readonly string[] = FIELDS[message.kind];
  for (const field of Reflect.ownKeys(message)) {
    if (typeof field !== "string" || !fields.includes(field)) return "MALFORMED";
  }
  for (const field of fields) if (!Object.hasOwn(message, field)) return "MISSING_FIELD";
  return signatureReject(message.signature);
}

function accountReject({ account }: { account: number }): RejectCode | null {
  if (!isIndex(account, ACCOUNTS)) return "INVALID_ACCOUNT";
  return account === INSURANCE_ACCOUNT ? "NOT_PERMITTED" : null;
}

function sequenceReject({ sequence }: CancelMessage | CancelAllMessage | MarginModeMessage): RejectCode | null {
  return !isIndex(sequence, SEQUENCE_LIMIT) || sequence === 0 ? "INVALID_SEQUENCE" : null;
}

function cancelReject(message: CancelMessage): RejectCode | null {
  const code = accountReject(message);
  if (code !== null) return code;
  return isIndex(message.slot, ORDER_SLOTS) ? sequenceReject(message) : "INVALID_SLOT";
}

function receiverReject({ account, to }: TransferMessage): RejectCode | null {
  return isIndex(to, ACCOUNTS) && to !== account ? null : "INVALID_RECEIVER";
}

function paymentReject(
  { sequence, expirySeconds, amountMicroUsd }: WithdrawalMessage | TransferMessage,
  now: number,
): RejectCode | null {
  if (!isIndex(sequence, NONCE_LIMIT)) return "WRONG_NONCE";
  if (!isIndex(expirySeconds, 2 ** WIDTH.timeSeconds)) return "INVALID_EXPIRY";
  if (expirySeconds < now) return "EXPIRED";
  if (typeof amountMicroUsd !== "bigint" || amountMicroUsd < 1n) return "INVALID_AMOUNT";
  return amountMicroUsd >> BigInt(WIDTH.withdrawalMicroUsd) === 0n ? null : "INVALID_AMOUNT";
}
