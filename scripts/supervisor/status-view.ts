import type { WireStatus } from "../../matcher/protocol/api-wire.ts";
import type { BatchProgress } from "../../matcher/prover/batch-progress.ts";
import type { PipelineStatus } from "../../matcher/prover/pipeline.ts";

/** Where the view writes; a terminal gets one line that is renewed below the others, a file only whole lines. */
export interface ViewStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const PLAIN_INTERVAL_MS = 5_000;

function seconds(ms: number | undefined): string {
  return ms === undefined ? "?" : `${(ms / 1000).toFixed(1)} s`;
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** One line on a batch that reached L1. `finalMs`: from its first step to the last confirmation. */
export function batchLine(batch: BatchProgress, finalMs: number | undefined): string {
  const { batchNumber, tier, rows, fills, queueEntries, withdrawals, timings, blockNumber, gasUsed } = batch;
  const content = [
    plural(fills, "fill"),
    plural(rows, "row"),
    queueEntries > 0 && `${queueEntries} from L1`,
    withdrawals > 0 && plural(withdrawals, "withdrawal"),
  ].filter(Boolean);
  const proof = `witness ${seconds(timings.witnessMs)}, proof ${seconds(timings.proveMs)}`;
  const finality = `settled after ${seconds(timings.totalMs)} (block ${blockNumber}), final after ${seconds(finalMs)}`;
  const gas = gasUsed === undefined ? "" : `, ${gasUsed.toLocaleString("en-US")} gas`;
  return `batch ${batchNumber} [${tier}]: ${content.join(", ")} · ${proof} · ${finality}${gas}`;
}

/** One line on the state of everything. `before`: the status some time ago, for the rates. */
export function statusLine(status: WireStatus, before: WireStatus | undefined): string {
  const elapsedSeconds = before === undefined ? 0 : (status.atMs - before.atMs) / 1000;
  const rate = (now: number, then: number | undefined) =>
    then === undefined || elapsedSeconds <= 0 ? "" : ` (${((now - then) / elapsedSeconds).toFixed(0)}/s)`;
  const prover = (status.chain as { prover?: PipelineStatus }).prover;
  const parts = [
    status.status,
    `epoch ${status.epoch.number}`,
    `orders ${status.orders.toLocaleString("en-US")}${rate(status.orders, before?.orders)}`,
    `fills ${status.fills.toLocaleString("en-US")}${rate(status.fills, before?.fills)}`,
    `${status.openOrders} open`,
    `unproven ${status.unprovenRows}/${status.unprovenRowsMax} rows`,
  ];
  if (prover !== undefined) {
    parts.push(
      `batches ${prover.settledBatches} settled, ${prover.proving} proving, ${prover.queued} waiting`,
      `lag ${seconds(prover.lagMs)}`,
    );
  }
  return parts.join(" · ");
}

/** Prints events as lines that stay, and the status as one that is renewed. */
export class StatusView {
  readonly #stream: ViewStream;
  readonly #clock: () => Date;
  #lastStatus: WireStatus | undefined;
  #lastPlainMs = Number.NEGATIVE_INFINITY;
  #live = "";

  constructor(stream: ViewStream, clock: () => Date = () => new Date()) {
    this.#stream = stream;
    this.#clock = clock;
  }

  line(text: string): void {
    const stamp = this.#clock().toTimeString().slice(0, 8);
    this.#clearLive();
    this.#stream.write(`${stamp} ${text}\n`);
    this.#showLive();
  }

  /** Lines without a time. */
  block(text: string): void {
    this.#clearLive();
    this.#stream.write(`${text}\n`);
    this.#showLive();
  }

  status(status: WireStatus): void {
    const line = statusLine(status, this.#lastStatus);
    if (this.#stream.isTTY) {
      this.#clearLive();
      this.#lastStatus = status;
      const width = (this.#stream.columns ?? 120) - 1;
      this.#live = line.length > width ? `${line.slice(0, width - 1)}…` : line;
      this.#showLive();
      return;
    }
    if (status.atMs - this.#lastPlainMs < PLAIN_INTERVAL_MS) return;
    this.#lastPlainMs = status.atMs;
    this.#lastStatus = status;
    this.line(line);
  }

  /** Leaves the last status where it stands. */
  end(): void {
    if (this.#live !== "") this.#stream.write("\n");
    this.#live = "";
  }

  #clearLive(): void {
    if (this.#live !== "") this.#stream.write("\r\x1b[K");
  }

  #showLive(): void {
    if (this.#live !== "") this.#stream.write(this.#live);
  }
}
