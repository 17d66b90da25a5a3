import type { AccountLeaf } from "../protocol/account.ts";
import { leafInputs } from "../protocol/account.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { MARKETS, PICO_PER_MICRO, WIDTH } from "../protocol/spec.ts";
import type { EpochTerms, MarketTerms } from "../risk/epoch-terms.ts";
import { fundingOwedPicoUsd } from "../risk/funding.ts";
import type { QueueEntry } from "./trace.ts";

/** An account without its order slots. Never changed in place: a new state is a new record, and an old one can be kept for undo. */
export interface AccountRecord {
  readonly ax: bigint;
  readonly ay: bigint;
  readonly owner: bigint;
  readonly collateralPicoUsd: bigint;
  readonly withdrawalNonce: number;
  readonly minSequence: number;
  readonly sizesLots: readonly bigint[];
  readonly fundingIndexPicoUsd: readonly bigint[];
}

const ZEROES: readonly bigint[] = Object.freeze(new Array<bigint>(MARKETS).fill(0n));
const COLLATERAL_BOUND = 1n << BigInt(WIDTH.collateralMagnitude);
const SIZE_BOUND = 1n << BigInt(WIDTH.sizeMagnitude);

/** The account that a registration creates. */
export function newAccount({ owner, ax, ay }: Pick<QueueEntry, "owner" | "ax" | "ay">): AccountRecord {
  return {
    ax,
    ay,
    owner,
    collateralPicoUsd: 0n,
    withdrawalNonce: 0,
    minSequence: 0,
    sizesLots: ZEROES,
    fundingIndexPicoUsd: ZEROES,
  };
}

/**
 * The record with funding settled, and with its positions in retired markets closed at their prices: all eight indices become the
 * epoch's. The same object when they already are.
 */
export function settled(record: AccountRecord, terms: EpochTerms): AccountRecord {
  const index = terms.fundingIndexPicoUsd;
  if (record.fundingIndexPicoUsd === index) return record;
  const owed = fundingOwedPicoUsd(record.sizesLots, record.fundingIndexPicoUsd, index);
  const funded = { ...record, collateralPicoUsd: record.collateralPicoUsd - owed, fundingIndexPicoUsd: index };
  return withoutRetired(funded, terms);
}

function holdsRetired({ sizesLots }: AccountRecord, terms: EpochTerms): boolean {
  if (!terms.anyRetired) return false;
  return sizesLots.some((size, market) => size !== 0n && (terms.markets[market] as MarketTerms).retired);
}

/** collateral += size · price · 10^6 and size = 0 in every retired market. */
function withoutRetired(record: AccountRecord, terms: EpochTerms): AccountRecord {
  if (!holdsRetired(record, terms)) return record;
  let { collateralPicoUsd } = record;
  const sizesLots = record.sizesLots.map((size, market) => {
    const { retired, lotValuePicoUsd } = terms.markets[market] as MarketTerms;
    if (!retired) return size;
    collateralPicoUsd += size * lotValuePicoUsd;
    return 0n;
  });
  return { ...record, collateralPicoUsd, sizesLots };
}

/** Gross open interest once a record is settled: without its positions in retired markets. The same list when it has none there. */
export function grossWithoutRetired(
  grossLots: readonly bigint[],
  record: AccountRecord,
  terms: EpochTerms,
): readonly bigint[] {
  if (!holdsRetired(record, terms)) return grossLots;
  return grossLots.map((gross, market) => {
    const size = record.sizesLots[market] as bigint;
    if (!(terms.markets[market] as MarketTerms).retired) return gross;
    return size < 0n ? gross + size : gross - size;
  });
}

export function withDeposit(record: AccountRecord, amountMicroUsd: bigint): AccountRecord {
  return { ...record, collateralPicoUsd: record.collateralPicoUsd + amountMicroUsd * PICO_PER_MICRO };
}

export function withWithdrawal(record: AccountRecord, amountMicroUsd: bigint): AccountRecord {
  return {
    ...record,
    collateralPicoUsd: record.collateralPicoUsd - amountMicroUsd * PICO_PER_MICRO,
    withdrawalNonce: record.withdrawalNonce + 1,
  };
}

/** After a forced exit was paid; nobody signed for it, so that no nonce is used. */
export function paidOut(record: AccountRecord, amountMicroUsd: bigint): AccountRecord {
  return { ...record, collateralPicoUsd: record.collateralPicoUsd - amountMicroUsd * PICO_PER_MICRO };
}

/** What a request changes by itself: the minimum sequence never falls, and a rotation brings the key. */
export function afterRequest(record: AccountRecord, { kind, minSequence, ax, ay }: QueueEntry): AccountRecord {
  const key = kind === "keyRotation" ? { ax, ay } : { ax: record.ax, ay: record.ay };
  return { ...record, ...key, minSequence: Math.max(record.minSequence, minSequence) };
}

/** collateral −= ±quote · 10^6 + fee; size ±= q, + for a buy. */
export function withTrade(
  record: AccountRecord,
  market: number,
  buys: boolean,
  quantityLots: bigint,
  quoteMicroUsd: bigint,
  feePicoUsd: bigint,
): AccountRecord {
  const paidPicoUsd = quoteMicroUsd * PICO_PER_MICRO;
  const sizesLots = record.sizesLots.slice();
  const size = sizesLots[market] as bigint;
  sizesLots[market] = buys ? size + quantityLots : size - quantityLots;
  // Written out: this runs twice a fill, and a spread costs more than the sums.
  return {
    ax: record.ax,
    ay: record.ay,
    owner: record.owner,
    collateralPicoUsd:
      (buys ? record.collateralPicoUsd - paidPicoUsd : record.collateralPicoUsd + paidPicoUsd) - feePicoUsd,
    withdrawalNonce: record.withdrawalNonce,
    minSequence: record.minSequence,
    sizesLots,
    fundingIndexPicoUsd: record.fundingIndexPicoUsd,
  };
}

/** |collateral| < 2^96. */
export function collateralInRange(record: AccountRecord): boolean {
  return record.collateralPicoUsd < COLLATERAL_BOUND && record.collateralPicoUsd > -COLLATERAL_BOUND;
}

/** |size| < 2^40. */
export function sizeInRange(size: bigint): boolean {
  return size < SIZE_BOUND && size > -SIZE_BOUND;
}

export function leafFrom(record: AccountRecord, orderRoot: bigint): AccountLeaf {
  return {
    ax: record.ax,
    ay: record.ay,
    owner: record.owner,
    collateralPicoUsd: record.collateralPicoUsd,
    orderRoot,
    withdrawalNonce: record.withdrawalNonce,
    minSequence: record.minSequence,
    sizesLots: record.sizesLots.slice(),
    fundingIndexPicoUsd: record.fundingIndexPicoUsd.slice(),
  };
}

/** H_16 of the leaf's inputs (docs/protocol.md §2). */
export function leafHash(hash: Poseidon, leaf: AccountLeaf): bigint {
  return hash(leafInputs(leaf));
}
