import { type Signal, signal } from "@preact/signals";

/** What every wallet understands (EIP-1193). */
export interface WalletProvider {
  request(request: { method: string; params?: readonly unknown[] | object }): Promise<unknown>;
  on?(event: string, listener: (...values: never[]) => void): unknown;
  removeListener?(event: string, listener: (...values: never[]) => void): unknown;
}

/** A wallet that has announced itself (EIP-6963). */
export interface AnnouncedWallet {
  readonly id: string;
  readonly name: string;
  /** A picture as data, or null where it gave none that can be shown. */
  readonly icon: string | null;
  /** Names the wallet over page loads, unlike its id. */
  readonly domain: string;
  readonly provider: WalletProvider;
}

const NAME_LENGTH_MAX = 48;
const ICON_LENGTH_MAX = 200_000;
const PICTURE = /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/;

/** Any extension may announce anything: what is no wallet is left out. */
export function announcedWallet(detail: unknown): AnnouncedWallet | null {
  if (typeof detail !== "object" || detail === null) return null;
  const { info, provider } = detail as { info?: Record<string, unknown>; provider?: Partial<WalletProvider> };
  if (typeof info !== "object" || info === null || typeof provider?.request !== "function") return null;
  const { uuid, name, icon, rdns } = info;
  if (typeof uuid !== "string" || typeof name !== "string" || name.trim() === "") return null;
  const picture = typeof icon === "string" && icon.length <= ICON_LENGTH_MAX && PICTURE.test(icon);
  return {
    id: uuid,
    name: name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX)}…` : name,
    icon: picture ? icon : null,
    domain: typeof rdns === "string" ? rdns : "",
    provider: provider as WalletProvider,
  };
}

/** Asks who is there, and goes on listening: wallets may come late. */
export function discoverWallets(target: EventTarget): Signal<readonly AnnouncedWallet[]> {
  const found: Signal<readonly AnnouncedWallet[]> = signal([]);
  target.addEventListener("eip6963:announceProvider", (event) => {
    const wallet = announcedWallet((event as CustomEvent).detail);
    if (wallet === null || found.peek().some(({ id }) => id === wallet.id)) return;
    found.value = [...found.peek(), wallet];
  });
  target.dispatchEvent(new Event("eip6963:requestProvider"));
  return found;
}
