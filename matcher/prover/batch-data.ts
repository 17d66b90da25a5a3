import type { Bytes32 } from "../protocol/abi-hash.ts";
import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import {
  absorb,
  type BatchData,
  challengeOf,
  evaluate,
  insuranceSpentBeforePicoUsd,
  publicData,
} from "../protocol/public-data.ts";
import { consumedEntries, linkQueueEntry } from "../protocol/queue-chain.ts";
import {
  advanceSharedState,
  advanceUnhashedState,
  type SharedState,
  type UnhashedState,
  type UnhashedStateChange,
} from "../protocol/shared-state.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import type { BatchTrace } from "../state/trace.ts";
import type { BatchHead, ClosedBatch } from "./closed-batches.ts";
import { bodyWords, feeDeltaPicoUsd } from "./public-body.ts";

/** @throws Error for a batch that does not start from the state, whatever the trees say */
export function assertFollows(head: BatchHead, epoch: OpenedEpoch, state: UnhashedState): void {
  const mismatch =
    (head.batchNumber !== state.batchNumber + 1 && "number") ||
    (head.queueCursor !== state.queueCursor && "queue cursor") ||
    (head.epoch.number !== epoch.number && "epoch") ||
    (head.insuranceSpentBeforePicoUsd !== insuranceSpentBeforePicoUsd({ sharedState: state, epoch }) &&
      "insurance spending");
  if (mismatch) throw new Error(otherThan(head, mismatch));
}

function otherThan({ batchNumber }: BatchHead, mismatch: string): string {
  return `batch ${batchNumber} does not follow the shared state: another ${mismatch}`;
}

/** Public data of a batch. @param sharedState before it. @throws Error when the batch does not start from that state. */
export function batchDataOf(
  trace: BatchTrace,
  epoch: OpenedEpoch,
  sharedState: SharedState,
): BatchData & { epoch: OpenedEpoch } {
  if (trace.oldRoot !== sharedState.accountRoot) throw new Error(otherThan(trace, "root"));
  assertFollows(trace, epoch, sharedState);
  return {
    tier: trace.tier,
    domain: trace.domain,
    sharedState,
    epoch,
    queue: trace.queue,
    ...(trace.request === undefined ? {} : { request: trace.request }),
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
  const change = changeOf(data, data.sharedState, data.feeDeltaPicoUsd);
  return advanceSharedState(data.sharedState, { ...change, newRoot: data.newRoot });
}

/** The same but for the root, of a batch that is not hashed yet. */
export function unhashedStateAfter({ head, rows }: ClosedBatch, before: UnhashedState): UnhashedState {
  return advanceUnhashedState(before, changeOf(head, before, feeDeltaPicoUsd({ rows })));
}

function changeOf(
  batch: Pick<BatchData, "epoch" | "queue" | "request" | "grossOpenInterestAfterLots" | "insuranceSpentAfterPicoUsd">,
  { queueHash }: UnhashedState,
  fees: bigint,
): UnhashedStateChange {
  const consumed = consumedEntries(batch.queue, batch.request);
  return {
    epochNumber: batch.epoch.number,
    queueCount: consumed.length,
    queueHash: consumed.reduce<Bytes32>(linkQueueEntry, queueHash),
    grossOpenInterestAfterLots: batch.grossOpenInterestAfterLots,
    insuranceSpentAfterPicoUsd: batch.insuranceSpentAfterPicoUsd,
    feeDeltaPicoUsd: fees,
  };
}

/** The proof's three public inputs. */
export interface PublicInputs {
  readonly commitment: bigint;
  readonly z: bigint;
  readonly y: bigint;
}

/** @param hash H_16 at least; the sponge uses no other width. */
export function publicInputsOf(data: BatchData, chainId: number, exchange: string, hash: Poseidon): PublicInputs {
  const hashing = hashPublicInputs(data, chainId, exchange, hash);
  for (;;) {
    const { value, done } = hashing.next();
    if (done) return value;
  }
}

/** {@link publicInputsOf}, giving way after every hash. */
export function* hashPublicInputs(
  data: BatchData,
  chainId: number,
  exchange: string,
  hash: Poseidon,
): Generator<void, PublicInputs> {
  const words = publicData(data);
  const commitment = yield* absorb(data.tier, words, hash);
  const z = challengeOf(chainId, exchange, data.tier, commitment, words);
  return { commitment, z, y: evaluate(words, z) };
}
