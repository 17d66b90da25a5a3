import type { ComponentChildren } from "preact";
import type { WireBatch, WireStatus, WireUptime } from "../../protocol/api-wire.ts";
import type { WireInsurance } from "../../protocol/margin-wire.ts";
import { useClock } from "../frame/clock.ts";
import { useDesk } from "../frame/desk.ts";
import { full, usd } from "../show/decimal-text.ts";
import { span, when } from "../show/time-text.ts";
import { FundingPanel } from "./funding-panel.tsx";
import { OraclePanel } from "./oracle-panel.tsx";
import { usePolled } from "./polled.ts";
import { UptimePanel } from "./uptime-panel.tsx";

const WORDS: Readonly<Record<WireStatus["status"], { word: string; text: string; tone: string }>> = {
  starting: { word: "Starting", text: "No price epoch is in force yet.", tone: "warn" },
  trading: { word: "Trading", text: "Orders are taken, matched and proven.", tone: "up" },
  backlogged: { word: "Backlogged", text: "Provers are behind: orders that could trade wait.", tone: "warn" },
  halted: { word: "Halted", text: "Nothing is matched or settled.", tone: "down" },
};

const EVERY_MS = 4_000;

/** What of the chain side this page reads; it may lack any of it. */
interface Chain {
  readonly prover?: {
    queued: number;
    proving: number;
    settling: number;
    settledBatches: number;
    lagMs: number;
    proofMs: number;
  };
  readonly watcher?: { headBlock: number; cursorBlock: number; lastError?: string };
  readonly epochs?: { openedNumber: number; waitingFor?: string; restrictedMarkets?: string[] };
  readonly halted?: string | null;
}

export function Panel({ title, children, wide }: { title: string; children: ComponentChildren; wide?: boolean }) {
  return (
    <section class={`panel tile${wide ? " tile-wide" : ""}`} aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
      </header>
      <div class="tile-body">{children}</div>
    </section>
  );
}

/** How the exchange is doing, for whoever relies on it. */
export function StatusView() {
  const { link } = useDesk();
  const nowMs = useClock(1_000) + link.aheadMs.value;
  const status = link.status.value;
  const batches = usePolled(
    () => link.http.get<{ batches: WireBatch[] }>("/v1/batches", { limit: 8 }),
    EVERY_MS,
    "batches",
  );
  const insurance = usePolled(() => link.http.get<WireInsurance>("/v1/insurance"), EVERY_MS, "insurance");
  const uptime = usePolled(() => link.http.get<WireUptime>("/v1/uptime"), EVERY_MS, "uptime");
  if (status === null) return <p class="waiting">Waiting for the exchange …</p>;
  const { word, text, tone } = WORDS[status.status];
  const chain = status.chain as Chain;
  return (
    <div class="status-view">
      <header class="status-head">
        <h1>
          <i class={`lamp lamp-${tone}`} aria-hidden="true" />
          {word}
        </h1>
        <p class="soft">{chain.halted ?? text}</p>
      </header>
      <div class="tiles">
        <Panel title="Matcher">
          <dl class="pairs">
            <dt>Epoch</dt>
            <dd>
              {status.epoch.number} <small>{span(nowMs - status.epoch.timeSeconds * 1_000)} old</small>
            </dd>
            <dt>Commands</dt>
            <dd>{full(String(status.commands))}</dd>
            <dt>Orders taken</dt>
            <dd>{full(String(status.orders))}</dd>
            <dt>Open orders</dt>
            <dd>{full(String(status.openOrders))}</dd>
            <dt>Fills</dt>
            <dd>{full(String(status.fills))}</dd>
            <dt>Refused</dt>
            <dd>{full(String(status.refused))}</dd>
            <dt>History waits to be written</dt>
            <dd class={status.history.trouble === null ? "" : "down"}>
              {status.history.trouble ?? `${status.history.waitingRows} rows`}
            </dd>
          </dl>
        </Panel>
        <Panel title="Proofs">
          <dl class="pairs">
            <dt>Lag</dt>
            <dd>{chain.prover === undefined ? "—" : span(chain.prover.lagMs)}</dd>
            <dt>A proof takes</dt>
            <dd>{chain.prover === undefined ? "—" : span(chain.prover.proofMs)}</dd>
            <dt>Batches settled</dt>
            <dd>{chain.prover === undefined ? "—" : full(String(chain.prover.settledBatches))}</dd>
            <dt>Waiting, proving, settling</dt>
            <dd>
              {chain.prover === undefined
                ? "—"
                : `${chain.prover.queued}, ${chain.prover.proving}, ${chain.prover.settling}`}
            </dd>
            <dt>Steps proven</dt>
            <dd>
              {full(String(status.steps.proven))} of {full(String(status.steps.emitted))}
            </dd>
            <dt>Rows not proven, at most</dt>
            <dd>
              {status.unprovenRows} of {status.unprovenRowsMax}
            </dd>
          </dl>
          <meter
            class="ratio"
            min={0}
            max={status.unprovenRowsMax}
            low={status.unprovenRowsMax * 0.5}
            high={status.unprovenRowsMax * 0.8}
            optimum={0}
            value={status.unprovenRows}
            aria-label="Rows not proven, of those that may wait"
          />
        </Panel>
        <Panel title="Chain">
          <dl class="pairs">
            <dt>Head block</dt>
            <dd>{chain.watcher === undefined ? "—" : full(String(chain.watcher.headBlock))}</dd>
            <dt>Taken through block</dt>
            <dd>{chain.watcher === undefined ? "—" : full(String(chain.watcher.cursorBlock))}</dd>
            <dt>Queue entries taken</dt>
            <dd>{full(String(status.queueCursor))}</dd>
            <dt>Epochs opened</dt>
            <dd>{chain.epochs?.openedNumber ?? "—"}</dd>
            <dt>Next epoch waits for</dt>
            <dd>{chain.epochs?.waitingFor ?? "nothing"}</dd>
            <dt>Trouble</dt>
            <dd class={chain.watcher?.lastError === undefined ? "" : "down"}>{chain.watcher?.lastError ?? "none"}</dd>
          </dl>
        </Panel>
        <Panel title="Insurance fund">
          <dl class="pairs">
            <dt>Balance</dt>
            <dd class="strong">{insurance === null ? "—" : `$${usd(insurance.balance)}`}</dd>
            <dt>Available in this epoch</dt>
            <dd>{insurance === null ? "—" : `$${usd(insurance.available)}`}</dd>
            <dt>Paid in this epoch</dt>
            <dd>{insurance === null ? "—" : `$${usd(insurance.spent)}`}</dd>
            <dt>Most in an epoch</dt>
            <dd>{insurance === null ? "—" : `$${usd(insurance.cap)}`}</dd>
          </dl>
        </Panel>
        <UptimePanel uptime={uptime} nowMs={nowMs} />
        <OraclePanel oracle={status.oracle} />
        <FundingPanel />
        <Panel title="Batches on L1" wide>
          <div class="scroll">
            <table class="figures">
              <thead>
                <tr>
                  <th scope="col">Batch</th>
                  <th scope="col">Steps</th>
                  <th scope="col">Proven</th>
                  <th scope="col">Transaction</th>
                </tr>
              </thead>
              <tbody>
                {(batches?.batches ?? []).map((batch) => (
                  <tr key={batch.batchNumber}>
                    <td>#{batch.batchNumber}</td>
                    <td>
                      {batch.firstStep}–{batch.lastStep}
                    </td>
                    <td>{when(batch.provenAtMs, nowMs)}</td>
                    <td class="hash">{batch.txHash}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Panel>
      </div>
    </div>
  );
}
