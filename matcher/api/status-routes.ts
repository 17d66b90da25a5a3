import type { FastifyInstance } from "fastify";
import { WireFees } from "../protocol/wire/account.ts";
import { type WireBatch, WireBatches, WireStatus, WireTime, WireUptime } from "../protocol/wire/status.ts";
import { openOrderCount } from "../sequencer/exchange-view.ts";
import type { ChainStatus, ExchangeAccess } from "./exchange-access.ts";
import { limitOf } from "./market-routes.ts";
import { route } from "./route-schema.ts";
import { BatchesQuery, FeesQuery, NoQuery } from "./schema.ts";
import { Uptime } from "./uptime.ts";

/** Of an exchange that gives no receipts and so keeps no times. */
const NO_TIMES = { firstCommand: 1, lastCommand: 0, acceptedAtMs: () => 0 };

/** Whether the exchange trades, in a word. @param chain what the chain side says */
export function exchangeStatus(
  { sequencer, options }: ExchangeAccess,
  chain: ChainStatus = options.chainStatus?.() ?? {},
): WireStatus["status"] {
  if (sequencer.halt !== null || (chain.halted ?? null) !== null) return "halted";
  if (sequencer.state.epochNumber === 0) return "starting";
  return sequencer.backlog.isFull ? "backlogged" : "trading";
}

/** The exchange itself. */
export function statusRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { sequencer, history, wire, options } = access;
  const { state, finality, backlog } = sequencer;

  app.get(
    "/v1/status",
    route({
      summary: "Whether the exchange trades, and how far it is proven.",
      tag: "exchange",
      querystring: NoQuery,
      answer: WireStatus,
    }),
    (): WireStatus => {
      const [last] = finality.latest(1);
      const { oracle = null, ...chain } = options.chainStatus?.() ?? {};
      return {
        status: exchangeStatus(access, chain),
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
        history: history.status(),
        oracle,
        chain,
      };
    },
  );

  app.get(
    "/v1/time",
    route({
      summary: "The exchange's clock, and the epoch's time that expiry is judged by.",
      tag: "exchange",
      budget: "free",
      querystring: NoQuery,
      answer: WireTime,
    }),
    (): WireTime => {
      return { timeMs: access.nowMs(), epochNumber: state.epochNumber, epochTimeSeconds: state.epochTimeSeconds };
    },
  );

  const uptime = new Uptime(options.receipts?.digests ?? NO_TIMES, state.funding.terms.schedule.sampleSeconds);
  app.get(
    "/v1/uptime",
    route({
      summary: "When the sequencer worked and when it did not, by the times of its commands.",
      tag: "exchange",
      querystring: NoQuery,
      answer: WireUptime,
    }),
    (): WireUptime => uptime.status(access.nowMs()),
  );

  app.get<{ Querystring: { limit?: string } }>(
    "/v1/batches",
    route({
      summary: "Batches that are proven, newest first.",
      tag: "exchange",
      querystring: BatchesQuery,
      answer: WireBatches,
    }),
    ({ query }): { batches: WireBatch[] } => {
      return { batches: finality.latest(limitOf(query.limit)).map((batch) => wire.batch(batch)) };
    },
  );

  app.get<{ Querystring: { account?: string } }>(
    "/v1/fees",
    route({
      summary: "Fee tiers, and with an account the rates that it is charged.",
      tag: "exchange",
      querystring: FeesQuery,
      answer: WireFees,
    }),
    ({ query }): WireFees => {
      const asked = query.account === undefined ? null : access.requireAccount(query.account);
      const own =
        asked === null ? null : { account: asked, tier: state.fees.tierOf(asked), rates: state.feeRates(asked) };
      return {
        rebateCapPpm: state.ledger.shared.epoch?.rebateCapPpm ?? 0,
        tiers: state.fees.schedule.map(({ makerPpm, takerPpm }, tier) => {
          return { tier, makerFeePpm: makerPpm, takerFeePpm: takerPpm };
        }),
        account:
          own === null
            ? null
            : {
                account: own.account,
                tier: own.tier,
                makerFeePpm: own.rates.makerPpm,
                takerFeePpm: own.rates.takerPpm,
              },
      };
    },
  );
}
