import { computed, type Signal, signal } from "@preact/signals";
import type { WireFees, WireMarket, WireMarkets, WireStatus, WireTicker } from "../../protocol/api-wire.ts";
import type { Market } from "../../protocol/market.ts";
import type { WireExchangeState } from "../../protocol/stream-wire.ts";
import { Http } from "../../sdk/http.ts";
import { MarketData } from "../../sdk/market-data.ts";
import { ClearbookStream } from "../../sdk/stream.ts";

/** connecting: there never was an answer. open: everything that is shown is as it is now. lost: it is as it was then. */
export type Connection = "connecting" | "open" | "lost";

const STATUS_EVERY_MS = 3_000;
const RETRY_MS = 1_000;

/** What is the same for everybody, kept as it is told. One for the page. */
export class ExchangeLink {
  readonly apiUrl: string;
  readonly http: Http;
  readonly stream: ClearbookStream;
  readonly connection = signal<Connection>("connecting");
  /** Markets with terms, of the newest epoch. */
  readonly markets = signal<WireMarkets | null>(null);
  /** Why the markets cannot be shown, if they cannot: what is served is not believed. */
  readonly marketsProblem = signal<string | null>(null);
  readonly tickers: Signal<ReadonlyMap<string, WireTicker>> = signal(new Map());
  readonly status = signal<WireStatus | null>(null);
  readonly state = signal<WireExchangeState | null>(null);
  /** What a taker is charged whose account is not known, ppm. */
  readonly takerFeePpm: Signal<number | null> = signal(null);
  /** What the exchange's clock is ahead of ours by. */
  readonly aheadMs = signal(0);
  /** Markets in the numbers that the risk rules work with. */
  readonly terms = computed<MarketData | null>(() => {
    const served = this.markets.value;
    if (served === null) return null;
    try {
      return new MarketData(served);
    } catch {
      return null;
    }
  });
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  /** @param apiUrl where the page came from */
  constructor(apiUrl: string) {
    this.apiUrl = apiUrl;
    this.http = new Http(apiUrl);
    this.stream = new ClearbookStream({
      apiUrl,
      retryMs: { first: 250, max: 3_000 },
      onState: ({ state }) => this.turned(state === "open"),
    });
    void this.begin();
  }

  /** null for one that there is not */
  market(symbol: string): Market | null {
    const terms = this.terms.value;
    return terms?.symbols.includes(symbol) ? terms.market(symbol) : null;
  }

  wireMarket(symbol: string): WireMarket | null {
    return this.markets.value?.markets.find((market) => market.symbol === symbol) ?? null;
  }

  nowMs(): number {
    return Date.now() + this.aheadMs.value;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.stream.close();
  }

  private turned(open: boolean): void {
    if (open && this.markets.value !== null) this.connection.value = "open";
    else if (this.connection.value === "open") this.connection.value = "lost";
    if (open) void this.lookAtStatus();
  }

  /** The markets come first: what else there is to follow is named by them. */
  private async begin(): Promise<void> {
    while (this.markets.value === null && !this.closed) {
      const markets = await this.http.get<WireMarkets>("/v1/markets").catch(() => null);
      if (markets === null) await new Promise((wake) => setTimeout(wake, RETRY_MS));
      else this.take(markets);
    }
    this.stream.subscribe(
      { channel: "markets" },
      { onSnapshot: (data) => this.epoch(data), onUpdate: (data) => this.epoch(data) },
    );
    this.stream.subscribe(
      { channel: "status" },
      { onSnapshot: (state) => this.news(state), onUpdate: (state) => this.news(state) },
    );
    for (const { symbol } of this.terms.value === null ? [] : (this.markets.value?.markets ?? [])) {
      const take = (ticker: WireTicker) => {
        this.tickers.value = new Map(this.tickers.value).set(symbol, ticker);
      };
      this.stream.subscribe({ channel: "ticker", market: symbol }, { onSnapshot: take, onUpdate: take });
    }
    this.connection.value = "open";
    this.watchStatus();
    const fees = await this.http.get<WireFees>("/v1/fees").catch(() => null);
    this.takerFeePpm.value = fees?.tiers[0]?.takerFeePpm ?? null;
  }

  private take(markets: WireMarkets): void {
    try {
      new MarketData(markets);
      this.marketsProblem.value = null;
    } catch (error) {
      this.marketsProblem.value = error instanceof Error ? error.message : String(error);
    }
    this.markets.value = markets;
  }

  private epoch({ epoch, markets }: Pick<WireMarkets, "epoch" | "markets">): void {
    if (this.markets.value !== null) this.take({ ...this.markets.value, epoch, markets });
    // Limits of an epoch's terms that the channel does not tell (rebate cap, insurance cap) come with the whole.
    void this.http
      .get<WireMarkets>("/v1/markets")
      .then((whole) => this.take(whole))
      .catch(() => {});
  }

  private news(state: WireExchangeState): void {
    this.state.value = state;
    this.aheadMs.value = state.atMs - Date.now();
  }

  private watchStatus(): void {
    void this.lookAtStatus().finally(() => {
      if (!this.closed) this.timer = setTimeout(() => this.watchStatus(), STATUS_EVERY_MS);
    });
  }

  private async lookAtStatus(): Promise<void> {
    const status = await this.http.get<WireStatus>("/v1/status").catch(() => null);
    if (status !== null) this.status.value = status;
  }
}
