import type { CandleRecord, FillRecord } from "./records.ts";

const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** Spans that candles are kept for, as the wire calls them. */
export const CANDLE_RESOLUTIONS_MS = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "1h": 60 * MINUTE_MS,
  "4h": 240 * MINUTE_MS,
  "1d": DAY_MS,
} as const;
export type CandleResolution = keyof typeof CANDLE_RESOLUTIONS_MS;

const RESOLUTIONS_MS = Object.values(CANDLE_RESOLUTIONS_MS);

/** What a market did in the last 24 hours, to the minute: the minute that is running and the 1,439 before it. */
export interface DayFigures {
  /** First trade in that time, or null when there was none; so with the others. */
  openTicks: number | null;
  highTicks: number | null;
  lowTicks: number | null;
  lastTicks: number | null;
  baseLots: bigint;
  quoteMicroUsd: bigint;
  trades: number;
}

/**
 * Candles from trades, one by one. Trades come in the order of their times, so that only the newest candle of a market and resolution
 * ever changes; older ones are in the database. Minutes are kept for a day, for the ticker.
 */
export class CandleBook {
  private readonly newestOf = new Map<number, Map<number, CandleRecord>>();
  private readonly minutesOf = new Map<number, CandleRecord[]>();
  private readonly changed = new Set<CandleRecord>();

  /** Takes candles of an earlier run, by increasing start. */
  restore(candles: Iterable<CandleRecord>): void {
    for (const candle of candles) this.open(candle);
  }

  take({ market, priceTicks, quantityLots, atMs }: FillRecord): void {
    const baseLots = BigInt(quantityLots);
    const quoteMicroUsd = BigInt(priceTicks) * baseLots;
    for (const resolutionMs of RESOLUTIONS_MS) {
      const startMs = atMs - (atMs % resolutionMs);
      let candle = this.newestOf.get(market)?.get(resolutionMs);
      if (candle === undefined || candle.startMs !== startMs) {
        const [openTicks, highTicks, lowTicks, closeTicks] = [priceTicks, priceTicks, priceTicks, priceTicks];
        const ticks = { openTicks, highTicks, lowTicks, closeTicks };
        candle = { market, resolutionMs, startMs, ...ticks, baseLots, quoteMicroUsd, trades: 1 };
        this.open(candle);
      } else {
        if (priceTicks > candle.highTicks) candle.highTicks = priceTicks;
        if (priceTicks < candle.lowTicks) candle.lowTicks = priceTicks;
        candle.closeTicks = priceTicks;
        candle.baseLots += baseLots;
        candle.quoteMicroUsd += quoteMicroUsd;
        candle.trades += 1;
      }
      this.changed.add(candle);
    }
  }

  /** The candle of the newest trade, which may lie in the past; undefined before the first. */
  newest(market: number, resolution: CandleResolution): Readonly<CandleRecord> | undefined {
    return this.newestOf.get(market)?.get(CANDLE_RESOLUTIONS_MS[resolution]);
  }

  dayFigures(market: number, nowMs: number): DayFigures {
    const firstMs = nowMs - (nowMs % MINUTE_MS) - DAY_MS + MINUTE_MS;
    const minutes = (this.minutesOf.get(market) ?? []).filter(({ startMs }) => startMs >= firstMs);
    const [first] = minutes;
    const figures = { baseLots: 0n, quoteMicroUsd: 0n, trades: 0 };
    if (first === undefined) return { openTicks: null, highTicks: null, lowTicks: null, lastTicks: null, ...figures };
    let { highTicks, lowTicks, closeTicks: lastTicks } = first;
    for (const minute of minutes) {
      highTicks = Math.max(highTicks, minute.highTicks);
      lowTicks = Math.min(lowTicks, minute.lowTicks);
      lastTicks = minute.closeTicks;
      figures.baseLots += minute.baseLots;
      figures.quoteMicroUsd += minute.quoteMicroUsd;
      figures.trades += minute.trades;
    }
    return { openTicks: first.openTicks, highTicks, lowTicks, lastTicks, ...figures };
  }

  /** Candles that changed since this was last asked for. */
  drain(): CandleRecord[] {
    const changed = [...this.changed];
    this.changed.clear();
    return changed;
  }

  private open(candle: CandleRecord): void {
    const { market, resolutionMs, startMs } = candle;
    const byResolution = this.newestOf.get(market) ?? new Map<number, CandleRecord>();
    this.newestOf.set(market, byResolution.set(resolutionMs, candle));
    if (resolutionMs !== MINUTE_MS) return;
    const minutes = this.minutesOf.get(market) ?? [];
    this.minutesOf.set(market, minutes);
    minutes.push(candle);
    while ((minutes[0] as CandleRecord).startMs <= startMs - DAY_MS) minutes.shift();
  }
}
