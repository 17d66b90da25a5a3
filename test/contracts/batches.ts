import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import { epochRecord, type OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { openInterestWords } from "../../matcher/protocol/lane-words.ts";
import { pack } from "../../matcher/protocol/packing.ts";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import {
  type BatchData,
  challengeOf,
  commitmentOf,
  evaluate,
  insuranceSpentBeforePicoUsd,
  publicData,
} from "../../matcher/protocol/public-data.ts";
import {
  type ChainedEntry,
  consumedEntries,
  queueEntryWords,
  type RequestOutcome,
} from "../../matcher/protocol/queue-chain.ts";
import { advanceSharedState } from "../../matcher/protocol/shared-state.ts";
import { dataLayout, REQUEST_OUTCOME, tierById, WITHDRAWAL_WORD } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";
import { mined } from "./chain.ts";
import { as, type World } from "./exchange-world.ts";

export interface Batch extends BatchData {
  epoch: OpenedEpoch;
}

export interface BatchTerms {
  tier?: number;
  epoch?: OpenedEpoch;
  queueCount?: number;
  /** Of the entry behind those. */
  requestOutcome?: RequestOutcome;
  /** What a forced exit pays. */
  exitPayout?: { owner: string; amountMicroUsd: bigint };
  withdrawals?: { owner: string; amountMicroUsd: bigint }[];
  feeDeltaPicoUsd?: bigint;
  /** As before the batch unless told otherwise: the fund paid nothing. */
  insuranceSpentAfterPicoUsd?: bigint;
  grossOpenInterestAfterLots?: bigint[];
  seed?: string;
}

/** A batch that fits the chain's present state; what the circuit would decide is random. */
export function batchOf(world: World, terms: BatchTerms = {}): Batch {
  const { model } = world;
  const random = new Seeded(terms.seed ?? `batch ${model.sharedState.batchNumber}`);
  const tier = tierById(terms.tier ?? 1);
  const epoch = terms.epoch ?? model.epochs.at(-1);
  if (epoch === undefined) throw new Error("open an epoch first");
  const cursor = model.sharedState.queueCursor;
  const queue = model.queue.slice(cursor, cursor + (terms.queueCount ?? 0));
  const layout = dataLayout(tier);
  const withdrawals = Array.from({ length: tier.withdrawals }, (_, index) => {
    const withdrawal = terms.withdrawals?.[index];
    if (withdrawal === undefined) return 0n;
    return pack(WITHDRAWAL_WORD, { owner: BigInt(withdrawal.owner), amountMicroUsd: withdrawal.amountMicroUsd });
  });
  const paid = terms.exitPayout;
  const exitPayout =
    paid === undefined ? 0n : pack(WITHDRAWAL_WORD, { owner: BigInt(paid.owner), amountMicroUsd: paid.amountMicroUsd });
  const rest = Array.from({ length: layout.length - layout.rows }, () => random.field());
  const entry = model.queue[cursor + queue.length];
  if (terms.requestOutcome !== undefined && entry === undefined) throw new Error("nothing waits behind the entries");
  return {
    tier,
    domain: world.domain,
    sharedState: model.sharedState,
    epoch,
    queue,
    ...(terms.requestOutcome === undefined || entry === undefined
      ? {}
      : { request: { entry, outcome: terms.requestOutcome } }),
    newRoot: random.field(),
    journalHead: random.field(),
    fundingDigest: 0n,
    feeDeltaPicoUsd: terms.feeDeltaPicoUsd ?? BigInt(random.integer(1_000_000_000)),
    insuranceSpentAfterPicoUsd:
      terms.insuranceSpentAfterPicoUsd ?? insuranceSpentBeforePicoUsd({ epoch, sharedState: model.sharedState }),
    grossOpenInterestAfterLots:
      terms.grossOpenInterestAfterLots ?? epoch.markets.map(() => BigInt(random.integer(2 ** 40))),
    bodyWords: [...withdrawals, exitPayout, ...rest],
  };
}

export interface PublicInputs {
  commitment: bigint;
  z: bigint;
  y: bigint;
}

export function publicInputsOf(world: World, batch: BatchData): PublicInputs {
  const data = publicData(batch);
  const commitment = commitmentOf(batch.tier, data, poseidon);
  const z = challengeOf(world.chainId, world.address, batch.tier, commitment, data);
  return { commitment, z, y: evaluate(data, z) };
}

export function entryArgument(entry: ChainedEntry) {
  const [head = 0n, owner = 0n, ax = 0n, ay = 0n] = queueEntryWords(entry);
  return { head, owner: `0x${owner.toString(16).padStart(40, "0")}`, ax, ay };
}

const NO_ENTRY: ReturnType<typeof entryArgument> = { head: 0n, owner: `0x${"0".repeat(40)}`, ax: 0n, ay: 0n };

/** The batch as `settleBatch` takes it. */
export function batchInput(batch: Batch, commitment: bigint) {
  return {
    tier: batch.tier.id,
    sharedState: structuredClone(batch.sharedState),
    epoch: epochRecord(batch.epoch),
    queueEntries: batch.queue.map(entryArgument),
    request: batch.request === undefined ? NO_ENTRY : entryArgument(batch.request.entry),
    requestOutcome: REQUEST_OUTCOME[batch.request?.outcome ?? "none"] as number,
    header: {
      newRoot: batch.newRoot,
      journalHead: batch.journalHead,
      fundingDigest: batch.fundingDigest,
      feeDeltaPicoUsd: batch.feeDeltaPicoUsd,
      insuranceSpentAfterPicoUsd: batch.insuranceSpentAfterPicoUsd,
      grossOpenInterestAfterWords: openInterestWords(batch.grossOpenInterestAfterLots),
    },
    bodyWords: [...batch.bodyWords],
    commitment,
    proof: {
      a: [1n, 2n],
      b: [
        [3n, 4n],
        [5n, 6n],
      ],
      c: [7n, 8n],
    },
  };
}

export type BatchArgument = ReturnType<typeof batchInput>;

/** Lets the tier's verifier accept this batch and nothing else, and gives the argument for it. */
export async function provenInput(world: World, batch: Batch): Promise<BatchArgument> {
  const { commitment, z, y } = publicInputsOf(world, batch);
  const verifier = world.verifiers[batch.tier.id];
  if (verifier === undefined) throw new Error(`no verifier for tier ${batch.tier.id}`);
  await mined(verifier.expectInputs([commitment, z, y]));
  return batchInput(batch, commitment);
}

/** Sends a batch; the promise rejects with what the contract reverts with. */
export function sendBatch(world: World, argument: BatchArgument): Promise<ContractTransactionResponse> {
  return as(world, world.operator).settleBatch(argument);
}

/** Settles a batch that fits, and follows it in the model. */
export async function settle(world: World, terms: BatchTerms = {}): Promise<ContractTransactionReceipt> {
  const batch = batchOf(world, terms);
  const receipt = await mined(sendBatch(world, await provenInput(world, batch)));
  follow(world, batch);
  return receipt;
}

/** What the model holds after the batch. */
export function follow(world: World, batch: Batch): void {
  const queueCount = consumedEntries(batch.queue, batch.request).length;
  const cursorAfter = batch.sharedState.queueCursor + queueCount;
  const queueHash = world.model.queueHashes[cursorAfter];
  if (queueHash === undefined) throw new Error("the model's queue is shorter than the batch's");
  world.model.sharedState = advanceSharedState(batch.sharedState, {
    newRoot: batch.newRoot,
    epochNumber: batch.epoch.number,
    queueCount,
    queueHash,
    grossOpenInterestAfterLots: batch.grossOpenInterestAfterLots,
    insuranceSpentAfterPicoUsd: batch.insuranceSpentAfterPicoUsd,
    feeDeltaPicoUsd: batch.feeDeltaPicoUsd,
  });
}
