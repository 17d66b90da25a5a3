import { epochRecord } from "../protocol/epoch-record.ts";
import { openInterestWords } from "../protocol/lane-words.ts";
import type { ProvenBatch } from "../protocol/proven-batch.ts";
import { queueEntryWords } from "../protocol/queue-chain.ts";
import type { SharedState } from "../protocol/shared-state.ts";
import { EXCHANGE } from "./contract-interfaces.ts";

const hexWord = (word: bigint): string => `0x${word.toString(16).padStart(64, "0")}`;
const address = (word: bigint): string => `0x${word.toString(16).padStart(40, "0")}`;

function sharedStateArgument(state: SharedState): Record<string, unknown> {
  return { ...state, queueHash: hexWord(BigInt(state.queueHash)) };
}

function batchArgument({ data, commitment, proof }: ProvenBatch): Record<string, unknown> {
  return {
    tier: data.tier.id,
    sharedState: sharedStateArgument(data.sharedState),
    epoch: epochRecord(data.epoch),
    queueEntries: data.queue.map((entry) => {
      const [head, owner, ax, ay] = queueEntryWords(entry);
      return { head, owner: address(owner!), ax, ay };
    }),
    header: {
      newRoot: data.newRoot,
      journalHead: data.journalHead,
      fundingDigest: data.fundingDigest,
      feeDeltaPicoUsd: data.feeDeltaPicoUsd,
      insuranceSpentAfterPicoUsd: data.insuranceSpentAfterPicoUsd,
      grossOpenInterestAfterWords: openInterestWords(data.grossOpenInterestAfterLots),
    },
    bodyWords: [...data.bodyWords],
    commitment,
    proof,
  };
}

/** Calldata of `Exchange.settleBatches`. @throws RangeError naming a field that does not fit its width. */
export function settleBatchesCall(batches: readonly ProvenBatch[]): string {
  return EXCHANGE.encodeFunctionData("settleBatches", [batches.map(batchArgument)]);
}
