import type { FastifyInstance } from "fastify";
import type { WireAccount, WireFill, WireOrder, WireTransfer, WireWithdrawal } from "../protocol/api-wire.ts";
import type { WireForcedTrade } from "../protocol/liquidation-wire.ts";
import { accountView } from "../sequencer/exchange-view.ts";
import { Rejection } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { wireForcedTrade } from "./forced-trade.ts";
import { limitOf } from "./market-routes.ts";
import { AccountParams, FillsQuery, OrdersQuery, OwnerQuery } from "./schema.ts";

interface OrdersQueryText {
  account?: string;
  status?: "open" | "closed" | "all";
  slot?: string;
  limit?: string;
}

/** Everything about one account. What every batch publishes of it is public; its orders, fills and payments need a session. */
export function accountRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { sequencer, history, wire } = access;

  app.get<{ Params: { account: string } }>(
    "/v1/account/:account",
    { schema: { params: AccountParams } },
    ({ params }): WireAccount => {
      const view = accountView(sequencer.state, access.requireAccount(params.account));
      if (view === undefined) throw new Rejection("UNKNOWN_ACCOUNT");
      return wire.account(view, access.positions(view));
    },
  );

  app.get<{ Querystring: { owner: string } }>(
    "/v1/accounts",
    { schema: { querystring: OwnerQuery } },
    ({ query }): { accounts: number[] } => ({ accounts: [...sequencer.state.accountsOf(BigInt(query.owner))] }),
  );

  app.get<{ Querystring: OrdersQueryText }>(
    "/v1/orders",
    { schema: { querystring: OrdersQuery } },
    ({ query, headers }): { orders: WireOrder[] } => {
      const { status = "open", slot } = query;
      const orders = history
        .ordersOf(access.accountOfSession(headers.authorization, query.account))
        .filter(({ closed }) => status === "all" || (closed === null) === (status === "open"))
        .filter((order) => slot === undefined || order.slot === Number(slot));
      // Newest first, so that a limit cuts the past off.
      return {
        orders: orders
          .reverse()
          .slice(0, limitOf(query.limit, 1_000))
          .map((order) => wire.order(order)),
      };
    },
  );

  app.get<{ Querystring: { account?: string; limit?: string } }>(
    "/v1/fills",
    { schema: { querystring: FillsQuery } },
    ({ query, headers }): { fills: WireFill[] } => {
      const account = access.accountOfSession(headers.authorization, query.account);
      return { fills: history.fillsOf(account, limitOf(query.limit)).map((fill) => wire.fill(fill, account)) };
    },
  );

  app.get<{ Querystring: { account?: string; limit?: string } }>(
    "/v1/forced-trades",
    { schema: { querystring: FillsQuery } },
    ({ query, headers }): { trades: WireForcedTrade[] } => {
      const account = access.accountOfSession(headers.authorization, query.account);
      const trades = history.forcedTradesOf(account, limitOf(query.limit));
      return { trades: trades.map((trade) => wireForcedTrade(wire, trade)) };
    },
  );

  app.get<{ Querystring: { account?: string; limit?: string } }>(
    "/v1/withdrawals",
    { schema: { querystring: FillsQuery } },
    ({ query, headers }): { withdrawals: WireWithdrawal[] } => {
      const account = access.accountOfSession(headers.authorization, query.account);
      const withdrawals = history.withdrawalsOf(account, limitOf(query.limit));
      return { withdrawals: withdrawals.map((withdrawal) => wire.withdrawal(withdrawal)) };
    },
  );

  app.get<{ Querystring: { account?: string; limit?: string } }>(
    "/v1/transfers",
    { schema: { querystring: FillsQuery } },
    ({ query, headers }): { transfers: WireTransfer[] } => {
      const account = access.accountOfSession(headers.authorization, query.account);
      return {
        transfers: history.transfersOf(account, limitOf(query.limit)).map((transfer) => wire.transfer(transfer)),
      };
    },
  );
}
