import type { Epoch, EpochMarket, LiquidationTerms } from "../protocol/epoch.ts";
import { MARKETS, PICO_PER_MICRO, WIDTH } from "../protocol/spec.ts";

/** One market's terms, multiplied out once per epoch so that a fill costs three products and no more. */
export interface MarketTerms {
  /** False when the band is empty: no row can name this market. */
  live: boolean;
  priceTicks: bigint;
  /** Value of one lot: price · 10^6. */
  lotValuePicoUsd: bigint;
  /** Initial margin of one lot: price · imfPpm. */
  lotInitialPicoUsd: bigint;
  /** Maintenance margin of one lot: price · mmfPpm. */
  lotMaintenancePicoUsd: bigint;
  /** What a long lot adds to TV − TR_i, and what a short lot takes from it. */
  longExcessPicoUsd: bigint;
  shortDeficitPicoUsd: bigint;
  maintenancePpm: bigint;
  priceMinTicks: bigint;
  priceMaxTicks: bigint;
  grossOpenInterestCapLots: bigint;
  restricted: boolean;
  retired: boolean;
  isolatedOnly: boolean;
  positionCapLots: bigint;
  exitHaircutPpm: bigint;
}

/** An epoch as the risk rules read it. */
export interface EpochTerms {
  epoch: Epoch;
  timeSeconds: number;
  rebateCapPpm: bigint;
  liquidation: LiquidationTerms;
  /** Whether any market is retired: only then does settling an account look for its positions. */
  anyRetired: boolean;
  /** Whether any market is isolated-only: only then does growth look at an account's other positions. */
  anyIsolatedOnly: boolean;
  markets: readonly MarketTerms[];
  /** One list for all accounts of the epoch: an account that holds this very list is settled. */
  fundingIndexPicoUsd: readonly bigint[];
}

/** A market that does not trade (docs/protocol.md §7). */
export function closedMarket(fundingIndexPicoUsd = 0n): EpochMarket {
  return {
    priceTicks: 0,
    imfPpm: 0,
    mmfPpm: 0,
    priceMinTicks: 1,
    priceMaxTicks: 0,
    fundingIndexPicoUsd,
    grossOpenInterestCapLots: 0n,
    restricted: false,
    retired: false,
    isolatedOnly: false,
    positionCapLots: 0n,
    exitHaircutPpm: 0,
  };
}

function checkWidth(name: string, value: number, bits: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** bits) {
    throw new RangeError(`${name} = ${value} is not an unsigned integer of ${bits} bits`);
  }
}

function marketTerms(market: EpochMarket, index: number): MarketTerms {
  const name = `market ${index}`;
  checkWidth(`${name} priceTicks`, market.priceTicks, WIDTH.priceTicks);
  checkWidth(`${name} imfPpm`, market.imfPpm, WIDTH.ratePpm);
  checkWidth(`${name} mmfPpm`, market.mmfPpm, WIDTH.ratePpm);
  checkWidth(`${name} exitHaircutPpm`, market.exitHaircutPpm, WIDTH.ratePpm);
  checkWidth(`${name} priceMinTicks`, market.priceMinTicks, WIDTH.priceTicks);
  checkWidth(`${name} priceMaxTicks`, market.priceMaxTicks, WIDTH.priceTicks);
  const funding = market.fundingIndexPicoUsd;
  const fundingBound = 1n << BigInt(WIDTH.fundingIndexMagnitude);
  if (funding >= fundingBound || funding <= -fundingBound) {
    throw new RangeError(`${name} fundingIndexPicoUsd = ${funding} is out of range`);
  }
  const cap = market.grossOpenInterestCapLots;
  if (cap < 0n || cap >> BigInt(WIDTH.grossOpenInterest) !== 0n) {
    throw new RangeError(`${name} grossOpenInterestCapLots = ${cap} is out of range`);
  }
  const positionCap = market.positionCapLots;
  if (positionCap < 0n || positionCap >> BigInt(WIDTH.positionCapLots) !== 0n) {
    throw new RangeError(`${name} positionCapLots = ${positionCap} is out of range`);
  }
  const priceTicks = BigInt(market.priceTicks);
  const lotValuePicoUsd = priceTicks * PICO_PER_MICRO;
  const lotInitialPicoUsd = priceTicks * BigInt(market.imfPpm);
  return {
    live: market.priceMinTicks <= market.priceMaxTicks,
    priceTicks,
    lotValuePicoUsd,
    lotInitialPicoUsd,
    lotMaintenancePicoUsd: priceTicks * BigInt(market.mmfPpm),
    longExcessPicoUsd: lotValuePicoUsd - lotInitialPicoUsd,
    shortDeficitPicoUsd: lotValuePicoUsd + lotInitialPicoUsd,
    maintenancePpm: BigInt(market.mmfPpm),
    priceMinTicks: BigInt(market.priceMinTicks),
    priceMaxTicks: BigInt(market.priceMaxTicks),
    grossOpenInterestCapLots: cap,
    restricted: market.restricted,
    retired: market.retired,
    isolatedOnly: market.isolatedOnly,
    positionCapLots: positionCap,
    exitHaircutPpm: BigInt(market.exitHaircutPpm),
  };
}

function checkedLiquidation(terms: LiquidationTerms): LiquidationTerms {
  checkWidth("liquidation feeCapPpm", terms.feeCapPpm, WIDTH.ratePpm);
  checkWidth("liquidation spreadPpm", terms.spreadPpm, WIDTH.liquidationSpread);
  checkWidth("liquidation bankruptcyAdjustmentPpm", terms.bankruptcyAdjustmentPpm, WIDTH.bankruptcyAdjustment);
  const cap = terms.insuranceCapMicroUsd;
  if (cap < 0n || cap >> BigInt(WIDTH.insuranceCapMicroUsd) !== 0n)
    throw new RangeError(`insuranceCapMicroUsd = ${cap}`);
  return terms;
}

/** @throws RangeError naming the field that does not fit its width, or a number of markets that is not eight. */
export function compileEpoch(epoch: Epoch): EpochTerms {
  if (epoch.markets.length !== MARKETS)
    throw new RangeError(`an epoch has ${MARKETS} markets, not ${epoch.markets.length}`);
  if (!Number.isSafeInteger(epoch.number) || epoch.number < 1)
    throw new RangeError(`epoch number ${epoch.number} is not ≥ 1`);
  checkWidth("timeSeconds", epoch.timeSeconds, WIDTH.timeSeconds);
  checkWidth("rebateCapPpm", epoch.rebateCapPpm, WIDTH.ratePpm);
  return {
    epoch,
    timeSeconds: epoch.timeSeconds,
    rebateCapPpm: BigInt(epoch.rebateCapPpm),
    liquidation: checkedLiquidation(epoch.liquidation),
    anyRetired: epoch.markets.some((market) => market.retired),
    anyIsolatedOnly: epoch.markets.some((market) => market.isolatedOnly),
    markets: epoch.markets.map(marketTerms),
    fundingIndexPicoUsd: epoch.markets.map((market) => market.fundingIndexPicoUsd),
  };
}
