import type { L1Watcher } from "../chain/l1-watcher.ts";
import type { TransactionLine } from "../chain/transaction-line.ts";
import type { OracleBoard } from "../oracle/oracle-board.ts";
import type { Market } from "../protocol/market.ts";
import type { ProofPipeline } from "../prover/pipeline.ts";
import { LatencyHistogram } from "../timing/latency-histogram.ts";
import type { Metrics } from "./metrics.ts";

export interface ChainSources {
  readonly pipeline: Pick<ProofPipeline, "status">;
  readonly line: Pick<TransactionLine, "status">;
  readonly watcher: Pick<L1Watcher, "status">;
  readonly board: Pick<OracleBoard, "status">;
  /** Of proofs; see {@link proofHistogram}. */
  readonly proofs: LatencyHistogram;
  /** Newest settled batch; 0 before the first. */
  readonly settledBatch: () => number;
  readonly markets: readonly Market[];
  readonly nowMs: () => number;
}

const PROOF_BOUNDS_MS = [
  1_000, 2_000, 4_000, 6_000, 8_000, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 120_000, 300_000,
];

/** For times of proofs, which are seconds to minutes. */
export function proofHistogram(): LatencyHistogram {
  return new LatencyHistogram(PROOF_BOUNDS_MS);
}

/** What the way to L1 can tell: proofs, settlement, the chain, who reports prices. */
export function chainMetrics(metrics: Metrics, sources: ChainSources): void {
  const { pipeline, line, watcher, board, proofs, settledBatch, markets, nowMs } = sources;
  const signers = () => board.status(Math.floor(nowMs() / 1_000)).signers;
  const numbers = (value: number | null, labels: Record<string, string>) => (value === null ? [] : [{ labels, value }]);

  metrics.gauge("clearbook_prover_queue", "Batches that wait for a prover", () => pipeline.status().queued);
  metrics.gauge("clearbook_proofs_running", "Batches that are being proven", () => pipeline.status().proving);
  metrics.gauge("clearbook_prover_lag_seconds", "Age of the oldest step that no settled batch has", () => {
    return pipeline.status().lagMs / 1_000;
  });
  metrics.histogram("clearbook_proof_seconds", "Witness, proof and its check, of a batch", () => [
    { labels: {}, of: proofs },
  ]);
  metrics.gauge("clearbook_settled_batch", "Newest batch that L1 has", settledBatch);
  metrics.gauge("clearbook_settlement_halted", "1 once settlement has stopped for good", () => {
    return pipeline.status().state === "halted" ? 1 : 0;
  });
  metrics.gauge("clearbook_l1_head_block", "Newest block that was seen", () => watcher.status().headBlock);
  metrics.gauge(
    "clearbook_l1_cursor_block",
    "Newest block whose events were taken",
    () => watcher.status().cursorBlock,
  );
  metrics.gauge("clearbook_l1_answers", "0 while L1 does not answer", () => {
    return watcher.status().lastError === undefined && line.status().lastError === undefined ? 1 : 0;
  });
  metrics.counter(
    "clearbook_l1_resubmissions_total",
    "Transactions that were sent again",
    () => line.status().resubmissions,
  );
  metrics.gauge("clearbook_oracle_report_age_seconds", "Of each signer's newest report", () =>
    signers().flatMap(({ signer, ageSeconds }) => numbers(ageSeconds, { signer })),
  );
  metrics.gauge("clearbook_oracle_drift_ppm", "Each signer's price to the median of the newest round", () =>
    signers().flatMap(({ signer, driftPpm }) =>
      markets.flatMap(({ index, symbol }) => numbers(driftPpm[index] ?? null, { signer, market: symbol })),
    ),
  );
}
