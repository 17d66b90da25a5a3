import { useMemo, useState } from "preact/hooks";
import type { WirePosition } from "../../protocol/margin-wire.ts";
import { AccountPanel } from "../account/account-panel.tsx";
import { BookPanel } from "../book/book-panel.tsx";
import { TradesPanel } from "../book/trades-panel.tsx";
import { ChartPanel, type PriceMarks } from "../chart/chart-panel.tsx";
import { OrderForm } from "../order/order-form.tsx";
import { useDesk } from "./desk.ts";

const SECTIONS = ["Chart", "Book", "Trades", "Order", "Account"] as const;
type Section = (typeof SECTIONS)[number];

/** The market that is looked at. Everything side by side where there is room, one thing at a time on a phone. */
export function TradeView() {
  const { feed, link, wallet } = useDesk();
  const [section, setSection] = useState<Section>("Chart");
  const current = feed.value;
  const positions = wallet.trading.value?.feed.account.value?.positions;
  const symbol = current?.market.symbol;
  const marks = useMemo(() => marksOf(positions?.find(({ market }) => market === symbol)), [positions, symbol]);
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
        <ChartPanel feed={current} marks={marks} />
        <BookPanel feed={current} />
        <TradesPanel feed={current} />
        <OrderForm feed={current} />
        <AccountPanel />
      </div>
    </>
  );
}

/** Where a position was entered and where it ends, as lines over the candles. */
function marksOf(position: WirePosition | undefined): PriceMarks {
  const marks = new Map<string, { price: string; colour: string }>();
  if (position?.entryPrice != null) marks.set("entry", { price: position.entryPrice, colour: "accent" });
  if (position?.liquidationPrice != null)
    marks.set("liquidation", { price: position.liquidationPrice, colour: "warn" });
  return marks;
}
