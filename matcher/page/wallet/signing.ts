import { BrowserProvider, type Eip1193Provider } from "ethers";
import type { WireMarkets } from "../../protocol/api-wire.ts";
import { keyPairOf, registrationPointOf } from "../../protocol/keys.ts";
import { ClearbookClient } from "../../sdk/client.ts";
import { OnchainWallet } from "../../sdk/onchain.ts";
import { deriveTradingKey } from "../../sdk/wallet.ts";
import type { WalletProvider } from "./announced.ts";

/** All that signs: loaded when somebody connects, since whoever only looks needs none of it. */

export { ClearbookClient, OnchainWallet };

/** What a wallet does on L1. */
export async function openOnchain(
  provider: WalletProvider,
  address: string,
  { exchange, token }: Pick<WireMarkets, "exchange" | "token">,
): Promise<OnchainWallet> {
  // Polled often: what is waited for is a block of a chain that may be quick.
  const browser = new BrowserProvider(provider as Eip1193Provider, "any", { pollingInterval: 1_000, cacheTimeout: -1 });
  const signer = await browser.getSigner(address);
  return token === null ? OnchainWallet.of(signer, exchange) : new OnchainWallet(signer, { exchange, token });
}

/** The trading key's secret scalar. The wallet is asked twice for the same signature. @throws WalletError, whatever the wallet throws */
export async function deriveScalar(
  { signer }: OnchainWallet,
  place: { chainId: number; exchange: string },
): Promise<bigint> {
  return (await deriveTradingKey(signer, place)).scalar;
}

/** Public key, as accounts name it. */
export function publicKeyOf(scalar: bigint): { ax: string; ay: string } {
  const { ax, ay } = keyPairOf(scalar);
  return { ax: ax.toString(), ay: ay.toString() };
}

/** Registers an account under the key. @returns its index */
export async function registerAccount(onchain: OnchainWallet, scalar: bigint): Promise<number> {
  return (await onchain.register(registrationPointOf(scalar))).account;
}
