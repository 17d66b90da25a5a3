import { useClock } from "../frame/clock.ts";
import { full, rounded, usd } from "../show/decimal-text.ts";
import { FinalityMark } from "../show/finality-mark.tsx";
import { when } from "../show/time-text.ts";
import type { Trading } from "../wallet/wallet-desk.ts";
import { RowTable } from "./row-table.tsx";

const COLUMNS = ["Market", "Price", "Size", "Role", "Fee, USD", "Time", "Finality"];

/** What was traded, fill by fill, and what nobody signed: liquidations and deleveragings. */
export function FillTable({ trading }: { trading: Trading }) {
  const nowMs = useClock(60_000);
  const { fills, forcedTrades } = trading.feed;
  const forced = forcedTrades.value;
  return (
    <>
      {forced.length > 0 && (
        <p class="list-head warn">
          {forced.length === 1 ? "One change" : `${forced.length} changes`} that you did not sign:{" "}
          {forced
            .slice(0, 3)
            .map(({ kind, market, atMs }) => `${market} ${kind.replace("-", " ")} at ${when(atMs, nowMs)}`)
            .join("; ")}
          .
        </p>
      )}
      <RowTable caption="Fills" columns={COLUMNS} count={fills.value.length} empty="No fills yet.">
        {fills.value.map((fill) => (
          <tr key={`${fill.market}/${fill.tradeId}/${fill.role}`}>
            <th scope="row">
              {fill.market}
              <em class={`tag ${fill.side === "buy" ? "up" : "down"}`}>{fill.side}</em>
              {fill.liquidation && <em class="tag tag-warn">liquidation</em>}
            </th>
            <td>{full(fill.price)}</td>
            <td>{full(fill.size)}</td>
            <td>{fill.role}</td>
            <td title={`$${usd(fill.fee)}`}>{rounded(fill.fee, 4)}</td>
            <td>{when(fill.atMs, nowMs)}</td>
            <td>
              <FinalityMark finality={fill.finality} />
            </td>
          </tr>
        ))}
      </RowTable>
    </>
  );
}
