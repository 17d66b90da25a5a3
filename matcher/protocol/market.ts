import { DecimalError, formatDecimal, parseDecimal } from "./decimal.ts";
import { MARKETS, WIDTH } from "./spec.ts";

/** Decimal places of a micro-USD, which one tick times one lot is in every market. */
const QUOTE_DECIMALS = 6;
const PRICE_LIMIT_TICKS = 2n ** BigInt(WIDTH.priceTicks);
const QUANTITY_LIMIT_LOTS = 2n ** BigInt(WIDTH.quantityLots);

/** What never changes about a market. */
export interface Market {
  /** Position in leaves and messages, 0 ≤ x < 8. */
  index: number;
  /** For example "BTC-USD". */
  symbol: string;
  /** One tick in USD as a decimal string: a power of ten. */
  tickUsd: string;
  /** One lot in units of the base asset as a decimal string: a power of ten. */
  lotBase: string;
  /** A tick is 10^-tickDecimals USD. */
  tickDecimals: number;
  /** A lot is 10^-lotDecimals units. */
  lotDecimals: number;
}

/** Decimal places of a power of ten ≤ 1. @throws RangeError for any other text. */
function decimalsOf(step: string, what: string): number {
  const match = /^(?:1|0\.(0*)1)$/.exec(step);
  if (match === null) throw new RangeError(`${what} ${JSON.stringify(step)} is not 1, 0.1, 0.01, …`);
  return step === "1" ? 0 : (match[1] ?? "").length + 1;
}

/** @throws RangeError when the index is taken from elsewhere, or a tick times a lot is not one micro-USD. */
export function defineMarket(index: number, symbol: string, tickUsd: string, lotBase: string): Market {
  if (!Number.isSafeInteger(index) || index < 0 || index >= MARKETS) throw new RangeError(`market index ${index}`);
  if (!/^[A-Z0-9]{1,16}-USD$/.test(symbol)) throw new RangeError(`market symbol ${JSON.stringify(symbol)}`);
  const tickDecimals = decimalsOf(tickUsd, "the tick");
  const lotDecimals = decimalsOf(lotBase, "the lot");
  if (tickDecimals + lotDecimals !== QUOTE_DECIMALS) {
    throw new RangeError(`${symbol}: tick ${tickUsd} times lot ${lotBase} is not 0.000001 USD`);
  }
  return { index, symbol, tickUsd, lotBase, tickDecimals, lotDecimals };
}

/**
 * Reads a price in USD. @throws DecimalError MALFORMED, OFF_TICK, PRICE_ZERO or PRICE_TOO_LARGE (negative, or 2^32 ticks or more),
 * naming the market.
 */
export function priceTicksFromUsd(market: Market, usd: string): number {
  const what = `the ${market.symbol} price`;
  const ticks = parseDecimal(usd, market.tickDecimals, what, "OFF_TICK");
  if (ticks === 0n) throw new DecimalError("PRICE_ZERO", `${what} is zero`);
  if (ticks < 0n || ticks >= PRICE_LIMIT_TICKS) {
    const limit = formatDecimal(PRICE_LIMIT_TICKS, market.tickDecimals);
    throw new DecimalError("PRICE_TOO_LARGE", `${what} ${usd} is not below ${limit} USD, or is negative`);
  }
  return Number(ticks);
}

/** 650_000 → "65000.0" at a tick of 0.1: with all the places of the tick. @throws RangeError for a fraction of a tick. */
export function usdFromPriceTicks(market: Market, priceTicks: number | bigint): string {
  return formatDecimal(BigInt(priceTicks), market.tickDecimals, market.tickDecimals);
}

/**
 * Reads a quantity in units of the base asset. @throws DecimalError MALFORMED, OFF_LOT, QUANTITY_ZERO or QUANTITY_TOO_LARGE
 * (negative, or 2^40 lots or more), naming the market.
 */
export function quantityLotsFromBase(market: Market, base: string): number {
  const what = `the ${market.symbol} quantity`;
  const lots = parseDecimal(base, market.lotDecimals, what, "OFF_LOT");
  if (lots === 0n) throw new DecimalError("QUANTITY_ZERO", `${what} is zero`);
  if (lots < 0n || lots >= QUANTITY_LIMIT_LOTS) {
    const limit = formatDecimal(QUANTITY_LIMIT_LOTS, market.lotDecimals);
    throw new DecimalError("QUANTITY_TOO_LARGE", `${what} ${base} is not below ${limit}, or is negative`);
  }
  return Number(lots);
}

/** Lots → units of the base asset, signed, exact: −150 → "-0.0015" at a lot of 0.00001. @throws RangeError for a fraction of a lot. */
export function baseFromLots(market: Market, lots: number | bigint): string {
  return formatDecimal(BigInt(lots), market.lotDecimals);
}
