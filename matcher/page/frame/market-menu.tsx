import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { full, isNegative, percentOfPpm, rounded } from "../show/decimal-text.ts";
import { hashOf } from "./address.ts";
import { useDesk } from "./desk.ts";

/** The list of markets, behind the name of the one that is looked at. */
export function MarketMenu() {
  const { link, feed } = useDesk();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const symbol = feed.value?.market.symbol ?? null;
  const markets = link.terms.value === null ? [] : (link.markets.value?.markets ?? []);

  // At once: the next key may be Escape.
  useLayoutEffect(() => {
    if (!open) return;
    const leave = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      box.current?.querySelector("button")?.focus();
    };
    addEventListener("pointerdown", leave);
    addEventListener("focusin", leave);
    addEventListener("keydown", key);
    box.current?.querySelector<HTMLElement>("a[aria-current]")?.focus();
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("focusin", leave);
      removeEventListener("keydown", key);
    };
  }, [open]);

  return (
    <div class="market-menu" ref={box}>
      <button type="button" class="market-name" aria-expanded={open} onClick={() => setOpen(!open)}>
        {symbol ?? "Markets"}
        <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
          <path d="m2.5 4.5 3.5 3.5 3.5-3.5" />
        </svg>
      </button>
      {open && (
        <div class="menu card">
          <table>
            <caption class="unseen">Markets</caption>
            <thead>
              <tr>
                <th scope="col">Market</th>
                <th scope="col">Last price</th>
                <th scope="col">24 h</th>
                <th scope="col">Volume, USD</th>
                <th scope="col">Funding, 8 h</th>
              </tr>
            </thead>
            <tbody>
              {markets.map((market) => {
                const ticker = link.tickers.value.get(market.symbol);
                const change = ticker?.changePpm ?? null;
                return (
                  <tr key={market.symbol}>
                    <th scope="row">
                      <a
                        href={hashOf({ view: "trade", market: market.symbol })}
                        aria-current={market.symbol === symbol ? "true" : undefined}
                        onClick={() => setOpen(false)}
                      >
                        {market.symbol}
                      </a>
                      {market.isolatedOnly && <em class="tag">isolated</em>}
                      {market.restricted && <em class="tag tag-warn">restricted</em>}
                    </th>
                    <td>{ticker?.lastPrice == null ? "—" : full(ticker.lastPrice)}</td>
                    <td class={change === null ? "" : change < 0 ? "down" : "up"}>
                      {change === null ? "—" : `${change > 0 ? "+" : ""}${percentOfPpm(change, 2)}`}
                    </td>
                    <td>{ticker === undefined ? "—" : rounded(ticker.quoteVolume, 0)}</td>
                    <td class={isNegative(String(ticker?.chargedRate8hPpm ?? 0)) ? "down" : ""}>
                      {ticker?.chargedRate8hPpm == null ? "—" : percentOfPpm(ticker.chargedRate8hPpm)}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
