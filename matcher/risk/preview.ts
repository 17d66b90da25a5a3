import type { OrderMessage, TimeInForce } from "../protocol/message.ts";
import { notionalReject, type OrderLimits, priceReject, quantityReject } from "../protocol/order-limits.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { PPM } from "../protocol/spec.ts";
import {
  type AdmissionOrder,
  type AdmissionState,
  admissionRefusal,
  afterTrade,
  chargeableFeePpm,
  reducibleLots,
} from "./admission.ts";
import { feePicoUsd } from "./fees.ts";
import { type AccountFigures, accountFigures, type PositionFigures, positionFigures } from "./figures.ts";
import { maxOrderLots } from "./order-room.ts";
import { meanPriceTicksAgainst } from "./profit.ts";
import { transitionRefusal } from "./transition.ts";
import { transitionRefusalCode } from "./transition-code.ts";

/** Levels a side that a preview looks at: as many as GET /v1/orderbook gives at most. */
export const PREVIEW_LEVELS_MAX = 1_000;

/** What a preview needs beside what admission looks at. */
export interface PreviewState extends AdmissionState {
  readonly limits: OrderLimits;
  readonly openOrders: number;
  readonly openOrdersMax: number;
}

/** An order without what only names and dates it. */
export interface PreviewOrder extends AdmissionOrder {
  readonly quantityLots: number;
  readonly timeInForce: TimeInForce;
}

/** One price level of the side that the order would take from. */
export interface PreviewLevel {
  readonly priceTicks: number;
  readonly quantityLots: number;
}

/** The market as it stands. */
export interface PreviewMarket {
  /** Best first. A reduce-only or own order counts in full, though it may not fill. */
  readonly levels: readonly PreviewLevel[];
  readonly markTicks: number;
}

/** A fill of some lots, and the account after it. */
export interface Execution {
  quantityLots: bigint;
  quoteMicroUsd: bigint;
  /** Whole ticks, against the trader. */
  averagePriceTicks: bigint;
  /** How much worse than the mark price the mean price is, ppm, against the trader; negative when it is better. */
  slippagePpmCeil: bigint;
  feePicoUsd: bigint;
  account: AccountFigures;
  position: PositionFigures;
  /** Why the fill itself would not be valid, at once and in one piece: what only reduces is judged here and not before. */
  refusal: RejectCode | null;
}

export interface OrderPreview {
  /** What the matcher would say; null when it would take the order. */
  refusal: RejectCode | null;
  /** Most lots that it would take at this limit. */
  maxLots: bigint;
  /** As if it filled in full at its limit, at the higher of its fee rates: what is judged. null when nothing can be worked out. */
  atLimit: Execution | null;
  /** What would fill at once against the levels given; null when nothing would. */
  atOnce: Execution | null;
  /** What would rest after that. */
  restingLots: bigint;
}

/** Lots and quote that an order would take from levels, up to its limit. */
export function walkLevels(
  levels: readonly PreviewLevel[],
  { side, limitPriceTicks }: Pick<OrderMessage, "side" | "limitPriceTicks">,
  quantityLots: bigint,
): { quantityLots: bigint; quoteMicroUsd: bigint } {
  let leftLots = quantityLots;
  let quoteMicroUsd = 0n;
  for (const level of levels) {
    const crosses = side === "buy" ? level.priceTicks <= limitPriceTicks : level.priceTicks >= limitPriceTicks;
    if (leftLots === 0n || !crosses) break;
    const lots = leftLots < BigInt(level.quantityLots) ? leftLots : BigInt(level.quantityLots);
    quoteMicroUsd += lots * BigInt(level.priceTicks);
    leftLots -= lots;
  }
  return { quantityLots: quantityLots - leftLots, quoteMicroUsd };
}

function slippagePpmCeil(quoteMicroUsd: bigint, markMicroUsd: bigint, buys: boolean): bigint {
  const worse = (buys ? quoteMicroUsd - markMicroUsd : markMicroUsd - quoteMicroUsd) * BigInt(PPM);
  const quotient = worse / markMicroUsd;
  return worse % markMicroUsd > 0n ? quotient + 1n : quotient;
}

function execution(
  state: AdmissionState,
  order: AdmissionOrder,
  { quantityLots, quoteMicroUsd }: { quantityLots: bigint; quoteMicroUsd: bigint },
  ratePpm: number,
  markTicks: number,
): Execution | null {
  if (quantityLots === 0n) return null;
  const { terms, position } = state;
  const fee = feePicoUsd(ratePpm, quoteMicroUsd);
  const final = afterTrade(position, order, quantityLots, quoteMicroUsd, fee);
  const buys = order.side === "buy";
  const refusal = transitionRefusal(terms, position, final, false);
  return {
    quantityLots,
    quoteMicroUsd,
    averagePriceTicks: meanPriceTicksAgainst(quoteMicroUsd, quantityLots, buys),
    slippagePpmCeil: slippagePpmCeil(quoteMicroUsd, BigInt(markTicks) * quantityLots, buys),
    feePicoUsd: fee,
    account: accountFigures(terms, final),
    position: positionFigures(terms, final, order.market),
    refusal: refusal === undefined ? null : transitionRefusalCode(refusal),
  };
}

/** What the order's conditions on immediate execution say, as far as levels tell it. */
function bookRefusal(order: PreviewOrder, wantedLots: bigint, crossingLots: bigint): RejectCode | null {
  if (order.postOnly) return crossingLots > 0n ? "POST_ONLY_WOULD_CROSS" : null;
  return order.timeInForce === "FOK" && crossingLots < wantedLots ? "FOK_NOT_FILLABLE" : null;
}

/**
 * What the matcher would make of a fresh order now: whether it would take it, by the very functions that it judges by, and what fills
 * would do to the account. What a preview cannot know is the past of a slot, a fill of the account's own orders and how the book moves.
 */
export function previewOrder(state: PreviewState, order: PreviewOrder, market: PreviewMarket): OrderPreview {
  const { limits } = state;
  const nothing = { maxLots: 0n, atLimit: null, atOnce: null, restingLots: 0n };
  if (state.terms.markets[order.market]?.live !== true) return { refusal: "UNKNOWN_MARKET", ...nothing };
  const maxLots = maxOrderLots(state, order, limits);
  // In the order in which the matcher looks: the first that fails is named.
  const shape =
    (order.postOnly && order.timeInForce !== "GTT" ? "POST_ONLY_NOT_RESTING" : null) ??
    quantityReject(order.quantityLots, limits) ??
    priceReject(order.limitPriceTicks, limits) ??
    notionalReject(order, limits);
  if (shape !== null) return { refusal: shape, ...nothing, maxLots };
  const quantityLots = BigInt(order.quantityLots);
  const reducible = reducibleLots(state.position.sizesLots[order.market] as bigint, order.side);
  const fillable = order.reduceOnly && reducible < quantityLots ? reducible : quantityLots;
  const crossing = walkLevels(market.levels, order, fillable);
  const tooMany = order.timeInForce === "GTT" && state.openOrders >= state.openOrdersMax;
  const refusal =
    (tooMany ? "OPEN_ORDERS_LIMIT" : null) ??
    (order.reduceOnly && reducible === 0n ? "REDUCE_ONLY_WOULD_INCREASE" : null) ??
    admissionRefusal(state, order, quantityLots) ??
    bookRefusal(order, quantityLots, crossing.quantityLots);
  const atLimit = { quantityLots: fillable, quoteMicroUsd: BigInt(order.limitPriceTicks) * fillable };
  const ratePpm = chargeableFeePpm(state.feeRates, order.postOnly);
  const takes = !order.postOnly && refusal === null;
  // A reduce-only order that has closed the position is done, whatever it was signed for.
  const done = takes && order.reduceOnly && crossing.quantityLots === reducible;
  const rests = order.timeInForce === "GTT" && refusal === null && !done;
  return {
    refusal,
    maxLots,
    atLimit: execution(state, order, atLimit, ratePpm, market.markTicks),
    atOnce: takes ? execution(state, order, crossing, state.feeRates.takerPpm, market.markTicks) : null,
    restingLots: rests ? quantityLots - (takes ? crossing.quantityLots : 0n) : 0n,
  };
}
