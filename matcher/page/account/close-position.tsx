import { useState } from "preact/hooks";
import type { WirePosition } from "../../protocol/margin-wire.ts";
import { useDesk } from "../frame/desk.ts";
import { full } from "../show/decimal-text.ts";
import type { Trading } from "../wallet/wallet-desk.ts";
import { problemText } from "../wallet/wallet-problem.ts";

/** Closes a position against the book, within the market's band. Asked twice: it is done at once. */
export function ClosePosition({ trading, position }: { trading: Trading; position: WirePosition }) {
  const { link, notices } = useDesk();
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const { market, size } = position;
  const close = async () => {
    const wire = link.wireMarket(market);
    const side = size.startsWith("-") ? "buy" : "sell";
    const price = side === "buy" ? wire?.priceMax : wire?.priceMin;
    setAsked(false);
    if (price == null) return notices.tell("bad", `${market} does not trade now.`);
    setBusy(true);
    try {
      const terms = { market, side, price, size: size.replace("-", ""), timeInForce: "IOC", reduceOnly: true } as const;
      const { order } = await trading.client.place(terms);
      trading.feed.takeOrders([order]);
      const text =
        order.remainingSize === "0" ? "Closed." : `${full(order.filledSize)} of it closed: the book took no more.`;
      notices.tell("good", `${market} position`, text);
    } catch (error) {
      notices.tell("bad", `The ${market} position is still open`, problemText(error));
    } finally {
      setBusy(false);
    }
  };
  if (!asked) {
    return (
      <button type="button" class="button button-small" disabled={busy} onClick={() => setAsked(true)}>
        {busy ? "Closing …" : "Close"}
      </button>
    );
  }
  return (
    <span class="asked">
      <button type="button" class="button button-small button-sell" onClick={close}>
        Close at market
      </button>
      <button type="button" class="button-quiet button-small" onClick={() => setAsked(false)}>
        Keep
      </button>
    </span>
  );
}
