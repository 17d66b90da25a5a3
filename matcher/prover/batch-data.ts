import type { Bytes32 } from "../protocol/abi-hash.ts";
import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import {
  type BatchData,
  challengeOf,
  commitmentOf,
  evaluate,
  insuranceSpentBeforePicoUsd,
  publicData,
} from "../protocol/public-data.ts";
import { linkQueueEntry } from "../protocol/queue-chain.ts";
import { advanceSharedState, type SharedState } from "../protocol/shared-state.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import type { BatchTrace } from "../state/trace.ts";
import { bodyWords, feeDeltaPicoUsd } from "./public-body.ts";

/** Public data of a batch. @param sharedState before it. @throws Error when the batch does not start from that state. */
export function batchDataOf(
  trace: BatchTrace,
  epoch: OpenedEpoch,
  sharedState: SharedState,
): BatchData & { epoch: OpenedEpoch } {
  const mismatch =
    (trace.oldRoot !== sharedState.accountRoot && "root") ||
    (trace.batchNumber !== sharedState.batchNumber + 1 && "number") ||
    (trace.queueCursor !== sharedState.queueCursor && "queue cursor") ||
    (trace.epoch.number !== epoch.number && "epoch") ||
    (trace.insuranceSpentBeforePicoUsd !== insuranceSpentBeforePicoUsd({ sharedState, epoch }) && "insurance spending");
  if (mismatch) throw new Error(`batch ${trace.batchNumber} does not follow the shared state: another ${mismatch}`);
  return {
    tier: trace.tier,
    domain: trace.domain,
    sharedState,
    epoch,
    queue: trace.queue,
    newRoot: trace.newRoot,
    journalHead: trace.journalHead,
    fundingDigest: trace.fundingDigest,
    feeDeltaPicoUsd: feeDeltaPicoUsd(trace),
    insuranceSpentAfterPicoUsd: trace.insuranceSpentAfterPicoUsd,
    grossOpenInterestAfterLots: trace.grossOpenInterestAfterLots,
    bodyWords: bodyWords(trace),
  };
}

/** The shared state after the batch, as the contract will have it. */
export function sharedStateAfter(data: BatchData): SharedState {
  return advanceSharedState(data.sharedState, {
    newRoot: data.newRoot,
    epochNumber: data.epoch.number,
    queueCount: data.queue.length,
    queueHash: data.queue.reduce<Bytes32>(linkQueueEntry, data.sharedState.queueHash),
    grossOpenInterestAfterLots: data.grossOpenInterestAfterLots,
    insuranceSpentAfterPicoUsd: data.insuranceSpentAfterPicoUsd,
    feeDeltaPicoUsd: data.feeDeltaPicoUsd,
  });
}

/** The proof's three public inputs. */
export interface PublicInputs {
  readonly commitment: bigint;
  readonly z: bigint;
  readonly y: bigint;
}

/** @param hash H_16 at least; the sponge uses no other width. */
export function publicInputsOf(data: BatchData, chainId: number, exchange: string, hash: Poseidon): PublicInputs {
  const words = publicData(data);
  const commitment = commitmentOf(data.tier, words, hash);
  const z = challengeOf(chainId, exchange, data.tier, commitment, words);
  return { commitment, z, y: evaluate(words, z) };
}
