import { useState } from "preact/hooks";
import type { WireFunding, WireFundingInterval, WireFundingRate } from "../../protocol/wire/funding.ts";
import { useDesk } from "../frame/desk.ts";
import { percentOfPpm } from "../show/decimal-text.ts";
import { clock } from "../show/time-text.ts";
import type { FundingVerdict } from "./funding-check.ts";
import { usePolled } from "./polled.ts";
import { Panel } from "./status-view.tsx";

const EVERY_MS = 10_000;
const SHOWN = 8;

/** Funding of the past, each of which anybody can compute again: with a click here, by what the page was served. */
export function FundingPanel() {
  const { link } = useDesk();
  const symbols = link.terms.value?.symbols ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const market = chosen ?? symbols[0] ?? "";
  const funding = usePolled(
    () => link.http.get<WireFunding>("/v1/funding", { market, limit: SHOWN }),
    EVERY_MS,
    `funding of ${market}`,
  );
  return (
    <Panel title="Funding" wide>
      <div class="funding-head">
        <p class="soft">Recompute any interval from its samples, here in the browser, and compare rate and digest.</p>
        <label class="inline">
          <span class="unseen">Market</span>
          <select value={market} onChange={(event) => setChosen(event.currentTarget.value)}>
            {symbols.map((symbol) => (
              <option key={symbol}>{symbol}</option>
            ))}
          </select>
        </label>
      </div>
      <div class="scroll">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Interval</th>
              <th scope="col">Until</th>
              <th scope="col">Samples</th>
              <th scope="col">Premium</th>
              <th scope="col">Rate, 8 h</th>
              <th scope="col">Charged, 8 h</th>
              <th scope="col">Recomputed</th>
            </tr>
          </thead>
          <tbody>
            {(funding?.intervals ?? []).toReversed().map((interval) => (
              <FundingRow key={`${market}/${interval.interval}`} symbol={market} interval={interval} />
            ))}
          </tbody>
        </table>
      </div>
      {funding !== null && funding.intervals.length === 0 && <p class="soft">No interval is sealed yet.</p>}
    </Panel>
  );
}

function FundingRow({ symbol, interval }: { symbol: string; interval: WireFundingRate }) {
  const { link } = useDesk();
  const [verdict, setVerdict] = useState<FundingVerdict | "asking" | "unreachable" | null>(null);
  const recompute = async () => {
    setVerdict("asking");
    const index = link.market(symbol)?.index;
    try {
      const [{ checkFunding }, served] = await Promise.all([
        import("./funding-check.ts"),
        link.http.get<WireFundingInterval>("/v1/funding/samples", { interval: interval.interval }),
      ]);
      setVerdict(checkFunding(served, index ?? -1, interval));
    } catch {
      setVerdict("unreachable");
    }
  };
  return (
    <tr>
      <th scope="row">{interval.interval}</th>
      <td>{clock(interval.endSeconds * 1_000)}</td>
      <td>{interval.samples}</td>
      <td>{percentOfPpm(interval.premiumPpm)}</td>
      <td>{percentOfPpm(interval.rate8hPpm)}</td>
      <td>{percentOfPpm(interval.chargedRate8hPpm)}</td>
      <td aria-live="polite">
        {verdict === null || verdict === "unreachable" ? (
          <button type="button" class="button button-small" onClick={recompute}>
            {verdict === null ? "Recompute" : "No answer: again"}
          </button>
        ) : verdict === "asking" ? (
          "…"
        ) : verdict.faults.length === 0 ? (
          <span
            class="up"
            title={`${percentOfPpm(verdict.rate8hPpm ?? 0)} of ${verdict.samples} samples, and the same digest`}
          >
            ✓ agrees
          </span>
        ) : (
          <span class="down">✗ {verdict.faults.join(" ")}</span>
        )}
      </td>
    </tr>
  );
}
