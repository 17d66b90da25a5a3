import type { ComponentChildren } from "preact";
import { usdFromMicroUsd } from "../../protocol/decimal.ts";
import type { WirePreview } from "../../protocol/margin-wire.ts";
import { baseFromLots, usdFromPriceTicks } from "../../protocol/market.ts";
import type { OrderTerms } from "../../sdk/order-terms.ts";
import type { MarketFeed } from "../exchange/market-feed.ts";
import { basisPoints, full, isNegative, percent, rounded, usd } from "../show/decimal-text.ts";
import { walkOrder } from "./book-walk.ts";
import { levelsAgainst } from "./live-preview.ts";

/** Slippage from which on it is written as a warning: 0.5%. */
const WARN_PPM = 5_000n;

function Row({ label, children, tone }: { label: string; children: ComponentChildren; tone?: string | undefined }) {
  return (
    <>
      <dt>{label}</dt>
      <dd class={tone}>{children}</dd>
    </>
  );
}

interface Props {
  feed: MarketFeed;
  terms: OrderTerms | null;
  preview: WirePreview | null;
}

/** What the order would do: at once against the book as it stands, and in full at its limit. */
export function Estimate({ feed: { market, book }, terms, preview }: Props) {
  const [bid, ask] = [book.bestBid?.priceTicks, book.bestAsk?.priceTicks];
  const walk =
    terms === null || terms.postOnly || bid === undefined || ask === undefined
      ? null
      : walkOrder(market, levelsAgainst(book, terms.side), terms, bid + ask);
  const atLimit = preview?.atLimit ?? null;
  const after = preview?.atOnce ?? atLimit;
  const dash = "—";
  const base = market.symbol.split("-")[0];
  return (
    <dl class="pairs estimate" aria-live="off">
      <Row label="Fills at once">
        {walk === null
          ? terms === null
            ? dash
            : "nothing: it rests"
          : `${full(baseFromLots(market, walk.filledLots))} ${base}`}
      </Row>
      <Row label="Average price">{walk === null ? dash : full(usdFromPriceTicks(market, walk.averageTicks))}</Row>
      <Row label="Slippage" tone={walk !== null && walk.slippagePpmCeil > WARN_PPM ? "warn" : undefined}>
        {walk === null
          ? dash
          : `${basisPoints(walk.slippagePpmCeil)} · $${usd(usdFromMicroUsd(walk.costMicroUsdCeil))}`}
      </Row>
      <Row label="Fee, at most">
        {atLimit === null ? dash : isNegative(atLimit.fee) ? usd(atLimit.fee) : `$${rounded(atLimit.fee, 4)}`}
      </Row>
      <Row label="Margin after">{after === null ? dash : `$${usd(after.initialMargin)}`}</Row>
      <Row label="Free collateral after" tone={after !== null && isNegative(after.freeCollateral) ? "down" : undefined}>
        {after === null ? dash : `$${usd(after.freeCollateral)}`}
      </Row>
      <Row label="Leverage after">{after?.leverage == null ? dash : `${rounded(after.leverage, 2)}×`}</Row>
      <Row label="Margin ratio after">{after?.marginRatio == null ? dash : percent(after.marginRatio)}</Row>
      <Row label="Liquidation price" tone="strong">
        {after === null ? dash : after.liquidationPrice === null ? "none" : full(after.liquidationPrice)}
      </Row>
    </dl>
  );
}
