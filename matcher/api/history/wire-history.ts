import { usdFromMicroUsd, usdFromPicoUsd } from "../../protocol/decimal.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../../protocol/market.ts";
import type { WireCandle, WireDeposit, WireEpoch, WireFundingPayment } from "../../protocol/wire/history.ts";
import type { Wire } from "../wire-response.ts";
import type { CandleRecord, DepositRecord, EpochRecord, FundingPaymentRecord } from "./records.ts";

/** pico-USD per lot as USD per unit of the base asset. */
function usdPerUnit({ lotDecimals }: Market, picoUsdPerLot: bigint): string {
  return usdFromPicoUsd(picoUsdPerLot * 10n ** BigInt(lotDecimals));
}

export function wireCandle(market: Market, candle: CandleRecord): WireCandle {
  return {
    startMs: candle.startMs,
    open: usdFromPriceTicks(market, candle.openTicks),
    high: usdFromPriceTicks(market, candle.highTicks),
    low: usdFromPriceTicks(market, candle.lowTicks),
    close: usdFromPriceTicks(market, candle.closeTicks),
    volume: baseFromLots(market, candle.baseLots),
    quoteVolume: usdFromMicroUsd(candle.quoteMicroUsd),
    trades: candle.trades,
  };
}

export function wireFundingPayment(wire: Wire, payment: FundingPaymentRecord): WireFundingPayment {
  const market = wire.market(payment.market);
  const { id, account, fromEpoch, epoch, fromSeconds, toSeconds, atMs } = payment;
  return {
    id,
    account,
    market: market.symbol,
    size: baseFromLots(market, payment.sizeLots),
    ...{ fromEpoch, epoch, fromSeconds, toSeconds },
    perUnit: usdPerUnit(market, payment.indexDeltaPicoUsd),
    amount: usdFromPicoUsd(payment.amountPicoUsd),
    atMs,
    finality: wire.finalityOf(payment.step),
  };
}

export function wireDeposit(wire: Wire, { account, amountMicroUsd, atMs, step }: DepositRecord): WireDeposit {
  return { account, amount: usdFromMicroUsd(amountMicroUsd), atMs, finality: wire.finalityOf(step) };
}

/** An epoch as one market has it. */
export function wireEpoch(
  wire: Wire,
  market: Market,
  { number, timeSeconds, atMs, step, markets }: EpochRecord,
): WireEpoch {
  const terms = markets[market.index] ?? null;
  return {
    number,
    timeSeconds,
    atMs,
    indexPrice: terms === null ? null : usdFromPriceTicks(market, terms.priceTicks),
    fundingIndex: terms === null ? null : usdPerUnit(market, terms.fundingIndexPicoUsd),
    imfPpm: terms?.imfPpm ?? 0,
    mmfPpm: terms?.mmfPpm ?? 0,
    restricted: terms?.restricted ?? false,
    retired: terms?.retired ?? false,
    finality: wire.finalityOf(step),
  };
}
