import { WIDTH } from "./spec.ts";

/**
 * Opens a session for reading what is private and for switches that hold no signature of their own. A kind beyond the rows' bits, so that
 * it is no command and can never be taken for one; whatever moves money or orders is signed by itself.
 */
export interface LoginMessage {
  kind: "login";
  account: number;
  /** Milliseconds since 1970 by the signer's clock; signed in the place of a sequence. */
  issuedAtMs: number;
}

/** How far a login's time may be from the exchange's clock, either way. */
export const LOGIN_WINDOW_MS = 60_000;

/** Whether a time can be signed at all. */
export function isLoginTime(issuedAtMs: number): boolean {
  return Number.isSafeInteger(issuedAtMs) && issuedAtMs >= 1 && issuedAtMs < 2 ** WIDTH.sequence;
}
