import { formatDecimal, usdFromMicroUsd, usdFromPicoUsd } from "../protocol/decimal.ts";
import type {
  WireDeleveragingRank,
  WireExecution,
  WireMargin,
  WireMarginMode,
  WirePosition,
  WirePreview,
  WireRefusal,
} from "../protocol/margin-wire.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../protocol/market.ts";
import { REJECTS, type RejectCode } from "../protocol/reject.ts";
import type { AccountFigures, PositionFigures } from "./figures.ts";
import type { Execution, OrderPreview } from "./preview.ts";
import { meanPriceTicksAgainst, unrealisedProfitMicroUsd } from "./profit.ts";

/** A share in ppm is a decimal with six places. */
const SHARE_DECIMALS = 6;

/** 250_000 → "0.25". */
export function shareFromPpm(ppm: bigint): string {
  return formatDecimal(ppm, SHARE_DECIMALS);
}

function shareOrNull(ppm: bigint | null): string | null {
  return ppm === null ? null : shareFromPpm(ppm);
}

function priceOrNull(market: Market, ticks: bigint | null): string | null {
  return ticks === null ? null : usdFromPriceTicks(market, ticks);
}

/** Whether an account is isolated, as people call it. */
export function marginMode(isolatedMarket: number | null): WireMarginMode {
  return isolatedMarket === null ? "cross" : "isolated";
}

/** The figures of an account as texts: exact, so that whoever computes them gets the same ones. */
export function wireMargin(figures: AccountFigures): WireMargin {
  return {
    equity: usdFromPicoUsd(figures.valuePicoUsd),
    initialMargin: usdFromPicoUsd(figures.initialPicoUsd),
    maintenanceMargin: usdFromPicoUsd(figures.maintenancePicoUsd),
    freeCollateral: usdFromPicoUsd(figures.freePicoUsd),
    withdrawable: usdFromMicroUsd(figures.withdrawableMicroUsdFloor),
    marginRatio: shareOrNull(figures.marginRatioPpmCeil),
    leverage: shareOrNull(figures.leveragePpmCeil),
    liquidatable: figures.liquidatable,
  };
}

/** The most that an isolated account can lose. */
export function wireLossLimit(isolatedMarket: number | null, { valuePicoUsd }: AccountFigures): string | null {
  if (isolatedMarket === null) return null;
  return usdFromPicoUsd(valuePicoUsd > 0n ? valuePicoUsd : 0n);
}

/** What a position's texts need beside its figures. */
export interface PositionContext {
  market: Market;
  mode: WireMarginMode;
  indexTicks: bigint;
  markTicks: bigint;
  /** What it was bought or sold for; null when nobody remembers. */
  entryMicroUsd: bigint | null;
  deleveragingRank: WireDeleveragingRank | null;
}

export function wirePosition(figures: PositionFigures, context: PositionContext): WirePosition {
  const { market, mode, indexTicks, markTicks, entryMicroUsd } = context;
  const { sizeLots } = figures;
  const long = sizeLots > 0n;
  const entryTicks =
    entryMicroUsd === null ? null : meanPriceTicksAgainst(entryMicroUsd, long ? sizeLots : -sizeLots, long);
  const profitMicroUsd = entryMicroUsd === null ? null : unrealisedProfitMicroUsd(sizeLots, entryMicroUsd, markTicks);
  return {
    market: market.symbol,
    side: long ? "long" : "short",
    mode,
    size: baseFromLots(market, sizeLots),
    indexPrice: usdFromPriceTicks(market, indexTicks),
    markPrice: usdFromPriceTicks(market, markTicks),
    value: usdFromPicoUsd(figures.valuePicoUsd),
    initialMargin: usdFromPicoUsd(figures.initialPicoUsd),
    maintenanceMargin: usdFromPicoUsd(figures.maintenancePicoUsd),
    leverage: shareOrNull(figures.leveragePpmCeil),
    liquidationPrice: priceOrNull(market, figures.liquidationPriceTicks),
    entryValue: entryMicroUsd === null ? null : usdFromMicroUsd(entryMicroUsd),
    entryPrice: priceOrNull(market, entryTicks),
    unrealisedPnl: profitMicroUsd === null ? null : usdFromMicroUsd(profitMicroUsd),
    deleveragingRank: context.deleveragingRank,
  };
}

function wireRefusal(code: RejectCode | null): WireRefusal | null {
  return code === null ? null : { code, message: REJECTS[code].message, remedy: REJECTS[code].remedy };
}

function wireExecution(market: Market, execution: Execution | null): WireExecution | null {
  if (execution === null) return null;
  return {
    size: baseFromLots(market, execution.quantityLots),
    averagePrice: usdFromPriceTicks(market, execution.averagePriceTicks),
    quote: usdFromMicroUsd(execution.quoteMicroUsd),
    slippage: shareFromPpm(execution.slippagePpmCeil),
    fee: usdFromPicoUsd(execution.feePicoUsd),
    positionSize: baseFromLots(market, execution.position.sizeLots),
    liquidationPrice: priceOrNull(market, execution.position.liquidationPriceTicks),
    refusal: wireRefusal(execution.refusal),
    ...wireMargin(execution.account),
  };
}

export function wirePreview(
  preview: OrderPreview,
  about: { account: number; market: Market; isolatedMarket: number | null; epochNumber: number },
): WirePreview {
  const { account, market, isolatedMarket, epochNumber } = about;
  return {
    account,
    market: market.symbol,
    mode: marginMode(isolatedMarket),
    epochNumber,
    refusal: wireRefusal(preview.refusal),
    maxSize: baseFromLots(market, preview.maxLots),
    atLimit: wireExecution(market, preview.atLimit),
    atOnce: wireExecution(market, preview.atOnce),
    restingSize: baseFromLots(market, preview.restingLots),
  };
}
