/**
 * Deploys Clearbook to a development chain and writes down where everything is.
 *
 *   node scripts/deploy.ts [--rpc-url <url>] [--chain-id <id>] [--out <folder>] [--funding minute|hour]
 *
 * Leaves deployment.json and keys.json (the chain's public test keys) in the folder.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { connectL1 } from "../matcher/chain/provider.ts";
import { HOURLY_FUNDING, MINUTE_FUNDING } from "../matcher/protocol/funding-schedule.ts";
import { DEPLOYED_TIERS } from "./building/tier-circuits.ts";
import { deployContracts } from "./devnet/deploy-contracts.ts";
import { devnetKeys, writeKeys } from "./devnet/wallets.ts";
import { tellParent } from "./supervisor/child-life.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

const FUNDING_SCHEDULES = new Map([
  ["minute", MINUTE_FUNDING],
  ["hour", HOURLY_FUNDING],
]);

await runCommand(async () => {
  const { rpcUrl, chainId, out, funding } = new Command("deploy")
    .option("--rpc-url <url>", "JSON-RPC of the chain", "http://127.0.0.1:8545")
    .option("--chain-id <id>", "the chain's id; another one is refused", "31337")
    .option("--out <folder>", "where deployment.json and keys.json go", "build/devnet")
    .option("--funding <interval>", "length of a funding interval: minute, or hour as in production", "minute")
    .parse()
    .opts<{ rpcUrl: string; chainId: string; out: string; funding: string }>();
  const fundingSchedule = FUNDING_SCHEDULES.get(funding);
  if (fundingSchedule === undefined) throw new Refusal(`--funding is minute or hour, not "${funding}".`);
  const provider = await connectL1(rpcUrl, Number(chainId));
  try {
    const keys = devnetKeys();
    const deployment = await deployContracts({
      provider,
      rpcUrl,
      chainId: Number(chainId),
      keys,
      tiers: DEPLOYED_TIERS,
      fundingSchedule,
    });
    mkdirSync(out, { recursive: true });
    const path = join(out, "deployment.json");
    writeFileSync(path, `${JSON.stringify(deployment, null, 2)}\n`);
    writeKeys(join(out, "keys.json"), keys);
    const { exchange, token, oracle, registry } = deployment;
    console.log(`deployed: exchange ${exchange}, token ${token}, oracle ${oracle}, registry ${registry}`);
    tellParent({ type: "deployed", path });
  } finally {
    provider.destroy();
  }
  return undefined;
});
