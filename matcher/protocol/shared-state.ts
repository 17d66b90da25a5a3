import { abiHash, type Bytes32, ZERO_BYTES32 } from "./abi-hash.ts";
import { GENESIS_ACCOUNT_ROOT } from "./derived.ts";
import { MARKETS } from "./spec.ts";

/** What every batch starts from; the contract stores only its hash (docs/protocol.md §9). */
export interface SharedState {
  accountRoot: bigint;
  /** Of the last settled batch; 0 before the first. */
  batchNumber: number;
  /** Of the last settled batch; 0 before the first. */
  epochNumber: number;
  /** Queue entries consumed. */
  queueCursor: number;
  queueHash: Bytes32;
  /** Σ|size| per market. */
  grossOpenInterestLots: bigint[];
  epochStartOpenInterestLots: bigint[];
  /** Paid by the insurance fund in the epoch; a new epoch starts from 0. */
  insuranceSpentPicoUsd: bigint;
  /** Fees of all batches, collected or not. */
  feesPicoUsd: bigint;
}

/** All of it that takes no hashing of trees: known as soon as a batch is cut. */
export type UnhashedState = Omit<SharedState, "accountRoot">;

/** What a batch changes in it, but for the root. */
export interface UnhashedStateChange {
  epochNumber: number;
  /** Entries that it consumes. */
  queueCount: number;
  /** Chain behind the consumed entries. */
  queueHash: Bytes32;
  grossOpenInterestAfterLots: readonly bigint[];
  insuranceSpentAfterPicoUsd: bigint;
  feeDeltaPicoUsd: bigint;
}

/** What a batch changes. */
export interface SharedStateChange extends UnhashedStateChange {
  newRoot: bigint;
}

export function genesisSharedState(): SharedState {
  return { accountRoot: GENESIS_ACCOUNT_ROOT, ...genesisUnhashedState() };
}

export function genesisUnhashedState(): UnhashedState {
  return {
    batchNumber: 0,
    epochNumber: 0,
    queueCursor: 0,
    queueHash: ZERO_BYTES32,
    grossOpenInterestLots: new Array(MARKETS).fill(0n),
    epochStartOpenInterestLots: new Array(MARKETS).fill(0n),
    insuranceSpentPicoUsd: 0n,
    feesPicoUsd: 0n,
  };
}

/** The hash that the contract stores. */
export function sharedStateHash(state: SharedState): Bytes32 {
  return abiHash([
    state.accountRoot,
    BigInt(state.batchNumber),
    BigInt(state.epochNumber),
    BigInt(state.queueCursor),
    BigInt(state.queueHash),
    ...state.grossOpenInterestLots,
    ...state.epochStartOpenInterestLots,
    state.insuranceSpentPicoUsd,
    state.feesPicoUsd,
  ]);
}

/** What the contract makes of the state when it settles the batch. */
export function advanceSharedState(state: SharedState, change: SharedStateChange): SharedState {
  return { accountRoot: change.newRoot, ...advanceUnhashedState(state, change) };
}

export function advanceUnhashedState(state: UnhashedState, change: UnhashedStateChange): UnhashedState {
  const startsEpoch = change.epochNumber !== state.epochNumber;
  return {
    batchNumber: state.batchNumber + 1,
    epochNumber: change.epochNumber,
    queueCursor: state.queueCursor + change.queueCount,
    queueHash: change.queueHash,
    grossOpenInterestLots: [...change.grossOpenInterestAfterLots],
    epochStartOpenInterestLots: [...(startsEpoch ? state.grossOpenInterestLots : state.epochStartOpenInterestLots)],
    insuranceSpentPicoUsd: change.insuranceSpentAfterPicoUsd,
    feesPicoUsd: state.feesPicoUsd + change.feeDeltaPicoUsd,
  };
}
