import { type Exact, fromJson, toJson } from "../journal/exact-json.ts";
import type { Json } from "../journal/snapshot-part.ts";
import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import { genesisSharedState, type SharedState } from "../protocol/shared-state.ts";
import type { BatcherPosition } from "./batcher.ts";

/** Where a pipeline stands between two batches: with the ledger of the same moment, all that it needs to go on. */
export interface PipelinePosition {
  readonly batcher: BatcherPosition;
  /** As the contract will have it after the last batch cut. */
  readonly sharedState: SharedState;
  /** Steps up to here are in batches. */
  readonly lastCutStep: number;
  /** Steps up to here were taken: beyond those in batches at most the epoch's own. */
  readonly lastStep: number;
  /** The epoch in force. */
  readonly epoch: OpenedEpoch | null;
  /** account, number of the last batch that touched it. */
  readonly touched: readonly (readonly [number, number])[];
}

export const GENESIS_POSITION: PipelinePosition = {
  batcher: { batchNumber: 0, epochHasBatch: false, journalHead: 0n, fundingDigest: 0n },
  sharedState: genesisSharedState(),
  lastCutStep: 0,
  lastStep: 0,
  epoch: null,
  touched: [],
};

export function positionToJson(position: PipelinePosition): Json {
  return toJson(position as unknown as Exact);
}

/** Inverse of {@link positionToJson}. */
export function positionFromJson(value: Json): PipelinePosition {
  return fromJson(value) as unknown as PipelinePosition;
}
