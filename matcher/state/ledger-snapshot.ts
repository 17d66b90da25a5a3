import type { Epoch } from "../protocol/epoch.ts";
import { MARKETS } from "../protocol/spec.ts";
import type { AccountEntry } from "./account-store.ts";
import { Ledger } from "./ledger.ts";
import { type LedgerShared, LedgerState } from "./ledger-state.ts";
import type { OrderSlot } from "./trace.ts";

export const SNAPSHOT_VERSION = 3;

/** Decimal text of an integer: JSON numbers stop at 2^53. */
type Decimal = string;

export interface AccountSnapshot {
  account: number;
  ax: Decimal;
  ay: Decimal;
  owner: Decimal;
  collateralPicoUsd: Decimal;
  withdrawalNonce: number;
  minSequence: number;
  sizesLots: Decimal[];
  fundingIndexPicoUsd: Decimal[];
  /** slot, sequence, filledLots; by increasing slot. */
  slots: [number, number, number][];
}

interface EpochSnapshot extends Omit<Epoch, "markets" | "liquidation"> {
  liquidation: {
    feeCapPpm: number;
    spreadPpm: number;
    bankruptcyAdjustmentPpm: number;
    insuranceCapMicroUsd: Decimal;
  };
  markets: {
    priceTicks: number;
    imfPpm: number;
    mmfPpm: number;
    priceMinTicks: number;
    priceMaxTicks: number;
    fundingIndexPicoUsd: Decimal;
    grossOpenInterestCapLots: Decimal;
    restricted: boolean;
    retired: boolean;
    isolatedOnly: boolean;
    positionCapLots: Decimal;
    exitHaircutPpm: number;
  }[];
}

/** The whole ledger as plain data. */
export interface LedgerSnapshot {
  version: number;
  epoch: EpochSnapshot | null;
  queueCursor: number;
  grossOpenInterestLots: Decimal[];
  epochStartOpenInterestLots: Decimal[];
  insuranceSpentPicoUsd: Decimal;
  feesPicoUsd: Decimal;
  depositedMicroUsd: Decimal;
  withdrawnMicroUsd: Decimal;
  accounts: AccountSnapshot[];
}

/** A text that is not a snapshot of this version, or was changed since it was written. */
export class SnapshotError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "SnapshotError";
  }
}

const decimals = (values: readonly bigint[]): Decimal[] => values.map(String);

function epochSnapshot(epoch: Epoch): EpochSnapshot {
  return {
    number: epoch.number,
    timeSeconds: epoch.timeSeconds,
    rebateCapPpm: epoch.rebateCapPpm,
    liquidation: {
      feeCapPpm: epoch.liquidation.feeCapPpm,
      spreadPpm: epoch.liquidation.spreadPpm,
      bankruptcyAdjustmentPpm: epoch.liquidation.bankruptcyAdjustmentPpm,
      insuranceCapMicroUsd: String(epoch.liquidation.insuranceCapMicroUsd),
    },
    markets: epoch.markets.map((market) => ({
      priceTicks: market.priceTicks,
      imfPpm: market.imfPpm,
      mmfPpm: market.mmfPpm,
      priceMinTicks: market.priceMinTicks,
      priceMaxTicks: market.priceMaxTicks,
      fundingIndexPicoUsd: String(market.fundingIndexPicoUsd),
      grossOpenInterestCapLots: String(market.grossOpenInterestCapLots),
      restricted: market.restricted,
      retired: market.retired,
      isolatedOnly: market.isolatedOnly,
      positionCapLots: String(market.positionCapLots),
      exitHaircutPpm: market.exitHaircutPpm,
    })),
  };
}

/** An account as plain data. */
export function accountSnapshot({ account, record, slots }: AccountEntry): AccountSnapshot {
  return {
    account,
    ax: String(record.ax),
    ay: String(record.ay),
    owner: String(record.owner),
    collateralPicoUsd: String(record.collateralPicoUsd),
    withdrawalNonce: record.withdrawalNonce,
    minSequence: record.minSequence,
    sizesLots: decimals(record.sizesLots),
    fundingIndexPicoUsd: decimals(record.fundingIndexPicoUsd),
    slots: Array.from(slots, ([slot, { sequence, filledLots }]) => [slot, sequence, filledLots]),
  };
}

/** The ledger's state in canonical order: equal states give equal snapshots. */
export function snapshotOf(ledger: Ledger): LedgerSnapshot {
  return { ...sharedSnapshot(ledger.shared), accounts: Array.from(ledger.entries(), accountSnapshot) };
}

/** All of it but the accounts. */
export function sharedSnapshot(shared: LedgerShared): Omit<LedgerSnapshot, "accounts"> {
  return {
    version: SNAPSHOT_VERSION,
    epoch: shared.epoch === undefined ? null : epochSnapshot(shared.epoch),
    queueCursor: shared.queueCursor,
    grossOpenInterestLots: decimals(shared.grossOpenInterestLots),
    epochStartOpenInterestLots: decimals(shared.epochStartOpenInterestLots),
    insuranceSpentPicoUsd: String(shared.insuranceSpentPicoUsd),
    feesPicoUsd: String(shared.feesPicoUsd),
    depositedMicroUsd: String(shared.depositedMicroUsd),
    withdrawnMicroUsd: String(shared.withdrawnMicroUsd),
  };
}

/** JSON without spaces, keys in the order of the types above: equal states give equal bytes. */
export function encodeSnapshot(ledger: Ledger): string {
  return JSON.stringify(snapshotOf(ledger));
}

/** @throws SnapshotError for text that {@link encodeSnapshot} did not write, or wrote in another version */
export function decodeSnapshot(text: string): Ledger {
  let ledger: Ledger;
  try {
    const snapshot = JSON.parse(text) as LedgerSnapshot;
    ledger = ledgerFrom(snapshot);
  } catch (error) {
    throw new SnapshotError(`the ledger snapshot cannot be read: ${(error as Error).message}`, error);
  }
  // Whatever was lost, added or reordered shows here, without a rule for every field.
  if (encodeSnapshot(ledger) !== text) throw new SnapshotError("the ledger snapshot is not in canonical form");
  return ledger;
}

function bigints(values: readonly Decimal[]): bigint[] {
  if (values.length !== MARKETS) throw new RangeError(`${values.length} markets`);
  return values.map(BigInt);
}

function accountEntry(snapshot: AccountSnapshot): AccountEntry {
  return {
    account: snapshot.account,
    record: {
      ax: BigInt(snapshot.ax),
      ay: BigInt(snapshot.ay),
      owner: BigInt(snapshot.owner),
      collateralPicoUsd: BigInt(snapshot.collateralPicoUsd),
      withdrawalNonce: snapshot.withdrawalNonce,
      minSequence: snapshot.minSequence,
      sizesLots: bigints(snapshot.sizesLots),
      fundingIndexPicoUsd: bigints(snapshot.fundingIndexPicoUsd),
    },
    slots: snapshot.slots.map(([slot, sequence, filledLots]): [number, OrderSlot] => [slot, { sequence, filledLots }]),
  };
}

/** The ledger of a snapshot. @throws RangeError for another version */
export function ledgerFrom(snapshot: LedgerSnapshot): Ledger {
  const { epoch, version } = snapshot;
  if (version !== SNAPSHOT_VERSION) throw new RangeError(`version ${version}, not ${SNAPSHOT_VERSION}`);
  const shared: LedgerShared = {
    epoch:
      epoch === null
        ? undefined
        : {
            ...epoch,
            liquidation: {
              ...epoch.liquidation,
              insuranceCapMicroUsd: BigInt(epoch.liquidation.insuranceCapMicroUsd),
            },
            markets: epoch.markets.map((market) => ({
              ...market,
              fundingIndexPicoUsd: BigInt(market.fundingIndexPicoUsd),
              grossOpenInterestCapLots: BigInt(market.grossOpenInterestCapLots),
              positionCapLots: BigInt(market.positionCapLots),
            })),
          },
    queueCursor: snapshot.queueCursor,
    grossOpenInterestLots: bigints(snapshot.grossOpenInterestLots),
    epochStartOpenInterestLots: bigints(snapshot.epochStartOpenInterestLots),
    insuranceSpentPicoUsd: BigInt(snapshot.insuranceSpentPicoUsd),
    feesPicoUsd: BigInt(snapshot.feesPicoUsd),
    depositedMicroUsd: BigInt(snapshot.depositedMicroUsd),
    withdrawnMicroUsd: BigInt(snapshot.withdrawnMicroUsd),
  };
  return new Ledger(new LedgerState(shared, snapshot.accounts.map(accountEntry)));
}
