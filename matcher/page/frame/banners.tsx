import { span } from "../show/time-text.ts";
import { useClock } from "./clock.ts";
import { useDesk } from "./desk.ts";
import { place } from "./place.ts";

/** An epoch older than this is worth a word even where no market is restricted yet. */
const STALE_EPOCH_MS = 180_000;

/** What everybody must know before they act: what the exchange is, and what of it does not work now. */
export function Banners() {
  const { link, feed } = useDesk();
  const nowMs = useClock(5_000) + link.aheadMs.value;
  const status = link.status.value;
  const warning = (status?.chain as { warning?: string } | undefined)?.warning;
  const market = feed.value === null ? null : link.wireMarket(feed.value.market.symbol);
  const epochMs = (link.markets.value?.epoch.timeSeconds ?? 0) * 1_000;
  const isOld = epochMs > 0 && nowMs - epochMs > STALE_EPOCH_MS;
  const restricted = market?.restricted === true && !market.retired;
  return (
    <div class="banners">
      {link.connection.value === "lost" && (
        <p class="banner banner-bad" role="alert">
          <b>The exchange does not answer.</b> What is shown is from before; the page goes on by itself when it is back.
        </p>
      )}
      {link.marketsProblem.value !== null && (
        <p class="banner banner-bad" role="alert">
          <b>The exchange's markets cannot be shown.</b> What it served is not valid: {link.marketsProblem.value}.
        </p>
      )}
      {status?.status === "halted" && (
        <p class="banner banner-bad" role="alert">
          <b>The exchange has stopped.</b> Nothing is matched or settled now; see <a href="#/status">the status</a>.
        </p>
      )}
      {status?.status === "backlogged" && (
        <p class="banner banner-warn" role="status">
          <b>The provers are behind.</b> Orders that could trade wait until they have caught up.
        </p>
      )}
      {place.value.view === "trade" && (restricted || isOld) && (
        <p class="banner banner-warn" role="status" data-banner="stale-price">
          <b>The price is stale.</b>{" "}
          {restricted
            ? `${market?.symbol} has no fresh price: positions only shrink, nobody is liquidated, and who has one here pays nothing out.`
            : `The last epoch is ${span(nowMs - epochMs)} old.`}
        </p>
      )}
      {market?.retired === true && (
        <p class="banner banner-warn" role="status">
          <b>{market.symbol} is closed for good.</b> Positions end at the settlement price.
        </p>
      )}
      {warning !== undefined && (
        <p class="banner banner-dev" data-banner="development-keys">
          {warning}
        </p>
      )}
    </div>
  );
}
