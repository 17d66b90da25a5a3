import { useState } from "preact/hooks";
import { usdFromMicroUsd } from "../../protocol/decimal.ts";
import { withdrawalStages } from "../account/withdrawal-stage.ts";
import { useDesk } from "../frame/desk.ts";
import { Dialog } from "../frame/dialog.tsx";
import { Tabs } from "../frame/tabs.tsx";
import { cut, full } from "../show/decimal-text.ts";
import type { DepositWay } from "./funds.ts";
import { DEPOSIT_STAGES, depositStage } from "./passage.ts";
import { Steps } from "./steps.tsx";
import type { Trading } from "./wallet-desk.ts";

export type FundsTab = "deposit" | "withdraw";

const TEST_DOLLARS = "10000";
const TABS = [
  { name: "deposit", label: "Deposit" },
  { name: "withdraw", label: "Withdraw" },
] as const;

/** Money in and out, with how far each of it is. */
export function FundsDialog({ trading, first, onClose }: { trading: Trading; first: FundsTab; onClose: () => void }) {
  const { funds, wallet } = useDesk();
  const [tab, setTab] = useState<FundsTab>(first);
  const waiting = funds.waiting.value ?? wallet.waiting.value;
  const giveUp = () => {
    funds.giveUp();
    wallet.giveUp();
  };
  const problem = funds.problem.value ?? wallet.problem.value;
  return (
    <Dialog title="Deposit and withdraw" onClose={onClose}>
      {wallet.isElsewhere.value && (
        <div class="claim elsewhere" role="status">
          <span>The wallet is on another chain: orders need none, deposits and claims do.</span>
          <button type="button" class="button button-small" onClick={() => wallet.changeChain()}>
            Change the network
          </button>
        </div>
      )}
      <Tabs label="Direction" tabs={TABS} current={tab} onChange={setTab}>
        {tab === "deposit" ? <Deposit trading={trading} /> : <Withdraw trading={trading} />}
      </Tabs>
      {waiting !== null && (
        <div class="stack" role="status">
          <p class="working">
            <i class="spinner" aria-hidden="true" />
            {waiting} …
          </p>
          <button type="button" class="button button-small" onClick={giveUp}>
            Stop waiting
          </button>
        </div>
      )}
      {problem !== null && (
        <p class="fault" role="alert">
          {problem}
        </p>
      )}
    </Dialog>
  );
}

function Deposit({ trading }: { trading: Trading }) {
  const { funds, link, wallet } = useDesk();
  const [amount, setAmount] = useState("");
  const [way, setWay] = useState<DepositWay>("permit");
  const balance = funds.balanceMicroUsd.value;
  const isDevnet = (link.status.value?.chain as { warning?: string } | undefined)?.warning !== undefined;
  const busy = funds.waiting.value !== null || wallet.isElsewhere.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await funds.deposit(plainAmount(amount), way)) setAmount("");
  };
  return (
    <form class="stack" onSubmit={submit}>
      <Amount
        label="Amount"
        value={amount}
        onInput={setAmount}
        most={balance === null ? null : usdFromMicroUsd(balance)}
        mostLabel="In the wallet"
      />
      <fieldset class="ways">
        <legend>How the contract may take it</legend>
        <label class="check">
          <input type="radio" name="way" checked={way === "permit"} onChange={() => setWay("permit")} />
          Signed permit, one transaction
        </label>
        <label class="check">
          <input type="radio" name="way" checked={way === "approve"} onChange={() => setWay("approve")} />
          Approval of exactly this amount, two transactions
        </label>
      </fieldset>
      <button type="submit" class="button button-main" disabled={busy || amount.trim() === ""}>
        Deposit
      </button>
      {isDevnet && (
        <button type="button" class="button" disabled={busy} onClick={() => funds.mint(TEST_DOLLARS)}>
          Get {full(TEST_DOLLARS)} test dollars
        </button>
      )}
      <DepositList trading={trading} />
    </form>
  );
}

function DepositList({ trading }: { trading: Trading }) {
  const { funds } = useDesk();
  const passages = funds.passages.value;
  const progress = funds.progress(trading);
  if (passages.length === 0) return null;
  return (
    <ul class="passages" aria-label="Deposits under way">
      {passages.slice(0, 4).map((passage, i) => (
        <li key={passage.txHash}>
          <b>${full(passage.amount)}</b> <span class="hash soft">{passage.txHash.slice(0, 10)}…</span>
          <Steps steps={DEPOSIT_STAGES} reached={depositStage(passage, progress, passages.slice(0, i))} />
        </li>
      ))}
    </ul>
  );
}

const WITHDRAWAL_STEPS = ["accepted", "proven", "claimable", "claimed"] as const;

function Withdraw({ trading }: { trading: Trading }) {
  const { funds, wallet } = useDesk();
  const [amount, setAmount] = useState("");
  const account = trading.feed.account.value;
  const claimable = funds.claimableMicroUsd.value;
  const { withdrawals } = trading.feed.payments.value;
  const stages = withdrawalStages(withdrawals, claimable);
  const busy = funds.waiting.value !== null;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await funds.withdraw(plainAmount(amount))) setAmount("");
  };
  return (
    <form class="stack" onSubmit={submit}>
      <Amount
        label="Amount"
        value={amount}
        onInput={setAmount}
        most={account === null ? null : cut(account.withdrawable, 6).replaceAll(",", "").replace("−", "-")}
        mostLabel="May be withdrawn"
      />
      <p class="soft small">
        It is signed with your trading key and paid to your wallet only. Once a proof of it is on L1 it can be claimed
        there.
      </p>
      <button type="submit" class="button button-main" disabled={busy || amount.trim() === ""}>
        Withdraw
      </button>
      {claimable !== null && claimable > 0n && (
        <div class="claim">
          <span>
            <b>${full(usdFromMicroUsd(claimable))}</b> can be claimed
          </span>
          <button
            type="button"
            class="button button-buy"
            disabled={busy || wallet.isElsewhere.value}
            onClick={() => funds.claim()}
          >
            Claim
          </button>
        </div>
      )}
      {withdrawals.length > 0 && (
        <ul class="passages" aria-label="Withdrawals">
          {withdrawals.slice(0, 4).map((withdrawal, i) => (
            <li key={withdrawal.nonce}>
              <b>${full(withdrawal.amount)}</b>
              <Steps steps={WITHDRAWAL_STEPS} reached={stages[i] ?? "accepted"} />
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}

interface AmountProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  /** Plain decimal. */
  most: string | null;
  mostLabel: string;
}

function Amount({ label, value, onInput, most, mostLabel }: AmountProps) {
  return (
    <div class="field">
      <label for="amount">{label}</label>
      <div class="with-unit">
        <input
          id="amount"
          inputMode="decimal"
          autocomplete="off"
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <span class="unit-place">USD</span>
      </div>
      <p class="soft small">
        {mostLabel}: {most === null ? "—" : `$${full(most)}`}{" "}
        {most !== null && (
          <button type="button" class="link" onClick={() => onInput(most)}>
            All of it
          </button>
        )}
      </p>
    </div>
  );
}

function plainAmount(text: string): string {
  return text.trim().replaceAll(",", "").replace(/\.$/, "");
}
