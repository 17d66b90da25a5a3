import type { FastifyInstance } from "fastify";
import type { L1Watcher } from "../chain/l1-watcher.ts";
import type { TransactionLine } from "../chain/transaction-line.ts";
import type { OracleBoard } from "../oracle/oracle-board.ts";
import type { OperatorPages } from "../oracle/report-endpoint.ts";
import type { Market } from "../protocol/market.ts";
import type { BatchProgress } from "../prover/batch-progress.ts";
import type { ProofPipeline } from "../prover/pipeline.ts";
import type { CommandLog } from "../sequencer/command-log.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";
import { chainMetrics, proofHistogram } from "./chain-metrics.ts";
import { EventLoop } from "./event-loop.ts";
import { exchangeMetrics } from "./exchange-metrics.ts";
import { healthOf, healthRoutes, jsonPage, readyOf } from "./health-pages.ts";
import { Metrics } from "./metrics.ts";
import { processMetrics } from "./process-metrics.ts";
import { Readiness } from "./readiness.ts";
import { RequestGate } from "./request-gate.ts";
import { finishWork, type LeftOver } from "./shutdown.ts";
import { SteadyClock } from "./steady-clock.ts";

/** The parts that are watched. */
export interface WatchedParts {
  readonly sequencer: Sequencer;
  readonly log: CommandLog;
  readonly pipeline: ProofPipeline;
  readonly line: TransactionLine;
  readonly watcher: L1Watcher;
  readonly board: OracleBoard;
  /** Not listening yet. */
  readonly api: FastifyInstance;
  readonly markets: readonly Market[];
}

export interface OperationsOptions {
  /** See {@link Readiness}. */
  readonly staleEpochMs?: number | undefined;
  readonly onNotice?: ((sentence: string) => void) | undefined;
}

const DEFAULT_STALE_EPOCH_MS = 180_000;

/** What an operator sees and does of a running matcher: its clock, its pages, its end. */
export class Operations {
  readonly clock: SteadyClock;
  /** Other parts may add numbers of theirs: `metrics.gauge(name, help, read)`. */
  readonly metrics = new Metrics();
  readonly #eventLoop = new EventLoop();
  readonly #proofs = proofHistogram();
  readonly #staleEpochMs: number;
  #settledBatch = 0;
  #watched: { parts: WatchedParts; readiness: Readiness; gate: RequestGate } | undefined;

  constructor({ staleEpochMs = DEFAULT_STALE_EPOCH_MS, onNotice }: OperationsOptions = {}) {
    this.#staleEpochMs = staleEpochMs;
    this.clock = new SteadyClock({
      onJump: (jumpMs) => {
        const seconds = (jumpMs / 1_000).toFixed(1);
        onNotice?.(`The machine's clock jumped by ${seconds} s: the exchange's goes on and draws near to it slowly.`);
      },
    });
  }

  /** GET pages of the operator's door. */
  get pages(): OperatorPages {
    const starting = { hindrances: () => [{ part: "sequencer" as const, reason: "The exchange is being started." }] };
    return {
      "/health": () => jsonPage(200, healthOf(this.#eventLoop)),
      "/ready": () => {
        const { status, body } = readyOf(this.#watched?.readiness ?? starting);
        return jsonPage(status, body);
      },
      "/metrics": async () => {
        return { status: 200, contentType: this.metrics.contentType, text: await this.metrics.text() };
      },
    };
  }

  /** Begins to look at a matcher. Call it before the API listens. */
  watch(parts: WatchedParts): void {
    const { sequencer, pipeline, line, watcher, api } = parts;
    const readiness = new Readiness({ sequencer, pipeline, line, watcher, staleEpochMs: this.#staleEpochMs });
    const gate = new RequestGate(api);
    const nowMs = this.clock.nowMs;
    healthRoutes(api, this.#eventLoop, readiness);
    exchangeMetrics(this.metrics, { ...parts, gate, nowMs });
    chainMetrics(this.metrics, { ...parts, proofs: this.#proofs, settledBatch: () => this.#settledBatch, nowMs });
    this.metrics.gauge("clearbook_stream_connections", "Open WebSockets", () => api.streams.connections);
    processMetrics(this.metrics, { eventLoop: this.#eventLoop, clock: this.clock, readiness });
    this.#eventLoop.start();
    this.#watched = { parts, readiness, gate };
  }

  /** Takes note of what became of a batch. */
  progress({ state, batchNumber, timings }: BatchProgress): void {
    if (state === "settled") this.#settledBatch = Math.max(this.#settledBatch, batchNumber);
    const { witnessMs = 0, proveMs = 0, verifyMs = 0 } = timings;
    if (state === "proven") this.#proofs.record(witnessMs + proveMs + verifyMs);
  }

  /** See {@link finishWork}. */
  async finish(settleGraceMs: number): Promise<LeftOver> {
    if (this.#watched === undefined) return { batches: 0, allAnswered: true };
    const { parts, readiness, gate } = this.#watched;
    return finishWork({ ...parts, readiness, gate }, settleGraceMs);
  }

  close(): void {
    this.#eventLoop.stop();
  }
}
