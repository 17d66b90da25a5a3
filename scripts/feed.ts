/**
 * Reports prices to the matcher, signed with the key of one of the oracle's signers, until it is told to end. Each signer runs one, best with
 * a source of its own.
 *
 *   node scripts/feed.ts --matcher <url of the operator's door> [--signer 1|2|3] [--source simulation|aggregator|http] [--source-config <file>]
 *                        [--deployment <file>] [--keys <file> | --keystore <folder>] [--period <s>] [--max-age <s>] [--seed <n>] [--start <s>]
 *
 * --source-config: for the simulation {"shocks": [{"atSeconds": 60, "market": 1, "movePpm": -200000, "seconds": 10}]};
 * for aggregators {"rpcUrl": "http://…", "chainId": 1, "aggregators": {"BTC-USD": "0x…"}}; for http {"url": "http://…", "paths": {"BTC-USD": "data.0.last"}, "timePath": "time"}.
 */
import { Command } from "commander";
import { Wallet } from "ethers";
import { readDeployment } from "../matcher/chain/deployment.ts";
import { KeyRing } from "../matcher/ops/key-ring.ts";
import { createLog } from "../matcher/ops/log.ts";
import { Secrets } from "../matcher/ops/secrets.ts";
import { SteadyClock } from "../matcher/ops/steady-clock.ts";
import { PriceFeed } from "../matcher/oracle/price-feed.ts";
import { priceSource } from "./devnet/price-sources.ts";
import { ORACLE_ROLES } from "./devnet/wallets.ts";
import { endWithParent, tellParent } from "./supervisor/child-life.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Options {
  matcher: string;
  signer: string;
  source: string;
  sourceConfig?: string;
  deployment: string;
  keys: string;
  keystore?: string;
  keystorePasswordFile?: string;
  allowOpenKeyFiles?: true;
  period: string;
  maxAge: string;
  seed: string;
  start?: string;
}

function wholeNumber(text: string, option: string, least: bigint): bigint {
  if (/^\d{1,18}$/.test(text) && BigInt(text) >= least) return BigInt(text);
  throw new Refusal(`${option} needs a whole number from ${least}, not "${text}".`);
}

await runCommand(async () => {
  const options = new Command("feed")
    .requiredOption("--matcher <url>", "the matcher's door for operators")
    .option("--signer <n>", "which of the oracle's signers: 1, 2 or 3", "1")
    .option("--source <name>", "where prices come from: simulation, aggregator or http", "simulation")
    .option("--source-config <file>", "JSON with what the source needs")
    .option("--deployment <file>", "where the contracts are", "build/devnet/deployment.json")
    .option("--keystore <folder>", "encrypted keys: see npm run keys")
    .option("--keystore-password-file <file>", "file whose first line is the keystore's password")
    .option("--keys <file>", "file with a devnet's plain keys", "build/devnet/keys.json")
    .option("--allow-open-key-files", "take key files that group or others may read")
    .option("--period <s>", "time between two reports, the same for all signers", "2")
    .option("--max-age <s>", "older prices are not reported; aggregators may need their heartbeat", "60")
    .option("--seed <n>", "of the simulation: same seed, same walk", "1")
    .option(
      "--start <s>",
      "when the simulation's walk begins, the same for all signers: seconds since 1970 (default: now)",
    )
    .parse()
    .opts<Options>();
  const role = ORACLE_ROLES[Number(wholeNumber(options.signer, "--signer", 1n)) - 1];
  if (role === undefined) throw new Refusal(`--signer needs 1 … ${ORACLE_ROLES.length}, not ${options.signer}.`);
  const periodSeconds = Number(wholeNumber(options.period, "--period", 1n));
  const start = options.start === undefined ? Date.now() / 1_000 : Number(wholeNumber(options.start, "--start", 0n));
  const seeds = {
    seed: wholeNumber(options.seed, "--seed", 0n),
    noiseSeed: BigInt(options.signer),
    startSeconds: Math.floor(start),
  };
  const { chainId, oracle } = readDeployment(options.deployment);
  const source = await priceSource(options.source, options.sourceConfig, seeds);
  const { keystore, keystorePasswordFile, keys, allowOpenKeyFiles = false } = options;
  const secrets = new Secrets();
  const ring = new KeyRing({ keystore, keystorePasswordFile, keys, allowOpenKeyFiles, env: process.env, secrets });
  const signer = new Wallet(ring.privateKey(role));
  const log = createLog({ level: "info", secrets }).child({ component: "feed", role });
  const clock = new SteadyClock({
    onJump: (jumpMs) => log.warn(`the machine's clock jumped by ${(jumpMs / 1_000).toFixed(1)} s`),
  });
  const feed = new PriceFeed({
    context: { chainId, oracle },
    signer,
    source,
    matcherUrl: options.matcher,
    periodSeconds,
    maxAgeSeconds: Number(wholeNumber(options.maxAge, "--max-age", 1n)),
    onPrices: (pricesTicks) => tellParent({ type: "prices", pricesTicks }),
    onTrouble: (sentence) => log.warn(sentence),
    nowMs: clock.nowMs,
  });
  endWithParent(async () => feed.stop());
  await feed.start();
  log.info(`reporting as ${signer.address} every ${periodSeconds} s, prices from the ${source.name}`);
  tellParent({ type: "ready" });
  return undefined;
});
