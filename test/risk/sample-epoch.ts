import { DEVNET_LIQUIDATION } from "../../matcher/protocol/devnet-markets.ts";
import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { closedMarket } from "../../matcher/risk/epoch-terms.ts";

/** A live market: price 100, 10 % initial, 5 % maintenance, band 90 … 110, no cap to speak of. */
export const SAMPLE_MARKET: EpochMarket = {
  priceTicks: 100,
  imfPpm: 100_000,
  mmfPpm: 50_000,
  priceMinTicks: 90,
  priceMaxTicks: 110,
  fundingIndexPicoUsd: 0n,
  grossOpenInterestCapLots: 2n ** 48n - 1n,
  restricted: false,
  retired: false,
  isolatedOnly: false,
  positionCapLots: 2n ** 40n - 1n,
  exitHaircutPpm: 25_000,
};

/** An epoch whose first markets are the sample market with the given changes; the others are closed. */
export function sampleEpoch(markets: readonly Partial<EpochMarket>[], header: Partial<Epoch> = {}): Epoch {
  return {
    number: 1,
    timeSeconds: 1_000,
    rebateCapPpm: 100,
    liquidation: DEVNET_LIQUIDATION,
    markets: Array.from({ length: MARKETS }, (_, market) =>
      market < markets.length ? { ...SAMPLE_MARKET, ...markets[market] } : closedMarket(),
    ),
    ...header,
  };
}

/** Eight sizes from the first few. */
export function sizes(...lots: (number | bigint)[]): bigint[] {
  return Array.from({ length: MARKETS }, (_, market) => BigInt(lots[market] ?? 0));
}
