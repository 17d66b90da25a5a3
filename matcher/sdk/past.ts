import type { WireFill, WireOrder, WireTrade, WireTransfer, WireWithdrawal } from "../protocol/api-wire.ts";
import type { WireForcedTrade } from "../protocol/liquidation-wire.ts";
import type {
  WireCandle,
  WireCandleResolution,
  WireCandles,
  WireDeposit,
  WireEpoch,
  WireFundingPayment,
} from "../protocol/wire/history.ts";
import type { WirePage } from "../protocol/wire/page.ts";
import type { Http } from "./http.ts";
import type { Session } from "./session.ts";

type Query = Record<string, string | number | undefined>;
type Get = (path: string, query: Query) => Promise<Record<string, unknown> & { page: WirePage }>;

/** Rows asked for at once. */
const ROWS_AT_ONCE = 500;

/** Where to begin and in which direction. */
export interface PastFrom {
  /** Everything since this place, oldest first; "0" is the beginning. Without it, the newest first, back to the beginning. */
  after?: string;
}

async function* rows<T>(get: Get, path: string, name: string, query: Query, { after }: PastFrom): AsyncGenerator<T> {
  let cursor: Query = after === undefined ? {} : { after };
  for (;;) {
    const answer = await get(path, { ...query, ...cursor, limit: ROWS_AT_ONCE });
    const found = answer[name] as T[];
    yield* found;
    const { before, after: next } = answer.page;
    if (after === undefined ? before === null : found.length < ROWS_AT_ONCE) return;
    cursor = after === undefined ? { before: before as string } : { after: next as string };
  }
}

/** The past of the markets, as far back as it goes, page by page while it is read. */
export class MarketPast {
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  trades(market: string, from: PastFrom = {}): AsyncGenerator<WireTrade> {
    return rows((path, query) => this.http.get(path, query), "/v1/trades", "trades", { market }, from);
  }

  /** Prices and funding indices, epoch by epoch. */
  epochs(market: string, from: PastFrom = {}): AsyncGenerator<WireEpoch> {
    return rows((path, query) => this.http.get(path, query), "/v1/epochs", "epochs", { market }, from);
  }

  /** By increasing start, from a time on. Spans without a trade have none. */
  async *candles(
    market: string,
    resolution: WireCandleResolution,
    fromMs: number,
    toMs?: number,
  ): AsyncGenerator<WireCandle> {
    for (let from: number | null = fromMs; from !== null; ) {
      const query: Query = { market, resolution, from, to: toMs, limit: ROWS_AT_ONCE };
      const answer: WireCandles = await this.http.get("/v1/candles", query);
      yield* answer.candles;
      from = answer.nextMs;
    }
  }
}

/** The past of an account, as far back as it goes, page by page while it is read. */
export class AccountPast {
  private readonly session: Session;
  private readonly account: number;

  constructor(session: Session, account: number) {
    this.session = session;
    this.account = account;
  }

  /** Of all markets, open and closed. */
  orders(from: PastFrom = {}): AsyncGenerator<WireOrder> {
    return this.rows("/v1/orders", "orders", from, { status: "all" });
  }

  fills(from: PastFrom = {}): AsyncGenerator<WireFill> {
    return this.rows("/v1/fills", "fills", from);
  }

  fundingPayments(from: PastFrom = {}): AsyncGenerator<WireFundingPayment> {
    return this.rows("/v1/funding-payments", "payments", from);
  }

  /** Liquidations, deleveragings and settled positions. */
  forcedTrades(from: PastFrom = {}): AsyncGenerator<WireForcedTrade> {
    return this.rows("/v1/forced-trades", "trades", from);
  }

  deposits(from: PastFrom = {}): AsyncGenerator<WireDeposit> {
    return this.rows("/v1/deposits", "deposits", from);
  }

  withdrawals(from: PastFrom = {}): AsyncGenerator<WireWithdrawal> {
    return this.rows("/v1/withdrawals", "withdrawals", from);
  }

  transfers(from: PastFrom = {}): AsyncGenerator<WireTransfer> {
    return this.rows("/v1/transfers", "transfers", from);
  }

  private rows<T>(path: string, name: string, from: PastFrom, query: Query = {}): AsyncGenerator<T> {
    return rows((at, asked) => this.session.get(at, asked), path, name, { ...query, account: this.account }, from);
  }
}
