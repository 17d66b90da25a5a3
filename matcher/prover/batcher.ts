import type { AccountLeaf } from "../protocol/account.ts";
import { GENESIS_FUNDING_DIGEST } from "../protocol/funding-interval.ts";
import { consumedEntries } from "../protocol/queue-chain.ts";
import type { Poseidon } from "../protocol/signing-poseidon.ts";
import { MARKETS, type Tier } from "../protocol/spec.ts";
import { AccountStore } from "../state/account-store.ts";
import { type BatchCounts, type BatchRefusal, fitsTier } from "../state/batch-parts.ts";
import type { Ledger } from "../state/ledger.ts";
import { OpenBatch } from "../state/open-batch.ts";
import type { EpochStep, Step } from "../state/step.ts";
import type { BatchTrace, RequestTrace } from "../state/trace.ts";
import { type ClosedBatch, ClosedBatches } from "./closed-batches.ts";

export interface BatcherOptions {
  hash: Poseidon;
  /** Domain of signed messages. */
  domain: bigint;
  /** Tiers that may be used. Each must hold every single step: a fill has two rows, a liquidation the fund and two more accounts. */
  tiers: readonly Tier[];
}

/** Where a batcher stands between two batches: with a ledger's state, all that it needs to go on. */
export interface BatcherPosition {
  /** Number of the last batch cut; 0 before the first. */
  batchNumber: number;
  /** Whether the epoch has a batch already. */
  epochHasBatch: boolean;
  journalHead: bigint;
  /** Of the epoch in force. */
  fundingDigest: bigint;
}

const GENESIS: BatcherPosition = {
  batchNumber: 0,
  epochHasBatch: false,
  journalHead: 0n,
  fundingDigest: GENESIS_FUNDING_DIGEST,
};

/** A step that no batch can hold. The ledger lets none through, so this is a bug, never a user's mistake. */
export class UnprovableStep extends Error {
  readonly step: Step;
  readonly refusal: BatchRefusal;
  constructor(step: Step, refusal: BatchRefusal) {
    super(`a ${step.kind} is not valid in an empty batch: ${refusal}`);
    this.name = "UnprovableStep";
    this.step = step;
    this.refusal = refusal;
  }
}

/**
 * Turns the ledger's ordered steps into batches. A batch is cut before a step that would make it invalid or too large, at every
 * change of epoch, behind a request, and when {@link cut} is called. All sides of a fill, a liquidation or a deleveraging always share a
 * batch, and so does all that a request's step does.
 *
 * {@link take} and {@link close} hash nothing; {@link push} and {@link cut} are the same for whoever wants the trace at once.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  /** Smallest first. */
  readonly #tiers: readonly Tier[];
  /** How many of them, from the smallest on, a batch may grow into. */
  #tiersInUse: number;
  readonly #closed: ClosedBatches;
  #open: OpenBatch | undefined;
  #epochHasBatch: boolean;
  #batchNumber: number;
  #queueCursor: number;
  #journalHead: bigint;
  #fundingDigest: bigint;

  /**
   * @param ledger a ledger that has applied exactly the steps of the batches cut so far; none at genesis
   * @throws RangeError for a tier that cannot hold every single step
   */
  constructor(options: BatcherOptions, ledger?: Ledger, position: BatcherPosition = GENESIS) {
    if (options.tiers.length === 0) throw new RangeError("a batcher needs at least one tier");
    for (const { name, rows, accounts, queue, withdrawals, liquidations } of options.tiers) {
      if (rows < 2 || accounts < 3 || queue < 1 || withdrawals < 1 || liquidations < 1)
        throw new RangeError(`tier ${name} cannot hold every step`);
    }
    this.#options = options;
    this.#tiers = [...options.tiers].sort((a, b) => a.rows - b.rows || a.accounts - b.accounts);
    this.#tiersInUse = this.#tiers.length;
    const store = new AccountStore(options.hash);
    this.#closed = new ClosedBatches(store);
    this.#batchNumber = position.batchNumber;
    this.#epochHasBatch = position.epochHasBatch;
    this.#journalHead = position.journalHead;
    this.#fundingDigest = position.fundingDigest;
    this.#queueCursor = ledger?.shared.queueCursor ?? 0;
    if (ledger !== undefined) {
      store.load(ledger.entries());
      const { epoch, grossOpenInterestLots, insuranceSpentPicoUsd } = ledger.shared;
      if (epoch !== undefined) {
        this.#open = OpenBatch.ofEpoch(epoch, this.#closed, grossOpenInterestLots, insuranceSpentPicoUsd);
      }
    }
  }

  /** An account's leaf after the last cut batch. @throws RangeError for one that was not there */
  leaf(account: number): AccountLeaf {
    return this.#closed.finished().leaf(account);
  }

  /** Account root after the last cut batch. */
  get root(): bigint {
    return this.#closed.finished().root;
  }

  /** What the open batch holds so far. */
  get counts(): BatchCounts {
    return this.#open?.counts ?? { rows: 0, accounts: 0, queue: 0, withdrawals: 0, liquidations: 0 };
  }

  /** The position to resume from. Meaningful only when the open batch is empty. */
  get position(): BatcherPosition {
    return {
      batchNumber: this.#batchNumber,
      epochHasBatch: this.#epochHasBatch,
      journalHead: this.#journalHead,
      fundingDigest: this.#fundingDigest,
    };
  }

  /**
   * Takes the next step.
   * @param journalHead head of the command hash chain after the command that led to the step; published with the batch
   * @returns the batch that had to be cut before the step, if any
   * @throws UnprovableStep for a step that is not valid even in an empty batch; the open batch is lost then
   */
  take(step: Step, journalHead: bigint = this.#journalHead): ClosedBatch | undefined {
    const closed = step.kind === "epoch" ? this.#openEpoch(step) : this.#take(step);
    this.#journalHead = journalHead;
    return closed;
  }

  /** {@link take}, with everything hashed. */
  push(step: Step, journalHead?: bigint): BatchTrace | undefined {
    return this.take(step, journalHead)?.trace;
  }

  /**
   * Whether batches may grow beyond the smallest tier: worth it under load, while a small proof is done sooner. A batch that has
   * outgrown it already is cut before the next step.
   */
  grow(beyondSmallest: boolean): void {
    this.#tiersInUse = beyondSmallest ? this.#tiers.length : 1;
  }

  /** {@link close}, with everything hashed. */
  cut(): BatchTrace | undefined {
    return this.close()?.trace;
  }

  /** Closes the open batch now, unless it is empty. */
  close(): ClosedBatch | undefined {
    return this.#open === undefined || this.#open.isEmpty ? undefined : this.#close(this.#open);
  }

  #take(step: Exclude<Step, EpochStep>): ClosedBatch | undefined {
    if (this.#open === undefined) throw new Error(`a ${step.kind} before the first epoch`);
    const tiers = this.#tiers.slice(0, this.#tiersInUse);
    // What a request takes at once was measured by the largest tier, and every tier would do for the rest of it.
    const usable = step.kind === "request" ? this.#tiers : tiers;
    const fits = (counts: BatchCounts) => usable.some((tier) => fitsTier(counts, tier));
    if (this.#open.tryApply(step, fits) === undefined) return undefined;
    const closed = this.close();
    const refusal = this.#open.tryApply(step, fits);
    if (refusal !== undefined) throw new UnprovableStep(step, refusal);
    return closed;
  }

  /** Every epoch has at least one batch, empty if need be: the contract does not skip epochs. */
  #openEpoch({ epoch, fundingDigest }: EpochStep): ClosedBatch | undefined {
    const old = this.#open;
    const expected = (old?.terms.epoch.number ?? 0) + 1;
    if (epoch.number !== expected) throw new RangeError(`epoch ${epoch.number} follows, not ${expected}`);
    const closed = old === undefined || (old.isEmpty && this.#epochHasBatch) ? undefined : this.#close(old);
    const gross = this.#open?.grossOpenInterestBeforeLots ?? new Array<bigint>(MARKETS).fill(0n);
    this.#open = OpenBatch.ofEpoch(epoch, this.#closed, gross);
    this.#epochHasBatch = false;
    this.#fundingDigest = fundingDigest;
    return closed;
  }

  #smallestTier(counts: BatchCounts): Tier | undefined {
    return this.#tiers.find((tier) => fitsTier(counts, tier));
  }

  #close(batch: OpenBatch): ClosedBatch {
    const queue = batch.queue();
    const request = requestTrace(batch);
    const grossOpenInterestAfterLots = batch.grossOpenInterestAfterLots();
    const next = batch.next();
    const closed = this.#closed.add(batch, {
      tier: this.#smallestTier(batch.counts) as Tier,
      domain: this.#options.domain,
      batchNumber: this.#batchNumber + 1,
      epoch: batch.terms.epoch,
      queueCursor: this.#queueCursor,
      queue,
      ...(request === undefined ? {} : { request }),
      journalHead: this.#journalHead,
      fundingDigest: this.#fundingDigest,
      grossOpenInterestBeforeLots: batch.grossOpenInterestBeforeLots.slice(),
      grossOpenInterestAfterLots,
      insuranceSpentBeforePicoUsd: batch.insuranceSpentBeforePicoUsd,
      insuranceSpentAfterPicoUsd: batch.insuranceSpentAfterPicoUsd,
    });
    this.#batchNumber++;
    this.#queueCursor += consumedEntries(queue, request).length;
    this.#epochHasBatch = true;
    this.#open = next;
    return closed;
  }
}

function requestTrace(batch: OpenBatch): RequestTrace | undefined {
  const request = batch.request();
  if (request === undefined) return undefined;
  const accountSlot = batch.accounts().findIndex(({ account }) => account === request.entry.account);
  return { ...request, accountSlot };
}
