import type { FastifyInstance } from "fastify";
import { WireAccount, WireAccountList } from "../protocol/wire/account.ts";
import { WirePositions } from "../protocol/wire/margin.ts";
import { WireOrder } from "../protocol/wire/order.ts";
import { type AccountView, accountView } from "../sequencer/exchange-view.ts";
import { Rejection } from "./api-error.ts";
import { wireBalance } from "./balance.ts";
import { sessionAccountOf } from "./door.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { route } from "./route-schema.ts";
import { AccountParams, OrderParams, OwnerQuery, PositionsQuery } from "./schema.ts";

/** Everything about one account. What every batch publishes of it is public; its orders, fills and payments need a session. */
export function accountRoutes(app: FastifyInstance, access: ExchangeAccess): void {
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
      return wire.account(view, access.positions(view), wireBalance(sequencer, history, view));
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

  app.get<{ Params: { id: string } }>(
    "/v1/orders/:id",
    route({ summary: "One order, by its id.", tag: "orders", session: true, params: OrderParams, answer: WireOrder }),
    async (request): Promise<WireOrder> => {
      const account = sessionAccountOf(request);
      const [slot, sequence] = request.params.id.split("-").map(Number) as [number, number];
      const order = history.order(account, slot, sequence) ?? (await history.read("orderAt", account, slot, sequence));
      if (order === undefined) throw new Rejection("ORDER_NOT_FOUND", { field: "id" });
      return wire.order(order);
    },
  );
}
