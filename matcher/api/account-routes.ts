import type { FastifyInstance } from "fastify";
import { WireAccount, WireAccountList } from "../protocol/wire/account.ts";
import { type WireForcedTrade, WireForcedTrades } from "../protocol/wire/liquidation.ts";
import { WirePositions } from "../protocol/wire/margin.ts";
import { type WireFill, WireFills, WireOrder, WireOrders } from "../protocol/wire/order.ts";
import { type AccountView, accountView } from "../sequencer/exchange-view.ts";
import { Rejection } from "./api-error.ts";
import { sessionAccountOf } from "./door.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { wireForcedTrade } from "./forced-trade.ts";
import { limitOf } from "./market-routes.ts";
import type { OrderEntry } from "./order-entry.ts";
import { route } from "./route-schema.ts";
import { AccountParams, FillsQuery, OrderParams, OrdersQuery, OwnerQuery, PositionsQuery } from "./schema.ts";

interface OrdersQueryText {
  account?: string;
  status?: "open" | "closed" | "all";
  slot?: string;
  market?: string;
  clientId?: string;
  limit?: string;
}

/** Everything about one account. What every batch publishes of it is public; its orders, fills and payments need a session. */
export function accountRoutes(app: FastifyInstance, access: ExchangeAccess, entry: OrderEntry): void {
  const { sequencer, history, wire } = access;

  function viewOf(account: string): AccountView {
    const view = accountView(sequencer.state, access.requireAccount(account));
    if (view === undefined) throw new Rejection("UNKNOWN_ACCOUNT");
    return view;
  }

  app.get<{ Params: { account: string } }>(
    "/v1/account/:account",
    route({
      summary: "Margin, positions, rates and what of it is proven.",
      tag: "account",
      params: AccountParams,
      answer: WireAccount,
    }),
    ({ params }): WireAccount => {
      const view = viewOf(params.account);
      return wire.account(view, access.positions(view));
    },
  );

  app.get<{ Querystring: { account: string } }>(
    "/v1/positions",
    route({ summary: "An account's positions.", tag: "account", querystring: PositionsQuery, answer: WirePositions }),
    ({ query }): WirePositions => {
      const view = viewOf(query.account);
      return { account: view.account, epochNumber: view.epochNumber, positions: access.positions(view) };
    },
  );

  app.get<{ Querystring: { owner: string } }>(
    "/v1/accounts",
    route({ summary: "Accounts of an L1 owner.", tag: "account", querystring: OwnerQuery, answer: WireAccountList }),
    ({ query }): { accounts: number[] } => ({ accounts: [...sequencer.state.accountsOf(BigInt(query.owner))] }),
  );

  app.get<{ Querystring: OrdersQueryText }>(
    "/v1/orders",
    route({
      summary: "Orders, newest first: open ones when no status is given.",
      tag: "orders",
      session: true,
      querystring: OrdersQuery,
      answer: WireOrders,
    }),
    (request): { orders: WireOrder[] } => {
      const {
        account,
        slot,
        market,
        clientId,
        limit,
        status = clientId === undefined ? "open" : "all",
      } = request.query;
      const index = market === undefined ? undefined : access.marketOf(market).index;
      const orders = history
        .ordersOf(sessionAccountOf(request, account))
        .filter(({ closed }) => status === "all" || (closed === null) === (status === "open"))
        .filter((order) => slot === undefined || order.slot === Number(slot))
        .filter((order) => index === undefined || order.market === index)
        .filter((order) => clientId === undefined || order.clientId === clientId);
      // Newest first, so that a limit cuts the past off.
      return {
        orders: orders
          .reverse()
          .slice(0, limitOf(limit, 1_000))
          .map((order) => wire.order(order)),
      };
    },
  );

  app.get<{ Params: { id: string } }>(
    "/v1/orders/:id",
    route({ summary: "One order, by its id.", tag: "orders", session: true, params: OrderParams, answer: WireOrder }),
    (request): WireOrder => wire.order(entry.named(sessionAccountOf(request), request.params)),
  );

  app.get<{ Querystring: { account?: string; limit?: string } }>(
    "/v1/fills",
    route({
      summary: "Fills, newest first.",
      tag: "orders",
      session: true,
      querystring: FillsQuery,
      answer: WireFills,
    }),
    (request): { fills: WireFill[] } => {
      const account = sessionAccountOf(request, request.query.account);
      return { fills: history.fillsOf(account, limitOf(request.query.limit)).map((fill) => wire.fill(fill, account)) };
    },
  );

  app.get<{ Querystring: { account?: string; limit?: string } }>(
    "/v1/forced-trades",
    route({
      summary: "Liquidations, deleveragings and settled positions, newest first.",
      tag: "account",
      session: true,
      querystring: FillsQuery,
      answer: WireForcedTrades,
    }),
    (request): { trades: WireForcedTrade[] } => {
      const account = sessionAccountOf(request, request.query.account);
      const trades = history.forcedTradesOf(account, limitOf(request.query.limit));
      return { trades: trades.map((trade) => wireForcedTrade(wire, trade)) };
    },
  );
}
