import { useEffect, useRef, useState } from "preact/hooks";
import type { WireCandleResolution } from "../../protocol/wire/history.ts";
import type { MarketFeed } from "../exchange/market-feed.ts";
import { theme } from "../frame/theme.ts";
import type { CandleChart } from "./candle-chart.ts";

const RESOLUTIONS: readonly WireCandleResolution[] = ["1m", "5m", "15m", "1h", "4h", "1d"];

/** What is drawn over the candles. */
export type PriceMarks = ReadonlyMap<string, { price: string; colour: string }>;

/** The candle chart. Its library comes after everything that can be read and clicked. */
export function ChartPanel({ feed, marks }: { feed: MarketFeed; marks?: PriceMarks }) {
  const place = useRef<HTMLDivElement>(null);
  const [resolution, setResolution] = useState<WireCandleResolution>("1m");
  const [chart, setChart] = useState<CandleChart | null>(null);
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let made: CandleChart | null = null;
    let gone = false;
    import("./candle-chart.ts").then(
      (module) => {
        if (gone || place.current === null) return;
        made = new module.CandleChart(place.current, feed.market);
        setChart(made);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      made?.close();
    };
  }, [feed]);

  useEffect(() => {
    if (chart !== null) void feed.followCandles(resolution, chart);
  }, [chart, feed, resolution]);

  const shown = theme.value;
  useEffect(() => {
    // The style sheet's colours are those of the new theme by now.
    if (chart !== null && shown !== undefined) chart.paint();
  }, [chart, shown]);

  useEffect(() => {
    chart?.mark(marks ?? new Map());
  }, [chart, marks]);

  return (
    <section class="panel chart" aria-labelledby="chart-title">
      <header class="panel-head">
        <h2 id="chart-title">
          Chart<span class="unseen"> of {feed.market.symbol}</span>
        </h2>
        <fieldset class="segments" aria-label="Time of one candle">
          {RESOLUTIONS.map((name) => (
            <button type="button" key={name} aria-pressed={name === resolution} onClick={() => setResolution(name)}>
              {name}
            </button>
          ))}
        </fieldset>
      </header>
      <div class="canvas" ref={place} role="img" aria-label={`Candles of ${feed.market.symbol}, ${resolution} each`}>
        {failed && <p class="waiting">The chart could not be loaded. Everything else works without it.</p>}
      </div>
    </section>
  );
}
