import type { WireOracle } from "../protocol/api-wire.ts";
import { type Market, usdFromPriceTicks } from "../protocol/market.ts";
import type { OracleStatus } from "./oracle-board.ts";

/** What the board knows, in the words of the API. @param markets those whose names and ticks are known; others are left out */
export function wireOracle(
  { threshold, round, signers, markets: medians }: OracleStatus,
  { accepted, refused }: { accepted: number; refused: number },
  markets: readonly Market[],
): WireOracle {
  return {
    threshold,
    round,
    accepted,
    refused,
    signers: signers.map(({ driftPpm, ...signer }) => ({
      ...signer,
      drift: markets.flatMap(({ index, symbol }) => {
        const ppm = driftPpm[index] ?? null;
        return ppm === null ? [] : [{ market: symbol, ppm }];
      }),
    })),
    markets: medians.flatMap(({ market: index, medianTicks, ageSeconds, prices }) => {
      const market = markets.find((candidate) => candidate.index === index);
      if (market === undefined) return [];
      return [{ market: market.symbol, median: usdFromPriceTicks(market, medianTicks), ageSeconds, prices }];
    }),
  };
}
