import type { WireAccount, WireFill, WireMarkets, WireWithdrawal } from "../protocol/api-wire.ts";
import { microUsdFromUsd } from "../protocol/decimal.ts";
import type { WireForcedTrade } from "../protocol/liquidation-wire.ts";
import type { WireMargin, WirePosition, WirePreview } from "../protocol/margin-wire.ts";
import { usdFromPriceTicks } from "../protocol/market.ts";
import { accountFigures, allPositionFigures, positionFigures } from "../risk/figures.ts";
import { PREVIEW_LEVELS_MAX } from "../risk/preview.ts";
import { marginMode, wireMargin, wirePosition } from "../risk/wire-figures.ts";
import { ExchangeReader } from "./exchange-reader.ts";
import type { Http } from "./http.ts";
import type { MarketData } from "./market-data.ts";
import { previewOf, usualMaxFeePpm } from "./order-preview.ts";
import type { OrderTerms } from "./order-terms.ts";
import { AccountPast } from "./past.ts";
import type { Session } from "./session.ts";

/** The account and the markets of one epoch. */
interface Moment {
  readonly account: WireAccount;
  readonly markets: MarketData;
}

/** Looks at both that may fall on two epochs, at most: one is over in seconds, a look in milliseconds. */
const LOOKS_MAX = 5;

/**
 * What there is to know about one account. Margin figures are worked out here, from balances and market terms as they are served, with the
 * very functions that the matcher judges by: nobody's word is taken for them.
 */
export class AccountReader extends ExchangeReader {
  readonly account: number;
  /** For what is private; logs in by itself. */
  readonly session: Session;
  /** Everything that it ever did. */
  readonly past: AccountPast;
  /** Most that the account is charged: what an order signs unless told otherwise. */
  protected takerFeePpm: number;

  constructor(http: Http, markets: WireMarkets, account: WireAccount, session: Session) {
    super(http, markets);
    this.session = session;
    this.account = account.account;
    this.past = new AccountPast(session, this.account);
    this.takerFeePpm = usualMaxFeePpm(account);
  }

  async state(): Promise<WireAccount> {
    const account = await this.http.get<WireAccount>(`/v1/account/${this.account}`);
    this.takerFeePpm = usualMaxFeePpm(account);
    return account;
  }

  async fills(limit?: number): Promise<WireFill[]> {
    return (await this.session.get<{ fills: WireFill[] }>("/v1/fills", { account: this.account, limit })).fills;
  }

  async withdrawals(limit?: number): Promise<WireWithdrawal[]> {
    const query = { account: this.account, limit };
    return (await this.session.get<{ withdrawals: WireWithdrawal[] }>("/v1/withdrawals", query)).withdrawals;
  }

  /** Liquidations, deleveragings and settled positions: what changed a position without a signature. */
  async forcedTrades(limit?: number): Promise<WireForcedTrade[]> {
    const query = { account: this.account, limit };
    return (await this.session.get<{ trades: WireForcedTrade[] }>("/v1/forced-trades", query)).trades;
  }

  /** Equity, requirements, free collateral, ratio and leverage. */
  async margin(): Promise<WireMargin> {
    const { account, markets } = await this.moment();
    return wireMargin(accountFigures(markets.terms, markets.positionOf(account)));
  }

  /** Every position with its figures. */
  async positions(): Promise<WirePosition[]> {
    const { account, markets } = await this.moment();
    const mode = marginMode(markets.isolatedMarketOf(account));
    return allPositionFigures(markets.terms, markets.positionOf(account)).map((figures) => {
      const market = markets.marketAt(figures.market);
      const served = account.positions.find((position) => position.market === market.symbol);
      const entryValue = served?.entryValue ?? null;
      return wirePosition(figures, {
        market,
        mode,
        indexTicks: markets.terms.markets[market.index]?.priceTicks ?? 0n,
        markTicks: BigInt(markets.markTicks(market.symbol)),
        // What only the exchange can know: the past of the position, and the other holders.
        entryMicroUsd: entryValue === null ? null : microUsdFromUsd(entryValue),
        deleveragingRank: served?.deleveragingRank ?? null,
      });
    });
  }

  /** The last price of a market at which the account meets maintenance margin, all others unchanged; null when there is none. */
  async liquidationPrice(symbol: string): Promise<string | null> {
    const { account, markets } = await this.moment();
    const market = markets.market(symbol);
    const { liquidationPriceTicks } = positionFigures(markets.terms, markets.positionOf(account), market.index);
    return liquidationPriceTicks === null ? null : usdFromPriceTicks(market, liquidationPriceTicks);
  }

  /**
   * What the matcher would make of an order, and the order of the account's margin: nothing is sent or signed.
   * @param extraMicroUsd collateral that would be added before
   * @throws DecimalError for a price or size off the step; RangeError for an unknown market
   */
  async marginPreview(terms: OrderTerms, extraMicroUsd = 0n): Promise<WirePreview> {
    const [{ account, markets }, book] = await Promise.all([
      this.moment(),
      this.orderbook(terms.market, PREVIEW_LEVELS_MAX),
    ]);
    const levels = markets.levelsFor(terms.side, book);
    return previewOf({ account, markets, levels }, terms, extraMicroUsd);
  }

  /** Account and markets as of one epoch: figures of two would be wrong for both. */
  private async moment(): Promise<Moment> {
    for (let look = 1; ; look++) {
      const [account] = await Promise.all([this.state(), this.lookAtMarkets()]);
      const { markets } = this;
      if (account.epochNumber === markets.epochNumber) return { account, markets };
      if (look === LOOKS_MAX)
        throw new Error("epochs follow one another too fast to look at account and markets of one");
    }
  }
}
