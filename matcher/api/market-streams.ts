import type { Market } from "../protocol/market.ts";
import type { WireFundingState, WireTradeList } from "../protocol/stream-wire.ts";
import { CANDLE_RESOLUTIONS } from "../protocol/wire/history.ts";
import type { WireTicker } from "../protocol/wire/market.ts";
import type { SequencedEvent } from "../sequencer/exchange-event.ts";
import { depthView } from "../sequencer/exchange-view.ts";
import { BookStream } from "./book-stream.ts";
import { CandleStream } from "./candle-stream.ts";
import { DepthMirror } from "./depth-mirror.ts";
import type { DurableHold } from "./durable-hold.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { fundingRateOf, openFundingOf } from "./funding-rate.ts";
import type { FillRecord } from "./history.ts";
import { Topic } from "./stream-topic.ts";
import { tickerOf } from "./ticker.ts";
import { WrittenOnce } from "./written-once.ts";

/** Trades in a snapshot. */
const TRADES_IN_SNAPSHOT = 50;

/** Everything that is streamed of one market. */
export class MarketStreams {
  readonly topics: readonly Topic[];
  private readonly access: ExchangeAccess;
  private readonly hold: DurableHold;
  private readonly market: Market;
  private readonly book: BookStream;
  private readonly candles: readonly CandleStream[];
  private readonly trades: Topic;
  private readonly ticker: Topic;
  private readonly funding: Topic;
  private newTrades: FillRecord[] = [];
  private tradeCount = 0;
  private isTickerDue = false;
  private isFundingDue = false;
  private lastTicker = "";

  constructor(access: ExchangeAccess, hold: DurableHold, market: Market) {
    this.access = access;
    this.hold = hold;
    this.market = market;
    const { symbol, index } = market;
    const { state } = access.sequencer;
    const mirror = new DepthMirror(depthView(state, index, Number.MAX_SAFE_INTEGER));
    this.book = new BookStream(market, mirror, { sequence: hold.durableSeq, atMs: access.nowMs() });
    const { candles } = access.history;
    this.candles = CANDLE_RESOLUTIONS.map((resolution) => new CandleStream(market, resolution, candles));
    const { finality } = access.sequencer;
    // Many may come at the same moment: what they are told first is written once.
    const stateVersion = () => state.eventCount;
    const trades = new WrittenOnce(
      () => this.latestTrades(),
      () => `${this.tradeCount}/${finality.provenThroughStep}`,
    );
    const ticker = new WrittenOnce(() => JSON.stringify(tickerOf(access, market)), stateVersion);
    const funding = new WrittenOnce(() => JSON.stringify(this.fundingState()), stateVersion);
    this.trades = new Topic({ channel: "trades", market: symbol }, () => {
      this.flushTrades();
      return trades.text();
    });
    this.ticker = new Topic({ channel: "ticker", market: symbol }, () => ticker.text());
    this.funding = new Topic({ channel: "funding", market: symbol }, () => funding.text());
    const candleTopics = this.candles.map(({ topic }) => topic);
    this.topics = [this.book.topic, this.trades, this.ticker, this.funding, ...candleTopics];
  }

  /**
   * Takes the durable events of one command in that are this market's.
   * @returns whether there is something to tell
   */
  take(events: readonly SequencedEvent[], atMs: number): boolean {
    let fills = 0;
    let changed = false;
    for (const { event, seq } of events) {
      if (event.type === "fill") fills += 1;
      changed = this.book.take(event, seq, atMs) || changed;
    }
    if (fills > 0) this.takeTrades(this.access.history.trades(this.market.index, fills).reverse());
    this.isTickerDue ||= changed;
    return changed;
  }

  /** Something of the market's terms or funding is different. */
  termsChanged(): void {
    this.isTickerDue = true;
    this.isFundingDue = true;
  }

  /** Tells what is best told at once. */
  flush(): void {
    this.book.flush();
    for (const candles of this.candles) candles.flush();
    this.flushTrades();
  }

  /** Tells what is read from the state as it is now, and need not be told so often. */
  flushState(): void {
    const { state } = this.access.sequencer;
    if (this.isTickerDue && this.ticker.isRead) {
      const ticker = tickerOf(this.access, this.market);
      const looks = JSON.stringify({ ...ticker, atMs: 0 } satisfies WireTicker);
      if (looks !== this.lastTicker) {
        this.lastTicker = looks;
        const json = JSON.stringify(ticker);
        this.hold.after(state.eventCount, () => this.ticker.publish(json));
      }
    }
    if (this.isFundingDue && this.funding.isRead) {
      const json = JSON.stringify(this.fundingState());
      this.hold.after(state.eventCount, () => this.funding.publish(json));
    }
    this.isTickerDue = false;
    this.isFundingDue = false;
  }

  private takeTrades(fills: readonly FillRecord[]): void {
    this.tradeCount += fills.length;
    if (this.trades.isRead) this.newTrades.push(...fills);
    for (const candles of this.candles) candles.traded();
  }

  private flushTrades(): void {
    if (this.newTrades.length === 0) return;
    const list: WireTradeList = { trades: this.newTrades.map((fill) => this.access.wire.trade(fill)) };
    this.newTrades = [];
    this.trades.publish(JSON.stringify(list));
  }

  private latestTrades(): string {
    const { history, wire } = this.access;
    const latest = history.trades(this.market.index, TRADES_IN_SNAPSHOT).reverse();
    const list: WireTradeList = { trades: latest.map((fill) => wire.trade(fill)) };
    return JSON.stringify(list);
  }

  private fundingState(): WireFundingState {
    const { access, market } = this;
    const [newest] = access.funding.intervals(1);
    const sealed = newest === undefined ? null : fundingRateOf(access, newest, market.index);
    return { open: openFundingOf(access, market.index), sealed };
  }
}
