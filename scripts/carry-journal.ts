/**
 * Begins a new journal where an old one ends, for a version with other circuits, another protocol or other terms (docs/recovery.md).
 *
 *   npm run command carry-journal <old folder> <new folder> [--deployment <file>] [--circuits <folder>] [--interest-ppm <n>]
 */
import { Command } from "commander";
import { readDeployment } from "../matcher/chain/deployment.ts";
import { connectL1 } from "../matcher/chain/provider.ts";
import { exchangeIdentity } from "../matcher/exchange-identity.ts";
import { exchangeTerms } from "../matcher/exchange-terms.ts";
import { carryJournal } from "../matcher/journal-carrying.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

await runCommand(async () => {
  const command = new Command("carry-journal")
    .argument("<from>", "folder of the journal that ends")
    .argument("<to>", "folder of the one that begins")
    .option("--deployment <file>", "where the contracts are", "build/devnet/deployment.json")
    .option("--circuits <folder>", "circuits and keys of this version", "build/circuits")
    .option("--interest-ppm <n>", "as the matcher is started with")
    .parse();
  const [from = "", to = ""] = command.args;
  const options = command.opts<{ deployment: string; circuits: string; interestPpm?: string }>();
  const deployment = readDeployment(options.deployment);
  const provider = await connectL1(deployment.rpcUrl, deployment.chainId);
  try {
    const interestPpm = options.interestPpm === undefined ? undefined : Number(options.interestPpm);
    const terms = exchangeTerms(deployment, interestPpm);
    const identity = await exchangeIdentity(provider, deployment, options.circuits, terms);
    const last = await carryJournal(from, to, identity).catch((error: Error) => {
      throw new Refusal(error.message);
    });
    console.log(`${to} goes on behind command ${last}. Keep ${from}: audits need it.`);
  } finally {
    provider.destroy();
  }
  return undefined;
});
