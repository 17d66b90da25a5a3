import { join } from "node:path";
import type { SettledBatch } from "./chain/settled-batches.ts";
import { SNAPSHOT_PARTS } from "./exchange-restart.ts";
import { type FileOperations, REAL_FILES } from "./journal/file-operations.ts";
import type { JournalIdentity } from "./journal/journal-identity.ts";
import { RecordLog } from "./journal/record-log.ts";
import { writeSnapshot } from "./journal/snapshot-file.ts";
import type { Json } from "./journal/snapshot-part.ts";
import { L1_PART } from "./l1-follower.ts";
import { epochHash, epochRecord, type OpenedEpoch } from "./protocol/epoch-record.ts";
import { fundingIntervalAt } from "./protocol/funding-schedule.ts";
import { GENESIS_JOURNAL_HEAD } from "./protocol/journal-head.ts";
import { tierById } from "./protocol/spec.ts";
import { BatchLog } from "./prover/batch-log.ts";
import { type PipelinePosition, positionToJson } from "./prover/pipeline-position.ts";
import type { RebuiltState } from "./rebuild/rebuild-state.ts";
import { imageLines } from "./sequencer/exchange-image.ts";
import { ExchangeState, type ExchangeTerms } from "./sequencer/exchange-state.ts";
import type { FundingMeterSnapshot } from "./sequencer/funding-meter.ts";
import { Ledger } from "./state/ledger.ts";
import { LedgerState } from "./state/ledger-state.ts";

/** An exchange that cannot be gone on with, in a sentence that says why. */
export class CannotTakeOver extends Error {}

export interface TakeOver {
  readonly rebuilt: RebuiltState;
  /** All of them, from the first one on, as L1 lists them. */
  readonly batches: readonly SettledBatch[];
  /** Folder of the journal to begin. */
  readonly directory: string;
  readonly identity: JournalIdentity;
  readonly terms: ExchangeTerms;
  readonly files?: FileOperations;
}

/**
 * Begins the journal of a new operator behind the last settled batch, from what L1 alone tells: a snapshot before the first command, and
 * every batch as final. The hash chain of commands starts anew; what only the old operator knew is gone (docs/rebuild.md).
 * @throws CannotTakeOver
 */
export async function takeOver(options: TakeOver): Promise<void> {
  const { rebuilt, batches, directory, identity, terms, files = REAL_FILES } = options;
  const { sharedState } = rebuilt.progress;
  if (sharedState.batchNumber === 0) {
    throw new CannotTakeOver(
      "No batch is settled: start with an empty folder, and the exchange begins at its first block.",
    );
  }
  const [first, last] = [batches[0], batches.at(-1)];
  if (first?.batchNumber !== 1 || last?.batchNumber !== sharedState.batchNumber) {
    const found = first === undefined ? "none" : `${first.batchNumber} to ${last?.batchNumber}`;
    throw new CannotTakeOver(
      `The rebuild ends with batch ${sharedState.batchNumber}, and L1 lists batches ${found}: rebuild again.`,
    );
  }
  for (const folder of ["commands", "batches", "snapshots"]) {
    files.makeDirectory(join(directory, folder));
    if (files.list(join(directory, folder)).length > 0)
      throw new CannotTakeOver(`${directory} has a journal already: name a new folder.`);
  }
  const epoch = rebuilt.progress.epochs.find(({ number }) => number === sharedState.epochNumber) as OpenedEpoch;
  const state = stateBehind(rebuilt, epoch, terms);
  const position = positionBehind(rebuilt, epoch);
  const parts: Record<(typeof SNAPSHOT_PARTS)[number], Iterable<Json>> = {
    pipeline: [positionToJson(position)],
    [L1_PART]: [[sharedState.queueCursor, sharedState.queueHash, [[epoch.number, epochHash(epochRecord(epoch))]]]],
    "entry-values": [],
    "conditional-records": [],
  };
  const log = await RecordLog.open({ directory: join(directory, "batches"), identity, files });
  await noteBatches(new BatchLog(log), batches).finally(() => log.close());
  const moment = { command: 0, head: GENESIS_JOURNAL_HEAD, batch: sharedState.batchNumber };
  const taken = SNAPSHOT_PARTS.map((name) => ({ name, values: parts[name] }));
  await writeSnapshot(files, join(directory, "snapshots"), identity, moment, [
    { name: "exchange", values: imageLines(state) },
    ...taken,
  ]);
  await (await RecordLog.open({ directory: join(directory, "commands"), identity, files })).close();
}

/** Ledger and slots as L1 has them, an empty book, and nothing of what only signatures or the old operator said. */
function stateBehind({ progress, accounts }: RebuiltState, epoch: OpenedEpoch, terms: ExchangeTerms): ExchangeState {
  const { sharedState, depositedMicroUsd, withdrawnMicroUsd } = progress;
  const { queueCursor, grossOpenInterestLots, epochStartOpenInterestLots, insuranceSpentPicoUsd, feesPicoUsd } =
    sharedState;
  const totals = { insuranceSpentPicoUsd, feesPicoUsd, depositedMicroUsd, withdrawnMicroUsd };
  const shared = { epoch, queueCursor, grossOpenInterestLots, epochStartOpenInterestLots, ...totals };
  const entries = [...accounts.entries()];
  const owners = Map.groupBy(entries, ({ record }) => record.owner);
  return new ExchangeState(terms, {
    counters: { commands: 0, events: 0, steps: 0, head: GENESIS_JOURNAL_HEAD, lastAcceptedMs: 0 },
    ledger: new Ledger(new LedgerState(shared, entries)),
    book: { version: 1, lastTradeId: 0, orders: [], slots: [] },
    signedOrders: [],
    promises: [],
    feeTiers: [],
    marginModes: [],
    deadMansSwitches: [],
    clientOrders: [],
    conditionals: [],
    timedCancels: [],
    owners: Array.from(owners, ([owner, its]) => [owner, its.map(({ account }) => account)]),
    desk: { waiting: [], waitsFor: null },
    funding: fundingBehind(progress.fundingDigest, epoch, terms),
  });
}

/**
 * The chain of funding intervals goes on from the digest of the last batch, which is that of the interval before its epoch's. What was
 * measured in it is not on L1: its rates count as zero. From its own interval on the new operator measures, in that one from now on.
 */
function fundingBehind(digest: bigint, { timeSeconds }: OpenedEpoch, { funding }: ExchangeTerms): FundingMeterSnapshot {
  const open = fundingIntervalAt(funding.schedule, timeSeconds);
  return {
    open,
    first: open - 1,
    head: digest,
    lastSampleSeconds: timeSeconds,
    samples: [],
    sealed: [[open - 1, digest, []]],
  };
}

function positionBehind({ progress, touched }: RebuiltState, epoch: OpenedEpoch): PipelinePosition {
  const { accountRoot: _, ...sharedState } = progress.sharedState;
  const { journalHead, fundingDigest } = progress;
  return {
    batcher: { batchNumber: sharedState.batchNumber, epochHasBatch: true, journalHead, fundingDigest },
    sharedState,
    lastCutStep: 0,
    lastStep: 0,
    epoch,
    touched: [...touched].sort(([a], [b]) => a - b),
  };
}

/** Every batch is final: nothing of it is proven again. */
async function noteBatches(log: BatchLog, batches: readonly SettledBatch[]): Promise<void> {
  let written: Promise<unknown>[] = [];
  for (const { batchNumber, tier: id, hash: txHash, blockNumber } of batches) {
    const tier = tierById(id).name;
    written.push(log.cut({ batchNumber, lastStep: 0, tier }));
    written.push(
      log.final({ batchNumber, txHash, blockNumber, gasUsed: 0, provenAtMs: 0, details: { tier, blockNumber } }),
    );
    if (written.length < WRITTEN_AT_ONCE) continue;
    await Promise.all(written);
    written = [];
  }
  await Promise.all(written);
}

const WRITTEN_AT_ONCE = 10_000;
