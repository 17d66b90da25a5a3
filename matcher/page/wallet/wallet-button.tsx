import { useState } from "preact/hooks";
import { useDesk } from "../frame/desk.ts";
import { WalletDialog } from "./wallet-dialog.tsx";

/** 0x1234…abcd */
export function shortAddress(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

/** Who is here, and the way in. */
export function WalletButton() {
  const { wallet } = useDesk();
  const [open, setOpen] = useState(false);
  const visitor = wallet.visitor.value;
  const words = {
    away: "Connect wallet",
    elsewhere: "Wrong network",
    known: "Sign in",
    unregistered: "Register",
    trading: "",
  }[visitor.stage];
  const label = visitor.stage === "trading" ? `${shortAddress(visitor.address)} · #${visitor.client.account}` : words;
  return (
    <>
      <button
        type="button"
        class={visitor.stage === "trading" ? "button wallet-button" : "button button-main wallet-button"}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {label}
      </button>
      {open && <WalletDialog onClose={() => setOpen(false)} />}
    </>
  );
}
