import type { Market } from "../protocol/market.ts";
import type { WireCandleList } from "../protocol/stream-wire.ts";
import type { WireCandleResolution } from "../protocol/wire/history.ts";
import type { CandleBook } from "./history/candle-book.ts";
import type { CandleRecord } from "./history/records.ts";
import { wireCandle } from "./history/wire-history.ts";
import { Topic } from "./stream-topic.ts";

/** The newest candle of a market in one resolution, as trades make it. */
export class CandleStream {
  readonly topic: Topic;
  private readonly market: Market;
  private readonly newest: () => Readonly<CandleRecord> | undefined;
  /** Candles that changed since the last message, oldest first. */
  private changed: Readonly<CandleRecord>[] = [];

  constructor(market: Market, resolution: WireCandleResolution, candles: CandleBook) {
    this.market = market;
    this.newest = () => candles.newest(market.index, resolution);
    this.topic = new Topic({ channel: "candles", market: market.symbol, resolution }, () => this.snapshot());
  }

  /** The candles have taken trades in, all of one moment. */
  traded(): void {
    const candle = this.newest();
    if (candle !== undefined && this.changed.at(-1) !== candle) this.changed.push(candle);
  }

  flush(): void {
    if (this.changed.length === 0) return;
    const candles = this.changed;
    this.changed = [];
    if (this.topic.isRead) this.topic.publish(this.listed(candles));
  }

  private snapshot(): string {
    this.flush();
    const candle = this.newest();
    return this.listed(candle === undefined ? [] : [candle]);
  }

  private listed(candles: readonly Readonly<CandleRecord>[]): string {
    const list: WireCandleList = { candles: candles.map((candle) => wireCandle(this.market, candle)) };
    return JSON.stringify(list);
  }
}
