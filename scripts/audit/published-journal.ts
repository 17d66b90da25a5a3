import type { Provider } from "ethers";
import { type L1Event, readLog } from "../../matcher/chain/l1-event.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import { EPOCH_WORD, HEADER, tierById } from "../../matcher/protocol/spec.ts";
import { type PublishedOrder, publishedOrders } from "../../matcher/rebuild/published-orders.ts";
import { Refusal } from "../supervisor/refusal.ts";

/** Where a head of the journal stands on L1. */
interface OnL1 {
  readonly journalHead: bigint;
  readonly transactionHash: string;
  readonly blockNumber: number;
}

/** An epoch: its head is what had been accepted when it was opened. */
export interface PublishedEpoch extends OnL1 {
  readonly type: "epoch";
  readonly number: number;
  readonly timeSeconds: number;
}

/** A batch: its head is that of the last command whose effect it settles. */
export interface PublishedBatch extends OnL1 {
  readonly type: "batch";
  readonly number: number;
  readonly epochNumber: number;
  readonly orders: readonly PublishedOrder[];
}

/** Every head of the journal that is on L1, in the order of the chain. */
export interface PublishedJournal {
  readonly epochs: readonly PublishedEpoch[];
  readonly batches: readonly PublishedBatch[];
}

/** Many servers refuse to search more blocks at once. */
const BLOCKS_AT_ONCE = 5_000;

/** Reads them from the Exchange's logs. @throws Refusal when some are missing: the search began too late */
export async function readPublishedJournal(
  provider: Pick<Provider, "getBlockNumber" | "getLogs">,
  exchange: string,
  firstBlock: number,
): Promise<PublishedJournal> {
  const epochs: PublishedEpoch[] = [];
  const batches: PublishedBatch[] = [];
  let settled: Extract<L1Event, { type: "settled" }> | undefined;
  const newest = await provider.getBlockNumber();
  for (let fromBlock = firstBlock; fromBlock <= newest; fromBlock += BLOCKS_AT_ONCE) {
    const toBlock = Math.min(newest, fromBlock + BLOCKS_AT_ONCE - 1);
    for (const log of await provider.getLogs({ address: exchange, fromBlock, toBlock })) {
      const event = readLog(log);
      const { transactionHash, blockNumber } = log;
      if (event?.type === "settled") settled = event;
      if (event?.type === "epoch") {
        const { number, timeSeconds, journalHead } = event.epoch;
        epochs.push({ type: "epoch", number, timeSeconds, journalHead, transactionHash, blockNumber });
      }
      if (event?.type !== "data" || settled?.batchNumber !== event.batchNumber) continue;
      const { words, batchNumber: number } = event;
      const epochNumber = Number(unpack(EPOCH_WORD, words[HEADER.epoch] as bigint).epochNumber);
      const orders = publishedOrders(tierById(settled.tier), words);
      const journalHead = words[HEADER.journalHead] as bigint;
      batches.push({ type: "batch", number, epochNumber, orders, journalHead, transactionHash, blockNumber });
    }
  }
  for (const [what, list] of [
    ["epoch", epochs],
    ["batch", batches],
  ] as const) {
    const gap = list.findIndex(({ number }, i) => number !== i + 1);
    if (gap >= 0) {
      throw new Refusal(
        `The logs from block ${firstBlock} on lack ${what} ${gap + 1}: begin with an earlier --first-block.`,
      );
    }
  }
  return { epochs, batches };
}
