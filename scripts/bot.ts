/**
 * A trading bot: an ordinary client with a wallet of its own, which registers and deposits through L1 and trades through the API.
 *
 *   node scripts/bot.ts --role maker|taker --rpc <url> --api <url> --exchange <address> --key-file <path> [--index <n>] [--seed <n>]
 *
 * Tells its parent {type: "ready", account}.
 */
import { Command } from "commander";
import { JsonRpcProvider, NonceManager } from "ethers";
import { runBotLoop } from "../matcher/bots/bot-loop.ts";
import { Dice } from "../matcher/bots/dice.ts";
import { MarketMaker } from "../matcher/bots/market-maker.ts";
import { onboard, type Trader } from "../matcher/bots/onboarding.ts";
import { Taker } from "../matcher/bots/taker.ts";
import { readWallet, WalletFileError, walletFrom } from "../matcher/bots/wallet-file.ts";
import { chainIdOf } from "./devnet/chain-id.ts";
import { endWithParent, tellParent } from "./supervisor/child-life.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface BotFlags {
  role: string;
  rpc: string;
  api: string;
  exchange: string;
  keyFile?: string;
  mnemonic?: string;
  index: string;
  seed: string;
  deposit: string;
  intervalMs?: string;
}

const INTERVAL_MS: Readonly<Record<string, number>> = { maker: 1_000, taker: 1_500 };

const flags = new Command("bot")
  .requiredOption("--role <role>", "maker or taker")
  .requiredOption("--rpc <url>", "JSON-RPC server of the chain")
  .requiredOption("--api <url>", "HTTP API of the matcher")
  .requiredOption("--exchange <address>", "Exchange contract")
  .option("--key-file <path>", "file with a private key or a mnemonic phrase")
  .option("--mnemonic <phrase>", "mnemonic phrase, for development wallets only: other programs can read it")
  .option("--index <n>", "which address of the phrase", "0")
  .option("--seed <n>", "seed of the bot's random choices", "1")
  .option("--deposit <usd>", "what the account is given in total", "50000")
  .option("--interval-ms <ms>", "time between two turns")
  .parse()
  .opts<BotFlags>();

function wholeNumber(text: string, flag: string): number {
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || !Number.isSafeInteger(value))
    throw new Refusal(`${flag} needs a whole number, not "${text}".`);
  return value;
}

function wallet(index: number) {
  if (flags.keyFile !== undefined) {
    try {
      return readWallet(flags.keyFile, index);
    } catch (error) {
      throw error instanceof WalletFileError ? new Refusal(error.message) : error;
    }
  }
  if (flags.mnemonic === undefined) throw new Refusal("A bot needs a wallet: pass --key-file or --mnemonic.");
  try {
    return walletFrom(flags.mnemonic, index);
  } catch {
    throw new Refusal("--mnemonic is no mnemonic phrase.");
  }
}

async function trade(
  { client }: Trader,
  role: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const intervalMs =
    flags.intervalMs === undefined ? (INTERVAL_MS[role] as number) : wholeNumber(flags.intervalMs, "--interval-ms");
  const loop = { intervalMs, signal, onTrouble: (line: string) => say(`waits: ${line}`) };
  if (role === "taker") {
    const taker = new Taker(client, new Dice(wholeNumber(flags.seed, "--seed")), {}, say);
    return runBotLoop(() => taker.turn(), loop);
  }
  const maker = new MarketMaker(client, {}, say);
  await runBotLoop(() => maker.turn(), loop);
  // The exchange may be gone already: then so are the quotes.
  await maker.stop().catch(() => undefined);
}

await runCommand(async () => {
  const { role } = flags;
  if (INTERVAL_MS[role] === undefined) throw new Refusal(`--role is maker or taker, not "${role}".`);
  const index = wholeNumber(flags.index, "--index");
  const say = (line: string) => console.log(`${role} ${index}: ${line}`);
  const bot = wallet(index);
  const stopping = new AbortController();
  const { signal } = stopping;

  const options = { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1, pollingInterval: 200 } as const;
  const chainId = await chainIdOf(flags.rpc);
  const provider = new JsonRpcProvider(flags.rpc, chainId, options);
  const signer = new NonceManager(bot.connect(provider));

  const working = (async () => {
    const { api: apiUrl, exchange, deposit: depositUsd } = flags;
    const trader = await onboard({ signer, chainId, exchange, apiUrl, depositUsd, signal, say });
    // From here on everything goes over the API.
    provider.destroy();
    if (trader === undefined) return;
    tellParent({ type: "ready", account: trader.client.account });
    await trade(trader, role, signal, say);
  })();
  endWithParent(async () => {
    stopping.abort();
    await working.catch(() => undefined);
  });
  await working;
  return undefined;
});
