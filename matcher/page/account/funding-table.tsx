import { useClock } from "../frame/clock.ts";
import { full, isNegative, rounded, signed } from "../show/decimal-text.ts";
import { FinalityMark } from "../show/finality-mark.tsx";
import { span, when } from "../show/time-text.ts";
import type { Trading } from "../wallet/wallet-desk.ts";
import { RowTable } from "./row-table.tsx";

const COLUMNS = ["Market", "Held", "For", "A unit paid, USD", "Amount, USD", "Settled", "Finality"];

/** What funding has paid and taken. */
export function FundingTable({ trading }: { trading: Trading }) {
  const nowMs = useClock(60_000);
  const payments = trading.feed.fundingPayments.value;
  const empty = "No funding yet: it is settled when an account trades, pays or is paid.";
  return (
    <RowTable caption="Funding payments" columns={COLUMNS} count={payments.length} empty={empty}>
      {payments.map((payment) => (
        <tr key={payment.id}>
          <th scope="row">{payment.market}</th>
          <td>{full(payment.size)}</td>
          <td>{span((payment.toSeconds - payment.fromSeconds) * 1_000)}</td>
          <td>{rounded(payment.perUnit, 6)}</td>
          <td class={isNegative(payment.amount) ? "down" : "up"}>{signed(payment.amount, 6)}</td>
          <td>{when(payment.atMs, nowMs)}</td>
          <td>
            <FinalityMark finality={payment.finality} />
          </td>
        </tr>
      ))}
    </RowTable>
  );
}
