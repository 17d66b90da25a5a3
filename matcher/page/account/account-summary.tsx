import { useState } from "preact/hooks";
import { useDesk } from "../frame/desk.ts";
import { isNegative, percent, rounded, usd } from "../show/decimal-text.ts";
import { FundsDialog, type FundsTab } from "../wallet/funds-dialog.tsx";

/** The account in a few figures, and the ways in and out. */
export function AccountSummary() {
  const { wallet } = useDesk();
  const [funds, setFunds] = useState<FundsTab | null>(null);
  const trading = wallet.trading.value;
  const account = trading?.feed.account.value ?? null;
  if (trading === null) return null;
  const ratio = account?.marginRatio ?? null;
  const share = ratio === null ? 0 : Math.min(1, Number(ratio));
  return (
    <div class="summary">
      <dl class="pairs">
        <dt>Equity</dt>
        <dd class={account !== null && isNegative(account.equity) ? "down" : "strong"}>
          {account === null ? "—" : `$${usd(account.equity)}`}
        </dd>
        <dt>Free collateral</dt>
        <dd>{account === null ? "—" : `$${usd(account.freeCollateral)}`}</dd>
        <dt>Leverage</dt>
        <dd>{account?.leverage == null ? "—" : `${rounded(account.leverage, 2)}×`}</dd>
        <dt>Not proven yet</dt>
        <dd>{account?.balance.unprovenShare == null ? "—" : percent(account.balance.unprovenShare)}</dd>
        <dt>Margin ratio</dt>
        <dd class={share > 0.8 ? "down" : share > 0.5 ? "warn" : ""}>{ratio === null ? "—" : percent(ratio)}</dd>
      </dl>
      <meter
        class="ratio"
        min={0}
        max={1}
        low={0.5}
        high={0.8}
        optimum={0}
        value={share}
        aria-label="Margin ratio: liquidated above 100%"
      >
        {percent(String(share))}
      </meter>
      {account?.liquidatable === true && (
        <p class="fault" role="alert">
          The account is below its maintenance margin and is being liquidated.
        </p>
      )}
      <div class="pair-of-buttons">
        <button type="button" class="button" aria-haspopup="dialog" onClick={() => setFunds("deposit")}>
          Deposit
        </button>
        <button type="button" class="button" aria-haspopup="dialog" onClick={() => setFunds("withdraw")}>
          Withdraw
        </button>
      </div>
      {funds !== null && <FundsDialog trading={trading} first={funds} onClose={() => setFunds(null)} />}
    </div>
  );
}
