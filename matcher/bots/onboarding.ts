import type { Signer } from "ethers";
import { microUsdFromUsd, usdFromMicroUsd } from "../protocol/decimal.ts";
import { ClearbookClient } from "../sdk/client.ts";
import { ClearbookError, Unreachable } from "../sdk/http.ts";
import { OnchainWallet } from "../sdk/onchain.ts";
import { deriveTradingKey, type TradingKey } from "../sdk/wallet.ts";
import { pause } from "./pause.ts";

export interface OnboardingOptions {
  /** The bot's own wallet, with a provider and money for gas. */
  signer: Signer;
  chainId: number;
  exchange: string;
  apiUrl: string;
  /** What the account should have been given in total, USD. */
  depositUsd: string;
  signal: AbortSignal;
  say: (line: string) => void;
}

const POLL_MS = 500;

/** A trader that is ready: its wallet on L1 and its client on the API. */
export interface Trader {
  wallet: OnchainWallet;
  client: ClearbookClient;
  key: TradingKey;
}

/**
 * Makes a wallet into a trader, as any user does it: derive the key, register, deposit, wait for the matcher. What was done in an earlier
 * run is found on L1 and not done again.
 * @returns undefined when the signal came first
 */
export async function onboard(options: OnboardingOptions): Promise<Trader | undefined> {
  const { signer, chainId, exchange, signal, say } = options;
  const key = await deriveTradingKey(signer, { chainId, exchange });
  const wallet = await OnchainWallet.of(signer, exchange);
  const account = (await registeredAccount(wallet, key)) ?? (await register(wallet, key, say));
  await topUp(wallet, account, microUsdFromUsd(options.depositUsd), say);
  const client = await connectWhenKnown({ ...options, key, account });
  if (client === undefined) return undefined;
  // The deposit comes through the same queue as the registration, a little later.
  while (!signal.aborted && (await funded(client)) === false) await pause(POLL_MS, signal);
  if (signal.aborted) return undefined;
  const { equity } = await client.state();
  say(`trades as account ${account} with ${equity} USD`);
  return { wallet, client, key };
}

async function register(wallet: OnchainWallet, key: TradingKey, say: (line: string) => void): Promise<number> {
  const { account } = await wallet.register(key);
  say(`registered account ${account} for ${key.owner}`);
  return account;
}

/** The newest account of this wallet under this key, as L1 has it. */
async function registeredAccount(wallet: OnchainWallet, key: TradingKey): Promise<number | undefined> {
  const { exchange } = wallet;
  const filter = exchange.filters.AccountRegistered?.(null, key.owner);
  if (filter === undefined) throw new Error("the Exchange has no event AccountRegistered");
  const logs = await exchange.queryFilter(filter, 0);
  const accounts = logs.flatMap((log) => {
    const event = exchange.interface.parseLog(log);
    return event?.args.ax === key.ax && event.args.ay === key.ay ? [Number(event.args.account)] : [];
  });
  return accounts.at(-1);
}

async function topUp(
  wallet: OnchainWallet,
  account: number,
  targetMicroUsd: bigint,
  say: (line: string) => void,
): Promise<void> {
  const { exchange } = wallet;
  const filter = exchange.filters.Deposited?.(account);
  if (filter === undefined) throw new Error("the Exchange has no event Deposited");
  const logs = await exchange.queryFilter(filter, 0);
  const depositedMicroUsd = logs.reduce(
    (sum, log) => sum + ((exchange.interface.parseLog(log)?.args.amountMicroUsd as bigint | undefined) ?? 0n),
    0n,
  );
  const missingMicroUsd = targetMicroUsd - depositedMicroUsd;
  if (missingMicroUsd <= 0n) return;
  const balanceMicroUsd = await wallet.balanceMicroUsd();
  if (balanceMicroUsd < missingMicroUsd) await wallet.mintTestDollars(missingMicroUsd - balanceMicroUsd);
  await wallet.depositWithPermit(account, missingMicroUsd);
  say(`deposited ${usdFromMicroUsd(missingMicroUsd)} USD`);
}

async function connectWhenKnown(
  options: OnboardingOptions & { key: TradingKey; account: number },
): Promise<ClearbookClient | undefined> {
  const { apiUrl, key, account, chainId, exchange, signal } = options;
  while (!signal.aborted) {
    try {
      return await ClearbookClient.connect({ apiUrl, key, account, expect: { chainId, exchange } });
    } catch (error) {
      const early =
        error instanceof Unreachable || (error instanceof ClearbookError && error.code === "UNKNOWN_ACCOUNT");
      if (!early) throw error;
    }
    await pause(POLL_MS, signal);
  }
  return undefined;
}

async function funded(client: ClearbookClient): Promise<boolean> {
  const { collateral, positions } = await client.state();
  return positions.length > 0 || Number(collateral) > 0;
}
