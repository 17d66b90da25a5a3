import type { FastifyInstance } from "fastify";
import { addressNumber } from "../protocol/abi-word.ts";
import { usdFromPicoUsd } from "../protocol/decimal.ts";
import {
  WirePreviewRequest as PreviewBody,
  type WireAtRisk,
  WireAtRiskList,
  WireInsurance,
  type WireOwnedAccount,
  WireOwner,
  WirePreview,
  type WirePreviewRequest,
} from "../protocol/wire/margin.ts";
import { marginMode, wireLossLimit, wirePreview } from "../risk/wire-figures.ts";
import { type AccountView, accountView } from "../sequencer/exchange-view.ts";
import { insuranceView, orderPreview } from "../sequencer/margin-view.ts";
import { atRiskView } from "../sequencer/risk-view.ts";
import { Rejection } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { route } from "./route-schema.ts";
import { NoQuery, OwnerParams } from "./schema.ts";
import { previewFrom } from "./wire-request.ts";

/** What an order would do, what an owner has over all accounts, and what stands behind everybody. */
export function marginRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { sequencer, wire } = access;
  const { state } = sequencer;

  app.post<{ Body: WirePreviewRequest }>(
    "/v1/preview",
    route({
      summary: "What the matcher would make of an order, and the order of the account. Nothing is sent or signed.",
      tag: "account",
      body: PreviewBody,
      answer: WirePreview,
    }),
    ({ body }): WirePreview => {
      const { account } = body;
      const market = access.marketOf(body.market);
      access.requireAccount(String(account));
      // The insurance fund never orders, and would be refused before anything is looked at.
      if (account === 0) throw new Rejection("NOT_PERMITTED");
      const preview = orderPreview(state, account, previewFrom(body, market), access.lastTradeTicks(market.index));
      const isolatedMarket = state.modes.isolatedMarketOf(account);
      return wirePreview(preview, { account, market, isolatedMarket, epochNumber: state.epochNumber });
    },
  );

  app.get<{ Params: { address: string } }>(
    "/v1/owners/:address/positions",
    route({
      summary: "Accounts and positions of an L1 owner.",
      tag: "account",
      params: OwnerParams,
      answer: WireOwner,
    }),
    ({ params }): WireOwner => {
      const owner = addressNumber(params.address);
      const views = state.accountsOf(owner).map((account) => accountView(state, account) as AccountView);
      return {
        owner: `0x${owner.toString(16).padStart(40, "0")}`,
        epochNumber: state.epochNumber,
        accounts: views.map(ownedAccount),
        positions: views.flatMap((view) => {
          const lossLimit = wireLossLimit(view.isolatedMarket, view.figures);
          return access.positions(view).map((position) => ({ account: view.account, ...position, lossLimit }));
        }),
      };
    },
  );

  app.get(
    "/v1/insurance",
    route({ summary: "The insurance fund.", tag: "exchange", querystring: NoQuery, answer: WireInsurance }),
    (): WireInsurance => {
      return wire.insurance(insuranceView(state));
    },
  );

  app.get(
    "/v1/at-risk",
    route({
      summary: "Accounts that are to be liquidated, in the order in which they will be.",
      tag: "exchange",
      querystring: NoQuery,
      answer: WireAtRiskList,
    }),
    (): { accounts: WireAtRisk[] } => ({
      accounts: atRiskView(state).map(({ account, equityPicoUsd, maintenanceMarginPicoUsd }) => ({
        account,
        equity: usdFromPicoUsd(equityPicoUsd),
        maintenanceMargin: usdFromPicoUsd(maintenanceMarginPicoUsd),
      })),
    }),
  );

  function ownedAccount({ account, isolatedMarket, figures, openOrders }: AccountView): WireOwnedAccount {
    return {
      account,
      mode: marginMode(isolatedMarket),
      isolatedMarket: wire.symbolOrNull(isolatedMarket),
      equity: usdFromPicoUsd(figures.valuePicoUsd),
      openOrders,
    };
  }
}
