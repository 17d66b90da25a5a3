import { usdFromMicroUsd } from "../protocol/decimal.ts";
import { fundingIntervalAt, intervalStartSeconds } from "../protocol/funding-schedule.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../protocol/market.ts";
import { PPM } from "../protocol/spec.ts";
import type { WireTicker } from "../protocol/wire/market.ts";
import { depthView, marketView } from "../sequencer/exchange-view.ts";
import { chargedRate8hPpm, openFundingView } from "../sequencer/funding-view.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { DayFigures } from "./history.ts";

/** What a market did in the last day, and where it stands. */
export function tickerOf(access: ExchangeAccess, market: Market): WireTicker {
  const { state } = access.sequencer;
  const { index, symbol } = market;
  const nowMs = access.nowMs();
  const view = marketView(state, index);
  const { bids, asks } = depthView(state, index, 1);
  const day = access.history.dayFigures(index, nowMs);
  const price = (ticks: number | null | undefined) => (ticks == null ? null : usdFromPriceTicks(market, ticks));
  const size = (lots: number | undefined) => (lots === undefined ? null : baseFromLots(market, lots));
  const lastTicks = access.lastTradeTicks(index);
  return {
    market: symbol,
    status: view.live ? "live" : "closed",
    lastPrice: price(lastTicks),
    bidPrice: price(bids[0]?.priceTicks),
    bidSize: size(bids[0]?.quantityLots),
    askPrice: price(asks[0]?.priceTicks),
    askSize: size(asks[0]?.quantityLots),
    indexPrice: view.live ? price(Number(view.terms?.priceTicks)) : null,
    markPrice: view.live ? price(access.markTicks(index)) : null,
    openPrice: price(day.openTicks),
    highPrice: price(day.highTicks),
    lowPrice: price(day.lowTicks),
    ...changeOf(market, day),
    volume: baseFromLots(market, day.baseLots),
    quoteVolume: usdFromMicroUsd(day.quoteMicroUsd),
    trades: day.trades,
    openInterest: baseFromLots(market, view.grossOpenInterestLots),
    ...fundingOf(access, index),
    restricted: view.terms?.restricted ?? false,
    atMs: nowMs,
  };
}

function fundingOf(
  { sequencer, funding, options }: ExchangeAccess,
  market: number,
): Pick<WireTicker, "fundingRate8hPpm" | "chargedRate8hPpm" | "nextFundingSeconds"> {
  const { state } = sequencer;
  const { schedule } = state.funding.terms;
  const open = openFundingView(state, market);
  const interval = open?.interval ?? fundingIntervalAt(schedule, state.epochTimeSeconds);
  const sealed = funding.interval(interval - 1)?.funding.find((rate) => rate.market === market);
  const rateMax = options.fundingRateMaxPpmPerHour?.() ?? 0;
  const charged =
    sealed === undefined || rateMax === 0 ? sealed?.rate8hPpm : chargedRate8hPpm(sealed.rate8hPpm, rateMax);
  return {
    fundingRate8hPpm: open?.rate8hPpm ?? null,
    chargedRate8hPpm: charged ?? null,
    nextFundingSeconds: open === null ? null : intervalStartSeconds(schedule, interval + 1),
  };
}

function changeOf(market: Market, { openTicks, lastTicks }: DayFigures): Pick<WireTicker, "change" | "changePpm"> {
  if (openTicks === null || lastTicks === null) return { change: null, changePpm: null };
  const change = lastTicks - openTicks;
  return { change: signedPrice(market, change), changePpm: Math.trunc((change * PPM) / openTicks) };
}

function signedPrice(market: Market, ticks: number): string {
  return ticks < 0 ? `-${usdFromPriceTicks(market, -ticks)}` : usdFromPriceTicks(market, ticks);
}
