import type { ChainStatus } from "./api/exchange-access.ts";
import type { Deployment } from "./chain/deployment.ts";
import type { DepositGate } from "./chain/deposit-gate.ts";
import type { EpochOpener } from "./chain/epoch-opener.ts";
import type { L1Watcher } from "./chain/l1-watcher.ts";
import type { TransactionLine } from "./chain/transaction-line.ts";
import type { RecordLog } from "./journal/record-log.ts";
import type { OracleBoard } from "./oracle/oracle-board.ts";
import type { ReportEndpoint } from "./oracle/report-endpoint.ts";
import { wireOracle } from "./oracle/wire-oracle.ts";
import { DEVNET_MARKETS } from "./protocol/devnet-markets.ts";
import type { ProofPipeline } from "./prover/pipeline.ts";

/** Everything that GET /v1/status tells about the way to L1. */
export interface ChainParts {
  readonly deployment: Deployment;
  readonly pipeline: ProofPipeline;
  readonly line: TransactionLine;
  readonly watcher: L1Watcher;
  readonly opener: EpochOpener;
  readonly endpoint: ReportEndpoint;
  readonly board: OracleBoard;
  /** The clock that ages are told by. */
  readonly nowMs: () => number;
  readonly depositGate: DepositGate;
  /** Commands on disk; undefined when they are not kept. */
  readonly journal: RecordLog | undefined;
  /** Why the sequencer takes nothing more, or null. */
  readonly halt: Error | null;
}

const MARKETS = DEVNET_MARKETS.map(({ market }) => market);

const WARNING =
  "INSECURE DEVELOPMENT KEYS: anybody can forge proofs under them. This exchange holds play money on a development chain.";

export function chainStatusOf({
  deployment,
  pipeline,
  line,
  watcher,
  opener,
  endpoint,
  board,
  nowMs,
  depositGate,
  journal,
  halt,
}: ChainParts): ChainStatus {
  const { rpcUrl } = deployment;
  const status: ChainStatus = {
    ...(deployment.insecureDevKeys ? { warning: WARNING } : {}),
    chainId: deployment.chainId,
    exchange: deployment.exchange,
    rpcUrl,
    halted: halt?.message ?? pipeline.status().haltReport ?? null,
    journal: journal === undefined ? null : { commands: journal.lastRecord, failure: journal.failure?.message ?? null },
    prover: pipeline.status(),
    settlement: line.status(),
    watcher: watcher.status(),
    epochs: opener.status(),
    deposits: depositGate.status(),
    oracle: wireOracle(board.status(Math.floor(nowMs() / 1_000)), endpoint.status(), MARKETS),
  };
  return publicStatus(status, rpcUrl);
}

/** Providers put their customers' keys into paths, queries and names of URLs, and clients' errors repeat those: strangers see the host only. */
export function publicStatus(status: ChainStatus, rpcUrl: string): ChainStatus {
  const shown = JSON.stringify(new URL(rpcUrl).origin).slice(1, -1);
  return JSON.parse(JSON.stringify(status).replaceAll(JSON.stringify(rpcUrl).slice(1, -1), shown)) as ChainStatus;
}
