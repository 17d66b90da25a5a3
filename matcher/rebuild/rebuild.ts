import type { L1Event, LogPosition } from "../chain/l1-event.ts";
import { type Bytes32, ZERO_BYTES32 } from "../protocol/abi-hash.ts";
import type { OpenedEpoch } from "../protocol/epoch-record.ts";
import { openInterestFromWords } from "../protocol/lane-words.ts";
import { domainOf } from "../protocol/message-hash.ts";
import { unpack } from "../protocol/packing.ts";
import { type BatchData, publicData } from "../protocol/public-data.ts";
import { type ChainedEntry, consumedEntries, linkQueueEntry } from "../protocol/queue-chain.ts";
import { advanceSharedState, genesisSharedState, type SharedState, sharedStateHash } from "../protocol/shared-state.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import {
  dataLayout,
  EPOCH_WORD,
  HEADER,
  QUEUE_CURSOR_WORD,
  REQUEST_OUTCOME,
  TIERS,
  type Tier,
  WITHDRAWAL_WORD,
} from "../protocol/spec.ts";
import { AccountStore } from "../state/account-store.ts";
import { activeSlots, applyWords } from "./published-words.ts";
import { RebuildRefused } from "./rebuild-refused.ts";
import { wordName } from "./word-name.ts";

/** Which exchange is rebuilt: the chain's id and the contract stand in every batch. */
export interface RebuildPlace {
  readonly chainId: number;
  readonly exchange: string;
}

/** An entry of the L1 queue with its place. */
export interface QueuedEntry {
  readonly cursor: number;
  readonly entry: ChainedEntry;
}

/** Everything that a rebuild knows beside the accounts. */
export interface RebuildProgress {
  /** As the contract has it behind the last batch. */
  readonly sharedState: SharedState;
  /** Of the last batch: head of the operator's journal, and of the chain of funding intervals. */
  readonly journalHead: bigint;
  readonly fundingDigest: bigint;
  /** Of all batches. */
  readonly depositedMicroUsd: bigint;
  /** Of all batches: withdrawals, and what forced exits paid out. */
  readonly withdrawnMicroUsd: bigint;
  /** Entries that are in no batch yet, in order. */
  readonly waiting: readonly QueuedEntry[];
  /** Chain behind the last entry, and how many there are. */
  readonly queueHash: Bytes32;
  readonly queueLength: number;
  /** Without a gap: the last batch's, everything that was opened since, and those of a while before (see RebuildOptions). */
  readonly epochs: readonly OpenedEpoch[];
}

/** A batch whose words lead to the state that L1 has. */
export interface RebuiltBatch {
  readonly batchNumber: number;
  readonly tier: Tier;
  readonly words: readonly bigint[];
  readonly epoch: OpenedEpoch;
  /** Accounts that it touched, ascending. */
  readonly accounts: readonly number[];
  /** Behind it. */
  readonly sharedState: SharedState;
  readonly at: LogPosition;
}

/** A batch's public data with the epoch as L1 opened it. */
interface RebuiltData extends BatchData {
  readonly epoch: OpenedEpoch;
}

export interface RebuildOptions extends RebuildPlace {
  readonly hash: Poseidon;
  /** Epochs opened so many seconds before the last batch's are kept, and one more: their prices may be wanted. */
  readonly keepEpochsSeconds?: number;
}

const DEFAULT_KEEP_EPOCHS_SECONDS = 7_200;

const GENESIS: RebuildProgress = {
  sharedState: genesisSharedState(),
  journalHead: 0n,
  fundingDigest: 0n,
  depositedMicroUsd: 0n,
  withdrawnMicroUsd: 0n,
  waiting: [],
  queueHash: ZERO_BYTES32,
  queueLength: 0,
  epochs: [],
};

const hex = (value: bigint): string => `0x${value.toString(16)}`;
const magnitude = (size: bigint): bigint => (size < 0n ? -size : size);

const OUTCOMES = Object.keys(REQUEST_OUTCOME) as (keyof typeof REQUEST_OUTCOME)[];

type Settled = Extract<L1Event, { type: "settled" }>;
type Credit = Extract<L1Event, { type: "withdrawal" }>;
type Refuse = (what: string) => never;

/**
 * The exchange's state, made again from the Exchange's events and nothing else. Each batch is compared with everything that L1 says of
 * it: what the contract wrote into its words, the epoch, the queue, the root over all accounts, the hash of the state behind it.
 * After a refusal the rebuild is of no use any more.
 */
export class Rebuild {
  readonly place: RebuildPlace;
  /** Accounts, order slots and the trees over them as of the last batch. */
  readonly accounts: AccountStore;
  /** Number of the last batch that touched each account. */
  readonly touched: Map<number, number>;
  readonly #domain: bigint;
  readonly #keepEpochsSeconds: number;
  readonly #waiting: QueuedEntry[];
  readonly #epochs: OpenedEpoch[];
  #queue: Pick<RebuildProgress, "queueHash" | "queueLength">;
  #totals: Omit<RebuildProgress, "waiting" | "epochs" | "queueHash" | "queueLength">;
  #settled: Settled | undefined;
  /** What the contract credited for the batch that is about to be told. */
  readonly #credited: Credit[] = [];

  /** @param begin where another rebuild stood, with its accounts; genesis without */
  constructor(
    { hash, chainId, exchange, keepEpochsSeconds = DEFAULT_KEEP_EPOCHS_SECONDS }: RebuildOptions,
    begin?: {
      readonly progress: RebuildProgress;
      readonly accounts: AccountStore;
      readonly touched: ReadonlyMap<number, number>;
    },
  ) {
    this.place = { chainId, exchange };
    this.#domain = domainOf(chainId, exchange);
    this.#keepEpochsSeconds = keepEpochsSeconds;
    const { waiting, epochs, queueHash, queueLength, ...totals } = begin?.progress ?? GENESIS;
    this.#waiting = [...waiting];
    this.#epochs = [...epochs];
    this.#queue = { queueHash, queueLength };
    this.#totals = totals;
    this.accounts = begin?.accounts ?? new AccountStore(hash);
    this.touched = new Map(begin?.touched);
  }

  /** Where it stands now. */
  get progress(): RebuildProgress {
    return { ...this.#totals, ...this.#queue, waiting: [...this.#waiting], epochs: [...this.#epochs] };
  }

  get sharedState(): SharedState {
    return this.#totals.sharedState;
  }

  /**
   * Takes the next event of the chain.
   * @returns the batch that the event completes, if it does
   * @throws RebuildRefused
   */
  take(event: L1Event, at: LogPosition): RebuiltBatch | undefined {
    if (event.type === "data") return this.#takeBatch(event, at);
    if (this.#settled !== undefined) {
      throw new RebuildRefused("it is settled, and its data is missing.", this.#settled.batchNumber);
    }
    if (event.type === "queue") this.#takeEntry(event);
    else if (event.type === "epoch") this.#takeEpoch(event.epoch);
    else if (event.type === "withdrawal") this.#credited.push(event);
    else if (event.type === "settled") this.#settled = event;
    return undefined;
  }

  /** After the last event: nothing is half there. @throws RebuildRefused */
  end(): void {
    const { batchNumber } = this.#settled ?? {};
    if (batchNumber !== undefined) throw new RebuildRefused("it is settled, and its data is missing.", batchNumber);
  }

  #takeEntry({ cursor, entry, queueHash }: Extract<L1Event, { type: "queue" }>): void {
    const { queueLength, queueHash: before } = this.#queue;
    if (cursor !== queueLength) {
      throw new RebuildRefused(`Entry ${cursor} of the L1 queue came where entry ${queueLength} was expected.`);
    }
    const linked = linkQueueEntry(before, entry);
    if (linked !== queueHash.toLowerCase()) {
      throw new RebuildRefused(`Entry ${cursor} of the L1 queue does not continue the queue's hash chain.`);
    }
    this.#waiting.push({ cursor, entry });
    this.#queue = { queueHash: linked, queueLength: cursor + 1 };
  }

  #takeEpoch(epoch: OpenedEpoch): void {
    const expected = (this.#epochs.at(-1)?.number ?? 0) + 1;
    if (epoch.number !== expected) {
      throw new RebuildRefused(`Epoch ${epoch.number} came where epoch ${expected} was expected.`);
    }
    this.#epochs.push(epoch);
  }

  #takeBatch({ batchNumber, words }: Extract<L1Event, { type: "data" }>, at: LogPosition): RebuiltBatch {
    const settled = this.#settled;
    this.#settled = undefined;
    const refuse: Refuse = (what) => {
      throw new RebuildRefused(what, batchNumber);
    };
    if (settled?.batchNumber !== batchNumber)
      return refuse("its data is there, and the event that it is settled is not.");
    const expected = this.sharedState.batchNumber + 1;
    if (batchNumber !== expected) return refuse(`it came where batch ${expected} was expected.`);
    const tier = TIERS.find(({ id }) => id === settled.tier);
    if (tier === undefined) return refuse(`there is no tier ${settled.tier}.`);
    try {
      const data = this.#dataOf(tier, words, refuse);
      const accounts = this.#applied(data, words, refuse);
      this.#advance(data, settled, refuse);
      for (const account of accounts) this.touched.set(account, batchNumber);
      return { batchNumber, tier, words, epoch: data.epoch, accounts, sharedState: this.sharedState, at };
    } catch (error) {
      // A word that cannot be read, or names what is not there.
      if (error instanceof RebuildRefused || !(error instanceof Error)) throw error;
      return refuse(`${error.message}.`);
    }
  }

  /** The words with what they stand for. What the contract wrote into them must be what the rest of L1 says. */
  #dataOf(tier: Tier, words: readonly bigint[], refuse: Refuse): RebuiltData {
    const layout = dataLayout(tier);
    if (words.length !== layout.length) {
      refuse(`its data has ${words.length} words, and tier ${tier.name} has ${layout.length}.`);
    }
    const word = (index: number): bigint => words[index] as bigint;
    const epochNumber = Number(unpack(EPOCH_WORD, word(HEADER.epoch)).epochNumber);
    const epoch = this.#epochs.find(({ number }) => number === epochNumber);
    if (epoch === undefined) return refuse(`epoch ${epochNumber} was not opened.`);
    const { epochNumber: last } = this.sharedState;
    if (epochNumber !== last && epochNumber !== last + 1)
      refuse(`it is of epoch ${epochNumber}, and epoch ${last} was last.`);
    const { queueCount, requestOutcome } = unpack(QUEUE_CURSOR_WORD, word(HEADER.queueCursor));
    const outcome = OUTCOMES[Number(requestOutcome)] as keyof typeof REQUEST_OUTCOME;
    const taken = Number(queueCount) + (outcome === "none" ? 0 : 1);
    if (taken > this.#waiting.length) {
      refuse(`it takes ${taken} entries of the L1 queue, and ${this.#waiting.length} wait.`);
    }
    const entries = this.#waiting.slice(0, taken).map(({ entry }) => entry);
    const request = outcome === "none" ? {} : { request: { entry: entries.pop() as ChainedEntry, outcome } };
    const data: RebuiltData = {
      tier,
      domain: this.#domain,
      sharedState: this.sharedState,
      epoch,
      queue: entries,
      ...request,
      newRoot: word(HEADER.newRoot),
      journalHead: word(HEADER.journalHead),
      fundingDigest: word(HEADER.fundingDigest),
      feeDeltaPicoUsd: word(HEADER.feeDelta),
      insuranceSpentAfterPicoUsd: word(HEADER.insuranceSpentAfter),
      grossOpenInterestAfterLots: openInterestFromWords(
        words.slice(HEADER.grossOpenInterestAfter, HEADER.grossOpenInterestCap),
      ),
      bodyWords: words.slice(layout.withdrawals),
    };
    publicData(data).forEach((said, index) => {
      if (word(index) === said) return;
      refuse(`${wordName(tier, index)} of its data is ${hex(word(index))}, and the rest of L1 says ${hex(said)}.`);
    });
    return data;
  }

  /** Applies the words. They must lead to the root and to the open interest that were proven. @returns the accounts that it touched */
  #applied(
    { tier, newRoot, grossOpenInterestAfterLots }: RebuiltData,
    words: readonly bigint[],
    refuse: Refuse,
  ): number[] {
    const store = this.accounts;
    const sizesOf = (account: number): readonly bigint[] => store.record(account)?.sizesLots ?? [];
    const before = new Map(
      activeSlots(tier, words).map(({ head }) => [Number(head.account), sizesOf(Number(head.account))]),
    );
    const accounts = applyWords(store, tier, words);
    if (store.root !== newRoot)
      refuse(`its words lead to the account root ${hex(store.root)}, and L1 has ${hex(newRoot)}.`);
    grossOpenInterestAfterLots.forEach((onL1, market) => {
      const grown = accounts.reduce(
        (sum, account) =>
          sum + magnitude(sizesOf(account)[market] ?? 0n) - magnitude(before.get(account)?.[market] ?? 0n),
        this.sharedState.grossOpenInterestLots[market] as bigint,
      );
      if (grown !== onL1)
        refuse(`its words lead to ${grown} lots of open interest in market ${market}, and L1 has ${onL1}.`);
    });
    return accounts;
  }

  /** The state behind it must be the one that the contract holds. */
  #advance(data: RebuiltData, settled: Settled, refuse: Refuse): void {
    const { epoch } = data;
    const consumed = consumedEntries(data.queue, data.request);
    const sharedState = advanceSharedState(this.sharedState, {
      ...data,
      epochNumber: epoch.number,
      queueCount: consumed.length,
      queueHash: consumed.reduce(linkQueueEntry, this.sharedState.queueHash),
    });
    const compared = [
      ["epoch", BigInt(epoch.number), BigInt(settled.epochNumber)],
      ["account root", data.newRoot, settled.newRoot],
      ["queue cursor", BigInt(sharedState.queueCursor), BigInt(settled.queueCursor)],
      ["sum of fees", sharedState.feesPicoUsd, settled.feesPicoUsd],
      ["journal head", data.journalHead, settled.journalHead],
      ["hash of the state behind it", BigInt(sharedStateHash(sharedState)), BigInt(settled.sharedStateHash)],
    ] as const;
    for (const [what, found, onL1] of compared) {
      if (found !== onL1) refuse(`its ${what} is ${hex(found)}, and the event that it is settled says ${hex(onL1)}.`);
    }
    const paid = this.#paid(data, refuse);
    const { depositedMicroUsd, withdrawnMicroUsd } = this.#totals;
    this.#totals = {
      sharedState,
      journalHead: data.journalHead,
      fundingDigest: data.fundingDigest,
      depositedMicroUsd: consumed.reduce((sum, { amountMicroUsd }) => sum + amountMicroUsd, depositedMicroUsd),
      withdrawnMicroUsd: paid.reduce((sum, { amountMicroUsd }) => sum + amountMicroUsd, withdrawnMicroUsd),
    };
    this.#waiting.splice(0, consumed.length);
    // Epochs that nobody asks for any more.
    const since = epoch.timeSeconds - this.#keepEpochsSeconds;
    this.#epochs.splice(0, Math.max(0, this.#epochs.findIndex(({ timeSeconds }) => timeSeconds >= since) - 1));
  }

  /** What a batch pays out must be what the contract credited for it, in the same order. */
  #paid({ tier, sharedState, bodyWords }: RebuiltData, refuse: Refuse) {
    const { withdrawals, rows } = dataLayout(tier);
    const words = bodyWords.slice(0, rows - withdrawals).filter((word) => word !== 0n);
    const paid = words.map((word) => unpack(WITHDRAWAL_WORD, word));
    const credited = this.#credited.splice(0);
    const number = sharedState.batchNumber + 1;
    const same = ({ owner, amountMicroUsd }: (typeof paid)[number], credit: Credit | undefined): boolean =>
      credit?.batchNumber === number && BigInt(credit.owner) === owner && credit.amountMicroUsd === amountMicroUsd;
    if (credited.length !== paid.length || !paid.every((payment, i) => same(payment, credited[i]))) {
      refuse(`its data has ${paid.length} payments, and the contract credited others, ${credited.length}.`);
    }
    return paid;
  }
}
