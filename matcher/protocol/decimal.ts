import type { RejectCode } from "./reject.ts";

/** Digits of a decimal string, sign and point aside: far more than any value has, and too few to be a burden. */
const DIGITS_MAX = 60;

/** A decimal string that does not name a value of the protocol. */
export class DecimalError extends RangeError {
  readonly code: RejectCode;
  constructor(code: RejectCode, message: string) {
    super(message);
    this.name = "DecimalError";
    this.code = code;
  }
}

/**
 * Reads a decimal string exactly, as a multiple of 10^-decimals. Plain notation only: no exponent, no plus, no spaces, no bare point,
 * no superfluous leading zero. Zeros at the end are fine.
 * @param code Reject code for a value that is finer than 10^-decimals, for example OFF_TICK.
 * @throws DecimalError MALFORMED, or with the given code.
 */
export function parseDecimal(text: string, decimals: number, what: string, code: RejectCode = "MALFORMED"): bigint {
  const match = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text);
  if (match === null || text.length > DIGITS_MAX + 2) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new DecimalError("MALFORMED", `${what} ${JSON.stringify(shown)} is not a plain decimal number`);
  }
  const [, sign, whole = "", fraction = ""] = match;
  if (!/^0*$/.test(fraction.slice(decimals))) {
    throw new DecimalError(code, `${what} ${text} is not a multiple of ${formatDecimal(1n, decimals)}`);
  }
  const value = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
  return sign === "-" ? -value : value;
}

/**
 * Writes value · 10^-decimals exactly, without zeros at the end beyond `decimalsMin` places. Inverse of {@link parseDecimal}.
 * @throws RangeError unless 0 ≤ decimalsMin ≤ decimals.
 */
export function formatDecimal(value: bigint, decimals: number, decimalsMin = 0): string {
  if (decimalsMin < 0 || decimalsMin > decimals) throw new RangeError(`${decimalsMin} of ${decimals} decimals`);
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals);
  const needed = Math.max(decimalsMin, fraction.replace(/0+$/, "").length);
  return `${value < 0n ? "-" : ""}${whole}${needed === 0 ? "" : `.${fraction.slice(0, needed)}`}`;
}

const MICRO_DECIMALS = 6;
const PICO_DECIMALS = 12;

/** "12.5" → 12_500_000n. @throws DecimalError for text that is no decimal or finer than a micro-USD. */
export function microUsdFromUsd(usd: string): bigint {
  return parseDecimal(usd, MICRO_DECIMALS, "the USD amount");
}

/** 12_500_000n → "12.5", exact. */
export function usdFromMicroUsd(microUsd: bigint): string {
  return formatDecimal(microUsd, MICRO_DECIMALS);
}

/** @throws DecimalError for text that is no decimal or finer than a pico-USD. */
export function picoUsdFromUsd(usd: string): bigint {
  return parseDecimal(usd, PICO_DECIMALS, "the USD amount");
}

/** Exact, up to twelve places. */
export function usdFromPicoUsd(picoUsd: bigint): string {
  return formatDecimal(picoUsd, PICO_DECIMALS);
}

/** Rounded down (towards −∞) to a number of places, for display: what is shown is never more than what is there. */
export function usdFromPicoUsdFloor(picoUsd: bigint, decimals: number): string {
  if (!Number.isSafeInteger(decimals) || decimals < 0 || decimals > PICO_DECIMALS)
    throw new RangeError(`${decimals} decimals`);
  const unit = 10n ** BigInt(PICO_DECIMALS - decimals);
  const floor = picoUsd / unit - (picoUsd % unit < 0n ? 1n : 0n);
  return formatDecimal(floor, decimals, decimals);
}
