import type { Market } from "../protocol/market.ts";
import { WIDTH } from "../protocol/spec.ts";
import type { NoPrice, SourcePrice } from "./price-source.ts";

const LIMIT_TICKS = 1n << BigInt(WIDTH.priceTicks);
/** Digits that a number of a source may have: more is no price. */
const DIGITS_MAX = 60;

/** value · 10^-decimals USD in ticks, to the nearest, half up; exact in integers. */
export function nearestTicks(
  market: Market,
  value: bigint,
  decimals: number,
  timeSeconds: number,
): SourcePrice | NoPrice {
  if (value <= 0n) return { reason: `the ${market.symbol} price is not above zero` };
  const finer = decimals - market.tickDecimals;
  const scale = 10n ** BigInt(Math.abs(finer));
  const ticks = finer <= 0 ? value * scale : (value + scale / 2n) / scale;
  if (ticks === 0n) return { reason: `the ${market.symbol} price is below half a tick of ${market.tickUsd} USD` };
  if (ticks >= LIMIT_TICKS) return { reason: `the ${market.symbol} price does not fit 32 bits of ticks` };
  return { priceTicks: Number(ticks), timeSeconds };
}

/** The same for a number as written, with or without exponent. @param text of a JSON number or a decimal string */
export function nearestTicksOfText(market: Market, text: string, timeSeconds: number): SourcePrice | NoPrice {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text);
  if (match === null || text.length > DIGITS_MAX) return { reason: `the ${market.symbol} price is not a number` };
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const digits = BigInt(whole + fraction);
  const decimals = fraction.length - Number(exponent);
  const value = decimals < 0 ? digits * 10n ** BigInt(-decimals) : digits;
  return nearestTicks(market, sign === "-" ? -value : value, Math.max(0, decimals), timeSeconds);
}
