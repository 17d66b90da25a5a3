import type { FastifyInstance } from "fastify";
import { usdFromMicroUsd } from "../protocol/decimal.ts";
import { fundingIntervalFromWords } from "../protocol/funding-interval.ts";
import { fundingIntervalAt } from "../protocol/funding-schedule.ts";
import { wireDigest } from "../protocol/funding-wire.ts";
import { WireFunding, WireFundingInterval } from "../protocol/wire/funding.ts";
import type { SealedInterval } from "../sequencer/funding-meter.ts";
import { Rejection } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { fundingRateOf, openFundingOf, rateMaxPpmPerHourOf } from "./funding-rate.ts";
import { sealedFrom } from "./history/sealed-interval.ts";
import { limitOf } from "./market-routes.ts";
import { route } from "./route-schema.ts";
import { FundingQuery, FundingSamplesQuery } from "./schema.ts";

/** Intervals that one answer takes from the database: each is computed from its samples. */
const STORED_INTERVALS_MAX = 100;

/** What was measured, what follows from it, and everything that anybody needs to compute the same. */
export function fundingRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { sequencer, history, funding, wire } = access;
  const { state } = sequencer;
  const { schedule } = state.funding.terms;

  /** From memory, or those that are older than it from the database. */
  async function intervalsFrom(limit: number, from: number | undefined): Promise<Omit<SealedInterval, "words">[]> {
    if (from === undefined || from >= (funding.oldest ?? 0) || history.oldestInterval === funding.oldest) {
      return funding.intervals(limit, from);
    }
    return history.read("sealedIntervals", from, Math.min(limit, STORED_INTERVALS_MAX));
  }

  app.get<{ Querystring: { market: string; from?: string; limit?: string } }>(
    "/v1/funding",
    route({
      summary: "Funding of a market: sealed intervals, and the one that takes samples now.",
      tag: "markets",
      querystring: FundingQuery,
      answer: WireFunding,
    }),
    async ({ query }): Promise<WireFunding> => {
      const market = access.marketOf(query.market);
      const from = query.from === undefined ? undefined : fundingIntervalAt(schedule, Number(query.from));
      const sealed = await intervalsFrom(limitOf(query.limit), from);
      const notional = state.funding.terms.markets[market.index]?.impactNotionalMicroUsd ?? 0n;
      return {
        market: market.symbol,
        schedule,
        impactNotional: usdFromMicroUsd(notional),
        rateMaxPpmPerHour: rateMaxPpmPerHourOf(access),
        open: openFundingOf(access, market.index),
        oldestInterval: history.oldestInterval,
        intervals: sealed.flatMap((interval) => fundingRateOf(access, interval, market.index) ?? []),
      };
    },
  );

  app.get<{ Querystring: { interval: string } }>(
    "/v1/funding/samples",
    route({
      summary: "Everything under the digest of a funding interval.",
      tag: "markets",
      querystring: FundingSamplesQuery,
      answer: WireFundingInterval,
    }),
    async ({ query }): Promise<WireFundingInterval> => {
      const number = Number(query.interval);
      const [stored] = funding.interval(number) === undefined ? await history.read("intervals", 1, number) : [];
      const sealed = funding.interval(number) ?? (stored?.interval === number ? sealedFrom(stored) : undefined);
      if (sealed === undefined) {
        const oldest = history.oldestInterval;
        const served = oldest === null ? "none is sealed yet" : `the oldest that is served is ${oldest}`;
        throw new Rejection("NOT_FOUND", { detail: `there is no sealed interval ${query.interval}; ${served}` });
      }
      const { terms, ...content } = fundingIntervalFromWords(sealed.words);
      return {
        interval: content.interval,
        schedule: content.schedule,
        epochNumber: content.epochNumber,
        terms: terms.map(({ impactNotionalMicroUsd, ...market }) => ({
          ...market,
          symbol: wire.market(market.market).symbol,
          impactNotionalMicroUsd: Number(impactNotionalMicroUsd),
        })),
        samples: content.samples.map(({ markets, ...sample }) => ({ ...sample, markets: [...markets] })),
        funding: sealed.funding.map((market) => ({ ...market })),
        previousDigest: wireDigest(sealed.previousDigest),
        digest: wireDigest(sealed.digest),
      };
    },
  );
}
