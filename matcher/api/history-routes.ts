import type { FastifyInstance, FastifyRequest } from "fastify";
import {
  type WireCandleResolution,
  WireCandles,
  WireDeposits,
  WireEpochs,
  WireFundingPayments,
} from "../protocol/wire/history.ts";
import { WireForcedTrades } from "../protocol/wire/liquidation.ts";
import { WireTrades } from "../protocol/wire/market.ts";
import { WireFills, WireOrders } from "../protocol/wire/order.ts";
import type { WirePage } from "../protocol/wire/page.ts";
import { WireTransfers, WireWithdrawals } from "../protocol/wire/payment.ts";
import { Rejection } from "./api-error.ts";
import { sessionAccountOf } from "./door.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { wireForcedTrade } from "./forced-trade.ts";
import { CANDLE_RESOLUTIONS_MS } from "./history/candle-book.ts";
import { type PagedTable, type PageQuery, pageKey } from "./history/database.ts";
import type { Records } from "./history/rows.ts";
import { wireCandle, wireDeposit, wireEpoch, wireFundingPayment } from "./history/wire-history.ts";
import { CandlesQuery, MarketPageQuery, OrdersQuery, OwnQuery } from "./history-schema.ts";
import { limitOf } from "./market-routes.ts";
import { type RouteWords, route } from "./route-schema.ts";

interface Cursors {
  before?: string;
  after?: string;
  limit?: string;
}

interface OwnQueryText extends Cursors {
  account?: string;
}

interface OrdersQueryText extends OwnQueryText {
  status?: "open" | "closed" | "all";
  slot?: string;
  market?: string;
  clientId?: string;
}

interface CandlesQueryText {
  market: string;
  resolution: WireCandleResolution;
  from?: string;
  to?: string;
  limit?: string;
}

const ORDERS_LIMIT = 1_000;
/** The end of time, for whoever names none. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/** The past, page by page: of everybody's trades and prices, and under a session of an account's own. */
export function historyRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { history, wire } = access;

  /** A page, with the cursors to go on from. */
  async function pageOf<T extends PagedTable>(
    table: T,
    cursors: Cursors,
    which: Omit<PageQuery, "limit" | "before" | "after">,
    byDefault?: number,
  ): Promise<{ rows: Records[T][]; page: WirePage }> {
    const { before, after } = cursors;
    if (before !== undefined && after !== undefined) {
      throw new Rejection("MALFORMED", { field: "after", detail: "before and after exclude each other" });
    }
    const limit = limitOf(cursors.limit, byDefault);
    const rows = await history.page(table, {
      ...which,
      limit,
      ...(before === undefined ? {} : { before: Number(before) }),
      ...(after === undefined ? {} : { after: Number(after) }),
    });
    const keys = rows.map((row) => String(pageKey(table, row)));
    const [first, last] = [keys[0] ?? null, keys.at(-1) ?? null];
    if (after !== undefined) return { rows, page: { before: first, after: last ?? after } };
    return {
      rows,
      page: { before: rows.length < limit ? null : last, after: first ?? (before === undefined ? "0" : null) },
    };
  }

  const own = (words: Omit<RouteWords, "session">) => route({ ...words, session: true });

  app.get<{ Querystring: OrdersQueryText }>(
    "/v1/orders",
    own({
      summary: "Orders by acceptance, newest first: open ones when neither status nor name is given.",
      tag: "orders",
      querystring: OrdersQuery,
      answer: WireOrders,
    }),
    async (request): Promise<WireOrders> => {
      const { account, slot, market, clientId, status = clientId === undefined ? "open" : "all" } = request.query;
      const which = {
        account: sessionAccountOf(request, account),
        ...(status === "all" ? {} : { closed: status === "closed" }),
        ...(slot === undefined ? {} : { slot: Number(slot) }),
        ...(market === undefined ? {} : { market: access.marketOf(market).index }),
        ...(clientId === undefined ? {} : { clientId }),
      };
      const { rows, page } = await pageOf("orders", request.query, which, ORDERS_LIMIT);
      return { orders: rows.map((order) => wire.order(order)), page };
    },
  );

  app.get<{ Querystring: OwnQueryText }>(
    "/v1/fills",
    own({ summary: "Fills, newest first.", tag: "orders", querystring: OwnQuery, answer: WireFills }),
    async (request): Promise<WireFills> => {
      const { rows, page } = await pageOf("trades", request.query, ownIn(request));
      return { fills: rows.map((fill) => wire.fill(fill, request.sessionAccount)), page };
    },
  );

  app.get<{ Querystring: OwnQueryText }>(
    "/v1/forced-trades",
    own({
      summary: "Liquidations, deleveragings and settled positions, newest first.",
      tag: "account",
      querystring: OwnQuery,
      answer: WireForcedTrades,
    }),
    async (request): Promise<WireForcedTrades> => {
      const { rows, page } = await pageOf("forced_trades", request.query, ownIn(request));
      return { trades: rows.map((trade) => wireForcedTrade(wire, trade)), page };
    },
  );

  app.get<{ Querystring: OwnQueryText }>(
    "/v1/funding-payments",
    own({
      summary: "What funding came to, newest first: a row for each market and each touch of the account.",
      tag: "account",
      querystring: OwnQuery,
      answer: WireFundingPayments,
    }),
    async (request): Promise<WireFundingPayments> => {
      const { rows, page } = await pageOf("funding_payments", request.query, ownIn(request));
      return { payments: rows.map((payment) => wireFundingPayment(wire, payment)), page };
    },
  );

  app.get<{ Querystring: OwnQueryText }>(
    "/v1/deposits",
    own({
      summary: "Deposits that the exchange has taken in, newest first.",
      tag: "payments",
      querystring: OwnQuery,
      answer: WireDeposits,
    }),
    async (request): Promise<WireDeposits> => {
      const { rows, page } = await pageOf("deposits", request.query, ownIn(request));
      return { deposits: rows.map((deposit) => wireDeposit(wire, deposit)), page };
    },
  );

  app.get<{ Querystring: OwnQueryText }>(
    "/v1/withdrawals",
    own({ summary: "Withdrawals, newest first.", tag: "payments", querystring: OwnQuery, answer: WireWithdrawals }),
    async (request): Promise<WireWithdrawals> => {
      const { rows, page } = await pageOf("withdrawals", request.query, ownIn(request));
      return { withdrawals: rows.map((withdrawal) => wire.withdrawal(withdrawal)), page };
    },
  );

  app.get<{ Querystring: OwnQueryText }>(
    "/v1/transfers",
    own({
      summary: "Transfers, sent and received, newest first.",
      tag: "payments",
      querystring: OwnQuery,
      answer: WireTransfers,
    }),
    async (request): Promise<WireTransfers> => {
      const { rows, page } = await pageOf("transfers", request.query, ownIn(request));
      return { transfers: rows.map((transfer) => wire.transfer(transfer)), page };
    },
  );

  app.get<{ Querystring: Cursors & { market: string } }>(
    "/v1/trades",
    route({
      summary: "Trades of a market, newest first.",
      tag: "markets",
      querystring: MarketPageQuery,
      answer: WireTrades,
    }),
    async ({ query }): Promise<WireTrades> => {
      const { rows, page } = await pageOf("trades", query, { market: access.marketOf(query.market).index });
      return { trades: rows.map((fill) => wire.trade(fill)), page };
    },
  );

  app.get<{ Querystring: Cursors & { market: string } }>(
    "/v1/epochs",
    route({
      summary: "A market's prices, funding indices and margin fractions, epoch by epoch, newest first.",
      tag: "markets",
      querystring: MarketPageQuery,
      answer: WireEpochs,
    }),
    async ({ query }): Promise<WireEpochs> => {
      const market = access.marketOf(query.market);
      const { rows, page } = await pageOf("epochs", query, {});
      return { market: market.symbol, epochs: rows.map((epoch) => wireEpoch(wire, market, epoch)), page };
    },
  );

  app.get<{ Querystring: CandlesQueryText }>(
    "/v1/candles",
    route({
      summary: "Candles by increasing start: the earliest from `from` on, or else the newest.",
      tag: "markets",
      querystring: CandlesQuery,
      answer: WireCandles,
    }),
    async ({ query }): Promise<WireCandles> => {
      const { resolution, from, to } = query;
      const market = access.marketOf(query.market);
      const limit = limitOf(query.limit);
      const candles = await history.read("candles", {
        market: market.index,
        resolutionMs: CANDLE_RESOLUTIONS_MS[resolution],
        toMs: to === undefined ? NEVER_MS : Number(to),
        limit: from === undefined ? limit : limit + 1,
        ...(from === undefined ? {} : { fromMs: Number(from) }),
      });
      const next = candles[limit];
      return {
        market: market.symbol,
        resolution,
        candles: candles.slice(0, limit).map((candle) => wireCandle(market, candle)),
        nextMs: next?.startMs ?? null,
      };
    },
  );

  function ownIn(request: FastifyRequest<{ Querystring: OwnQueryText }>): { account: number } {
    return { account: sessionAccountOf(request, request.query.account) };
  }
}
