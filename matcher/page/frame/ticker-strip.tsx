import type { ComponentChildren } from "preact";
import { full, percentOfPpm, rounded } from "../show/decimal-text.ts";
import { countdown } from "../show/time-text.ts";
import { useClock } from "./clock.ts";
import { useDesk } from "./desk.ts";

function Figure({ label, children, tone }: { label: string; children: ComponentChildren; tone?: string | undefined }) {
  return (
    <div class="figure">
      <dt>{label}</dt>
      <dd class={tone}>{children}</dd>
    </div>
  );
}

/** The market's figures of now and of the last day. */
export function TickerStrip() {
  const { link, feed } = useDesk();
  const nowMs = useClock(1_000) + link.aheadMs.value;
  const symbol = feed.value?.market.symbol;
  const ticker = symbol === undefined ? undefined : link.tickers.value.get(symbol);
  const market = symbol === undefined ? null : link.wireMarket(symbol);
  if (ticker === undefined || market === null) return null;
  const { changePpm, nextFundingSeconds, fundingRate8hPpm } = ticker;
  const tone = changePpm === null ? undefined : changePpm < 0 ? "down" : "up";
  const price = (text: string | null) => (text === null ? "—" : full(text));
  return (
    <dl class="ticker">
      <div class="figure last-price">
        <dt class="unseen">Last price</dt>
        <dd class={tone}>{price(ticker.lastPrice)}</dd>
      </div>
      <Figure label="24 h change" tone={tone}>
        {changePpm === null ? "—" : `${changePpm > 0 ? "+" : ""}${percentOfPpm(changePpm, 2)}`}
      </Figure>
      <Figure label="Index">{price(market.indexPrice)}</Figure>
      <Figure label="Mark">{price(ticker.markPrice)}</Figure>
      <Figure label="24 h volume">${rounded(ticker.quoteVolume, 0)}</Figure>
      <Figure label="Open interest">
        {rounded(ticker.openInterest, 3)} {symbol?.split("-")[0]}
      </Figure>
      <Figure label="Funding, 8 h">
        {fundingRate8hPpm === null ? "—" : percentOfPpm(fundingRate8hPpm)}
        {nextFundingSeconds !== null && <small> in {countdown(nextFundingSeconds * 1_000 - nowMs)}</small>}
      </Figure>
    </dl>
  );
}
