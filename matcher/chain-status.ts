import type { ChainStatus } from "./api/exchange-access.ts";
import type { Deployment } from "./chain/deployment.ts";
import type { DepositGate } from "./chain/deposit-gate.ts";
import type { EpochOpener } from "./chain/epoch-opener.ts";
import type { L1Watcher } from "./chain/l1-watcher.ts";
import type { TransactionLine } from "./chain/transaction-line.ts";
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
  readonly depositGate: DepositGate;
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
  depositGate,
}: ChainParts): ChainStatus {
  return {
    ...(deployment.insecureDevKeys ? { warning: WARNING } : {}),
    chainId: deployment.chainId,
    exchange: deployment.exchange,
    rpcUrl: deployment.rpcUrl,
    halted: pipeline.status().haltReport ?? null,
    prover: pipeline.status(),
    settlement: line.status(),
    watcher: watcher.status(),
    epochs: opener.status(),
    deposits: depositGate.status(),
    oracle: wireOracle(board.status(Math.floor(Date.now() / 1_000)), endpoint.status(), MARKETS),
  };
}
