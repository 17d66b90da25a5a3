import { abiHash, type Bytes32 } from "./abi-hash.ts";
import type { Epoch, EpochMarket, LiquidationTerms } from "./epoch.ts";
import { exitHaircutsFromWord, exitHaircutsWord, openInterestFromWords, openInterestWords } from "./lane-words.ts";
import { pack, unpack } from "./packing.ts";
import { LIQUIDATION_TERMS_WORD, MARKET_WORD, WIDTH } from "./spec.ts";

/** An epoch with what the contract alone uses of it (docs/protocol.md §7). */
export interface OpenedEpoch extends Epoch {
  /** Version of the risk parameters in force. */
  paramVersion: number;
  /** Head of the operator's command journal when the epoch was opened. */
  journalHead: bigint;
}

/** Preimage of the epoch's hash as the contract's `Epoch` struct has it. */
export interface EpochRecord {
  number: bigint;
  timeSeconds: bigint;
  paramVersion: bigint;
  rebateCapPpm: bigint;
  journalHead: bigint;
  liquidationTerms: bigint;
  marketWords: bigint[];
  openInterestCapWords: bigint[];
  exitHaircutsWord: bigint;
}

const FUNDING_INDEX_OFFSET = 1n << BigInt(WIDTH.fundingIndexMagnitude);

/** @throws RangeError naming a field that does not fit its width. */
export function marketWord(market: EpochMarket): bigint {
  return pack(MARKET_WORD, {
    priceTicks: BigInt(market.priceTicks),
    imfPpm: BigInt(market.imfPpm),
    mmfPpm: BigInt(market.mmfPpm),
    priceMinTicks: BigInt(market.priceMinTicks),
    priceMaxTicks: BigInt(market.priceMaxTicks),
    fundingIndexOffset: market.fundingIndexPicoUsd + FUNDING_INDEX_OFFSET,
    restricted: market.restricted ? 1n : 0n,
    retired: market.retired ? 1n : 0n,
    isolatedOnly: market.isolatedOnly ? 1n : 0n,
    positionCapLots: market.positionCapLots,
  });
}

/** Inverse of {@link marketWord}; the open-interest cap and the exit haircut stand in other words. */
export function marketFromWord(word: bigint, grossOpenInterestCapLots: bigint, exitHaircutPpm: number): EpochMarket {
  const fields = unpack(MARKET_WORD, word);
  return {
    priceTicks: Number(fields.priceTicks),
    imfPpm: Number(fields.imfPpm),
    mmfPpm: Number(fields.mmfPpm),
    priceMinTicks: Number(fields.priceMinTicks),
    priceMaxTicks: Number(fields.priceMaxTicks),
    fundingIndexPicoUsd: fields.fundingIndexOffset - FUNDING_INDEX_OFFSET,
    grossOpenInterestCapLots,
    restricted: fields.restricted === 1n,
    retired: fields.retired === 1n,
    isolatedOnly: fields.isolatedOnly === 1n,
    positionCapLots: fields.positionCapLots,
    exitHaircutPpm,
  };
}

/** @throws RangeError naming a field that does not fit its width. */
export function liquidationTermsWord(terms: LiquidationTerms): bigint {
  return pack(LIQUIDATION_TERMS_WORD, {
    feeCapPpm: BigInt(terms.feeCapPpm),
    spreadPpm: BigInt(terms.spreadPpm),
    bankruptcyAdjustmentPpm: BigInt(terms.bankruptcyAdjustmentPpm),
    insuranceCapMicroUsd: terms.insuranceCapMicroUsd,
  });
}

/** Inverse of {@link liquidationTermsWord}. */
export function liquidationTermsFromWord(word: bigint): LiquidationTerms {
  const fields = unpack(LIQUIDATION_TERMS_WORD, word);
  return {
    feeCapPpm: Number(fields.feeCapPpm),
    spreadPpm: Number(fields.spreadPpm),
    bankruptcyAdjustmentPpm: Number(fields.bankruptcyAdjustmentPpm),
    insuranceCapMicroUsd: fields.insuranceCapMicroUsd,
  };
}

export function epochRecord(epoch: OpenedEpoch): EpochRecord {
  return {
    number: BigInt(epoch.number),
    timeSeconds: BigInt(epoch.timeSeconds),
    paramVersion: BigInt(epoch.paramVersion),
    rebateCapPpm: BigInt(epoch.rebateCapPpm),
    journalHead: epoch.journalHead,
    liquidationTerms: liquidationTermsWord(epoch.liquidation),
    marketWords: epoch.markets.map(marketWord),
    openInterestCapWords: openInterestWords(epoch.markets.map((market) => market.grossOpenInterestCapLots)),
    exitHaircutsWord: exitHaircutsWord(epoch.markets.map((market) => market.exitHaircutPpm)),
  };
}

/** Inverse of {@link epochRecord}: an epoch as the `EpochOpened` event tells it. */
export function epochFromRecord(record: EpochRecord): OpenedEpoch {
  const capsLots = openInterestFromWords(record.openInterestCapWords);
  const haircutsPpm = exitHaircutsFromWord(record.exitHaircutsWord);
  return {
    number: Number(record.number),
    timeSeconds: Number(record.timeSeconds),
    paramVersion: Number(record.paramVersion),
    rebateCapPpm: Number(record.rebateCapPpm),
    journalHead: record.journalHead,
    liquidation: liquidationTermsFromWord(record.liquidationTerms),
    markets: record.marketWords.map((word, market) =>
      marketFromWord(word, capsLots[market] ?? 0n, haircutsPpm[market] ?? 0),
    ),
  };
}

/** The hash that the contract stores for an epoch. */
export function epochHash(record: EpochRecord): Bytes32 {
  return abiHash([
    record.number,
    record.timeSeconds,
    record.paramVersion,
    record.rebateCapPpm,
    record.journalHead,
    record.liquidationTerms,
    ...record.marketWords,
    ...record.openInterestCapWords,
    record.exitHaircutsWord,
  ]);
}
