import type { WireMarket } from "../../protocol/api-wire.ts";
import { DecimalError, parseDecimal } from "../../protocol/decimal.ts";
import {
  baseFromLots,
  type Market,
  priceTicksFromUsd,
  quantityLotsFromBase,
  usdFromPriceTicks,
} from "../../protocol/market.ts";
import type { Side, TimeInForce } from "../../protocol/message.ts";
import type { OrderTerms } from "../../sdk/order-terms.ts";

export type OrderKind = "limit" | "market";

/** What stands in the order form. */
export interface OrderDraft {
  readonly kind: OrderKind;
  readonly side: Side;
  /** As typed; looked at for a limit order only. */
  readonly price: string;
  /** As typed. */
  readonly size: string;
  readonly sizeUnit: "base" | "usd";
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  /** How much worse than the best price a market order may fill, in percent; as typed. */
  readonly tolerancePercent: string;
}

export const EMPTY_DRAFT: OrderDraft = {
  kind: "limit",
  side: "buy",
  price: "",
  size: "",
  sizeUnit: "base",
  timeInForce: "GTT",
  postOnly: false,
  reduceOnly: false,
  tolerancePercent: "0.5",
};

/** What is wrong with a field, in a sentence; the field is not filled in yet when there is none. */
export interface DraftFault {
  readonly field: "price" | "size" | "tolerance";
  readonly message: string | null;
}

export interface BestPrices {
  readonly bidTicks: number | null;
  readonly askTicks: number | null;
}

/** Tolerances are whole ten-thousandths of a percent: ppm. */
const PERCENT_DECIMALS = 4;
const PPM = 1_000_000n;
/** 20%: beyond, the market's band is what bounds an order. */
const TOLERANCE_MAX_PPM = 200_000n;

/** A comma is a decimal point for many, and a trailing point is a number that is being typed. */
function plain(text: string): string {
  return text.trim().replace(",", ".").replace(/\.$/, "").replace(/^\./, "0.");
}

/**
 * The price that bounds a market order: so much worse than the best, but within the market's band and on its step.
 * @returns null when there is nobody to trade with
 */
export function worstPriceTicks(
  side: Side,
  tolerancePpm: bigint,
  { bidTicks, askTicks }: BestPrices,
  band: { minTicks: number; maxTicks: number; stepTicks: number },
): number | null {
  const best = side === "buy" ? askTicks : bidTicks;
  if (best === null) return null;
  const step = BigInt(band.stepTicks);
  if (side === "buy") {
    const bound = (BigInt(best) * (PPM + tolerancePpm)) / PPM;
    const within = bound < BigInt(band.maxTicks) ? bound : BigInt(band.maxTicks);
    return Number((within / step) * step);
  }
  const bound = (BigInt(best) * (PPM - tolerancePpm) + PPM - 1n) / PPM;
  const within = bound > BigInt(band.minTicks) ? bound : BigInt(band.minTicks);
  return Number(((within + step - 1n) / step) * step);
}

/** Lots for an amount of USD at a price, rounded down to the size step. */
export function lotsForUsdFloor(microUsd: bigint, priceTicks: number, stepLots: number): bigint {
  const step = BigInt(stepLots);
  return (microUsd / BigInt(priceTicks) / step) * step;
}

function toleranceOf({ tolerancePercent }: OrderDraft): bigint | DraftFault {
  try {
    const ppm = parseDecimal(plain(tolerancePercent), PERCENT_DECIMALS, "the tolerance");
    if (ppm >= 0n && ppm <= TOLERANCE_MAX_PPM) return ppm;
  } catch {
    // Said below.
  }
  return { field: "tolerance", message: "The tolerance is a percentage from 0 to 20." };
}

function priceOf(draft: OrderDraft, market: Market, wire: WireMarket, best: BestPrices): string | DraftFault {
  if (draft.kind === "limit") {
    if (draft.price.trim() === "") return { field: "price", message: null };
    try {
      return usdFromPriceTicks(market, priceTicksFromUsd(market, plain(draft.price)));
    } catch (error) {
      return { field: "price", message: faultText(error, `The price is a multiple of ${wire.priceStep} USD.`) };
    }
  }
  const tolerance = toleranceOf(draft);
  if (typeof tolerance !== "bigint") return tolerance;
  if (wire.priceMin === null || wire.priceMax === null) {
    return { field: "price", message: `${market.symbol} does not trade now.` };
  }
  const band = {
    minTicks: priceTicksFromUsd(market, wire.priceMin),
    maxTicks: priceTicksFromUsd(market, wire.priceMax),
    stepTicks: priceTicksFromUsd(market, wire.priceStep),
  };
  const ticks = worstPriceTicks(draft.side, tolerance, best, band);
  if (ticks === null) return { field: "price", message: "There is nobody to trade with: place a limit order." };
  return usdFromPriceTicks(market, ticks);
}

function sizeOf(draft: OrderDraft, market: Market, wire: WireMarket, price: string): string | DraftFault {
  if (draft.size.trim() === "") return { field: "size", message: null };
  const text = plain(draft.size);
  try {
    if (draft.sizeUnit === "base") return baseFromLots(market, quantityLotsFromBase(market, text));
    const microUsd = parseDecimal(text, 6, "the size");
    const stepLots = quantityLotsFromBase(market, wire.sizeStep);
    const lots = lotsForUsdFloor(microUsd, priceTicksFromUsd(market, price), stepLots);
    if (lots > 0n) return baseFromLots(market, lots);
    return { field: "size", message: `That is less than ${wire.sizeMin} ${market.symbol.split("-")[0]}.` };
  } catch (error) {
    return { field: "size", message: faultText(error, `The size is a multiple of ${wire.sizeStep}.`) };
  }
}

function faultText(error: unknown, offStep: string): string {
  if (!(error instanceof DecimalError)) throw error;
  switch (error.code) {
    case "MALFORMED":
      return "That is not a plain number.";
    case "PRICE_ZERO":
    case "QUANTITY_ZERO":
      return "It must be more than zero.";
    case "PRICE_TOO_LARGE":
    case "QUANTITY_TOO_LARGE":
      return "It is negative, or too large.";
    default:
      return offStep;
  }
}

/** The order that the form describes, or the first thing that is missing or wrong. */
export function orderTermsOf(
  draft: OrderDraft,
  market: Market,
  wire: WireMarket,
  best: BestPrices,
): { readonly terms: OrderTerms } | { readonly fault: DraftFault } {
  const price = priceOf(draft, market, wire, best);
  if (typeof price !== "string") return { fault: price };
  const size = sizeOf(draft, market, wire, price);
  if (typeof size !== "string") return { fault: size };
  const isMarket = draft.kind === "market";
  return {
    terms: {
      market: market.symbol,
      side: draft.side,
      price,
      size,
      timeInForce: isMarket ? "IOC" : draft.timeInForce,
      postOnly: !isMarket && draft.postOnly,
      reduceOnly: draft.reduceOnly,
    },
  };
}
