import { existsSync } from "node:fs";
import { isAddress, type JsonRpcProvider, type Signer } from "ethers";
import { readWallet, WalletFileError } from "../../matcher/bots/wallet-file.ts";
import { connectL1 } from "../../matcher/chain/provider.ts";
import type { WireMarkets } from "../../matcher/protocol/api-wire.ts";
import type { KeyPair } from "../../matcher/protocol/keys.ts";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { ExchangeReader } from "../../matcher/sdk/exchange-reader.ts";
import { Http } from "../../matcher/sdk/http.ts";
import { OnchainWallet } from "../../matcher/sdk/onchain.ts";
import { ReceiptFile } from "../../matcher/sdk/receipt-file.ts";
import { deriveTradingKey, type TradingKey } from "../../matcher/sdk/wallet.ts";
import { chainIdOf } from "../devnet/chain-id.ts";
import { placeOf } from "../devnet/place.ts";
import { FIRST_TRADER_WALLET } from "../devnet/wallets.ts";
import { Refusal } from "../supervisor/refusal.ts";

/** Flags that every command takes. */
export interface DeskFlags {
  api?: string;
  rpc?: string;
  exchange?: string;
  keyFile?: string;
  index: string;
  keyIndex: string;
  account?: string;
  receipts?: string;
  json?: boolean;
}

/** The wallets of a devnet's traders, where `npm start` leaves them. */
const DEVNET_TRADERS = "build/devnet/traders.txt";
/** Bots take the first ones; this one has money for gas on a devnet, too. */
export const DEFAULT_WALLET_INDEX = FIRST_TRADER_WALLET + 9;

/** What a command needs, each part made when it is asked for. */
export class Desk {
  readonly json: boolean;
  private readonly flags: DeskFlags;
  private provider: JsonRpcProvider | undefined;

  constructor(flags: DeskFlags) {
    this.flags = flags;
    this.json = flags.json ?? false;
  }

  get apiUrl(): string {
    return placeOf("api", this.flags.api);
  }

  /** What anybody may look at. */
  async reader(): Promise<ExchangeReader> {
    const http = new Http(this.apiUrl);
    return new ExchangeReader(http, await http.get<WireMarkets>("/v1/markets"));
  }

  /**
   * The account's own client. The trading key is CLEARBOOK_TRADING_KEY (its secret number; with --account), or what the wallet derives.
   * @throws Refusal without a key
   */
  async client(): Promise<ClearbookClient> {
    const { account, receipts } = this.flags;
    const chosen = {
      ...(account === undefined ? {} : { account: wholeNumber(account, "--account") }),
      ...(receipts === undefined ? {} : { receipts: { store: new ReceiptFile(receipts) } }),
    };
    const raw = process.env.CLEARBOOK_TRADING_KEY;
    if (raw !== undefined && raw !== "") {
      if (account === undefined) throw new Refusal("With CLEARBOOK_TRADING_KEY, say which --account it trades for.");
      return ClearbookClient.connect({ apiUrl: this.apiUrl, key: scalarOf(raw), ...chosen });
    }
    const key = await this.tradingKey();
    return ClearbookClient.connect({ apiUrl: this.apiUrl, key, owner: key.owner, ...chosen });
  }

  /** The wallet's side of the contract, on L1. */
  async wallet(): Promise<OnchainWallet> {
    const provider = await this.chain();
    return OnchainWallet.of(this.signer().connect(provider), this.exchange);
  }

  /** Everything that talks to L1 without the exchange's API. */
  async onL1(): Promise<{ provider: JsonRpcProvider; signer: Signer; exchange: string; chainId: number }> {
    const provider = await this.chain();
    const chainId = Number((await provider.getNetwork()).chainId);
    return { provider, signer: this.signerOn(provider), exchange: this.exchange, chainId };
  }

  signerOn(provider: JsonRpcProvider): Signer {
    return this.signer().connect(provider);
  }

  /** @param index instead of the one that --key-index names */
  async tradingKey(index?: number): Promise<TradingKey> {
    const chainId = Number((await (await this.chain()).getNetwork()).chainId);
    const place = { chainId, exchange: this.exchange };
    return deriveTradingKey(this.signer(), place, index ?? wholeNumber(this.flags.keyIndex, "--key-index"));
  }

  /** The account that a request to L1 is about. With --account nobody is asked but the chain: the exchange may be silent. */
  async account(): Promise<number> {
    const { account } = this.flags;
    return account === undefined ? (await this.client()).account : wholeNumber(account, "--account");
  }

  /** Prints the answer as a program wants it, or as people do. */
  show(answer: unknown, text: () => string): void {
    console.log(this.json ? JSON.stringify(answer, null, 2) : text());
  }

  close(): void {
    this.provider?.destroy();
  }

  private get exchange(): string {
    const exchange = placeOf("exchange", this.flags.exchange);
    if (!isAddress(exchange)) throw new Refusal(`--exchange needs an address, not "${exchange}".`);
    return exchange;
  }

  private signer(): Signer {
    const { keyFile = process.env.CLEARBOOK_KEY_FILE, index } = this.flags;
    const path = keyFile ?? (existsSync(DEVNET_TRADERS) ? DEVNET_TRADERS : undefined);
    if (path === undefined)
      throw new Refusal("This needs a wallet: pass --key-file, a file with a private key or a mnemonic phrase.");
    try {
      return readWallet(path, wholeNumber(index, "--index"));
    } catch (error) {
      throw error instanceof WalletFileError ? new Refusal(error.message) : error;
    }
  }

  private async chain(): Promise<JsonRpcProvider> {
    const url = placeOf("rpc", this.flags.rpc);
    this.provider ??= await connectL1(url, await chainIdOf(url));
    return this.provider;
  }
}

/** @throws Refusal naming the flag */
export function wholeNumber(text: string, flag: string): number {
  const number = Number(text);
  if (!/^\d{1,15}$/.test(text) || !Number.isSafeInteger(number))
    throw new Refusal(`${flag} needs a whole number, not "${text}".`);
  return number;
}

function scalarOf(text: string): KeyPair | bigint {
  if (!/^(0x[0-9a-fA-F]{1,64}|\d{1,77})$/.test(text))
    throw new Refusal("CLEARBOOK_TRADING_KEY is no number: it is the key's secret scalar, decimal or 0x-hexadecimal.");
  return BigInt(text);
}
