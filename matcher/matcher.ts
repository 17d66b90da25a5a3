import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { ApiOptions } from "./api/exchange-access.ts";
import { History } from "./api/history.ts";
import { loadPage } from "./api/page-files.ts";
import { createApi } from "./api/server.ts";
import type { Deployment } from "./chain/deployment.ts";
import { DepositGate } from "./chain/deposit-gate.ts";
import type { EpochCadence } from "./chain/epoch-cadence.ts";
import { EpochOpener } from "./chain/epoch-opener.ts";
import { L1Watcher } from "./chain/l1-watcher.ts";
import { SettlementLine } from "./chain/settlement-line.ts";
import { TransactionLine } from "./chain/transaction-line.ts";
import { chainStatusOf } from "./chain-status.ts";
import { ConditionalClock } from "./conditional-clock.ts";
import { DeadMansClock } from "./dead-mans-clock.ts";
import { ExchangeRestart, noteFinal } from "./exchange-restart.ts";
import { exchangeTerms } from "./exchange-terms.ts";
import { FundingClock } from "./funding-clock.ts";
import { accessL1 } from "./l1-access.ts";
import { L1Follower } from "./l1-follower.ts";
import { LiquidationClock } from "./liquidation-clock.ts";
import { Operations } from "./ops/operations.ts";
import type { LeftOver } from "./ops/shutdown.ts";
import { ReportEndpoint } from "./oracle/report-endpoint.ts";
import { RoundCollector } from "./oracle/round-collector.ts";
import { DEVNET_MARKETS } from "./protocol/devnet-markets.ts";
import { MARKETS, type Tier } from "./protocol/spec.ts";
import type { BatchProgress } from "./prover/batch-progress.ts";
import { Batcher } from "./prover/batcher.ts";
import { type Prover, startProver } from "./prover/groth16/prover.ts";
import { type PipelineOptions, ProofPipeline } from "./prover/pipeline.ts";
import { Backlog } from "./sequencer/backlog.ts";
import { type CommandLog, NoLog } from "./sequencer/command-log.ts";
import { ExchangeState } from "./sequencer/exchange-state.ts";
import { Finality } from "./sequencer/finality.ts";
import type { Accepted } from "./sequencer/outcome.ts";
import { ReceiptBook } from "./sequencer/receipt-book.ts";
import { ReceiptSigner } from "./sequencer/receipt-signer.ts";
import { Sequencer } from "./sequencer/sequencer.ts";
import { VerifyPool } from "./sequencer/verify-pool.ts";
import { largestTier } from "./state/batch-parts.ts";
import { buildFastPoseidon } from "./state/fast-poseidon.ts";

/** How long a price round with enough reports waits for the other signers'. */
const REPORT_GRACE_MS = 500;

export interface MatcherOptions {
  readonly deployment: Deployment;
  /** Private key of the deployment's operator. */
  readonly operatorKey: string;
  /** Private key that receipts are signed with, and nothing else. */
  readonly receiptsKey: string;
  /** Folder with a folder per tier. */
  readonly circuitsDir: string;
  /** Folder of the trading page; without one, or when it is not there, the API serves none. */
  readonly pagePath?: string;
  readonly tiers: readonly Tier[];
  /** Public API; 0 for any free port. */
  readonly port: number;
  /** Door for price reports; 0 for any free port. */
  readonly operatorPort: number;
  readonly confirmations: number;
  readonly provers: number;
  readonly proverThreads?: number;
  /** How far the provers give way to others, 0 to 19; always (19) unless told otherwise. */
  readonly proverNiceness?: number;
  readonly cutAfterMs: number;
  /** Batches that wait for a prover before larger tiers are used. */
  readonly growFromQueued: number;
  readonly cadence: EpochCadence;
  /** The interest part of funding, ppm of the price in eight hours, signed; the devnet's unless told otherwise. */
  readonly interest8hPpm?: number;
  /** Folder for commands, batches and snapshots: a start goes on where it ends. Without it nothing is kept. */
  readonly journalPath?: string;
  /** File for orders, fills, payments and candles of the past; in the journal's folder unless told otherwise. */
  readonly historyPath?: string;
  /** A snapshot is taken after so many commands. */
  readonly snapshotEveryCommands?: number;
  readonly unprovenRowsMax?: number;
  /** Threads that check signatures; see VerifyPool for how many there are unless told otherwise. */
  readonly verifyThreads?: number;
  /** Who may ask from where; see ApiOptions. */
  readonly doors?: Pick<ApiOptions, "corsOrigins" | "trustedProxies">;
  /** Where proofs come from; processes of our own unless told otherwise. */
  readonly startProvers?: (options: MatcherOptions) => Promise<Prover[]>;
  /** How often L1 is asked, milliseconds. */
  readonly pollMs?: number;
  /** An epoch in force for longer makes the exchange not ready, milliseconds. */
  readonly staleEpochMs?: number;
  /** Told of everything that an operator would like to read. */
  readonly onAccepted?: (accepted: Accepted) => void;
  readonly onProgress?: (progress: BatchProgress) => void;
  readonly onNotice?: (sentence: string) => void;
  /** Told of requests that were answered with 500; without it they are notices. */
  readonly onDefect?: (stack: string, requestId: string) => void;
  /** Called once when settlement has stopped for good. The API goes on answering, so that the reason can be looked for. */
  readonly onHalt: (report: string) => void;
}

/** A running exchange: book, prover, settlement and API in one process, proofs and signatures in others. */
export class Matcher {
  readonly sequencer: Sequencer;
  readonly pipeline: ProofPipeline;
  readonly watcher: L1Watcher;
  readonly url: string;
  readonly operatorUrl: string;
  /** Clock, metrics, readiness. */
  readonly operations: Operations;
  readonly #provers: readonly Prover[];
  readonly #closers: (() => Promise<unknown>)[];

  private constructor(parts: Parts, closers: (() => Promise<unknown>)[]) {
    this.sequencer = parts.sequencer;
    this.pipeline = parts.pipeline;
    this.watcher = parts.watcher;
    this.url = parts.url;
    this.operatorUrl = parts.operatorUrl;
    this.operations = parts.operations;
    this.#provers = parts.provers;
    this.#closers = closers;
  }

  /** Connects to L1, starts the provers, opens the doors. @throws Error in one sentence when a part cannot be started. */
  static async start(options: MatcherOptions): Promise<Matcher> {
    const closers: (() => Promise<unknown>)[] = [];
    try {
      return await assemble(options, closers, (parts) => new Matcher(parts, closers));
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /** Processes that prove. A killed matcher cannot end them, and one in the middle of a proof notices late. */
  get proverProcessIds(): number[] {
    return this.#provers.flatMap(({ processId }) => (processId === undefined ? [] : [processId]));
  }

  /** Takes nothing new and finishes what it took; {@link stop} comes after it. */
  finish(settleGraceMs: number): Promise<LeftOver> {
    return this.operations.finish(settleGraceMs);
  }

  /** First no new work, then the line to L1, then the processes. */
  stop(): Promise<void> {
    return closeAll(this.#closers);
  }
}

async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(() => {});
}

async function startProvers(options: MatcherOptions): Promise<Prover[]> {
  const { circuitsDir, provers, proverThreads, proverNiceness } = options;
  const settings = {
    circuitsDir,
    ...(proverThreads === undefined ? {} : { threads: proverThreads }),
    ...(proverNiceness === undefined ? {} : { niceness: proverNiceness }),
  };
  return Promise.all(Array.from({ length: provers }, () => startProver(settings)));
}

type Parts = Pick<Matcher, "sequencer" | "pipeline" | "watcher" | "url" | "operatorUrl" | "operations"> & {
  readonly provers: readonly Prover[];
};

async function assemble(
  options: MatcherOptions,
  closers: (() => Promise<unknown>)[],
  make: (parts: Parts) => Matcher,
): Promise<Matcher> {
  const { deployment, confirmations, onNotice } = options;
  const { chainId, exchange } = deployment;
  const poll = options.pollMs === undefined ? {} : { pollMs: options.pollMs };

  // 1. L1, and that it is the one we are meant for.
  const { provider, wallet, domain, signers, threshold } = await accessL1(deployment, options.operatorKey);
  closers.push(async () => provider.destroy());
  // Whatever ends proofs or settlement ends the other, with the first report.
  const halt = (report: string) => {
    pipeline.halt(report);
  };
  const notice = onNotice === undefined ? {} : { onNotice };
  const line = new TransactionLine({ provider, wallet, chainId, confirmations, ...poll, onHalt: halt, ...notice });

  // 2. The exchange itself, and what is left of an earlier life.
  const { staleEpochMs } = options;
  const operations = new Operations({ staleEpochMs, onNotice });
  closers.push(async () => operations.close());
  const { nowMs } = operations.clock;
  const hash = await buildFastPoseidon();
  const { verifyThreads: threads } = options;
  const verifier = new VerifyPool({ domain, ...(threads === undefined ? {} : { threads }) });
  closers.push(() => verifier.close());
  const backlog = new Backlog(
    options.unprovenRowsMax === undefined ? {} : { unprovenRowsMax: options.unprovenRowsMax },
  );
  const { journalPath } = options;
  const terms = exchangeTerms(deployment, options.interest8hPpm);
  const restart =
    journalPath === undefined
      ? undefined
      : await ExchangeRestart.open(provider, line, terms, {
          ...{ directory: journalPath, deployment, confirmations, onNotice },
          ...{ circuitsDir: options.circuitsDir, everyCommands: options.snapshotEveryCommands },
        });
  const journal = restart?.journal;
  closers.push(async () => journal?.close());
  const state = restart?.begin(terms) ?? new ExchangeState(terms);
  const log: CommandLog = journal?.log ?? new NoLog();
  const sequencer = new Sequencer({ state, verifier, backlog, log, nowMs, finality: new Finality(nowMs) });
  const identity = `${chainId}:${exchange.toLowerCase()}`;
  const kept = journalPath === undefined ? undefined : join(journalPath, "history.db");
  const history = await History.open({ path: options.historyPath ?? kept, identity });
  closers.push(() => history.close());
  journal?.snapshots.beforeSnapshot((command) => history.flush(command));
  const receiptSigner = new ReceiptSigner({ chainId, exchange }, options.receiptsKey);
  closers.push(() => receiptSigner.close());
  const receipts = new ReceiptBook({ signer: receiptSigner });
  sequencer.onDurable((accepted) => receipts.record(accepted));

  // 3. Proofs and settlement.
  const settlement = new SettlementLine(line, exchange, restart?.firstBatch, restart?.earlier);
  const provers = await (options.startProvers ?? startProvers)(options);
  closers.push(() => Promise.all(provers.map((prover) => prover.close())));
  const batcherOptions = { hash, domain, tiers: options.tiers };
  const batcher = restart?.batcher(batcherOptions, state) ?? new Batcher(batcherOptions);
  await restart?.restoreFinality(sequencer.finality, batcher);
  const pipelineOptions: PipelineOptions = {
    batcher,
    hash,
    chainId,
    exchange,
    provers,
    cutAfterMs: options.cutAfterMs,
    growFromQueued: options.growFromQueued,
    settle: (batch) => settlement.settle(batch),
    ...(journal === undefined ? {} : { noteCut: (cut) => journal.batches.cut(cut) }),
    onProgress: (progress, batch) => {
      operations.progress(progress);
      const isFinal = progress.state === "final";
      if (isFinal) noteFinal(restart, sequencer.finality, progress, batch).catch((error: Error) => halt(error.message));
      options.onProgress?.(progress);
    },
    onHalt: options.onHalt,
  };
  const pipeline = new ProofPipeline(pipelineOptions, restart?.pipelineStart);
  sequencer.onDurable((accepted) => pipeline.push(accepted.steps));
  closers.push(() => line.stop());
  // Before the line: a batch that is not settled because we stop is no failure.
  closers.push(() => pipeline.stop());

  // 4. Epochs: opened with price rounds here, taken into force when L1 has confirmed them.
  const { fundingSchedule: schedule } = deployment;
  const fundingClock = new FundingClock({ sequencer, schedule, nowMs, ...notice });
  const opener = new EpochOpener({
    provider,
    line,
    exchange,
    oracle: deployment.oracle,
    registry: deployment.registry,
    cadence: options.cadence,
    // Of what is durable: a crash must not undo what L1 holds the operator to.
    journalHead: () => journal?.log.head ?? receipts.digests.head,
    load: () => ({
      proofMs: pipeline.status().proofMs,
      provers: provers.length,
      settledEpoch: pipeline.settledEpoch,
      busy: pipeline.busy,
    }),
    fundingDeltasPicoUsd: ({ pricesTicks, fromSeconds, toSeconds, rateMaxPpmPerHour }) => {
      fundingClock.catchUp(toSeconds);
      return state.funding.deltasPicoUsdTowardZero(pricesTicks, fromSeconds, toSeconds, rateMaxPpmPerHour);
    },
    durable: () => sequencer.durable(),
    ...notice,
  });
  const follower = new L1Follower(sequencer, largestTier(options.tiers));
  const watcher = new L1Watcher({
    provider,
    exchange,
    firstBlock: deployment.firstBlock,
    confirmations,
    ...poll,
    onEvent: (event) => follower.take(event),
    onHalt: ({ report }) => halt(report),
  });
  const collector = new RoundCollector(
    { chainId, oracle: deployment.oracle },
    { signers, threshold },
    { graceMs: REPORT_GRACE_MS, onRound: (round) => opener.offer(round) },
  );
  closers.push(async () => collector.close());
  const endpoint = new ReportEndpoint(collector, (round) => opener.offer(round), operations.pages);
  const liquidationClock = new LiquidationClock({ sequencer, ...notice });
  const conditionalClock = new ConditionalClock({ sequencer, nowMs, ...notice });
  const deadMansClock = new DeadMansClock({ sequencer, nowMs, ...notice });
  const depositGate = new DepositGate({ provider, exchange });
  const chainParts = { deployment, pipeline, line, watcher, opener, endpoint, board: collector.board, depositGate };
  const page = options.pagePath === undefined ? undefined : loadPage(options.pagePath);
  if (options.pagePath !== undefined && page === undefined) {
    onNotice?.(`There is no trading page in ${options.pagePath}: run "npm run build", then start again.`);
  }
  const api: FastifyInstance = createApi({
    sequencer,
    history,
    chainId,
    exchange,
    domain,
    token: deployment.token,
    markets: Array.from({ length: MARKETS }, (_, index) => DEVNET_MARKETS[index]?.market ?? null),
    nowMs,
    fundingRateMaxPpmPerHour: () => opener.rateMaxPpmPerHour,
    chainStatus: () => chainStatusOf({ ...chainParts, nowMs, journal: journal?.log, halt: sequencer.halt }),
    ...(journal === undefined ? {} : { snapshots: journal.snapshots }),
    receipts,
    ...(page === undefined ? {} : { page }),
    ...options.doors,
    onDefect: (error, requestId) => {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      (options.onDefect ?? ((text) => onNotice?.(`defect: ${text}`)))(stack, requestId);
    },
  });
  const markets = DEVNET_MARKETS.map(({ market }) => market);
  operations.watch({ sequencer, log, pipeline, line, watcher, board: collector.board, api, markets });
  closers.push(() => api.close());

  // 5. Everybody listens: the rest of the journal, then the present.
  await restart?.replay(sequencer, pipeline, follower, (record) => receipts.digests.recordBytes(record));
  history.confirm(state);
  sequencer.onDurable((accepted) => options.onAccepted?.(accepted));
  // Before the pipeline, which it asks. The next start is quick then, and no worse without.
  closers.push(async () => {
    await sequencer.durable();
    await journal?.snapshots.take();
  });
  line.start();
  await opener.start();
  closers.push(async () => opener.stop());
  watcher.start();
  closers.push(() => watcher.stop());
  fundingClock.start();
  closers.push(async () => fundingClock.stop());
  liquidationClock.start();
  closers.push(async () => liquidationClock.stop());
  conditionalClock.start();
  closers.push(async () => conditionalClock.stop());
  deadMansClock.start();
  closers.push(async () => deadMansClock.stop());
  await depositGate.start();
  closers.push(async () => depositGate.stop());

  // 6. The doors, for signers of prices and for traders.
  const operatorPort = await endpoint.listen(options.operatorPort);
  closers.push(() => endpoint.close());
  const url = await api.listen({ host: "127.0.0.1", port: options.port });
  return make({
    sequencer,
    pipeline,
    watcher,
    provers,
    url,
    operatorUrl: `http://127.0.0.1:${operatorPort}`,
    operations,
  });
}
