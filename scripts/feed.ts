/**
 * Simulates markets and reports their prices to the matcher, signed with the oracle's key, until it is told to end.
 *
 *   node scripts/feed.ts --matcher <url of the operator's door> [--deployment <file>] [--keys <file>] [--seed <n>] [--every <ms>]
 */
import { Command } from "commander";
import { Wallet } from "ethers";
import { readDeployment } from "../matcher/chain/deployment.ts";
import { MarketSimulation } from "../matcher/oracle/market-simulation.ts";
import { PriceFeed } from "../matcher/oracle/price-feed.ts";
import { DEVNET_MARKETS } from "../matcher/protocol/devnet-markets.ts";
import { readKey } from "./devnet/wallets.ts";
import { endWithParent, tellParent } from "./supervisor/child-life.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Options {
  matcher: string;
  deployment: string;
  keys: string;
  seed: string;
  every: string;
}

function wholeNumber(text: string, option: string, least: bigint): bigint {
  if (/^\d{1,18}$/.test(text) && BigInt(text) >= least) return BigInt(text);
  throw new Refusal(`${option} needs a whole number from ${least}, not "${text}".`);
}

await runCommand(async () => {
  const options = new Command("feed")
    .requiredOption("--matcher <url>", "the matcher's door for operators")
    .option("--deployment <file>", "where the contracts are", "build/devnet/deployment.json")
    .option("--keys <file>", "file with the oracle's key", "build/devnet/keys.json")
    .option("--seed <n>", "same seed, same walk", "1")
    .option("--every <ms>", "time between two reports", "2000")
    .parse()
    .opts<Options>();
  const everyMs = Number(wholeNumber(options.every, "--every", 1_000n));
  const { chainId, oracle } = readDeployment(options.deployment);
  const signer = new Wallet(readKey(options.keys, "oracleSigner"));
  const feed = new PriceFeed({
    context: { chainId, oracle },
    signer,
    simulation: new MarketSimulation(wholeNumber(options.seed, "--seed", 0n), DEVNET_MARKETS),
    matcherUrl: options.matcher,
    everyMs,
    onPrices: (pricesTicks) => tellParent({ type: "prices", pricesTicks }),
    onTrouble: (sentence) => console.error(sentence),
  });
  endWithParent(async () => feed.stop());
  await feed.start();
  console.log(`reporting as ${signer.address} every ${everyMs} ms`);
  tellParent({ type: "ready" });
  return undefined;
});
