import type {
  WireBatch,
  WireFees,
  WireMarket,
  WireMarkets,
  WireOrderbook,
  WireStatus,
  WireTicker,
  WireTickers,
  WireTime,
  WireTrade,
  WireUptime,
} from "../protocol/api-wire.ts";
import type { WireInsurance, WireOwner } from "../protocol/margin-wire.ts";
import type { Market } from "../protocol/market.ts";
import type { Http } from "./http.ts";
import { MarketData } from "./market-data.ts";
import { MarketPast } from "./past.ts";

/** What is the same for everybody. */
export class ExchangeReader {
  protected readonly http: Http;
  /** Trades, candles and epochs of the past. */
  readonly marketPast: MarketPast;
  /** As of the last look. */
  protected markets: MarketData;
  protected epochTimeSeconds: number;

  constructor(http: Http, markets: WireMarkets) {
    this.http = http;
    this.marketPast = new MarketPast(http);
    this.markets = new MarketData(markets);
    this.epochTimeSeconds = markets.epoch.timeSeconds;
  }

  status(): Promise<WireStatus> {
    return this.http.get("/v1/status");
  }

  /** When the sequencer worked, and when it did not. */
  uptime(): Promise<WireUptime> {
    return this.http.get("/v1/uptime");
  }

  async time(): Promise<WireTime> {
    const time = await this.http.get<WireTime>("/v1/time");
    this.epochTimeSeconds = time.epochTimeSeconds;
    return time;
  }

  async marketStates(): Promise<WireMarket[]> {
    return (await this.lookAtMarkets()).markets;
  }

  orderbook(market: string, levels?: number): Promise<WireOrderbook> {
    return this.http.get(`/v1/orderbook/${encodeURIComponent(market)}`, { levels });
  }

  async trades(market: string, limit?: number): Promise<WireTrade[]> {
    return (await this.http.get<{ trades: WireTrade[] }>("/v1/trades", { market, limit })).trades;
  }

  ticker(market: string): Promise<WireTicker> {
    return this.http.get(`/v1/ticker/${encodeURIComponent(market)}`);
  }

  async tickers(): Promise<WireTicker[]> {
    return (await this.http.get<WireTickers>("/v1/tickers")).tickers;
  }

  /** Fee tiers, and with an account its own. */
  fees(account?: number): Promise<WireFees> {
    return this.http.get("/v1/fees", { account });
  }

  async batches(limit?: number): Promise<WireBatch[]> {
    return (await this.http.get<{ batches: WireBatch[] }>("/v1/batches", { limit })).batches;
  }

  /** What stands behind everybody. */
  insurance(): Promise<WireInsurance> {
    return this.http.get("/v1/insurance");
  }

  /** Accounts and positions of an L1 owner, each with its margin mode. */
  owner(address: string): Promise<WireOwner> {
    return this.http.get(`/v1/owners/${address}/positions`);
  }

  /** @throws RangeError naming the markets there are */
  market(symbol: string): Market {
    return this.markets.market(symbol);
  }

  protected async lookAtMarkets(): Promise<WireMarkets> {
    const markets = await this.http.get<WireMarkets>("/v1/markets");
    this.markets = new MarketData(markets);
    this.epochTimeSeconds = markets.epoch.timeSeconds;
    return markets;
  }
}
