import type { WalletProvider } from "./announced.ts";
import { isUnknownChain } from "./wallet-problem.ts";

/** The chain that the exchange is on, as a wallet is told of it. */
export interface Chain {
  readonly chainId: number;
  readonly name: string;
  readonly rpcUrl: string | null;
}

const hex = (chainId: number) => `0x${chainId.toString(16)}`;

/** Number of the chain that a wallet is on now. @throws whatever the wallet throws */
export async function chainIdOf(provider: WalletProvider): Promise<number> {
  return Number(await provider.request({ method: "eth_chainId" }));
}

/** Has the wallet go to the chain, which it is told of when it does not know it. @throws whatever the wallet throws */
export async function goToChain(provider: WalletProvider, chain: Chain): Promise<void> {
  const wanted = { method: "wallet_switchEthereumChain", params: [{ chainId: hex(chain.chainId) }] };
  try {
    await provider.request(wanted);
  } catch (error) {
    if (!isUnknownChain(error) || chain.rpcUrl === null) throw error;
    await provider.request({
      method: "wallet_addEthereumChain",
      params: [
        {
          chainId: hex(chain.chainId),
          chainName: chain.name,
          rpcUrls: [chain.rpcUrl],
          nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        },
      ],
    });
    // Some wallets only add it, others go there at once.
    if ((await chainIdOf(provider)) !== chain.chainId) await provider.request(wanted);
  }
  if ((await chainIdOf(provider)) !== chain.chainId) {
    throw new Error(`The wallet is still on another chain: choose ${chain.name} (${chain.chainId}) in it.`);
  }
}
