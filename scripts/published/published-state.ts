import type { JsonRpcProvider } from "ethers";
import { type L1Event, readLog } from "../../matcher/chain/l1-event.ts";
import { sizesFromWords } from "../../matcher/protocol/account.ts";
import { marketFromWord } from "../../matcher/protocol/epoch-record.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import { queueEntryFromWords } from "../../matcher/protocol/queue-chain.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import {
  ACCOUNT_SLOT_WORDS,
  ACCOUNT_WORD,
  dataLayout,
  EPOCH_WORD,
  HEADER,
  MARKETS,
  QUEUE_CURSOR_WORD,
  QUEUE_ENTRY_WORDS,
  ROW_KIND,
  ROW_WORD,
  TIERS,
  type Tier,
  WIDTH,
} from "../../matcher/protocol/spec.ts";
import { type AccountRecord, newAccount } from "../../matcher/state/account-record.ts";
import { AccountStore } from "../../matcher/state/account-store.ts";

const COLLATERAL_OFFSET = 1n << BigInt(WIDTH.collateralMagnitude);

/** One settled batch as L1 tells it. */
export interface PublishedBatch {
  readonly batchNumber: number;
  readonly epochNumber: number;
  readonly tier: Tier;
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

/** Applies the words of one batch. @returns the accounts it touched. */
function applyBatch(store: AccountStore, tier: Tier, words: readonly bigint[]): number[] {
  const layout = dataLayout(tier);
  const word = (index: number): bigint => words[index] as bigint;
  // 1. New accounts, so that rows can reach their slots.
  const { queueCount } = unpack(QUEUE_CURSOR_WORD, word(HEADER.queueCursor));
  for (let i = 0; i < Number(queueCount); i++) {
    const at = layout.queue + i * QUEUE_ENTRY_WORDS;
    const entry = queueEntryFromWords(words.slice(at, at + QUEUE_ENTRY_WORDS));
    if (entry.kind === "registration") store.setRecord(entry.account, newAccount(entry));
  }
  // 2. Which account each position is, then what the rows left in the order slots.
  const slots = Array.from({ length: tier.accounts }, (_, position) => {
    const at = layout.accounts + position * ACCOUNT_SLOT_WORDS;
    return { head: unpack(ACCOUNT_WORD, word(at)), sizes: sizesFromWords([word(at + 1), word(at + 2)]) };
  }).filter(({ head }) => head.active === 1n);
  for (let i = 0; i < tier.rows; i++) {
    const row = unpack(ROW_WORD, word(layout.rows + i));
    if (row.kind !== BigInt(ROW_KIND.order) && row.kind !== BigInt(ROW_KIND.cancel)) continue;
    const account = Number(slots[Number(row.accountSlot)]!.head.account);
    const content = { sequence: Number(row.sequence), filledLots: Number(row.filledAfterLots) };
    store.setSlot(account, Number(row.slot), content);
  }
  // 3. The accounts themselves; all indices of a touched one are the epoch's.
  const fundingIndexPicoUsd = Array.from(
    { length: MARKETS },
    (_, market) => marketFromWord(word(HEADER.markets + market), 0n).fundingIndexPicoUsd,
  );
  return slots.map(({ head, sizes: sizesLots }) => {
    const account = Number(head.account);
    const known = store.record(account);
    if (known === undefined) throw new Error(`account ${account} is touched before it is registered`);
    store.setRecord(account, {
      ...known,
      collateralPicoUsd: head.collateralOffset - COLLATERAL_OFFSET,
      withdrawalNonce: Number(head.withdrawalNonce),
      minSequence: Number(head.minSequence),
      sizesLots,
      fundingIndexPicoUsd,
    });
    store.store(account);
    return account;
  });
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
    for (const account of applyBatch(store, tier, event.words)) touched.add(account);
    feesPicoUsd = settled.feesPicoUsd;
    const { transactionHash, blockNumber } = log;
    const rest = { tier, newRoot, rebuiltRoot: store.root, transactionHash, blockNumber };
    batches.push({ batchNumber, epochNumber: Number(epochNumber), ...rest });
  }
  const accounts = [...touched].map((account) => [account, store.record(account) as AccountRecord] as const);
  return { batches, accounts: new Map(accounts), root: store.root, feesPicoUsd };
}
