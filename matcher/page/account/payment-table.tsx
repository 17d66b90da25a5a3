import { useClock } from "../frame/clock.ts";
import { useDesk } from "../frame/desk.ts";
import { full } from "../show/decimal-text.ts";
import { FinalityMark } from "../show/finality-mark.tsx";
import { when } from "../show/time-text.ts";
import type { Trading } from "../wallet/wallet-desk.ts";
import { RowTable } from "./row-table.tsx";
import { withdrawalStages } from "./withdrawal-stage.ts";

const COLUMNS = ["Kind", "Amount, USD", "Stage", "Time", "Finality"];

/** Money that came, left, or moved between accounts, newest first. */
export function PaymentTable({ trading }: { trading: Trading }) {
  const { funds } = useDesk();
  const nowMs = useClock(60_000);
  const { deposits, withdrawals, transfers } = trading.feed.payments.value;
  const stages = withdrawalStages(withdrawals, funds.claimableMicroUsd.value);
  const { account } = trading.client;
  const rows = [
    ...deposits.map((one) => ({
      ...one,
      kind: "Deposit",
      stage: one.finality.label === "proven" ? "proven" : "credited",
    })),
    ...withdrawals.map((one, i) => ({ ...one, kind: "Withdrawal", stage: stages[i] as string })),
    ...transfers.map((one) => ({
      ...one,
      kind: one.account === account ? `Transfer to #${one.to}` : `Transfer from #${one.account}`,
      stage: "done",
    })),
  ].toSorted((a, b) => b.atMs - a.atMs);
  return (
    <RowTable
      caption="Deposits, withdrawals and transfers"
      columns={COLUMNS}
      count={rows.length}
      empty="No payments yet."
    >
      {rows.map((row) => (
        <tr key={`${row.kind}/${row.atMs}/${row.amount}`}>
          <th scope="row">{row.kind}</th>
          <td>{full(row.amount)}</td>
          <td>{row.stage}</td>
          <td>{when(row.atMs, nowMs)}</td>
          <td>
            <FinalityMark finality={row.finality} />
          </td>
        </tr>
      ))}
    </RowTable>
  );
}
