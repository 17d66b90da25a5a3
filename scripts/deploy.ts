/**
 * Deploys Clearbook and writes down where everything is. docs/deployment.md says what each profile is and what it refuses.
 *
 *   npm run deploy -- [--profile devnet] [--rpc-url <url>] [--chain-id <id>] [--out <folder>] [--funding minute|hour]
 *   npm run deploy -- --profile testnet|production --rpc-url <url> --chain-id <id> --parameters <file> --ceremonies <folder> --out <folder>
 *                     [--deployer-key-file <file>]
 *
 * Leaves in the folder: deployment.json, deployment-record.json, verification/ with the compiler's inputs, and ignition/, from which the same
 * command goes on after an interruption. On a devnet keys.json (public test keys) too, and nothing to go on from. Elsewhere the
 * deployer's key comes from the file or from CLEARBOOK_DEPLOYER_KEY.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { readWallet, walletFrom } from "../matcher/bots/wallet-file.ts";
import { connectL1 } from "../matcher/chain/provider.ts";
import { HOURLY_FUNDING, MINUTE_FUNDING } from "../matcher/protocol/funding-schedule.ts";
import { DEPLOYED_TIERS, deployedTier } from "./building/tier-circuits.ts";
import { BUILT_CONTRACTS } from "./deployment/contract-source.ts";
import {
  type DeployExchangeOptions,
  deployExchange,
  planDeployment,
  writeResults,
} from "./deployment/deploy-exchange.ts";
import { devnetDeploymentParameters, readDeploymentParameters } from "./deployment/deployment-parameters.ts";
import { DEPLOYMENT_PROFILES } from "./deployment/deployment-profile.ts";
import { devnetKeys, writeKeys } from "./devnet/wallets.ts";
import { tellParent } from "./supervisor/child-life.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

const FUNDING_SCHEDULES = new Map([
  ["minute", MINUTE_FUNDING],
  ["hour", HOURLY_FUNDING],
]);
const DEPLOYER_VARIABLE = "CLEARBOOK_DEPLOYER_KEY";

interface Flags {
  readonly profile: string;
  readonly rpcUrl: string;
  readonly chainId: string;
  readonly out: string;
  readonly funding: string;
  readonly parameters?: string;
  readonly ceremonies?: string;
  readonly deployerKeyFile?: string;
}

/** With everybody's keys; `npm start` deploys so. */
function devnetOptions({ rpcUrl, chainId, funding }: Flags): DeployExchangeOptions {
  const fundingSchedule = FUNDING_SCHEDULES.get(funding);
  if (fundingSchedule === undefined) throw new Refusal(`--funding is minute or hour, not "${funding}".`);
  const keys = devnetKeys();
  return {
    profile: { ...DEPLOYMENT_PROFILES.devnet, fundingSchedule },
    parameters: devnetDeploymentParameters(keys),
    rpcUrl,
    chainId: Number(chainId),
    deployerKey: keys.owner,
    tiers: DEPLOYED_TIERS.map(deployedTier),
    contracts: BUILT_CONTRACTS,
  };
}

function deployerKey(file: string | undefined): string {
  const given = process.env[DEPLOYER_VARIABLE];
  delete process.env[DEPLOYER_VARIABLE];
  if (file !== undefined) return readWallet(file).privateKey;
  if (given === undefined) throw new Refusal(`Pass --deployer-key-file, or set ${DEPLOYER_VARIABLE}.`);
  try {
    return walletFrom(given, 0).privateKey;
  } catch {
    throw new Refusal(`${DEPLOYER_VARIABLE} needs a private key: 0x and 64 hexadecimal digits.`);
  }
}

function liveOptions(name: "testnet" | "production", flags: Flags): DeployExchangeOptions {
  const { rpcUrl, chainId, out, parameters, ceremonies } = flags;
  if (parameters === undefined) throw new Refusal(`Profile ${name} needs --parameters: see docs/deployment.md.`);
  return {
    profile: DEPLOYMENT_PROFILES[name],
    parameters: readDeploymentParameters(parameters),
    rpcUrl,
    chainId: Number(chainId),
    deployerKey: deployerKey(flags.deployerKeyFile),
    tiers: DEPLOYED_TIERS.map(deployedTier),
    contracts: BUILT_CONTRACTS,
    out,
    ...(ceremonies === undefined ? {} : { ceremonies }),
  };
}

await runCommand(async () => {
  const flags = new Command("deploy")
    .option("--profile <name>", `kind of deployment: ${Object.keys(DEPLOYMENT_PROFILES).join(", ")}`, "devnet")
    .option("--rpc-url <url>", "JSON-RPC of the chain", "http://127.0.0.1:8545")
    .option("--chain-id <id>", "the chain's id; another one is refused", "31337")
    .option("--out <folder>", "where everything that it leaves goes", "build/devnet")
    .option("--funding <interval>", "a devnet's funding interval: minute, or hour as in production", "minute")
    .option("--parameters <file>", "addresses and the proving lag: JSON")
    .option("--ceremonies <folder>", "manifests of the tiers' ceremonies")
    .option("--deployer-key-file <file>", `file with the deployer's key, in the place of ${DEPLOYER_VARIABLE}`)
    .parse()
    .opts<Flags>();
  const { profile, rpcUrl, chainId, out } = flags;
  if (!Object.hasOwn(DEPLOYMENT_PROFILES, profile)) {
    throw new Refusal(`There is no profile "${profile}": choose ${Object.keys(DEPLOYMENT_PROFILES).join(", ")}.`);
  }
  const isDevnet = profile === "devnet";
  const plan = planDeployment(
    isDevnet ? devnetOptions(flags) : liveOptions(profile as "testnet" | "production", flags),
  );
  const provider = await connectL1(rpcUrl, Number(chainId));
  try {
    const deployed = await deployExchange(plan, provider);
    if (isDevnet) {
      mkdirSync(out, { recursive: true });
      writeResults(out, deployed);
      writeKeys(join(out, "keys.json"), devnetKeys());
    }
    const { exchange, token, oracle, registry } = deployed.deployment;
    console.log(`deployed: exchange ${exchange}, token ${token}, oracle ${oracle}, registry ${registry}`);
    tellParent({ type: "deployed", path: join(out, "deployment.json") });
  } finally {
    provider.destroy();
  }
  return undefined;
});
