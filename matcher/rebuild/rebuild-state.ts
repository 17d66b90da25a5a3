import { EXCHANGE } from "../chain/contract-interfaces.ts";
import { readLog } from "../chain/l1-event.ts";
import { epochHash, epochRecord } from "../protocol/epoch-record.ts";
import { sharedStateHash } from "../protocol/shared-state.ts";
import { PICO_PER_MICRO } from "../protocol/spec.ts";
import type { AccountStore } from "../state/account-store.ts";
import { type LogSource, logPages } from "./log-pages.ts";
import { Rebuild, type RebuildOptions, type RebuildPlace, type RebuildProgress, type RebuiltBatch } from "./rebuild.ts";
import { RebuildRefused } from "./rebuild-refused.ts";

/** A block of the chain. */
export interface ReadBlock {
  readonly number: number;
  readonly hash: string;
}

/** The exchange as of a block, from L1 alone. */
export interface RebuiltState {
  readonly place: RebuildPlace;
  /** Everything up to and with this block is in it. */
  readonly block: ReadBlock;
  /** Block of the last batch; null before the first. */
  readonly lastBatch: { readonly blockNumber: number; readonly transactionHash: string } | null;
  readonly progress: RebuildProgress;
  /** `entries()`, `record`, `leaf`, `slot` and `path` of every account. */
  readonly accounts: AccountStore;
  /** Number of the last batch that touched each account. */
  readonly touched: ReadonlyMap<number, number>;
}

export interface RebuildStateOptions extends RebuildOptions {
  readonly provider: LogSource;
  /** Block with the Exchange's creation, or any before it. */
  readonly firstBlock?: number;
  /** Last block to read; the chain's newest unless told otherwise. */
  readonly toBlock?: number;
  /** Blocks asked for at once. */
  readonly rangeBlocks?: number;
  /** A rebuild to go on from. */
  readonly begin?: RebuiltState | undefined;
  readonly onBatch?: (batch: RebuiltBatch) => void;
  /** Told where it stands after every range of blocks: what can be kept and gone on from. */
  readonly onBlocks?: (state: RebuiltState, toBlock: number) => Promise<void> | void;
}

const DEFAULT_RANGE_BLOCKS = 2_000;

/**
 * Rebuilds all accounts, trees and the shared state from the Exchange's logs, and compares them with the contract.
 * @throws RebuildRefused in one sentence, with the batch that does not fit
 */
export async function rebuildState(options: RebuildStateOptions): Promise<RebuiltState> {
  const { provider, exchange, firstBlock = 0, rangeBlocks = DEFAULT_RANGE_BLOCKS, begin } = options;
  const toBlock = options.toBlock ?? (await provider.getBlockNumber());
  const end = await blockOf(provider, toBlock);
  if (begin !== undefined) await checkBegin(provider, begin);
  const rebuild = new Rebuild(options, begin);
  const { place, accounts, touched } = rebuild;
  let lastBatch = begin?.lastBatch ?? null;
  let state = begin;
  const fromBlock = begin === undefined ? firstBlock : begin.block.number + 1;
  for await (const { logs, lastBlock } of logPages(provider, exchange, { fromBlock, toBlock, rangeBlocks })) {
    for (const log of logs) {
      const { blockNumber, blockHash, transactionHash, index: logIndex } = log;
      const event = readLog(log);
      if (event === undefined) continue;
      const batch = rebuild.take(event, { blockNumber, blockHash, transactionHash, logIndex });
      if (batch === undefined) continue;
      lastBatch = { blockNumber, transactionHash };
      options.onBatch?.(batch);
    }
    rebuild.end();
    const block = await blockOf(provider, lastBlock);
    state = { place, block, lastBatch, progress: rebuild.progress, accounts, touched };
    await options.onBlocks?.(state, toBlock);
  }
  if (state === undefined) throw new RebuildRefused(`There is no block between ${fromBlock} and ${toBlock}.`);
  if ((await blockOf(provider, toBlock)).hash !== end.hash) {
    throw new RebuildRefused(`The chain replaced block ${toBlock} while it was read: begin again.`);
  }
  await compareWithContract(provider, state);
  return state;
}

async function blockOf(provider: LogSource, number: number): Promise<ReadBlock> {
  const hash = (await provider.getBlock(number))?.hash ?? undefined;
  if (hash === undefined) throw new RebuildRefused(`The chain has no block ${number}.`);
  return { number, hash };
}

/** A rebuild can be gone on from while the chain still has its block, and its last batch as it was. @throws RebuildRefused */
async function checkBegin(provider: LogSource, { block, lastBatch, progress, place }: RebuiltState): Promise<void> {
  const found = await provider.getBlock(block.number);
  if (found?.hash !== block.hash) {
    throw new RebuildRefused(
      `The chain has another block ${block.number} than the one that was read: begin from scratch.`,
    );
  }
  if (lastBatch === null) return;
  const { blockNumber } = lastBatch;
  const logs = await provider.getLogs({ address: place.exchange, fromBlock: blockNumber, toBlock: blockNumber });
  const { sharedState } = progress;
  const settled = logs
    .map(readLog)
    .find((event) => event?.type === "settled" && event.batchNumber === sharedState.batchNumber);
  if (settled?.type !== "settled" || settled.sharedStateHash.toLowerCase() !== sharedStateHash(sharedState)) {
    throw new RebuildRefused("L1 has another state behind it than the one that was kept.", sharedState.batchNumber);
  }
}

/** What the contract itself says at the last block: logs that are missing at the end show here. @throws RebuildRefused */
async function compareWithContract(provider: LogSource, { block, progress, place }: RebuiltState): Promise<void> {
  const ask = async (method: string, ...values: unknown[]) => {
    const data = EXCHANGE.encodeFunctionData(method, values);
    const answer = await provider.call({ to: place.exchange, data, blockTag: block.number });
    return EXCHANGE.decodeFunctionResult(method, answer);
  };
  const { sharedState, queueLength, queueHash, epochs } = progress;
  const [stateHash] = await ask("sharedStateHash");
  if (BigInt(stateHash) !== BigInt(sharedStateHash(sharedState))) {
    throw new RebuildRefused(
      "the contract's state is not the one behind it: logs of later batches are missing.",
      sharedState.batchNumber,
    );
  }
  const [length] = await ask("queueLength");
  if (length !== BigInt(queueLength)) {
    throw new RebuildRefused(`The contract's queue has ${length} entries, and the logs have ${queueLength}.`);
  }
  const [onL1] = await ask("queueHashAt", queueLength);
  if (BigInt(onL1) !== BigInt(queueHash)) throw new RebuildRefused("The contract's queue is not the one of the logs.");
  const newest = epochs.at(-1);
  const { number } = await ask("latestEpoch");
  if (number !== BigInt(newest?.number ?? 0)) {
    throw new RebuildRefused(`The contract has opened ${number} epochs, and the logs have ${newest?.number ?? 0}.`);
  }
  if (newest !== undefined) {
    const [hash] = await ask("epochHash", newest.number);
    if (BigInt(hash) !== BigInt(epochHash(epochRecord(newest)))) {
      throw new RebuildRefused(`Epoch ${newest.number} of the contract is not the one of the logs.`);
    }
  }
  const { settledMicroUsd, collectedFeesMicroUsd } = await ask("vault");
  const pool = progress.depositedMicroUsd - progress.withdrawnMicroUsd - collectedFeesMicroUsd;
  // Out of a frozen exchange's pool the escape pays, and nothing else does.
  const [frozen] = await ask("frozen");
  const isSame = frozen ? settledMicroUsd <= pool : settledMicroUsd === pool;
  if (!isSame || sharedState.feesPicoUsd / PICO_PER_MICRO < collectedFeesMicroUsd) {
    throw new RebuildRefused(`The contract's pool has ${settledMicroUsd} micro-USD, and its batches lead to ${pool}.`);
  }
}
