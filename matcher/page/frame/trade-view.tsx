import { useState } from "preact/hooks";
import { BookPanel } from "../book/book-panel.tsx";
import { TradesPanel } from "../book/trades-panel.tsx";
import { ChartPanel } from "../chart/chart-panel.tsx";
import { useDesk } from "./desk.ts";

const SECTIONS = ["Chart", "Book", "Trades", "Order", "Account"] as const;
type Section = (typeof SECTIONS)[number];

/** The market that is looked at. Everything side by side where there is room, one thing at a time on a phone. */
export function TradeView() {
  const { feed, link } = useDesk();
  const [section, setSection] = useState<Section>("Chart");
  const current = feed.value;
  if (current === null) {
    const waiting = link.marketsProblem.value === null ? "Waiting for the exchange …" : "No market can be shown.";
    return <p class="waiting">{waiting}</p>;
  }
  return (
    <>
      <div class="sections" role="tablist" aria-label="Parts of the page">
        {SECTIONS.map((name) => (
          <button type="button" role="tab" key={name} aria-selected={section === name} onClick={() => setSection(name)}>
            {name}
          </button>
        ))}
      </div>
      <div class="trade" data-section={section.toLowerCase()} key={current.market.symbol}>
        <ChartPanel feed={current} />
        <BookPanel feed={current} />
        <TradesPanel feed={current} />
      </div>
    </>
  );
}
