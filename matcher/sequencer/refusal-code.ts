import type { RejectCode } from "../protocol/reject.ts";
import { transitionRefusalCode } from "../risk/transition-code.ts";
import type {
  CancelAllVerdict,
  CancelVerdict,
  OrderRefusal,
  TransferVerdict,
  WithdrawalVerdict,
} from "../state/ledger.ts";

/** Closed reject code of what the ledger says about an order before it fills. */
export function orderRefusalCode(refusal: OrderRefusal): RejectCode {
  switch (refusal) {
    case "unknown-account":
      return "UNKNOWN_ACCOUNT";
    case "insurance-account":
      return "NOT_PERMITTED";
    case "market-not-live":
      return "UNKNOWN_MARKET";
    case "below-min-sequence":
    case "superseded":
      return "STALE_SEQUENCE";
    case "overfilled":
      return "ALREADY_FILLED";
    case "expired":
      return "EXPIRED";
    case "quantity":
      return "QUANTITY_ZERO";
    case "limit-price":
    case "price-band":
      return "OUTSIDE_PRICE_BAND";
    case "fee-above-maximum":
    case "rebate-above-cap":
      return "MAX_FEE_TOO_LOW";
  }
}

/** The same for a signed cancel or cancel-all. */
export function cancelRefusalCode(refusal: Exclude<CancelVerdict | CancelAllVerdict, "ok">): RejectCode {
  switch (refusal) {
    case "unknown-account":
      return "UNKNOWN_ACCOUNT";
    case "insurance-account":
      return "NOT_PERMITTED";
    case "below-min-sequence":
    case "superseded":
      return "STALE_SEQUENCE";
    case "no-effect":
      return "DUPLICATE_SEQUENCE";
    case "collateral-range":
      return "INSUFFICIENT_INITIAL_MARGIN";
  }
}

/** The same for a withdrawal or a transfer. */
export function paymentRefusalCode(refusal: Exclude<TransferVerdict | WithdrawalVerdict, "ok">): RejectCode {
  switch (refusal) {
    case "unknown-receiver":
    case "other-owner":
    case "same-account":
      return "INVALID_RECEIVER";
    case "unknown-account":
      return "UNKNOWN_ACCOUNT";
    case "insurance-account":
      return "NOT_PERMITTED";
    case "wrong-nonce":
    case "nonces-exhausted":
      return "WRONG_NONCE";
    case "amount":
    case "collateral-range":
      return "INVALID_AMOUNT";
    case "expired":
      return "EXPIRED";
    case "pool-short":
      return "POOL_SHORT";
    default:
      return transitionRefusalCode(refusal);
  }
}
