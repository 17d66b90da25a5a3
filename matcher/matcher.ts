import { Wallet } from "ethers";
import type { FastifyInstance } from "fastify";
import { History } from "./api/history.ts";
import { createApi } from "./api/server.ts";
import { EXCHANGE, PRICE_ORACLE } from "./chain/contract-interfaces.ts";
import type { Deployment } from "./chain/deployment.ts";
import { DepositGate } from "./chain/deposit-gate.ts";
import type { EpochCadence } from "./chain/epoch-cadence.ts";
import { EpochOpener } from "./chain/epoch-opener.ts";
import type { L1Event } from "./chain/l1-event.ts";
import { L1Watcher } from "./chain/l1-watcher.ts";
import { connectL1 } from "./chain/provider.ts";
import { SettlementLine } from "./chain/settlement-line.ts";
import { TransactionLine } from "./chain/transaction-line.ts";
import { chainStatusOf } from "./chain-status.ts";
import { DeadMansClock } from "./dead-mans-clock.ts";
import { FundingClock } from "./funding-clock.ts";
import { LiquidationClock } from "./liquidation-clock.ts";
import { ReportEndpoint } from "./oracle/report-endpoint.ts";
import { RoundCollector } from "./oracle/round-collector.ts";
import {
  DEVNET_BOOK_RULES,
  DEVNET_FEE_TIERS,
  DEVNET_FUNDING_MARKETS,
  DEVNET_MARKETS,
} from "./protocol/devnet-markets.ts";
import { domainOf } from "./protocol/message-hash.ts";
import { MARKETS, type Tier } from "./protocol/spec.ts";
import type { BatchProgress } from "./prover/batch-progress.ts";
import { Batcher } from "./prover/batcher.ts";
import { type Prover, startProver } from "./prover/groth16/prover.ts";
import { type CutBatch, ProofPipeline } from "./prover/pipeline.ts";
import { Backlog } from "./sequencer/backlog.ts";
import { type CommandLog, NoLog } from "./sequencer/command-log.ts";
import { ExchangeState } from "./sequencer/exchange-state.ts";
import { JournalFile } from "./sequencer/journal.ts";
import type { Accepted } from "./sequencer/outcome.ts";
import { ReceiptBook } from "./sequencer/receipt-book.ts";
import { ReceiptSigner } from "./sequencer/receipt-signer.ts";
import { Sequencer } from "./sequencer/sequencer.ts";
import { VerifyPool } from "./sequencer/verify-pool.ts";
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
  readonly tiers: readonly Tier[];
  /** Public API; 0 for any free port. */
  readonly port: number;
  /** Door for price reports; 0 for any free port. */
  readonly operatorPort: number;
  readonly confirmations: number;
  readonly provers: number;
  readonly proverThreads?: number;
  readonly cutAfterMs: number;
  /** Batches that wait for a prover before larger tiers are used. */
  readonly growFromQueued: number;
  readonly cadence: EpochCadence;
  /** The interest part of funding, ppm of the price in eight hours, signed; the devnet's unless told otherwise. */
  readonly interest8hPpm?: number;
  /** File for the accepted commands, new for every deployment; without it they are kept in memory only. */
  readonly journalPath?: string;
  /** File for orders, fills, payments and candles of the past; without it they go with the process. */
  readonly historyPath?: string;
  readonly unprovenRowsMax?: number;
  /** Threads that check signatures; see VerifyPool for how many there are unless told otherwise. */
  readonly verifyThreads?: number;
  /** How often L1 is asked, milliseconds. */
  readonly pollMs?: number;
  /** Told of everything that an operator would like to read. */
  readonly onAccepted?: (accepted: Accepted) => void;
  readonly onProgress?: (progress: BatchProgress) => void;
  readonly onNotice?: (sentence: string) => void;
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
  readonly #provers: readonly Prover[];
  readonly #closers: (() => Promise<unknown>)[];

  private constructor(parts: Parts, closers: (() => Promise<unknown>)[]) {
    this.sequencer = parts.sequencer;
    this.pipeline = parts.pipeline;
    this.watcher = parts.watcher;
    this.url = parts.url;
    this.operatorUrl = parts.operatorUrl;
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

  /** First no new work, then the line to L1, then the processes. */
  stop(): Promise<void> {
    return closeAll(this.#closers);
  }
}

async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(() => {});
}

async function startProvers({ circuitsDir, provers, proverThreads }: MatcherOptions): Promise<Prover[]> {
  const threads = proverThreads === undefined ? {} : { threads: proverThreads };
  return Promise.all(Array.from({ length: provers }, () => startProver({ circuitsDir, ...threads })));
}

type Parts = Pick<Matcher, "sequencer" | "pipeline" | "watcher" | "url" | "operatorUrl"> & {
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
  const provider = await connectL1(deployment.rpcUrl, chainId);
  closers.push(async () => provider.destroy());
  const wallet = new Wallet(options.operatorKey);
  if (wallet.address.toLowerCase() !== deployment.operator.toLowerCase()) {
    throw new Error(
      `The operator's key is that of ${wallet.address}, but the Exchange's operator is ${deployment.operator}.`,
    );
  }
  const ask = async (to: string, contract: typeof EXCHANGE, method: string) =>
    contract.decodeFunctionResult(method, await provider.call({ to, data: contract.encodeFunctionData(method) }));
  if ((await provider.getCode(exchange)) === "0x") {
    throw new Error(
      `There is no contract at ${exchange}: the deployment belongs to another chain or an earlier run of it.`,
    );
  }
  const domain = domainOf(chainId, exchange);
  const [domainOnChain] = await ask(exchange, EXCHANGE, "domain");
  if (domainOnChain !== domain)
    throw new Error(`The Exchange at ${exchange} has another domain of messages than ours.`);
  const [signers] = await ask(deployment.oracle, PRICE_ORACLE, "signers");
  const [threshold] = await ask(deployment.oracle, PRICE_ORACLE, "threshold");

  // 2. The exchange itself.
  const hash = await buildFastPoseidon();
  const { verifyThreads: threads } = options;
  const verifier = new VerifyPool({ domain, ...(threads === undefined ? {} : { threads }) });
  closers.push(() => verifier.close());
  const backlog = new Backlog(
    options.unprovenRowsMax === undefined ? {} : { unprovenRowsMax: options.unprovenRowsMax },
  );
  const { fundingSchedule: schedule } = deployment;
  const { interest8hPpm } = options;
  const fundingMarkets = DEVNET_FUNDING_MARKETS.map((terms) =>
    terms === null || interest8hPpm === undefined ? terms : { ...terms, interest8hPpm },
  );
  const state = new ExchangeState({
    rules: DEVNET_BOOK_RULES,
    feeSchedule: DEVNET_FEE_TIERS,
    funding: { schedule, markets: fundingMarkets },
  });
  const log = openJournal(options.journalPath);
  closers.push(() => log.close());
  const sequencer = new Sequencer({ state, verifier, backlog, log });
  const identity = `${chainId}:${exchange.toLowerCase()}`;
  const history = await History.open({ path: options.historyPath, identity });
  closers.push(() => history.close());
  const receiptSigner = new ReceiptSigner({ chainId, exchange }, options.receiptsKey);
  closers.push(() => receiptSigner.close());
  const receipts = new ReceiptBook({ signer: receiptSigner });
  sequencer.onDurable((accepted) => receipts.record(accepted));

  // 3. Proofs and settlement. Whatever ends one ends the other, with the first report.
  const halt = (report: string) => {
    pipeline.halt(report);
  };
  const line = new TransactionLine({
    provider,
    wallet,
    chainId,
    confirmations,
    ...poll,
    onHalt: halt,
    ...(onNotice === undefined ? {} : { onNotice }),
  });
  const settlement = new SettlementLine(line, exchange);
  const provers = await startProvers(options);
  closers.push(() => Promise.all(provers.map((prover) => prover.close())));
  const pipeline = new ProofPipeline({
    batcher: new Batcher({ hash, domain, tiers: options.tiers }),
    hash,
    chainId,
    exchange,
    provers,
    cutAfterMs: options.cutAfterMs,
    growFromQueued: options.growFromQueued,
    settle: (batch) => settlement.settle(batch),
    onProgress: (progress, batch) => {
      if (progress.state === "final") markProven(sequencer, progress, batch);
      options.onProgress?.(progress);
    },
    onHalt: options.onHalt,
  });
  sequencer.onDurable((accepted) => {
    pipeline.push(accepted.steps);
    options.onAccepted?.(accepted);
  });
  line.start();
  closers.push(() => line.stop());
  // Before the line: a batch that is not settled because we stop is no failure.
  closers.push(() => pipeline.stop());

  // 4. Epochs: opened with price rounds here, taken into force when L1 has confirmed them.
  const fundingClock = new FundingClock({ sequencer, schedule, ...(onNotice === undefined ? {} : { onNotice }) });
  const opener = new EpochOpener({
    provider,
    line,
    exchange,
    oracle: deployment.oracle,
    registry: deployment.registry,
    cadence: options.cadence,
    // Of what is durable: a crash must not undo what L1 holds the operator to.
    journalHead: () => receipts.digests.head,
    load: () => ({
      proofMs: pipeline.status().proofMs,
      provers: provers.length,
      settledEpoch: pipeline.settledEpoch,
      busy: pipeline.busy,
    }),
    fundingDeltasPicoUsd: ({ pricesTicks, fromSeconds, toSeconds, rateMaxPpmPerHour }) => {
      fundingClock.catchUp();
      return state.funding.deltasPicoUsdTowardZero(pricesTicks, fromSeconds, toSeconds, rateMaxPpmPerHour);
    },
    ...(onNotice === undefined ? {} : { onNotice }),
  });
  const early: Extract<L1Event, { type: "queue" }>[] = [];
  const watcher = new L1Watcher({
    provider,
    exchange,
    firstBlock: deployment.firstBlock,
    confirmations,
    ...poll,
    onEvent: (event) => follow(event, sequencer, early),
    onHalt: ({ report }) => halt(report),
  });
  const collector = new RoundCollector(
    { chainId, oracle: deployment.oracle },
    { signers: [...signers], threshold: Number(threshold) },
    { graceMs: REPORT_GRACE_MS, onRound: (round) => opener.offer(round) },
  );
  closers.push(async () => collector.close());
  const endpoint = new ReportEndpoint(collector, (round) => opener.offer(round));
  const operatorPort = await endpoint.listen(options.operatorPort);
  closers.push(() => endpoint.close());
  await opener.start();
  closers.push(async () => opener.stop());
  watcher.start();
  closers.push(() => watcher.stop());
  fundingClock.start();
  closers.push(async () => fundingClock.stop());
  const liquidationClock = new LiquidationClock({ sequencer, ...(onNotice === undefined ? {} : { onNotice }) });
  liquidationClock.start();
  closers.push(async () => liquidationClock.stop());
  const deadMansClock = new DeadMansClock({ sequencer, ...(onNotice === undefined ? {} : { onNotice }) });
  deadMansClock.start();
  closers.push(async () => deadMansClock.stop());

  const depositGate = new DepositGate({ provider, exchange });
  await depositGate.start();
  closers.push(async () => depositGate.stop());

  // 5. The door for traders.
  const api: FastifyInstance = createApi({
    sequencer,
    history,
    chainId,
    exchange,
    domain,
    token: deployment.token,
    markets: Array.from({ length: MARKETS }, (_, index) => DEVNET_MARKETS[index]?.market ?? null),
    fundingRateMaxPpmPerHour: () => opener.rateMaxPpmPerHour,
    chainStatus: () =>
      chainStatusOf({ deployment, pipeline, line, watcher, opener, endpoint, board: collector.board, depositGate }),
    receipts,
    onDefect: (error) => onNotice?.(`defect: ${error instanceof Error ? error.stack : String(error)}`),
  });
  closers.push(() => api.close());
  const url = await api.listen({ host: "127.0.0.1", port: options.port });
  return make({ sequencer, pipeline, watcher, provers, url, operatorUrl: `http://127.0.0.1:${operatorPort}` });
}

/** A journal of other commands than this run's cannot be continued: batches of an earlier run are not known any more. */
function openJournal(path: string | undefined): CommandLog {
  if (path === undefined) return new NoLog();
  const journal = new JournalFile(path);
  if (journal.replay.length === 0) return journal;
  throw new Error(`The journal ${path} has ${journal.replay.length} commands of an earlier run: name a new file.`);
}

/** Confirmed events of L1 become commands. Nothing can be in a batch before the first epoch, so the queue waits for it. */
function follow(event: L1Event, sequencer: Sequencer, early: Extract<L1Event, { type: "queue" }>[]): void {
  if (event.type === "epoch") {
    sequencer.apply({ type: "epoch", epoch: event.epoch });
    for (const { entry, cursor } of early.splice(0)) sequencer.apply({ type: "queue", entry, cursor });
  } else if (event.type === "queue") {
    if (sequencer.state.epochNumber === 0) early.push(event);
    else sequencer.apply({ type: "queue", entry: event.entry, cursor: event.cursor });
  }
}

function markProven(sequencer: Sequencer, progress: BatchProgress, { trace }: CutBatch): void {
  const { batchNumber, steps, state: _, txHash = "", ...details } = progress;
  sequencer.finality.markProven(batchNumber, txHash, steps, {
    details: { ...details },
    accounts: trace.accounts.map(({ account, after }) => ({ account, leaf: after })),
  });
}
