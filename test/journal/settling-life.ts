import { ConditionalRecords } from "../../matcher/api/conditional-records.ts";
import { EntryValues } from "../../matcher/api/entry-values.ts";
import { settleBatchesCall } from "../../matcher/chain/settle-call.ts";
import { SettlementLine } from "../../matcher/chain/settlement-line.ts";
import { ExchangeJournal } from "../../matcher/exchange-journal.ts";
import { ExchangeRestart, noteFinal, SNAPSHOT_PARTS } from "../../matcher/exchange-restart.ts";
import type { JournalIdentity } from "../../matcher/journal/journal-identity.ts";
import { L1Follower } from "../../matcher/l1-follower.ts";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS } from "../../matcher/protocol/devnet-markets.ts";
import type { ProvenBatch } from "../../matcher/protocol/proven-batch.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { ProofPipeline } from "../../matcher/prover/pipeline.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import type { SignatureVerifier } from "../../matcher/sequencer/verify-pool.ts";
import { SettledHistory } from "../../matcher/settled-history.ts";
import { largestTier } from "../../matcher/state/batch-parts.ts";
import { InstantProver } from "../prover/instant-prover.ts";
import { CHAIN_ID, DOMAIN, EXCHANGE, FUNDING } from "../sequencer/exchange-fixture.ts";
import type { CrashDisk } from "./crash-disk.ts";
import { IDENTITY } from "./identity.ts";
import type { ModelChain } from "./model-chain.ts";

export const TERMS = { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING };

/** Signatures are no matter here. */
export const trusting: SignatureVerifier = {
  verify: async () => ({ signed: true, messageHash: 0n }),
  close: async () => {},
};

export interface LifeOptions {
  readonly disk: CrashDisk;
  readonly chain: ModelChain;
  readonly hash: Poseidon;
  readonly nowMs: () => number;
  readonly everyCommands?: number;
  readonly confirmations?: number;
  readonly directory?: string;
  readonly identity?: JournalIdentity;
}

/** One life of an exchange that settles its batches on a chain, put together as the matcher is. */
export class SettlingLife {
  readonly sequencer: Sequencer;
  readonly pipeline: ProofPipeline;
  readonly follower: L1Follower;
  readonly entries: EntryValues;
  readonly journal: ExchangeJournal;
  readonly halts: string[];
  readonly notices: string[];

  private constructor(parts: Omit<SettlingLife, "give" | "rest" | "close">) {
    this.sequencer = parts.sequencer;
    this.pipeline = parts.pipeline;
    this.follower = parts.follower;
    this.entries = parts.entries;
    this.journal = parts.journal;
    this.halts = parts.halts;
    this.notices = parts.notices;
  }

  static async start(options: LifeOptions): Promise<SettlingLife> {
    const {
      disk,
      chain,
      hash,
      nowMs,
      everyCommands = 12,
      confirmations = 0,
      directory = "journal",
      identity = IDENTITY,
    } = options;
    const halts: string[] = [];
    const notices: string[] = [];
    const provider = chain.provider();
    const calls = new Map<string, ProvenBatch>();
    const line = chain.line(
      (data) => calls.get(data) as ProvenBatch,
      (report) => pipeline.halt(report),
    );
    const onNotice = (sentence: string) => notices.push(sentence);
    const journal = await ExchangeJournal.open({
      ...{ directory, identity, parts: SNAPSHOT_PARTS, segmentBytes: 4_000, files: disk },
      ...{ everyCommands, onNotice },
    });
    const settled = await SettledHistory.read(provider, EXCHANGE, 1, confirmations, journal.batches);
    const restart = ExchangeRestart.of(journal, settled, provider, { exchange: EXCHANGE, onNotice });
    const state = restart.begin(TERMS);
    const sequencer = new Sequencer({ state, verifier: trusting, log: journal.log, nowMs });
    const batcherOptions = { hash, domain: DOMAIN, tiers: TIERS.filter(({ name }) => name !== "test") };
    const batcher = restart.batcher(batcherOptions, state);
    await restart.restoreFinality(sequencer.finality, batcher);
    const settlement = new SettlementLine(line, EXCHANGE, restart.firstBatch, restart.earlier);
    const pipelineOptions = {
      ...{ batcher, hash, chainId: CHAIN_ID, exchange: EXCHANGE, provers: [new InstantProver()] },
      ...{ cutAfterMs: 1, growFromQueued: 2 },
      settle: (batch: ProvenBatch) => {
        calls.set(settleBatchesCall([batch]), batch);
        return settlement.settle(batch);
      },
      noteCut: (cut: Parameters<typeof journal.batches.cut>[0]) => journal.batches.cut(cut),
      onProgress: (
        ...[progress, batch]: Parameters<NonNullable<ConstructorParameters<typeof ProofPipeline>[0]["onProgress"]>>
      ) => {
        if (progress.state !== "final") return;
        noteFinal(restart, sequencer.finality, progress, batch).catch((error: Error) => pipeline.halt(error.message));
      },
      onHalt: (report: string) => halts.push(report),
    };
    const pipeline: ProofPipeline = new ProofPipeline(pipelineOptions, restart.pipelineStart);
    sequencer.onDurable((accepted) => pipeline.push(accepted.steps));
    const follower = new L1Follower(sequencer, largestTier(TIERS));
    const entries = new EntryValues((account, market) => state.ledger.positionLots(account, market));
    journal.snapshots.register(entries.part());
    sequencer.onAccepted((accepted) => entries.record(accepted));
    const conditionals = new ConditionalRecords(state);
    journal.snapshots.register(conditionals.part());
    sequencer.onDurable((accepted, command) => conditionals.record(accepted, command));
    await restart.replay(sequencer, pipeline, follower);
    // As the watcher does from the first block on.
    for (const event of chain.events) follower.take(event);
    return new SettlingLife({ sequencer, pipeline, follower, entries, journal, halts, notices });
  }

  /** Gives a command as it would come: from L1, from a client, from the host. Refusals are no matter. */
  give(command: Command, chain: ModelChain): void {
    try {
      if (command.type === "epoch") this.follower.take(chain.openEpoch(command.epoch));
      else if (command.type === "queue") this.follower.take(chain.addEntry(command.entry));
      else if (command.type !== "message") this.sequencer.apply(command);
      else {
        const { message, settle, clientId } = command;
        this.sequencer.submit(message, { settle, clientId }).catch(() => {});
      }
    } catch (error) {
      if (this.sequencer.halt === null && !(error instanceof RangeError)) throw error;
    }
  }

  /** Waits until everything is durable and every batch is settled. */
  async rest(): Promise<void> {
    // Messages that were given a moment ago are accepted then.
    await new Promise((wake) => setImmediate(wake));
    await this.sequencer.durable();
    this.pipeline.cut();
    for (;;) {
      const { openSteps, queued, proving, settling, state } = this.pipeline.status();
      if (state !== "running" || queued + proving + settling === 0) return;
      if (openSteps > 0) this.pipeline.cut();
      await new Promise((wake) => setTimeout(wake, 1));
    }
  }

  async close(): Promise<void> {
    await this.pipeline.stop();
    await this.journal.close();
  }
}
