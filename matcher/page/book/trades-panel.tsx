import type { MarketFeed } from "../exchange/market-feed.ts";
import { full, rounded } from "../show/decimal-text.ts";
import { FinalityMark } from "../show/finality-mark.tsx";
import { clock } from "../show/time-text.ts";
import { sizePlaces } from "./lots-text.ts";

/** What was traded last. */
export function TradesPanel({ feed }: { feed: MarketFeed }) {
  const { market } = feed;
  const base = market.symbol.split("-")[0];
  return (
    <section class="panel trades" aria-labelledby="trades-title">
      <header class="panel-head">
        <h2 id="trades-title">Trades</h2>
      </header>
      <div class="scroll">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Price, USD</th>
              <th scope="col">Size, {base}</th>
              <th scope="col">Time</th>
              <th scope="col">
                <span class="unseen">Finality</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {feed.trades.value.map((trade) => (
              <tr key={trade.tradeId} class={trade.liquidation ? "liquidation" : undefined}>
                <td class={trade.takerSide === "buy" ? "up" : "down"}>
                  {full(trade.price)}
                  <span class="unseen">{trade.takerSide === "buy" ? " bought" : " sold"}</span>
                </td>
                <td>{rounded(trade.size, sizePlaces(market))}</td>
                <td>{clock(trade.atMs)}</td>
                <td>
                  <FinalityMark finality={trade.finality} terse />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {feed.trades.value.length === 0 && <p class="waiting">No trades yet.</p>}
      </div>
    </section>
  );
}
