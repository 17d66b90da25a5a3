import { useState } from "preact/hooks";
import { useDesk } from "../frame/desk.ts";
import { Tabs } from "../frame/tabs.tsx";
import { FillTable } from "./fill-table.tsx";
import { FundingTable } from "./funding-table.tsx";
import { ClosedOrderTable, OpenOrderTable } from "./order-tables.tsx";
import { PaymentTable } from "./payment-table.tsx";
import { PositionTable } from "./position-table.tsx";

type List = "positions" | "open" | "closed" | "fills" | "funding" | "payments";

/** Everything that an account has and had. */
export function AccountPanel() {
  const { wallet } = useDesk();
  const [list, setList] = useState<List>("positions");
  const trading = wallet.trading.value;
  if (trading === null) {
    return (
      <section class="panel account" aria-label="Account">
        <p class="waiting">Connect a wallet to see positions, orders and payments.</p>
      </section>
    );
  }
  const { feed } = trading;
  const counted = (label: string, count: number) => (count === 0 ? label : `${label} (${count})`);
  const tabs = [
    { name: "positions", label: counted("Positions", feed.account.value?.positions.length ?? 0) },
    { name: "open", label: counted("Open orders", feed.openOrders.value.length) },
    { name: "closed", label: "Order history" },
    { name: "fills", label: "Fills" },
    { name: "funding", label: "Funding" },
    { name: "payments", label: "Deposits and withdrawals" },
  ] as const;
  return (
    <section class="panel account" aria-label="Account">
      <Tabs label="Lists of the account" tabs={tabs} current={list} onChange={setList}>
        {list === "positions" && <PositionTable trading={trading} />}
        {list === "open" && <OpenOrderTable trading={trading} />}
        {list === "closed" && <ClosedOrderTable trading={trading} />}
        {list === "fills" && <FillTable trading={trading} />}
        {list === "funding" && <FundingTable trading={trading} />}
        {list === "payments" && <PaymentTable trading={trading} />}
      </Tabs>
    </section>
  );
}
