import { WalletButton } from "../wallet/wallet-button.tsx";
import { hashOf } from "./address.ts";
import { useDesk } from "./desk.ts";
import { MarketMenu } from "./market-menu.tsx";
import { place } from "./place.ts";
import { theme, turnTheme } from "./theme.ts";
import { TickerStrip } from "./ticker-strip.tsx";

/** Brand, market, its figures, where else to go, and who is here. */
export function Header() {
  const { feed } = useDesk();
  const view = place.value.view;
  const symbol = feed.value?.market.symbol ?? null;
  return (
    <header class="header">
      <a class="brand" href={hashOf({ view: "trade", market: symbol })} aria-label="Clearbook">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <path d="M5 8h13M5 13h8M5 19h15M5 24h10" />
          <path class="brand-rule" d="M26 6v20" />
        </svg>
        <span>Clearbook</span>
      </a>
      {view === "trade" && <MarketMenu />}
      {view === "trade" && <TickerStrip />}
      <span class="spring" />
      <nav aria-label="Views">
        <a href={hashOf({ view: "trade", market: symbol })} aria-current={view === "trade" ? "page" : undefined}>
          Trade
        </a>
        <a href="#/status" aria-current={view === "status" ? "page" : undefined}>
          Status
        </a>
      </nav>
      <button
        type="button"
        class="button-quiet icon"
        onClick={turnTheme}
        aria-label={theme.value === "dark" ? "Use light colours" : "Use dark colours"}
      >
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          {theme.value === "dark" ? (
            <path d="M10 3v2M10 15v2M3 10h2M15 10h2M5 5l1.4 1.4M13.6 13.6 15 15M5 15l1.4-1.4M13.6 6.4 15 5M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z" />
          ) : (
            <path d="M16 12.2A6.5 6.5 0 0 1 7.8 4a6.5 6.5 0 1 0 8.2 8.2Z" />
          )}
        </svg>
      </button>
      <WalletButton />
    </header>
  );
}
