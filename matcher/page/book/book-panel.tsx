import { usdFromPriceTicks } from "../../protocol/market.ts";
import type { MarketFeed } from "../exchange/market-feed.ts";
import { useDesk } from "../frame/desk.ts";
import { full } from "../show/decimal-text.ts";
import { LADDER_ROWS, type LadderRow } from "./ladder.ts";
import { lotsText } from "./lots-text.ts";

const GROUPINGS = [1, 5, 10, 50, 100, 500];

interface SideProps {
  feed: MarketFeed;
  rows: readonly LadderRow[];
  side: "bid" | "ask";
  totalMaxLots: number;
}

function Side({ feed, rows, side, totalMaxLots }: SideProps) {
  const { pickedPrice } = useDesk();
  const { market } = feed;
  const padded: (LadderRow | null)[] = [...rows, ...new Array<null>(Math.max(0, LADDER_ROWS - rows.length)).fill(null)];
  const shown = side === "ask" ? padded.toReversed() : padded;
  return (
    <div class={`ladder ladder-${side}`}>
      {shown.map((row, at) => {
        const key = side === "ask" ? LADDER_ROWS - at : at;
        if (row === null) return <div class="rung rung-empty" key={key} />;
        const price = usdFromPriceTicks(market, row.priceTicks);
        return (
          <button
            type="button"
            class="rung"
            key={key}
            tabIndex={-1}
            onClick={() => {
              pickedPrice.value = price;
            }}
          >
            <i class="bar" style={{ transform: `scaleX(${row.totalLots / totalMaxLots})` }} />
            <span class="price">{full(price)}</span>
            <span>{lotsText(market, row.quantityLots)}</span>
            <span>{lotsText(market, row.totalLots)}</span>
          </button>
        );
      })}
    </div>
  );
}

/** Both sides of the book with bars for how much there is up to each price. */
export function BookPanel({ feed }: { feed: MarketFeed }) {
  const ladder = feed.ladder.value;
  const { market } = feed;
  const base = market.symbol.split("-")[0];
  return (
    <section class="panel book" aria-labelledby="book-title">
      <header class="panel-head">
        <h2 id="book-title">Order book</h2>
        <label class="inline">
          <span class="unseen">Price step</span>
          <select
            value={feed.grouping.value}
            onChange={(event) => {
              feed.grouping.value = Number(event.currentTarget.value);
            }}
          >
            {GROUPINGS.map((step) => (
              <option key={step} value={step}>
                {usdFromPriceTicks(market, step)}
              </option>
            ))}
          </select>
        </label>
      </header>
      <div class="ladder-head" aria-hidden="true">
        <span>Price, USD</span>
        <span>Size, {base}</span>
        <span>Total, {base}</span>
      </div>
      {ladder === null ? (
        <p class="waiting">Reading the book …</p>
      ) : (
        <>
          <Side feed={feed} rows={ladder.asks} side="ask" totalMaxLots={ladder.totalMaxLots} />
          <Spread feed={feed} />
          <Side feed={feed} rows={ladder.bids} side="bid" totalMaxLots={ladder.totalMaxLots} />
        </>
      )}
    </section>
  );
}

function Spread({ feed }: { feed: MarketFeed }) {
  const { market } = feed;
  const { spreadTicks = null, middleTicks = null } = feed.ladder.value ?? {};
  const last = feed.trades.value[0];
  return (
    <div class="spread">
      <b class={last === undefined ? "" : last.takerSide === "buy" ? "up" : "down"}>
        {last === undefined ? "—" : full(last.price)}
        <span aria-hidden="true">{last === undefined ? "" : last.takerSide === "buy" ? " ↑" : " ↓"}</span>
      </b>
      <span>
        {spreadTicks === null || middleTicks === null
          ? "one side only"
          : `spread ${usdFromPriceTicks(market, spreadTicks)} · ${((spreadTicks / middleTicks) * 10_000).toFixed(2)} bp`}
      </span>
    </div>
  );
}
