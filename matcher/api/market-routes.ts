import type { FastifyInstance } from "fastify";
import type { WireMarkets, WireOrderbook, WireStatus, WireTime, WireTrade } from "../protocol/api-wire.ts";
import { usdFromMicroUsd } from "../protocol/decimal.ts";
import type { LiquidationTerms } from "../protocol/epoch.ts";
import { baseFromLots, usdFromPriceTicks } from "../protocol/market.ts";
import { type DepthLevel, depthView, marketView, openOrderCount } from "../sequencer/exchange-view.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { BatchesQuery, DepthQuery, MarketParams, NoQuery, TradesQuery } from "./schema.ts";

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

/** Everything that is the same for everybody. */
export function marketRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { sequencer, history, wire, options } = access;
  const { state, finality, backlog } = sequencer;

  app.get("/v1/status", { schema: { querystring: NoQuery } }, (): WireStatus => {
    const [last] = finality.latest(1);
    const { oracle = null, ...chain } = options.chainStatus?.() ?? {};
    const halted = sequencer.halt !== null || (chain.halted ?? null) !== null;
    const trading = backlog.isFull ? "backlogged" : "trading";
    return {
      status: halted ? "halted" : state.epochNumber === 0 ? "starting" : trading,
      epoch: { number: state.epochNumber, timeSeconds: state.epochTimeSeconds },
      commands: state.commandCount,
      queueCursor: state.ledger.shared.queueCursor,
      refused: sequencer.refusedCount,
      journalHead: `0x${state.journalHead.toString(16).padStart(64, "0")}`,
      openOrders: openOrderCount(state),
      orders: history.acceptedOrderCount,
      fills: history.fillCount,
      steps: { emitted: state.stepCount, proven: finality.provenThroughStep },
      unprovenRows: backlog.unprovenRows,
      unprovenRowsMax: backlog.limits.unprovenRowsMax,
      lastBatch: last === undefined ? null : wire.batch(last),
      atMs: access.nowMs(),
      oracle,
      chain,
    };
  });

  app.get("/v1/time", { schema: { querystring: NoQuery } }, (): WireTime => {
    return { timeMs: access.nowMs(), epochNumber: state.epochNumber, epochTimeSeconds: state.epochTimeSeconds };
  });

  app.get("/v1/markets", { schema: { querystring: NoQuery } }, (): WireMarkets => {
    const rules = state.rulesInForce;
    const { epoch } = state.ledger.shared;
    return {
      chainId: options.chainId,
      exchange: options.exchange,
      token: options.token ?? null,
      domain: options.domain.toString(),
      epoch: { number: state.epochNumber, timeSeconds: state.epochTimeSeconds },
      expiryHorizonSeconds: rules.expiryHorizonSeconds,
      openOrdersPerAccountMax: rules.openOrdersPerAccountMax,
      rebateCapPpm: epoch?.rebateCapPpm ?? 0,
      liquidation: liquidationTerms(epoch?.liquidation),
      markets: access.markets.map(({ index }) => {
        const prices = { lastTicks: access.lastTradeTicks(index), markTicks: access.markTicks(index) };
        return wire.marketState(marketView(state, index), rules.markets[index] ?? NO_LIMITS, prices);
      }),
    };
  });

  app.get<{ Params: { market: string }; Querystring: { levels?: string } }>(
    "/v1/orderbook/:market",
    { schema: { params: MarketParams, querystring: DepthQuery } },
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

  app.get<{ Querystring: { market: string; limit?: string } }>(
    "/v1/trades",
    { schema: { querystring: TradesQuery } },
    ({ query }): { trades: WireTrade[] } => {
      const market = access.marketOf(query.market);
      return { trades: history.trades(market.index, limitOf(query.limit)).map((fill) => wire.trade(fill)) };
    },
  );

  app.get<{ Querystring: { limit?: string } }>(
    "/v1/batches",
    { schema: { querystring: BatchesQuery } },
    ({ query }) => {
      return { batches: finality.latest(limitOf(query.limit)).map((batch) => wire.batch(batch)) };
    },
  );
}
