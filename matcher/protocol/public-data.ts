import { bytesToNumberBE } from "@noble/curves/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { abiWord, addressNumber } from "./abi-word.ts";
import type { Epoch } from "./epoch.ts";
import { liquidationTermsWord, marketWord } from "./epoch-record.ts";
import { exitHaircutsWord, openInterestWords } from "./lane-words.ts";
import { pack } from "./packing.ts";
import { type ChainedEntry, queueEntryWords, type ServedRequest } from "./queue-chain.ts";
import type { SharedState } from "./shared-state.ts";
import type { Poseidon } from "./signing-poseidon.ts";
import {
  dataLayout,
  EPOCH_WORD,
  FIELD_ORDER,
  HEADER,
  HEADER_WORDS,
  MARKETS,
  QUEUE_CURSOR_WORD,
  QUEUE_ENTRY_WORDS,
  REQUEST_OUTCOME,
  SPONGE_RATE,
  TAG_CHALLENGE,
  TAG_SPONGE,
  type Tier,
} from "./spec.ts";

/** Everything that the public data d of a batch is made of (docs/protocol.md §8). */
export interface BatchData {
  tier: Tier;
  domain: bigint;
  /** Before the batch. */
  sharedState: SharedState;
  epoch: Epoch;
  /** Registrations and deposits that the batch consumes. */
  queue: readonly ChainedEntry[];
  /** The entry behind them, served in one way or another. */
  request?: ServedRequest;
  newRoot: bigint;
  journalHead: bigint;
  fundingDigest: bigint;
  feeDeltaPicoUsd: bigint;
  insuranceSpentAfterPicoUsd: bigint;
  grossOpenInterestAfterLots: readonly bigint[];
  /** Withdrawals, a forced exit's payment, rows, liquidations and account slots, padded to the tier. */
  bodyWords: readonly bigint[];
}

/** Insurance spending that the batch starts from: a new epoch starts at zero. */
export function insuranceSpentBeforePicoUsd(batch: {
  readonly sharedState: Pick<SharedState, "epochNumber" | "insuranceSpentPicoUsd">;
  readonly epoch: Pick<Epoch, "number">;
}): bigint {
  return batch.epoch.number === batch.sharedState.epochNumber ? batch.sharedState.insuranceSpentPicoUsd : 0n;
}

/** Word 4: where the queue stands, what comes of it, and how its request is served. */
export function queueCursorWord(batch: {
  readonly queueCursor: number;
  readonly queue: readonly unknown[];
  readonly request?: Pick<ServedRequest, "outcome">;
}): bigint {
  return pack(QUEUE_CURSOR_WORD, {
    queueCursor: BigInt(batch.queueCursor),
    queueCount: BigInt(batch.queue.length),
    requestOutcome: BigInt(REQUEST_OUTCOME[batch.request?.outcome ?? "none"]),
  });
}

/** The words before the queue section. @throws RangeError naming a field that does not fit its width. */
export function headerWords(batch: BatchData): bigint[] {
  const { sharedState, epoch } = batch;
  const words: bigint[] = new Array(HEADER_WORDS).fill(0n);
  const put = (index: number, ...values: bigint[]) => words.splice(index, values.length, ...values);
  put(HEADER.domain, batch.domain);
  put(HEADER.oldRoot, sharedState.accountRoot);
  put(HEADER.newRoot, batch.newRoot);
  put(
    HEADER.epoch,
    pack(EPOCH_WORD, {
      // The batch's own number: one above that of the last settled batch.
      batchNumber: BigInt(sharedState.batchNumber) + 1n,
      epochNumber: BigInt(epoch.number),
      epochTimeSeconds: BigInt(epoch.timeSeconds),
      rebateCapPpm: BigInt(epoch.rebateCapPpm),
    }),
  );
  put(HEADER.queueCursor, queueCursorWord({ queueCursor: sharedState.queueCursor, ...batch }));
  put(HEADER.journalHead, batch.journalHead);
  put(HEADER.fundingDigest, batch.fundingDigest);
  put(HEADER.feeDelta, batch.feeDeltaPicoUsd);
  put(HEADER.insuranceSpentBefore, insuranceSpentBeforePicoUsd(batch));
  put(HEADER.insuranceSpentAfter, batch.insuranceSpentAfterPicoUsd);
  put(HEADER.liquidationTerms, liquidationTermsWord(epoch.liquidation));
  if (epoch.markets.length !== MARKETS) throw new RangeError(`an epoch has ${MARKETS} markets`);
  put(HEADER.markets, ...epoch.markets.map(marketWord));
  put(HEADER.grossOpenInterestBefore, ...openInterestWords(sharedState.grossOpenInterestLots));
  put(HEADER.grossOpenInterestAfter, ...openInterestWords(batch.grossOpenInterestAfterLots));
  put(
    HEADER.grossOpenInterestCap,
    ...openInterestWords(epoch.markets.map((market) => market.grossOpenInterestCapLots)),
  );
  put(HEADER.exitHaircuts, exitHaircutsWord(epoch.markets.map((market) => market.exitHaircutPpm)));
  return words;
}

/** The whole vector d. @throws RangeError when a section does not fit the tier or a word is not a field element. */
export function publicData(batch: BatchData): bigint[] {
  const layout = dataLayout(batch.tier);
  if (batch.queue.length > batch.tier.queue) throw new RangeError(`the tier holds ${batch.tier.queue} queue entries`);
  const bodyLength = layout.length - layout.withdrawals;
  if (batch.bodyWords.length !== bodyLength) throw new RangeError(`the body has ${bodyLength} words`);
  const queueWords: bigint[] = new Array(batch.tier.queue * QUEUE_ENTRY_WORDS).fill(0n);
  queueWords.splice(0, batch.queue.length * QUEUE_ENTRY_WORDS, ...batch.queue.flatMap(queueEntryWords));
  const requestWords = batch.request === undefined ? [0n, 0n, 0n, 0n] : queueEntryWords(batch.request.entry);
  const data = [...headerWords(batch), ...queueWords, ...requestWords, ...batch.bodyWords];
  for (const [index, word] of data.entries()) {
    if (word < 0n || word >= FIELD_ORDER) throw new RangeError(`word ${index} = ${word} is not a field element`);
  }
  return data;
}

/** C: Poseidon sponge over d; `hash` is H_16. */
export function commitmentOf(tier: Tier, data: readonly bigint[], hash: Poseidon): bigint {
  const absorption = absorb(tier, data, hash);
  for (;;) {
    const { value, done } = absorption.next();
    if (done) return value;
  }
}

/** {@link commitmentOf}, giving way after every hash. */
export function* absorb(tier: Tier, data: readonly bigint[], hash: Poseidon): Generator<void, bigint> {
  let state = TAG_SPONGE + BigInt(tier.id) + (BigInt(data.length) << 16n);
  for (let start = 0; start < data.length; start += SPONGE_RATE) {
    const block: bigint[] = new Array(SPONGE_RATE).fill(0n);
    block.splice(0, Math.min(SPONGE_RATE, data.length - start), ...data.slice(start, start + SPONGE_RATE));
    state = hash([state, ...block]);
    yield;
  }
  return state;
}

/** z: hashed from everything, on this chain and for this exchange, so that nothing can be chosen after it is known. */
export function challengeOf(
  chainId: number | bigint,
  exchange: string,
  tier: Tier,
  commitment: bigint,
  data: readonly bigint[],
): bigint {
  const words = [
    TAG_CHALLENGE,
    BigInt(chainId),
    addressNumber(exchange),
    BigInt(tier.id),
    BigInt(data.length),
    commitment,
    ...data,
  ];
  return bytesToNumberBE(keccak_256(concatBytes(...words.map(abiWord)))) % FIELD_ORDER;
}

/** y = Σ dᵢ·zⁱ mod r. */
export function evaluate(data: readonly bigint[], z: bigint): bigint {
  let y = 0n;
  for (let i = data.length - 1; i >= 0; i--) y = (y * z + (data[i] as bigint)) % FIELD_ORDER;
  return y;
}
