/** Decimals for people. What comes in is exact, plain notation; what goes out is only looked at, never sent. */

const MINUS = "−";

/** Groups of three digits before the point: "1234567.5" → "1,234,567.5". */
function grouped(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** A decimal, rounded to the nearest at a number of places (halves away from zero), with exactly that many. */
export function rounded(decimal: string, places: number): string {
  const negative = decimal.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? decimal.slice(1) : decimal).split(".");
  const digits = BigInt(whole + fraction.slice(0, places).padEnd(places, "0"));
  const up = (fraction[places] ?? "0") >= "5" ? 1n : 0n;
  return placed(digits + up, places, negative);
}

/** Toward zero: of money that is there, never more is shown than that. */
export function cut(decimal: string, places: number): string {
  const negative = decimal.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? decimal.slice(1) : decimal).split(".");
  return placed(BigInt(whole + fraction.slice(0, places).padEnd(places, "0")), places, negative);
}

function placed(digits: bigint, places: number, negative: boolean): string {
  const text = digits.toString().padStart(places + 1, "0");
  const whole = grouped(text.slice(0, text.length - places));
  const shown = places === 0 ? whole : `${whole}.${text.slice(text.length - places)}`;
  return negative && digits !== 0n ? `${MINUS}${shown}` : shown;
}

/** All places that there are, digits grouped. */
export function full(decimal: string): string {
  const negative = decimal.startsWith("-");
  const [whole = "0", fraction] = (negative ? decimal.slice(1) : decimal).split(".");
  return `${negative ? MINUS : ""}${grouped(whole)}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** USD to the cent. */
export function usd(decimal: string): string {
  return rounded(decimal, 2);
}

/** With its sign, also when that is a plus. */
export function signed(decimal: string, places: number): string {
  const text = rounded(decimal, places);
  return /[1-9]/.test(text) && !text.startsWith(MINUS) ? `+${text}` : text;
}

/** A share in percent: "0.0125" → "1.25%". */
export function percent(share: string, places = 2): string {
  const negative = share.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? share.slice(1) : share).split(".");
  const moved = `${whole}${fraction.slice(0, 2).padEnd(2, "0")}.${fraction.slice(2) || "0"}`.replace(/^0+(?=\d)/, "");
  return `${rounded(negative ? `-${moved}` : moved, places)}%`;
}

/** Parts per million in percent: 125 → "0.0125%". */
export function percentOfPpm(ppm: number, places = 4): string {
  const magnitude = String(Math.abs(ppm)).padStart(5, "0");
  const decimal = `${magnitude.slice(0, -4)}.${magnitude.slice(-4)}`;
  return `${rounded(ppm < 0 ? `-${decimal}` : decimal, places)}%`;
}

/** Ppm in basis points, one place: 1234 → "12.3 bp". */
export function basisPoints(ppm: bigint | number): string {
  const value = BigInt(ppm);
  const magnitude = (value < 0n ? -value : value).toString().padStart(3, "0");
  const decimal = `${magnitude.slice(0, -2)}.${magnitude.slice(-2)}`;
  return `${rounded(value < 0n ? `-${decimal}` : decimal, 1)} bp`;
}

export function isNegative(decimal: string): boolean {
  return decimal.startsWith("-") && /[1-9]/.test(decimal);
}

export function isZero(decimal: string): boolean {
  return !/[1-9]/.test(decimal);
}
