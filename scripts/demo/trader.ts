import { type JsonRpcProvider, NonceManager } from "ethers";
import type { Deployment } from "../../matcher/chain/deployment.ts";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { OnchainWallet } from "../../matcher/sdk/onchain.ts";
import { deriveTradingKey, type TradingKey } from "../../matcher/sdk/wallet.ts";
import { devnetWallet } from "../devnet/wallets.ts";

/** Somebody with a wallet: everything goes through the contract or the HTTP API, as for anybody. */
export class DemoTrader {
  readonly name: string;
  readonly address: string;
  readonly wallet: OnchainWallet;
  readonly key: TradingKey;
  readonly account: number;

  private constructor(name: string, address: string, wallet: OnchainWallet, key: TradingKey, account: number) {
    this.name = name;
    this.address = address;
    this.wallet = wallet;
    this.key = key;
    this.account = account;
  }

  /** Gets test dollars, derives the trading key from the wallet's signature and registers it. */
  static async register(
    name: string,
    walletIndex: number,
    provider: JsonRpcProvider,
    { chainId, exchange, token }: Deployment,
    mintMicroUsd: bigint,
  ): Promise<DemoTrader> {
    const signer = devnetWallet(walletIndex).connect(provider);
    const wallet = new OnchainWallet(new NonceManager(signer), { exchange, token });
    await wallet.mintTestDollars(mintMicroUsd);
    const key = await deriveTradingKey(signer, { chainId, exchange });
    const { account } = await wallet.register(key);
    return new DemoTrader(name, signer.address, wallet, key, account);
  }

  connect(apiUrl: string, { chainId, exchange }: Deployment): Promise<ClearbookClient> {
    return ClearbookClient.connect({ apiUrl, key: this.key, account: this.account, expect: { chainId, exchange } });
  }
}
