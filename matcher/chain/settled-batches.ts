import { type JsonRpcProvider, toBeHex, zeroPadValue } from "ethers";
import type { Bytes32 } from "../protocol/abi-hash.ts";
import { EXCHANGE } from "./contract-interfaces.ts";
import { type L1Event, readLog } from "./l1-event.ts";
import type { Mined } from "./transaction-line.ts";

/** A batch as L1 has settled it. */
export interface SettledBatch {
  readonly batchNumber: number;
  readonly tier: number;
  readonly sharedStateHash: Bytes32;
  readonly hash: string;
  readonly blockNumber: number;
}

const RANGE_BLOCKS = 2_000;
const SETTLED_TOPIC = EXCHANGE.getEvent("BatchSettled")?.topicHash as string;
const DATA_TOPIC = EXCHANGE.getEvent("BatchData")?.topicHash as string;

/** All batches from a block on, in order. @throws Error when one is missing between them */
export async function readSettledBatches(
  provider: JsonRpcProvider,
  exchange: string,
  fromBlock: number,
  toBlock: number,
): Promise<SettledBatch[]> {
  const found: SettledBatch[] = [];
  for (let from = fromBlock; from <= toBlock; from += RANGE_BLOCKS) {
    const to = Math.min(toBlock, from + RANGE_BLOCKS - 1);
    const logs = await provider.getLogs({ address: exchange, fromBlock: from, toBlock: to, topics: [SETTLED_TOPIC] });
    for (const log of logs) {
      const { batchNumber, tier, sharedStateHash } = readLog(log) as Extract<L1Event, { type: "settled" }>;
      const before = found.at(-1)?.batchNumber;
      if (before !== undefined && batchNumber !== before + 1) {
        throw new Error(`The chain lists batch ${batchNumber} behind batch ${before}.`);
      }
      found.push({ batchNumber, tier, sharedStateHash, hash: log.transactionHash, blockNumber: log.blockNumber });
    }
  }
  return found;
}

/** Where a batch was settled, with its public data; undefined when it was not. */
export async function settledBatchIn(
  provider: JsonRpcProvider,
  exchange: string,
  batchNumber: number,
  fromBlock: number,
): Promise<(Mined & { readonly words: readonly bigint[] }) | undefined> {
  const number = zeroPadValue(toBeHex(batchNumber), 32);
  const [log] = await provider.getLogs({
    address: exchange,
    fromBlock,
    toBlock: "latest",
    topics: [DATA_TOPIC, number],
  });
  if (log === undefined) return undefined;
  const receipt = await provider.getTransactionReceipt(log.transactionHash);
  const { words } = readLog(log) as Extract<L1Event, { type: "data" }>;
  return { hash: log.transactionHash, blockNumber: log.blockNumber, gasUsed: receipt?.gasUsed ?? 0n, words };
}

/** Gas of a transaction that was mined. */
export async function gasUsedBy(provider: JsonRpcProvider, hash: string): Promise<bigint> {
  return (await provider.getTransactionReceipt(hash))?.gasUsed ?? 0n;
}
