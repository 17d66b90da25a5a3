import type { Market } from "../protocol/market.ts";
import type { CommandLog } from "../sequencer/command-log.ts";
import { marketView, openOrderCount } from "../sequencer/exchange-view.ts";
import { openFundingView } from "../sequencer/funding-view.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";
import type { Metrics } from "./metrics.ts";
import type { RequestGate } from "./request-gate.ts";

export interface ExchangeSources {
  readonly sequencer: Sequencer;
  readonly log: CommandLog;
  readonly gate: Pick<RequestGate, "responses">;
  readonly markets: readonly Market[];
  /** The clock that epochs' times are compared with. */
  readonly nowMs: () => number;
}

const PICO_PER_USD = 1e12;

function byLabel(label: string, counts: ReadonlyMap<string, number>) {
  return [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** What the exchange itself can tell: orders on their way in, the book, risk. */
export function exchangeMetrics(metrics: Metrics, sources: ExchangeSources): void {
  const { sequencer, log, gate, markets, nowMs } = sources;
  const { figures, state, backlog, signatures } = sequencer;
  const eachMarket = (read: (market: number) => number | undefined) => () =>
    markets.flatMap(({ index, symbol }) => {
      const value = read(index);
      return value === undefined ? [] : [{ labels: { market: symbol }, value }];
    });

  metrics.histogram("clearbook_order_seconds", "Signed messages, by stage; acknowledge is arrival to durable", () => [
    { labels: { stage: "verify" }, of: figures.verify },
    { labels: { stage: "execute" }, of: figures.execute },
    { labels: { stage: "journal" }, of: figures.journal },
    { labels: { stage: "acknowledge" }, of: figures.acknowledge },
  ]);
  metrics.histogram("clearbook_fsync_seconds", "Syncing a group of records to disk", () =>
    log.fsync === undefined ? [] : [{ labels: {}, of: log.fsync }],
  );
  metrics.counter("clearbook_commands_total", "Accepted commands, by kind", () =>
    byLabel("kind", figures.acceptedByKind),
  );
  metrics.counter("clearbook_refusals_total", "Messages that the sequencer refused, by code", () =>
    byLabel("code", figures.refusedByCode),
  );
  metrics.counter("clearbook_http_responses_total", "Answers of the traders' API, by class", () =>
    byLabel("class", gate.responses),
  );
  metrics.gauge(
    "clearbook_verify_queue",
    "Signatures that are being checked or wait for it",
    () => signatures.waitingCount + signatures.verifyingCount,
  );
  metrics.gauge("clearbook_journal_queue", "Records that wait for the disk", () => log.waitingCount ?? 0);
  metrics.gauge("clearbook_unproven_rows", "Rows matched and not yet proven", () => backlog.unprovenRows);
  metrics.gauge("clearbook_unproven_rows_max", "From here on orders that could trade are refused", () => {
    return backlog.limits.unprovenRowsMax;
  });
  metrics.gauge("clearbook_open_orders", "Orders in the books", () => openOrderCount(state));
  metrics.gauge("clearbook_epoch_number", "Epoch in force", () => state.epochNumber);
  metrics.gauge("clearbook_epoch_age_seconds", "Since the time of the epoch in force", () => {
    return state.epochNumber === 0 ? 0 : nowMs() / 1_000 - state.epochTimeSeconds;
  });
  metrics.gauge(
    "clearbook_funding_rate_8h_ppm",
    "Rate of the open funding interval, as if it ended now",
    eachMarket((market) => openFundingView(state, market)?.rate8hPpm),
  );
  metrics.gauge(
    "clearbook_open_interest_lots",
    "Sum of all sizes, longs and shorts",
    eachMarket((market) => Number(marketView(state, market).grossOpenInterestLots)),
  );
  metrics.gauge("clearbook_accounts_at_risk", "Accounts below maintenance margin that are still there", () => {
    return state.epochNumber === 0 ? 0 : state.liquidator.atRisk().length;
  });
  metrics.gauge("clearbook_insurance_balance_usd", "What the insurance fund holds", () => {
    return state.epochNumber === 0 ? 0 : Number(state.ledger.insuranceLeft().fundPicoUsd) / PICO_PER_USD;
  });
  metrics.gauge("clearbook_insurance_spent_usd", "What the fund has paid in the epoch in force", () => {
    return Number(state.ledger.shared.insuranceSpentPicoUsd) / PICO_PER_USD;
  });
}
