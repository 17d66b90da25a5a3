import { usdFromMicroUsd } from "../protocol/decimal.ts";
import { baseFromLots, type Market, usdFromPriceTicks } from "../protocol/market.ts";
import { CANDLE_RESOLUTIONS_MS, type CandleResolution } from "../protocol/stream-channels.ts";
import type { WireCandleList, WireStreamCandle } from "../protocol/stream-wire.ts";
import { Topic } from "./stream-topic.ts";

/** What a candle is made of. */
export interface CandleTrade {
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly atMs: number;
}

interface Candle {
  readonly startMs: number;
  readonly openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
  baseLots: bigint;
  quoteMicroUsd: bigint;
  trades: number;
}

/** The newest candle of a market in one resolution, as trades make it. */
export class CandleStream {
  readonly topic: Topic;
  private readonly market: Market;
  private readonly resolutionMs: number;
  private newest: Candle | null = null;
  /** Candles that changed since the last message, oldest first. */
  private changed: Candle[] = [];

  /** @param past latest trades, oldest first */
  constructor(market: Market, resolution: CandleResolution, past: readonly CandleTrade[]) {
    this.market = market;
    this.resolutionMs = CANDLE_RESOLUTIONS_MS[resolution];
    this.topic = new Topic({ channel: "candles", market: market.symbol, resolution }, () => this.snapshot());
    for (const trade of past) this.take(trade);
    this.changed = [];
  }

  take({ priceTicks, quantityLots, atMs }: CandleTrade): void {
    const startMs = atMs - (atMs % this.resolutionMs);
    const quoteMicroUsd = BigInt(priceTicks) * BigInt(quantityLots);
    let candle = this.newest;
    if (candle === null || candle.startMs !== startMs) {
      const ticks = { openTicks: priceTicks, highTicks: priceTicks, lowTicks: priceTicks, closeTicks: priceTicks };
      candle = { startMs, ...ticks, baseLots: 0n, quoteMicroUsd: 0n, trades: 0 };
      this.newest = candle;
    }
    candle.highTicks = Math.max(candle.highTicks, priceTicks);
    candle.lowTicks = Math.min(candle.lowTicks, priceTicks);
    candle.closeTicks = priceTicks;
    candle.baseLots += BigInt(quantityLots);
    candle.quoteMicroUsd += quoteMicroUsd;
    candle.trades += 1;
    if (this.changed.at(-1) !== candle) this.changed.push(candle);
  }

  flush(): void {
    if (this.changed.length === 0) return;
    const candles = this.changed;
    this.changed = [];
    if (this.topic.isRead) this.topic.publish(this.listed(candles));
  }

  private snapshot(): string {
    this.flush();
    return this.listed(this.newest === null ? [] : [this.newest]);
  }

  private listed(candles: readonly Candle[]): string {
    const list: WireCandleList = { candles: candles.map((candle) => this.wire(candle)) };
    return JSON.stringify(list);
  }

  private wire({ startMs, trades, ...candle }: Candle): WireStreamCandle {
    const { market } = this;
    return {
      startMs,
      open: usdFromPriceTicks(market, candle.openTicks),
      high: usdFromPriceTicks(market, candle.highTicks),
      low: usdFromPriceTicks(market, candle.lowTicks),
      close: usdFromPriceTicks(market, candle.closeTicks),
      volume: baseFromLots(market, candle.baseLots),
      quoteVolume: usdFromMicroUsd(candle.quoteMicroUsd),
      trades,
    };
  }
}
