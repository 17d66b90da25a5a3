import { useState } from "preact/hooks";
import type { WireOrder } from "../../protocol/api-wire.ts";
import { usdFromMicroUsd, usdFromPicoUsd } from "../../protocol/decimal.ts";
import { usdFromPriceTicks } from "../../protocol/market.ts";
import { useClock } from "../frame/clock.ts";
import { useDesk } from "../frame/desk.ts";
import { basisPoints, full, usd } from "../show/decimal-text.ts";
import { FinalityMark } from "../show/finality-mark.tsx";
import { span, when } from "../show/time-text.ts";
import { executionReport } from "../size/execution-report.ts";
import type { Trading } from "../wallet/wallet-desk.ts";
import { problemText } from "../wallet/wallet-problem.ts";
import { RowTable } from "./row-table.tsx";

const MINUTE_MS = 60_000;

function Side({ side }: { side: "buy" | "sell" }) {
  return <em class={`tag ${side === "buy" ? "up" : "down"}`}>{side}</em>;
}

/** What rests in the book. */
export function OpenOrderTable({ trading }: { trading: Trading }) {
  const { notices } = useDesk();
  const nowMs = useClock(MINUTE_MS);
  const [busy, setBusy] = useState<string | null>(null);
  const orders = trading.feed.openOrders.value;
  const cancel = async (order: WireOrder) => {
    setBusy(order.id);
    try {
      const { orders: gone } = await trading.client.cancel(order);
      trading.feed.takeOrders(gone);
      notices.tell("plain", "Cancelled", `${order.side} ${full(order.remainingSize)} ${order.market}`);
    } catch (error) {
      notices.tell("bad", "The order was not cancelled", problemText(error));
    } finally {
      setBusy(null);
    }
  };
  const cancelAll = async () => {
    setBusy("all");
    try {
      const { orders: gone } = await trading.client.cancelAll();
      trading.feed.takeOrders(gone);
      notices.tell("plain", "Cancelled", `${gone.length} orders`);
    } catch (error) {
      notices.tell("bad", "Nothing was cancelled", problemText(error));
    } finally {
      setBusy(null);
    }
  };
  const columns = ["Market", "Price", "Size", "Filled", "Placed", "Finality", "Actions"];
  return (
    <>
      <RowTable caption="Open orders" columns={columns} count={orders.length} empty="No open orders.">
        {orders.map((order) => (
          <tr key={order.id}>
            <th scope="row">
              {order.market}
              <Side side={order.side} />
            </th>
            <td>{full(order.price)}</td>
            <td>{full(order.size)}</td>
            <td>{full(order.filledSize)}</td>
            <td>{when(order.acceptedAtMs, nowMs)}</td>
            <td>
              <FinalityMark finality={order.finality} />
            </td>
            <td>
              <button
                type="button"
                class="button button-small"
                disabled={busy !== null}
                aria-label={`Cancel ${order.side} ${full(order.remainingSize)} ${order.market} at ${full(order.price)}`}
                onClick={() => cancel(order)}
              >
                Cancel
              </button>
            </td>
          </tr>
        ))}
      </RowTable>
      {orders.length > 1 && (
        <p class="list-foot">
          <button type="button" class="button button-small" disabled={busy !== null} onClick={cancelAll}>
            Cancel all {orders.length}
          </button>
        </p>
      )}
    </>
  );
}

/** Orders that are done, with what they cost against the price at which they were sent. */
export function ClosedOrderTable({ trading }: { trading: Trading }) {
  const nowMs = useClock(MINUTE_MS);
  const orders = trading.feed.closedOrders.value;
  const columns = [
    "Market",
    "Price",
    "Size",
    "Filled",
    "Average",
    "Against arrival",
    "Fees, USD",
    "Took",
    "Closed",
    "Reason",
    "Finality",
  ];
  return (
    <RowTable caption="Order history" columns={columns} count={orders.length} empty="No orders yet.">
      {orders.map((order) => (
        <tr key={order.id}>
          <th scope="row">
            {order.market}
            <Side side={order.side} />
          </th>
          <td>{full(order.price)}</td>
          <td>{full(order.size)}</td>
          <td>{full(order.filledSize)}</td>
          <Report trading={trading} order={order} />
          <td>{when(order.updatedAtMs, nowMs)}</td>
          <td>{order.reason}</td>
          <td>
            <FinalityMark finality={order.finality} />
          </td>
        </tr>
      ))}
    </RowTable>
  );
}

/** Four cells of what became of an order: average price, slippage against arrival, fees, time. */
function Report({ trading, order }: { trading: Trading; order: WireOrder }) {
  const { link, arrivals } = useDesk();
  const market = link.market(order.market);
  const fills = trading.feed.fills.value.filter(
    ({ slot, sequence, market: of }) => slot === order.slot && sequence === order.sequence && of === order.market,
  );
  const arrival = arrivals.of(`${order.account}/${order.id}`);
  // Of an order that was sent from elsewhere the arrival price is not known: what it filled at is.
  const known = arrival ?? { middleTwiceTicks: 1, atMs: order.acceptedAtMs };
  const report = market === null ? null : executionReport(market, known, fills);
  if (market === null || report === null) {
    return (
      <>
        <td>—</td>
        <td>—</td>
        <td>—</td>
        <td>—</td>
      </>
    );
  }
  return (
    <>
      <td>{full(usdFromPriceTicks(market, report.averageTicks))}</td>
      <td
        class={arrival === null ? "" : report.slippagePpmCeil > 0n ? "down" : "up"}
        title={
          arrival === null
            ? "It was not sent from this page, so the price at which it was sent is not known here."
            : "How much worse than the middle of the book when it was sent"
        }
      >
        {arrival === null
          ? "—"
          : `${basisPoints(report.slippagePpmCeil)} · $${usd(usdFromMicroUsd(report.slippageMicroUsdCeil))}`}
      </td>
      <td>{usd(usdFromPicoUsd(report.feePicoUsd))}</td>
      <td>{report.durationMs < 1_000 ? `${report.durationMs} ms` : span(report.durationMs)}</td>
    </>
  );
}
