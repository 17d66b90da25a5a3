import type { LiquidationTerms } from "./epoch.ts";
import { defineMarket, type Market } from "./market.ts";
import { MARKETS } from "./spec.ts";

/** What the price oracle holds a market's prices to. */
export interface PriceBounds {
  /** Up to this age the last accepted price is fresh; then the market is restricted. */
  maxAgeSeconds: number;
  /** How far a new price may be from the last accepted one at once. */
  deviationBasePpm: number;
  /** What is added to that for each second since. */
  deviationGrowthPpmPerSecond: number;
}

/** Terms with which a market starts on a devnet. Rates are parts per million. */
export interface DevnetMarket {
  market: Market;
  /** Initial margin: 50,000 allows a leverage of 20. */
  imfPpm: number;
  mmfPpm: number;
  /** Greatest distance of a row's mean price from the epoch's. */
  bandPpm: number;
  /** Cap of Σ|size|, which counts longs and shorts. */
  openInterestCapLots: bigint;
  /** One-sided open notional from which on initial margin grows, and at which it is all of a position's value. */
  openInterestLowerCapMicroUsd: bigint;
  openInterestUpperCapMicroUsd: bigint;
  /** |size| of one account may not grow beyond this. */
  positionCapLots: bigint;
  /** Nobody may grow a position here beside one elsewhere. */
  isolatedOnly: boolean;
  /** How far from the price a forced exit may be closed: half of maintenance margin, so that an account above it stays above it. */
  exitHaircutPpm: number;
  /** Largest quantity of one order. There is no smallest but one lot: what a partial fill leaves can always be closed. */
  quantityMaxLots: number;
  /** What an impact price is for, micro-USD: 500 USD of initial margin buys it. */
  impactNotionalMicroUsd: bigint;
  /** Where the simulated price starts, in USD. */
  seedPriceUsd: string;
}

/** The four markets that are live at first, by index. Indices 4 … 7 are not live and have no name yet. */
export const DEVNET_MARKETS: readonly DevnetMarket[] = [
  {
    market: defineMarket(0, "BTC-USD", "0.1", "0.00001"),
    imfPpm: 50_000,
    mmfPpm: 30_000,
    bandPpm: 50_000,
    openInterestCapLots: 400_000_000n, // 4,000 BTC
    openInterestLowerCapMicroUsd: 50_000_000_000_000n, // 50,000,000 USD
    openInterestUpperCapMicroUsd: 250_000_000_000_000n,
    positionCapLots: 100_000_000n, // 1,000 BTC
    isolatedOnly: false,
    exitHaircutPpm: 15_000,
    quantityMaxLots: 10_000_000, // 100 BTC
    impactNotionalMicroUsd: 10_000_000_000n, // 10,000 USD
    seedPriceUsd: "65000",
  },
  {
    market: defineMarket(1, "ETH-USD", "0.01", "0.0001"),
    imfPpm: 50_000,
    mmfPpm: 30_000,
    bandPpm: 50_000,
    openInterestCapLots: 800_000_000n, // 80,000 ETH
    openInterestLowerCapMicroUsd: 50_000_000_000_000n, // 50,000,000 USD
    openInterestUpperCapMicroUsd: 250_000_000_000_000n,
    positionCapLots: 200_000_000n, // 20,000 ETH
    isolatedOnly: false,
    exitHaircutPpm: 15_000,
    quantityMaxLots: 20_000_000, // 2,000 ETH
    impactNotionalMicroUsd: 10_000_000_000n, // 10,000 USD
    seedPriceUsd: "3000",
  },
  {
    market: defineMarket(2, "SOL-USD", "0.001", "0.001"),
    imfPpm: 100_000,
    mmfPpm: 50_000,
    bandPpm: 50_000,
    openInterestCapLots: 1_000_000_000n, // 1,000,000 SOL
    openInterestLowerCapMicroUsd: 25_000_000_000_000n, // 25,000,000 USD
    openInterestUpperCapMicroUsd: 150_000_000_000_000n,
    positionCapLots: 250_000_000n, // 250,000 SOL
    isolatedOnly: false,
    exitHaircutPpm: 25_000,
    quantityMaxLots: 40_000_000, // 40,000 SOL
    impactNotionalMicroUsd: 5_000_000_000n, // 5,000 USD
    seedPriceUsd: "150",
  },
  {
    market: defineMarket(3, "DOGE-USD", "0.00001", "0.1"),
    imfPpm: 100_000,
    mmfPpm: 50_000,
    bandPpm: 50_000,
    openInterestCapLots: 6_000_000_000n, // 600,000,000 DOGE
    openInterestLowerCapMicroUsd: 25_000_000_000_000n, // 25,000,000 USD
    openInterestUpperCapMicroUsd: 150_000_000_000_000n,
    positionCapLots: 1_500_000_000n, // 150,000,000 DOGE
    isolatedOnly: false,
    exitHaircutPpm: 25_000,
    quantityMaxLots: 300_000_000, // 30,000,000 DOGE
    impactNotionalMicroUsd: 5_000_000_000n, // 5,000 USD
    seedPriceUsd: "0.15",
  },
];

/** Greatest rebate of a row. */
export const DEVNET_REBATE_CAP_PPM = 100;

/** Bound of funding, parts per million of the price per hour: 1.5 %. */
export const DEVNET_FUNDING_RATE_MAX_PPM_PER_HOUR = 15_000;

/** Liquidations: half a percent to the fund at most, up to 1.5 times maintenance margin from the index price, a million USD of payouts an epoch. */
export const DEVNET_LIQUIDATION: LiquidationTerms = {
  feeCapPpm: 5_000,
  spreadPpm: 1_500_000,
  bankruptcyAdjustmentPpm: 1_000_000,
  insuranceCapMicroUsd: 1_000_000_000_000n,
};

/** A minute of silence restricts a market; a jump of 10 % is taken at once, one of 50 % after 40 s. The same in every market. */
export const DEVNET_PRICE_BOUNDS: PriceBounds = {
  maxAgeSeconds: 60,
  deviationBasePpm: 100_000,
  deviationGrowthPpmPerSecond: 10_000,
};

/** The interest part of funding, parts per million of the price in eight hours: what longs pay while the premium is zero. */
export const DEVNET_INTEREST_8H_PPM = 100;

/** Terms of funding by market index; null where no market is live. */
export const DEVNET_FUNDING_MARKETS = Array.from({ length: MARKETS }, (_, index) => {
  const entry = DEVNET_MARKETS[index];
  if (entry === undefined) return null;
  return { impactNotionalMicroUsd: entry.impactNotionalMicroUsd, interest8hPpm: DEVNET_INTEREST_8H_PPM };
});

/** Fee tiers by number; every account starts in tier 0. Any maker's rebate is covered by any taker's fee. */
export const DEVNET_FEE_TIERS: readonly { makerPpm: number; takerPpm: number }[] = [
  { makerPpm: 200, takerPpm: 500 },
  { makerPpm: 100, takerPpm: 400 },
  { makerPpm: 0, takerPpm: 350 },
  { makerPpm: -50, takerPpm: 300 },
];

/** Least order, in every market: one USD. */
export const DEVNET_NOTIONAL_MIN_MICRO_USD = 1_000_000;

/** Terms on which the book accepts orders, by market index; null where no market is live. */
export const DEVNET_BOOK_RULES = {
  markets: Array.from({ length: MARKETS }, (_, index) => {
    const entry = DEVNET_MARKETS[index];
    if (entry === undefined) return null;
    return {
      priceStepTicks: 1,
      quantityStepLots: 1,
      quantityMinLots: 1,
      quantityMaxLots: entry.quantityMaxLots,
      notionalMinMicroUsd: DEVNET_NOTIONAL_MIN_MICRO_USD,
    };
  }),
  /** 90 days. */
  expiryHorizonSeconds: 7_776_000,
  openOrdersPerAccountMax: 1_000,
} as const;

/** The live market with this symbol. @throws RangeError naming those there are. */
export function devnetMarketBySymbol(symbol: string): DevnetMarket {
  const found = DEVNET_MARKETS.find((entry) => entry.market.symbol === symbol);
  if (found === undefined) {
    throw new RangeError(
      `no market ${symbol}; there are ${DEVNET_MARKETS.map((entry) => entry.market.symbol).join(", ")}`,
    );
  }
  return found;
}
