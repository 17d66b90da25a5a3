import {
  CandlestickSeries,
  type ChartOptions,
  ColorType,
  CrosshairMode,
  createChart,
  type DeepPartial,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  TickMarkType,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { Market } from "../../protocol/market.ts";
import type { WireCandle } from "../../protocol/wire/history.ts";
import type { CandleReader } from "../exchange/market-feed.ts";

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const YEAR = new Intl.DateTimeFormat("en-GB", { year: "numeric" });
const FULL = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

const msOf = (time: Time) => Number(time) * 1_000;
const timeOf = ({ startMs }: WireCandle) => (startMs / 1_000) as UTCTimestamp;

/** A colour of the style sheet. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function looks(): DeepPartial<ChartOptions> {
  return {
    layout: {
      background: { type: ColorType.Solid, color: colour("panel") },
      textColor: colour("text-soft"),
      fontFamily: colour("font"),
      fontSize: 11,
      // Its place is the page's foot: the mark's own style would be inline, which the policy does not allow.
      attributionLogo: false,
    },
    grid: { vertLines: { color: colour("line-faint") }, horzLines: { color: colour("line-faint") } },
    rightPriceScale: { borderColor: colour("line") },
    timeScale: { borderColor: colour("line") },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: colour("text-faint"), labelBackgroundColor: colour("raised") },
      horzLine: { color: colour("text-faint"), labelBackgroundColor: colour("raised") },
    },
  };
}

/** Candles and volume of one market. Numbers are only drawn here: what is exact stands in the lists. */
export class CandleChart implements CandleReader {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly volume: ISeriesApi<"Histogram">;
  private readonly lines = new Map<string, ReturnType<ISeriesApi<"Candlestick">["createPriceLine"]>>();
  private marks: ReadonlyMap<string, { price: string; colour: string }> = new Map();
  private lastTime = 0;

  constructor(element: HTMLElement, market: Market) {
    this.chart = createChart(element, {
      autoSize: true,
      ...looks(),
      localization: { timeFormatter: (time: Time) => FULL.format(msOf(time)) },
      timeScale: {
        timeVisible: true,
        secondsVisible: false,
        rightOffset: 4,
        tickMarkFormatter: (time: Time, kind: TickMarkType) => {
          if (kind === TickMarkType.Year) return YEAR.format(msOf(time));
          const isDay = kind === TickMarkType.Month || kind === TickMarkType.DayOfMonth;
          return (isDay ? DAY : CLOCK).format(msOf(time));
        },
      },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, {
      priceFormat: { type: "price", precision: market.tickDecimals, minMove: 10 ** -market.tickDecimals },
    });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceFormat: { type: "volume" },
      priceScaleId: "volume",
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.paint();
  }

  /** Takes the colours of the theme there is now. */
  paint(): void {
    this.chart.applyOptions(looks());
    const [up, down] = [colour("up"), colour("down")];
    this.candles.applyOptions({
      upColor: up,
      downColor: down,
      borderUpColor: up,
      borderDownColor: down,
      wickUpColor: up,
      wickDownColor: down,
    });
    this.volume.applyOptions({ color: colour("volume") });
    this.mark(this.marks);
  }

  all(candles: readonly WireCandle[]): void {
    this.candles.setData(candles.map((candle) => this.bar(candle)));
    this.volume.setData(candles.map((candle) => this.column(candle)));
    const last = candles.at(-1);
    this.lastTime = last === undefined ? 0 : timeOf(last);
    this.chart.timeScale().scrollToRealTime();
  }

  one(candle: WireCandle): void {
    // The past that is being read holds it already.
    if (timeOf(candle) < this.lastTime) return;
    this.lastTime = timeOf(candle);
    this.candles.update(this.bar(candle));
    this.volume.update(this.column(candle));
  }

  /** Lines at prices that matter to who looks: entry, liquidation. Those that are not named are taken away. */
  mark(prices: ReadonlyMap<string, { price: string; colour: string }>): void {
    this.marks = prices;
    for (const [title, line] of this.lines) {
      if (!prices.has(title)) {
        this.candles.removePriceLine(line);
        this.lines.delete(title);
      }
    }
    for (const [title, { price, colour: name }] of prices) {
      const options = { price: Number(price), color: colour(name), title, lineWidth: 1 as const, lineStyle: 2 };
      const line = this.lines.get(title);
      if (line === undefined) this.lines.set(title, this.candles.createPriceLine(options));
      else line.applyOptions(options);
    }
  }

  close(): void {
    this.chart.remove();
  }

  private bar(candle: WireCandle) {
    const [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close].map(Number) as [
      number,
      number,
      number,
      number,
    ];
    return { time: timeOf(candle), open, high, low, close };
  }

  private column(candle: WireCandle) {
    return { time: timeOf(candle), value: Number(candle.volume) };
  }
}
