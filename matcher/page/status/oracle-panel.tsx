import type { WireOracle } from "../../protocol/api-wire.ts";
import { full } from "../show/decimal-text.ts";
import { span } from "../show/time-text.ts";
import { Panel } from "./status-view.tsx";

/** Drift from which on it is marked: 0.1%. */
const DRIFT_WARN_PPM = 1_000;
const AGE_WARN_SECONDS = 30;

/** Who reports prices, how far from the median, and how long ago. */
export function OraclePanel({ oracle }: { oracle: WireOracle | null }) {
  if (oracle === null) {
    return (
      <Panel title="Oracle" wide>
        <p class="soft">This exchange takes no price reports.</p>
      </Panel>
    );
  }
  const markets = oracle.markets.map(({ market }) => market);
  return (
    <Panel title="Oracle" wide>
      <p class="soft">
        A median needs {oracle.threshold} of {oracle.signers.length} signers. Round {oracle.round}.
      </p>
      <div class="scroll">
        <table class="figures">
          <caption class="unseen">Signers and how far their prices are from the medians</caption>
          <thead>
            <tr>
              <th scope="col">Signer</th>
              <th scope="col">Last report</th>
              {markets.map((market) => (
                <th scope="col" key={market}>
                  {market}
                </th>
              ))}
              <th scope="col">Refused</th>
            </tr>
          </thead>
          <tbody>
            {oracle.signers.map(({ signer, ageSeconds, drift, refused }) => (
              <tr key={signer}>
                <th scope="row" class="hash">
                  {signer.slice(0, 10)}…{signer.slice(-4)}
                </th>
                <td class={ageSeconds === null || ageSeconds > AGE_WARN_SECONDS ? "warn" : ""}>
                  {ageSeconds === null ? "never" : `${span(ageSeconds * 1_000)} ago`}
                </td>
                {markets.map((market) => {
                  const ppm = drift.find((one) => one.market === market)?.ppm;
                  return (
                    <td key={market} class={Math.abs(ppm ?? 0) > DRIFT_WARN_PPM ? "warn" : ""}>
                      {ppm === undefined ? "—" : `${ppm > 0 ? "+" : ppm < 0 ? "−" : ""}${Math.abs(ppm)} ppm`}
                    </td>
                  );
                })}
                <td>{refused}</td>
              </tr>
            ))}
            <tr class="medians">
              <th scope="row">Median</th>
              <td />
              {oracle.markets.map(({ market, median, ageSeconds, prices }) => (
                <td key={market} title={`${prices} prices, ${span(ageSeconds * 1_000)} ago`}>
                  {full(median)}
                </td>
              ))}
              <td>{oracle.refused}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
