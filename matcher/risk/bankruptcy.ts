import type { Side } from "../protocol/message.ts";
import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { EpochTerms } from "./epoch-terms.ts";
import { floorDivide } from "./floor-divide.ts";
import { marginOf, type Position } from "./margin.ts";

/** A part of a position that is closed. */
export interface ClosedLots {
  readonly market: number;
  /** "sell" closes a long. */
  readonly side: Side;
  readonly quantityLots: bigint;
}

/** The same, at a quote. */
export interface Closing extends ClosedLots {
  readonly quoteMicroUsd: bigint;
}

/** What passes between an account, the insurance fund and a counterparty beside the quote. Both ≥ 0, at most one of them above. */
export interface ClosingAmounts {
  /** From the account to the fund. */
  readonly feePicoUsd: bigint;
  /** To the account. */
  readonly payoutPicoUsd: bigint;
}

/** The position after a closing. @param receivedPicoUsd beside the quote; negative is paid */
export function closedPosition(start: Position, closing: Closing, receivedPicoUsd: bigint): Position {
  const sells = closing.side === "sell";
  const quotePicoUsd = closing.quoteMicroUsd * PICO_PER_MICRO;
  const size = start.sizesLots[closing.market] as bigint;
  return {
    collateralPicoUsd: start.collateralPicoUsd + (sells ? quotePicoUsd : -quotePicoUsd) + receivedPicoUsd,
    sizesLots: start.sizesLots.with(closing.market, sells ? size - closing.quantityLots : size + closing.quantityLots),
  };
}

/**
 * The quote at which a closing leaves the account's maintenance ratio TV / TR_m as it is: at value zero once the last position is gone.
 * Rounded in the account's favour: the least that a sale must bring, the most that a purchase may cost. May be negative, when the rest
 * of the account bears it.
 * @returns undefined for an account without a requirement: no quote is too bad for it
 */
export function bankruptcyQuotePicoUsdSafeSide(
  terms: EpochTerms,
  start: Position,
  closed: ClosedLots,
): bigint | undefined {
  const before = marginOf(terms, start);
  if (before.maintenancePicoUsd === 0n) return undefined;
  const after = marginOf(terms, closedPosition(start, { ...closed, quoteMicroUsd: 0n }, 0n));
  // What the value after may fall by, exactly: (TV·TR_m⁰ − TV⁰·TR_m) / TR_m⁰. Bits: 109 + 95.
  const surplusPicoUsdFloor = floorDivide(
    after.valuePicoUsd * before.maintenancePicoUsd - before.valuePicoUsd * after.maintenancePicoUsd,
    before.maintenancePicoUsd,
  );
  return closed.side === "sell" ? -surplusPicoUsdFloor : surplusPicoUsdFloor;
}

/**
 * What a closing at a quote entails: of what lies above the bankruptcy quote the fund takes as much as the fee's cap allows, and what is
 * missing below it is paid to the account, no pico-USD more.
 */
export function closingAmounts(terms: EpochTerms, start: Position, closing: Closing): ClosingAmounts {
  const feeMaxPicoUsd = BigInt(terms.liquidation.feeCapPpm) * closing.quoteMicroUsd;
  const bankruptcyPicoUsd = bankruptcyQuotePicoUsdSafeSide(terms, start, closing);
  if (bankruptcyPicoUsd === undefined) return { feePicoUsd: feeMaxPicoUsd, payoutPicoUsd: 0n };
  const abovePicoUsd = closing.quoteMicroUsd * PICO_PER_MICRO - bankruptcyPicoUsd;
  const surplusPicoUsd = closing.side === "sell" ? abovePicoUsd : -abovePicoUsd;
  if (surplusPicoUsd < 0n) return { feePicoUsd: 0n, payoutPicoUsd: -surplusPicoUsd };
  return { feePicoUsd: surplusPicoUsd < feeMaxPicoUsd ? surplusPicoUsd : feeMaxPicoUsd, payoutPicoUsd: 0n };
}
