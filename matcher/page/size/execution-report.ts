import { parseDecimal } from "../../protocol/decimal.ts";
import type { Market } from "../../protocol/market.ts";
import { meanPriceTicksAgainst } from "../../risk/profit.ts";

/** What was seen when an order was sent. */
export interface Arrival {
  /** Best bid plus best ask. */
  readonly middleTwiceTicks: number;
  readonly atMs: number;
}

export interface ReportedFill {
  readonly side: "buy" | "sell";
  readonly price: string;
  readonly size: string;
  readonly fee: string;
  readonly atMs: number;
}

/** What an order cost against the price at which it was sent. */
export interface ExecutionReport {
  readonly filledLots: bigint;
  readonly averageTicks: bigint;
  /** Rounded up: against the trader. Negative when it was better. */
  readonly slippagePpmCeil: bigint;
  readonly slippageMicroUsdCeil: bigint;
  readonly feePicoUsd: bigint;
  /** From sending to the last fill. */
  readonly durationMs: number;
}

const PPM = 1_000_000n;

function divideCeil(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by > 0n ? quotient + 1n : quotient;
}

/** @param fills of one order. @returns null without any */
export function executionReport(
  market: Market,
  { middleTwiceTicks, atMs }: Arrival,
  fills: readonly ReportedFill[],
): ExecutionReport | null {
  const [first] = fills;
  if (first === undefined) return null;
  const buys = first.side === "buy";
  let filledLots = 0n;
  let quoteMicroUsd = 0n;
  let feePicoUsd = 0n;
  for (const fill of fills) {
    const lots = parseDecimal(fill.size, market.lotDecimals, "the size");
    filledLots += lots;
    quoteMicroUsd += lots * parseDecimal(fill.price, market.tickDecimals, "the price");
    feePicoUsd += parseDecimal(fill.fee, 12, "the fee");
  }
  const atArrivalTwice = BigInt(middleTwiceTicks) * filledLots;
  const worseTwice = buys ? 2n * quoteMicroUsd - atArrivalTwice : atArrivalTwice - 2n * quoteMicroUsd;
  return {
    filledLots,
    averageTicks: meanPriceTicksAgainst(quoteMicroUsd, filledLots, buys),
    slippagePpmCeil: divideCeil(worseTwice * PPM, atArrivalTwice),
    slippageMicroUsdCeil: divideCeil(worseTwice, 2n),
    feePicoUsd,
    durationMs: Math.max(0, Math.max(...fills.map((fill) => fill.atMs)) - atMs),
  };
}
