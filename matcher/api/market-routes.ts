import type { FastifyInstance } from "fastify";
import { usdFromMicroUsd } from "../protocol/decimal.ts";
import type { LiquidationTerms } from "../protocol/epoch.ts";
import { baseFromLots, usdFromPriceTicks } from "../protocol/market.ts";
import { type WireMarket, WireMarkets, WireOrderbook, WireTicker, WireTickers } from "../protocol/wire/market.ts";
import { type DepthLevel, depthView, marketView } from "../sequencer/exchange-view.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { route } from "./route-schema.ts";
import { DepthQuery, MarketParams, NoQuery } from "./schema.ts";
import { tickerOf } from "./ticker.ts";

const DEFAULT_LEVELS = 50;
const DEFAULT_LIMIT = 100;
const LIMIT_MAX = 1_000;

/** A limit from a query. */
export function limitOf(text: string | undefined, byDefault = DEFAULT_LIMIT): number {
  return text === undefined ? byDefault : Math.min(Number(text), LIMIT_MAX);
}

/** Of a market that takes no orders. */
const NO_LIMITS = { priceStepTicks: 1, quantityStepLots: 1, quantityMinLots: 0, quantityMaxLots: 0 };

function liquidationTerms(terms: LiquidationTerms | undefined): WireMarkets["liquidation"] {
  const { insuranceCapMicroUsd = 0n, feeCapPpm = 0, spreadPpm = 0, bankruptcyAdjustmentPpm = 0 } = terms ?? {};
  return { feeCapPpm, spreadPpm, bankruptcyAdjustmentPpm, insuranceCap: usdFromMicroUsd(insuranceCapMicroUsd) };
}

/** Every market as the epoch in force and the book have it. */
export function marketStates(access: ExchangeAccess): WireMarket[] {
  const { state } = access.sequencer;
  const rules = state.rulesInForce;
  return access.markets.map(({ index }) => {
    const prices = { lastTicks: access.lastTradeTicks(index), markTicks: access.markTicks(index) };
    return access.wire.marketState(marketView(state, index), rules.markets[index] ?? NO_LIMITS, prices);
  });
}

/** Everything that is the same for everybody. */
export function marketRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { sequencer, options } = access;
  const { state } = sequencer;

  app.get(
    "/v1/markets",
    route({
      summary: "Markets with their terms and limits, and the place to sign for.",
      tag: "markets",
      querystring: NoQuery,
      answer: WireMarkets,
    }),
    (): WireMarkets => {
      const rules = state.rulesInForce;
      const { epoch } = state.ledger.shared;
      return {
        chainId: options.chainId,
        exchange: options.exchange,
        token: options.token ?? null,
        domain: options.domain.toString(),
        receiptsSigner: options.receipts?.signerAddress ?? null,
        epoch: { number: state.epochNumber, timeSeconds: state.epochTimeSeconds },
        expiryHorizonSeconds: rules.expiryHorizonSeconds,
        openOrdersPerAccountMax: rules.openOrdersPerAccountMax,
        rebateCapPpm: epoch?.rebateCapPpm ?? 0,
        liquidation: liquidationTerms(epoch?.liquidation),
        markets: marketStates(access),
      };
    },
  );

  app.get(
    "/v1/tickers",
    route({
      summary: "Every market's day and present state.",
      tag: "markets",
      querystring: NoQuery,
      answer: WireTickers,
    }),
    (): WireTickers => ({ tickers: access.markets.map((market) => tickerOf(access, market)) }),
  );

  app.get<{ Params: { market: string } }>(
    "/v1/ticker/:market",
    route({ summary: "A market's day and present state.", tag: "markets", params: MarketParams, answer: WireTicker }),
    ({ params }): WireTicker => tickerOf(access, access.marketOf(params.market)),
  );

  app.get<{ Params: { market: string }; Querystring: { levels?: string } }>(
    "/v1/orderbook/:market",
    route({
      summary: "Best levels of a market, with the sequence that the stream goes on from and a checksum.",
      tag: "markets",
      params: MarketParams,
      querystring: DepthQuery,
      answer: WireOrderbook,
    }),
    ({ params, query }): WireOrderbook => {
      const market = access.marketOf(params.market);
      const { bids, asks, checksum } = depthView(state, market.index, limitOf(query.levels, DEFAULT_LEVELS));
      const level = ({ priceTicks, quantityLots, orderCount }: DepthLevel): [string, string, number] => [
        usdFromPriceTicks(market, priceTicks),
        baseFromLots(market, quantityLots),
        orderCount,
      ];
      const seq = state.eventCount;
      return {
        market: market.symbol,
        seq,
        bids: bids.map(level),
        asks: asks.map(level),
        checksum,
        atMs: access.nowMs(),
      };
    },
  );
}
