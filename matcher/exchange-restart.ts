import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "./chain/deployment.ts";
import type { EarlierBatches } from "./chain/settlement-line.ts";
import type { TransactionLine } from "./chain/transaction-line.ts";
import { exchangeIdentity } from "./exchange-identity.ts";
import { ExchangeJournal } from "./exchange-journal.ts";
import { JournalLock } from "./journal/journal-lock.ts";
import type { L1Follower } from "./l1-follower.ts";
import type { BatchProgress } from "./prover/batch-progress.ts";
import { Batcher, type BatcherOptions } from "./prover/batcher.ts";
import type { CutBatch, PipelineStart, ProofPipeline, SettledAt } from "./prover/pipeline.ts";
import {
  GENESIS_POSITION,
  type PipelinePosition,
  positionFromJson,
  positionToJson,
} from "./prover/pipeline-position.ts";
import type { ExchangeState, ExchangeTerms } from "./sequencer/exchange-state.ts";
import type { Finality } from "./sequencer/finality.ts";
import type { Sequencer } from "./sequencer/sequencer.ts";
import { SettledHistory } from "./settled-history.ts";

/** Everything that a snapshot has beside the exchange's own state, by the names under which it registers. */
export const SNAPSHOT_PARTS = ["pipeline", "l1", "entry-values", "conditional-records"] as const;
const PIPELINE_PART = SNAPSHOT_PARTS[0];

export interface RestartOptions {
  readonly directory: string;
  readonly deployment: Deployment;
  readonly circuitsDir: string;
  readonly confirmations: number;
  readonly everyCommands?: number | undefined;
  readonly onNotice?: ((sentence: string) => void) | undefined;
}

/**
 * A start from a journal, in the order in which its parts are made: what L1 has settled decides from where on batches are made again,
 * the snapshot from there gives the state, the rest of the journal gives everything else, and L1 must agree with the outcome.
 */
export class ExchangeRestart {
  readonly journal: ExchangeJournal;
  readonly #about: Parameters<typeof ExchangeRestart.of>[3];
  readonly #provider: JsonRpcProvider;
  readonly #settled: SettledHistory;
  #position: PipelinePosition = GENESIS_POSITION;

  private constructor(
    journal: ExchangeJournal,
    settled: SettledHistory,
    provider: JsonRpcProvider,
    about: Parameters<typeof ExchangeRestart.of>[3],
  ) {
    this.journal = journal;
    this.#settled = settled;
    this.#provider = provider;
    this.#about = about;
  }

  /** Opens or begins the journal. @throws JournalDamaged, JournalForeign, SettledOtherwise; what the file system or L1 says */
  static async open(
    provider: JsonRpcProvider,
    line: TransactionLine,
    terms: ExchangeTerms,
    options: RestartOptions,
  ): Promise<ExchangeRestart> {
    const { directory, deployment, circuitsDir, confirmations, everyCommands, onNotice } = options;
    const { exchange, firstBlock } = deployment;
    const identity = await exchangeIdentity(provider, deployment, circuitsDir, terms);
    const lock = JournalLock.take(directory);
    const opening = ExchangeJournal.open({
      directory,
      identity,
      parts: SNAPSHOT_PARTS,
      ...(everyCommands === undefined ? {} : { everyCommands }),
      ...(onNotice === undefined ? {} : { onNotice }),
    });
    const journal = await opening.catch((error) => {
      lock.release();
      throw error;
    });
    journal.onClose(() => lock.release());
    try {
      await line.quiet();
      const settled = await SettledHistory.read(provider, exchange, firstBlock, confirmations, journal.batches);
      return ExchangeRestart.of(journal, settled, provider, { exchange, onNotice });
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  /** With a journal that is open and what L1 has settled. */
  static of(
    journal: ExchangeJournal,
    settled: SettledHistory,
    provider: JsonRpcProvider,
    about: { readonly exchange: string; readonly onNotice?: ((sentence: string) => void) | undefined },
  ): ExchangeRestart {
    return new ExchangeRestart(journal, settled, provider, about);
  }

  /** The state to begin with. */
  begin(terms: ExchangeTerms): ExchangeState {
    const state = this.journal.begin(terms, this.#settled.finalBatch);
    const [position] = this.journal.foundPart(PIPELINE_PART) ?? [];
    if (position !== undefined) this.#position = positionFromJson(position);
    return state;
  }

  /** A batcher behind the last batch that {@link begin}'s state has in it. */
  batcher(options: BatcherOptions, { ledger }: ExchangeState): Batcher {
    const { batcher } = this.#position;
    return batcher.batchNumber === 0 && this.#position.lastStep === 0
      ? new Batcher(options)
      : new Batcher(options, ledger, batcher);
  }

  /** Batches up to that one are proven and known. What the log did not know of them yet it knows afterwards. */
  async restoreFinality(finality: Finality, batcher: Batcher): Promise<void> {
    const { batchNumber: last } = this.#position.batcher;
    const { batches } = this.journal;
    const touchedBy = Map.groupBy(this.#position.touched, ([, batchNumber]) => batchNumber);
    let first = 1;
    for (const { batchNumber, lastStep, tier } of batches.cuts.slice(0, last)) {
      const { hash: txHash, blockNumber, gasUsed } = this.#settled.placeOf(batchNumber) as SettledAt;
      const known = batches.finalOf(batchNumber);
      const accounts = (touchedBy.get(batchNumber) ?? []).map(([account]) => ({
        account,
        leaf: batcher.leaf(account),
      }));
      const details = known?.details ?? { tier, blockNumber, gasUsed: Number(gasUsed) };
      finality.markProven(batchNumber, txHash, { first, last: lastStep }, { ...known, details, accounts });
      const provenAtMs = finality.latest(1)[0]?.provenAtMs ?? 0;
      await batches.final({ batchNumber, txHash, blockNumber, gasUsed: Number(gasUsed), provenAtMs, details });
      first = lastStep + 1;
    }
    if (last > 0) this.#settled.compare(last, { ...this.#position.sharedState, accountRoot: batcher.root });
  }

  get pipelineStart(): PipelineStart {
    return {
      position: this.#position,
      cuts: this.journal.batches.cuts.slice(this.#position.batcher.batchNumber),
      finalAt: (cut) => this.#settled.finalAt(cut),
    };
  }

  /** Number of the first batch that is to be settled. */
  get firstBatch(): number {
    return this.#settled.finalBatch + 1;
  }

  get earlier(): EarlierBatches {
    return { provider: this.#provider, fromBlock: this.#settled.fromBlock };
  }

  /** Executes the rest of the journal, and compares everything with L1. Nothing new may have come before. @throws Error when they differ */
  async replay(
    sequencer: Sequencer,
    pipeline: ProofPipeline,
    follower: L1Follower,
    onHeld?: (record: Uint8Array) => void,
  ): Promise<void> {
    const { journal } = this;
    const { snapshots } = journal;
    snapshots.register({
      name: PIPELINE_PART,
      moment: "durable",
      take: () => [positionToJson(pipeline.position())],
      restore: () => {},
    });
    snapshots.register(follower.part());
    snapshots.follow({ cut: () => pipeline.cutBatch, final: () => sequencer.finality.batchCount });
    const { snapshotCommand, replayed, lastCommand } = await journal.replay(sequencer, onHeld);
    pipeline.endReplay();
    this.#settled.checkEnd();
    await follower.check(this.#provider, this.#about.exchange);
    const { finalBatch } = this.#settled;
    const { epochNumber } = sequencer.state;
    if (lastCommand === 0 && finalBatch === 0) return;
    this.#about.onNotice?.(
      `Restored ${lastCommand} commands through epoch ${epochNumber} (snapshot of command ${snapshotCommand}, ${replayed} replayed); ` +
        `${finalBatch} batches are final, ${pipeline.cutBatch - finalBatch} are proven again.`,
    );
  }
}

/** What is remembered of a batch that has become final. */
export function noteFinal(
  restart: ExchangeRestart | undefined,
  finality: Finality,
  { batchNumber, steps, state: _, txHash = "", ...details }: BatchProgress,
  { trace }: CutBatch,
): Promise<void> {
  const batches = restart?.journal.batches;
  const known = batches?.finalOf(batchNumber);
  const accounts = trace.accounts.map(({ account, after }) => ({ account, leaf: after }));
  finality.markProven(batchNumber, txHash, steps, { details: { ...details }, ...known, accounts });
  const { blockNumber = 0, gasUsed = 0 } = details;
  const provenAtMs = finality.latest(1)[0]?.provenAtMs ?? 0;
  const final = { batchNumber, txHash, blockNumber, gasUsed, provenAtMs, details: { ...details } };
  return batches?.final(final) ?? Promise.resolve();
}
