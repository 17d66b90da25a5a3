import { epochRecord } from "../protocol/epoch-record.ts";
import { openInterestWords } from "../protocol/lane-words.ts";
import type { ProvenBatch } from "../protocol/proven-batch.ts";
import { type ChainedEntry, queueEntryWords } from "../protocol/queue-chain.ts";
import type { SharedState } from "../protocol/shared-state.ts";
import { REQUEST_OUTCOME } from "../protocol/spec.ts";
import { EXCHANGE } from "./contract-interfaces.ts";

const hexWord = (word: bigint): string => `0x${word.toString(16).padStart(64, "0")}`;
const address = (word: bigint): string => `0x${word.toString(16).padStart(40, "0")}`;

function sharedStateArgument(state: SharedState): Record<string, unknown> {
  return { ...state, queueHash: hexWord(BigInt(state.queueHash)) };
}

function entryArgument(entry: ChainedEntry): Record<string, unknown> {
  const [head, owner, ax, ay] = queueEntryWords(entry);
  return { head, owner: address(owner!), ax, ay };
}

/** What stands for the request of a batch that serves none. */
const NO_ENTRY = { head: 0n, owner: address(0n), ax: 0n, ay: 0n };

/** Calldata of `Exchange.settleBatch`. @throws RangeError naming a field that does not fit its width. */
export function settleBatchCall({ data, commitment, proof }: ProvenBatch): string {
  const input = {
    tier: data.tier.id,
    sharedState: sharedStateArgument(data.sharedState),
    epoch: epochRecord(data.epoch),
    queueEntries: data.queue.map(entryArgument),
    request: data.request === undefined ? NO_ENTRY : entryArgument(data.request.entry),
    requestOutcome: REQUEST_OUTCOME[data.request?.outcome ?? "none"],
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
  return EXCHANGE.encodeFunctionData("settleBatch", [input]);
}
