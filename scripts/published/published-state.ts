import type { JsonRpcProvider } from "ethers";
import { type L1Event, readLog } from "../../matcher/chain/l1-event.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { EPOCH_WORD, HEADER, TIERS, type Tier } from "../../matcher/protocol/spec.ts";
import { applyWords, type PublishedLiquidation, publishedLiquidations } from "../../matcher/rebuild/published-words.ts";
import type { AccountRecord } from "../../matcher/state/account-record.ts";
import { AccountStore } from "../../matcher/state/account-store.ts";

/** One settled batch as L1 tells it. */
export interface PublishedBatch {
  readonly batchNumber: number;
  readonly epochNumber: number;
  readonly tier: Tier;
  readonly liquidations: readonly PublishedLiquidation[];
  /** What the insurance fund has paid in the epoch, this batch included. */
  readonly insuranceSpentPicoUsd: bigint;
  readonly newRoot: bigint;
  /** Root of the state rebuilt from the published words alone; equal to `newRoot` when nothing was hidden. */
  readonly rebuiltRoot: bigint;
  readonly transactionHash: string;
  readonly blockNumber: number;
}

/** The exchange's state, rebuilt from the Exchange's logs and nothing else. */
export interface PublishedState {
  readonly batches: readonly PublishedBatch[];
  /** Accounts with collateral, sizes and counters as of the last batch that touched them. */
  readonly accounts: ReadonlyMap<number, AccountRecord>;
  readonly root: bigint;
  readonly feesPicoUsd: bigint;
}

/**
 * Reads every settled batch from the chain's logs and rebuilds the state. Asks the matcher nothing.
 * @throws Error when the published words contradict each other.
 */
export async function readPublishedState(
  provider: JsonRpcProvider,
  exchange: string,
  firstBlock: number,
  hash: Poseidon,
): Promise<PublishedState> {
  const store = new AccountStore(hash);
  const touched = new Set<number>();
  const batches: PublishedBatch[] = [];
  let feesPicoUsd = 0n;
  let settled: Extract<L1Event, { type: "settled" }> | undefined;
  for (const log of await provider.getLogs({ address: exchange, fromBlock: firstBlock, toBlock: "latest" })) {
    const event = readLog(log);
    if (event?.type === "settled") settled = event;
    if (event?.type !== "data" || settled?.batchNumber !== event.batchNumber) continue;
    const { batchNumber, newRoot } = settled;
    const tier = TIERS.find(({ id }) => id === settled!.tier) as Tier;
    const { epochNumber } = unpack(EPOCH_WORD, event.words[HEADER.epoch] as bigint);
    for (const account of applyWords(store, tier, event.words)) touched.add(account);
    feesPicoUsd = settled.feesPicoUsd;
    const { transactionHash, blockNumber } = log;
    const insuranceSpentPicoUsd = event.words[HEADER.insuranceSpentAfter] as bigint;
    const forced = { liquidations: publishedLiquidations(tier, event.words), insuranceSpentPicoUsd };
    const rest = { tier, newRoot, rebuiltRoot: store.root, transactionHash, blockNumber };
    batches.push({ batchNumber, epochNumber: Number(epochNumber), ...forced, ...rest });
  }
  const accounts = [...touched].map((account) => [account, store.record(account) as AccountRecord] as const);
  return { batches, accounts: new Map(accounts), root: store.root, feesPicoUsd };
}
