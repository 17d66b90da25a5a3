import { useState } from "preact/hooks";
import { useDesk } from "../frame/desk.ts";
import { Dialog } from "../frame/dialog.tsx";
import { PASSPHRASE_LENGTH_MIN } from "./key-vault.ts";
import { problemText } from "./wallet-problem.ts";

/** One step at a time from no wallet to trading. */
export function WalletDialog({ onClose }: { onClose: () => void }) {
  const { wallet } = useDesk();
  const visitor = wallet.visitor.value;
  const waiting = wallet.waiting.value;
  const problem = wallet.problem.value;
  const titles = {
    away: "Connect a wallet",
    elsewhere: "Change the network",
    known: "Sign in",
    unregistered: "Register an account",
    trading: "Your account",
  } as const;
  return (
    <Dialog title={titles[visitor.stage]} onClose={onClose}>
      {waiting !== null ? (
        <div class="stack" role="status">
          <p class="working">
            <i class="spinner" aria-hidden="true" />
            {waiting} …
          </p>
          <p class="soft">If the wallet shows nothing, open it. Giving up here changes nothing.</p>
          <button type="button" class="button" onClick={() => wallet.giveUp()}>
            Stop waiting
          </button>
        </div>
      ) : (
        <Stage onClose={onClose} />
      )}
      {problem !== null && (
        <p class="fault" role="alert">
          {problem}
        </p>
      )}
    </Dialog>
  );
}

function Stage({ onClose }: { onClose: () => void }) {
  const { wallet } = useDesk();
  const visitor = wallet.visitor.value;
  switch (visitor.stage) {
    case "away":
      return <WalletList />;
    case "elsewhere":
      return (
        <div class="stack">
          <p>
            {visitor.wallet.name} is on chain {visitor.chainId}; the exchange is on {wallet.chain?.name} (
            {wallet.chain?.chainId}).
          </p>
          <button type="button" class="button button-main" onClick={() => wallet.changeChain()}>
            Change the network
          </button>
          <Leave />
        </div>
      );
    case "known":
      return <SignIn address={visitor.address} />;
    case "unregistered":
      return (
        <div class="stack">
          <p>
            No account has this trading key yet. One transaction registers it with the exchange's contract; it is usable
            once its block is confirmed.
          </p>
          <button type="button" class="button button-main" onClick={() => wallet.register()}>
            Register
          </button>
          <Leave />
        </div>
      );
    case "trading":
      return <Trading address={visitor.address} account={visitor.client.account} onClose={onClose} />;
  }
}

function WalletList() {
  const { wallet } = useDesk();
  const wallets = wallet.wallets.value;
  if (wallets.length === 0) {
    return (
      <p>
        No wallet has announced itself to this page. Install one that follows EIP-6963, as most browser wallets do, and
        allow it here.
      </p>
    );
  }
  return (
    <ul class="wallets">
      {wallets.map((one) => (
        <li key={one.id}>
          <button type="button" class="button" onClick={() => wallet.connect(one)}>
            {one.icon === null ? (
              <i class="no-icon" aria-hidden="true" />
            ) : (
              <img src={one.icon} alt="" width={24} height={24} />
            )}
            {one.name}
          </button>
        </li>
      ))}
    </ul>
  );
}

function SignIn({ address }: { address: string }) {
  const { wallet } = useDesk();
  const [passphrase, setPassphrase] = useState("");
  const place = wallet.vaultPlace(address);
  const isKept = place !== null && wallet.vault.has(place);
  return (
    <div class="stack">
      <p class="hash">{address}</p>
      {isKept && (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void wallet.unlock(passphrase);
          }}
        >
          <input
            type="text"
            class="unseen"
            autocomplete="username"
            value={address}
            readOnly
            tabIndex={-1}
            aria-hidden="true"
          />
          <label class="field">
            <span>Passphrase of the key on this device</span>
            <input
              type="password"
              autocomplete="current-password"
              value={passphrase}
              onInput={(event) => setPassphrase(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="button button-main" disabled={passphrase === ""}>
            Unlock
          </button>
        </form>
      )}
      <p class="soft">
        Signing a readable message derives your trading key. It is asked for twice, to be sure that the wallet would
        give the same key again. It costs nothing and moves no money.
      </p>
      <button type="button" class={isKept ? "button" : "button button-main"} onClick={() => wallet.signIn()}>
        Sign in with the wallet
      </button>
      <Leave />
    </div>
  );
}

function Trading({ address, account, onClose }: { address: string; account: number; onClose: () => void }) {
  const { wallet } = useDesk();
  const place = wallet.vaultPlace(address);
  const [isKept, setKept] = useState(place !== null && wallet.vault.has(place));
  const [passphrase, setPassphrase] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const keep = async (event: Event) => {
    event.preventDefault();
    try {
      await wallet.keepKey(passphrase);
      setKept(true);
      setPassphrase("");
      setFault(null);
    } catch (error) {
      setFault(problemText(error));
    }
  };
  return (
    <div class="stack">
      <button type="button" class="button button-main" onClick={onClose}>
        Trade
      </button>
      <dl class="pairs">
        <dt>Wallet</dt>
        <dd class="hash">{address}</dd>
        <dt>Account</dt>
        <dd>#{account}</dd>
        <dt>Trading key</dt>
        <dd>{isKept ? "encrypted on this device" : "in memory, until the page is closed"}</dd>
      </dl>
      {isKept ? (
        <button
          type="button"
          class="button"
          onClick={() => {
            wallet.forgetKey();
            setKept(false);
          }}
        >
          Forget the key on this device
        </button>
      ) : (
        <form class="stack" onSubmit={keep}>
          <input
            type="text"
            class="unseen"
            autocomplete="username"
            value={address}
            readOnly
            tabIndex={-1}
            aria-hidden="true"
          />
          <label class="field">
            <span>Passphrase, to keep the key on this device</span>
            <input
              type="password"
              autocomplete="new-password"
              minLength={PASSPHRASE_LENGTH_MIN}
              placeholder={`At least ${PASSPHRASE_LENGTH_MIN} characters`}
              value={passphrase}
              onInput={(event) => setPassphrase(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="button" disabled={passphrase === ""}>
            Keep it, encrypted
          </button>
        </form>
      )}
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <button
        type="button"
        class="button"
        onClick={() => {
          wallet.leave();
          onClose();
        }}
      >
        Disconnect
      </button>
    </div>
  );
}

function Leave() {
  const { wallet } = useDesk();
  return (
    <button type="button" class="button-quiet" onClick={() => wallet.leave()}>
      Use another wallet
    </button>
  );
}
