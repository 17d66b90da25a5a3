import type { OrderMessage, Side } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { EpochTerms } from "./epoch-terms.ts";
import { type FeeTier, feePicoUsd } from "./fees.ts";
import { marginOf, type Position } from "./margin.ts";
import { transitionRefusal } from "./transition.ts";
import { transitionRefusalCode } from "./transition-code.ts";

/** What admission looks at: the epoch, the market's open interest, and the account as it is now. */
export interface AdmissionState {
  readonly terms: EpochTerms;
  readonly grossOpenInterestLots: readonly bigint[];
  /** Funding settled to the epoch. */
  readonly position: Position;
  /** Rates that the account is charged in this epoch. */
  readonly feeRates: FeeTier;
  /** The one market that an isolated account trades; null for a cross one. */
  readonly isolatedMarket: number | null;
}

/** What admission looks at of an order. */
export type AdmissionOrder = Pick<
  OrderMessage,
  "market" | "side" | "limitPriceTicks" | "reduceOnly" | "postOnly" | "maxFeePpm"
>;

/** The account after a trade: collateral −= ±quote · 10^6 + fee; size ±= q, + for a buy. */
export function afterTrade(
  { collateralPicoUsd, sizesLots }: Position,
  { market, side }: { market: number; side: Side },
  quantityLots: bigint,
  quoteMicroUsd: bigint,
  feePaidPicoUsd: bigint,
): Position {
  const sign = side === "buy" ? 1n : -1n;
  return {
    collateralPicoUsd: collateralPicoUsd - sign * quoteMicroUsd * PICO_PER_MICRO - feePaidPicoUsd,
    sizesLots: sizesLots.map((size, index) => (index === market ? size + sign * quantityLots : size)),
  };
}

/** Lots that an order on a side may fill without growing or flipping a position. */
export function reducibleLots(sizeLots: bigint, side: Side): bigint {
  const room = side === "buy" ? -sizeLots : sizeLots;
  return room > 0n ? room : 0n;
}

/** The highest rate that the order may be charged: a post-only one is always a maker. */
export function chargeableFeePpm({ makerPpm, takerPpm }: FeeTier, postOnly: boolean): number {
  return postOnly ? makerPpm : Math.max(makerPpm, takerPpm);
}

/**
 * Whether the matcher lets an order of a known account in, on grounds of price band, fee and risk: as if it filled in full at its limit.
 * What only reduces is judged at each fill instead. The matcher and everybody who previews an order call this one function.
 * @param remainingLots what could still fill
 * @returns null lets it in
 */
export function admissionRefusal(
  state: AdmissionState,
  order: AdmissionOrder,
  remainingLots: bigint,
): RejectCode | null {
  const { terms, position, isolatedMarket } = state;
  const market = terms.markets[order.market];
  if (!market?.live) return "UNKNOWN_MARKET";
  if (isolatedMarket !== null && isolatedMarket !== order.market) return "ISOLATED_ACCOUNT";
  const buys = order.side === "buy";
  const limitTicks = BigInt(order.limitPriceTicks);
  // 1. A limit beyond the band on the aggressive side would let an unprovable maker be met, or rest unprovable itself.
  if (buys ? limitTicks > market.priceMaxTicks : limitTicks < market.priceMinTicks) return "OUTSIDE_PRICE_BAND";
  // 2. Every rate that it may be charged must be within its signed maximum.
  const ratePpm = chargeableFeePpm(state.feeRates, order.postOnly);
  if (order.maxFeePpm < ratePpm) return "MAX_FEE_TOO_LOW";
  // 3. Risk.
  const sizeLots = position.sizesLots[order.market] as bigint;
  if (order.reduceOnly || remainingLots <= reducibleLots(sizeLots, order.side)) return null;
  const { valuePicoUsd, maintenancePicoUsd } = marginOf(terms, position);
  if (valuePicoUsd < maintenancePicoUsd) return "LIQUIDATABLE";
  if (market.restricted) return "MARKET_RESTRICTED";
  const grossLots = state.grossOpenInterestLots[order.market] as bigint;
  if (grossLots >= market.grossOpenInterestCapLots) return "OPEN_INTEREST_CAP";
  const quoteMicroUsd = limitTicks * remainingLots;
  const final = afterTrade(position, order, remainingLots, quoteMicroUsd, feePicoUsd(ratePpm, quoteMicroUsd));
  const refusal = transitionRefusal(terms, position, final, false);
  return refusal === undefined ? null : transitionRefusalCode(refusal);
}
