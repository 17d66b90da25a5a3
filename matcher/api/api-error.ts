import type { WireError } from "../protocol/api-wire.ts";
import { REJECTS, type RejectCode } from "../protocol/reject.ts";
import type { Allowance } from "./token-buckets.ts";

/** Names of signed fields as they are called on the wire. */
const WIRE_FIELD: Readonly<Record<string, string>> = {
  limitPriceTicks: "price",
  quantityLots: "size",
  amountMicroUsd: "amount",
};

export interface RejectionDetails {
  /** The field as the wire calls it, when the code alone does not say which. */
  field?: string | null;
  detail?: string;
  messageHash?: string;
  /** With RATE_LIMIT: what is left, and when there is more. */
  allowance?: Allowance;
}

/** A refusal on its way to the client. */
export class Rejection extends Error {
  readonly code: RejectCode;
  readonly details: RejectionDetails;

  constructor(code: RejectCode, details: RejectionDetails = {}) {
    super(details.detail ?? REJECTS[code].message);
    this.name = "Rejection";
    this.code = code;
    this.details = details;
  }

  get httpStatus(): number {
    return REJECTS[this.code].httpStatus;
  }

  body(): WireError {
    const { code, field, message, remedy } = REJECTS[this.code];
    const wireField = this.details.field ?? (field === null ? null : (WIRE_FIELD[field] ?? field));
    const body: WireError = { code, field: wireField, message, remedy };
    if (this.details.detail !== undefined) body.detail = this.details.detail;
    if (this.details.messageHash !== undefined) body.messageHash = this.details.messageHash;
    return body;
  }
}

/** Answer to a defect of ours. It names nothing: what happened stands in the log. */
export const INTERNAL_ERROR: WireError = {
  code: "INTERNAL",
  field: null,
  message: "The exchange has a defect and could not answer.",
  remedy: "Retry; look your order up before sending it again.",
};
