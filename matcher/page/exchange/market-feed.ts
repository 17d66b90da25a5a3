import { type Signal, signal } from "@preact/signals";
import type { WireTrade } from "../../protocol/api-wire.ts";
import type { Market } from "../../protocol/market.ts";
import type { WireCandle, WireCandleResolution } from "../../protocol/wire/history.ts";
import type { LiveBook } from "../../sdk/live-book.ts";
import { MarketPast } from "../../sdk/past.ts";
import type { StreamSubscription } from "../../sdk/stream-subscription.ts";
import { type BookLadder, ladderOf } from "../book/ladder.ts";
import type { ExchangeLink } from "./link.ts";

const TRADES_MAX = 60;
/** Candles that a chart begins with. */
const CANDLES = 500;
const HOUR_MS = 3_600_000;
const CLOSES_EVERY_MS = 60_000;
const RESOLUTION_MS: Readonly<Record<WireCandleResolution, number>> = {
  "1m": 60_000,
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "4h": 14_400_000,
  "1d": 86_400_000,
};

/** Who draws candles. */
export interface CandleReader {
  /** All of them, oldest first. */
  all(candles: readonly WireCandle[]): void;
  /** One that is new, or another than it was. */
  one(candle: WireCandle): void;
}

/** Book, trades and candles of the market that is looked at. */
export class MarketFeed {
  readonly market: Market;
  readonly ladder: Signal<BookLadder | null> = signal(null);
  readonly trades: Signal<readonly WireTrade[]> = signal([]);
  /** Closing prices of the last hour's minutes: what estimates of how prices move are made of. */
  readonly closes: Signal<readonly number[]> = signal([]);
  /** Levels that are shown as one, in price steps. */
  readonly grouping = signal(1);
  /** The book itself, every level: what orders walk. */
  readonly book: LiveBook;
  private readonly link: ExchangeLink;
  private readonly tradeSubscription: StreamSubscription<"trades">;
  private candleSubscription: StreamSubscription<"candles"> | null = null;
  private closesTimer: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;
  private closed = false;

  constructor(link: ExchangeLink, market: Market) {
    this.link = link;
    this.market = market;
    this.book = link.stream.book(market, () => this.changed());
    this.tradeSubscription = link.stream.subscribe(
      { channel: "trades", market: market.symbol },
      {
        onSnapshot: ({ trades }) => {
          this.trades.value = trades.toReversed().slice(0, TRADES_MAX);
        },
        onUpdate: ({ trades }) => {
          this.trades.value = [...trades.toReversed(), ...this.trades.value].slice(0, TRADES_MAX);
        },
      },
    );
    this.grouping.subscribe(() => this.changed());
    void this.readCloses();
  }

  close(): void {
    this.closed = true;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.closesTimer);
    this.book.close();
    this.tradeSubscription.close();
    this.candleSubscription?.close();
  }

  /** Reads the past of a resolution, then what happens. What was read before is forgotten. */
  async followCandles(resolution: WireCandleResolution, reader: CandleReader): Promise<void> {
    this.candleSubscription?.close();
    const { symbol } = this.market;
    const load = async () => {
      const candles: WireCandle[] = [];
      const fromMs = Math.max(0, this.link.nowMs() - CANDLES * RESOLUTION_MS[resolution]);
      for await (const candle of new MarketPast(this.link.http).candles(symbol, resolution, fromMs))
        candles.push(candle);
      if (!this.closed) reader.all(candles);
    };
    this.candleSubscription = this.link.stream.subscribe(
      { channel: "candles", market: symbol, resolution },
      {
        // What was missed while there was no connection is in the past by now.
        onSnapshot: () => void load().catch(() => {}),
        onUpdate: ({ candles }) => {
          for (const candle of candles) reader.one(candle);
        },
      },
    );
  }

  /** What is proven since is only known to the list. */
  async refreshFinality(): Promise<void> {
    const query = { market: this.market.symbol, limit: TRADES_MAX };
    const answer = await this.link.http.get<{ trades: WireTrade[] }>("/v1/trades", query).catch(() => null);
    if (answer === null || this.closed) return;
    const known = new Map(answer.trades.map((trade) => [trade.tradeId, trade.finality]));
    this.trades.value = this.trades.value.map((trade) => {
      const finality = known.get(trade.tradeId);
      return finality === undefined ? trade : { ...trade, finality };
    });
  }

  private async readCloses(): Promise<void> {
    const closes: number[] = [];
    const past = new MarketPast(this.link.http);
    const fromMs = Math.max(0, this.link.nowMs() - HOUR_MS);
    try {
      for await (const { close } of past.candles(this.market.symbol, "1m", fromMs)) closes.push(Number(close));
      if (!this.closed) this.closes.value = closes;
    } catch {
      // Without them there is no estimate, and the page says so.
    }
    if (!this.closed) this.closesTimer = setTimeout(() => void this.readCloses(), CLOSES_EVERY_MS);
  }

  /** However often the book changes, it is drawn once a frame. */
  private changed(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.closed) this.ladder.value = ladderOf(this.book, this.grouping.value);
    });
  }
}
