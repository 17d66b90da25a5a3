import { effect, type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { ExchangeLink } from "../exchange/link.ts";
import { MarketFeed } from "../exchange/market-feed.ts";
import { Arrivals } from "../size/arrivals.ts";
import { Funds } from "../wallet/funds.ts";
import { WalletDesk } from "../wallet/wallet-desk.ts";
import { Notices } from "./notices.ts";
import { place } from "./place.ts";

/** Everything that the page is about: the exchange, the market that is looked at, and who is here. */
export class Desk {
  readonly link: ExchangeLink;
  readonly wallet: WalletDesk;
  readonly funds: Funds;
  readonly notices = new Notices();
  readonly arrivals = new Arrivals(localStorage);
  readonly feed: Signal<MarketFeed | null> = signal(null);
  /** What the order form is to take over: a price from the book. */
  readonly pickedPrice: Signal<string | null> = signal(null);

  constructor(apiUrl: string) {
    this.link = new ExchangeLink(apiUrl);
    this.wallet = new WalletDesk(this.link);
    this.funds = new Funds(this.link, this.wallet);
    effect(() => this.follow());
    let provenThrough = 0;
    effect(() => {
      const proven = this.link.state.value?.steps.proven ?? 0;
      if (proven > provenThrough) void this.feed.peek()?.refreshFinality();
      provenThrough = proven;
    });
  }

  /** The market of the address, or the first there is. */
  private follow(): void {
    const terms = this.link.terms.value;
    const at = place.value;
    if (terms === null || at.view !== "trade") return;
    const symbol = at.market !== null && terms.symbols.includes(at.market) ? at.market : terms.symbols[0];
    if (symbol === undefined || symbol === this.feed.peek()?.market.symbol) return;
    this.feed.peek()?.close();
    this.feed.value = new MarketFeed(this.link, terms.market(symbol));
  }
}

const DeskContext = createContext<Desk | null>(null);
export const DeskProvider = DeskContext.Provider;

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error("there is no desk");
  return desk;
}
