/**
 * Gets everybody, or one L1 owner, out of an exchange whose operator is gone: from L1 alone, against nobody's permission. Freezes it once
 * its queue is overdue, pins state and prices, files the leaves, and pays when the claim window has closed. Run it again whenever there
 * is something left to do: it goes on where anybody stopped.
 *
 *   npm run escape -- [--rpc <url>] [--exchange <address>] [--key-file <path>] [--owner <address>] [--freeze] [--look]
 *
 * Without addresses those of the devnet that `npm start` runs. The key pays for gas and gets nothing for it. docs/escape.md tells the rest.
 */
import { Command } from "commander";
import { isAddress, type JsonRpcProvider, type Signer } from "ethers";
import { EscapeRefused } from "../matcher/escape/escape-refused.ts";
import { EscapeRun } from "../matcher/escape/escape-run.ts";
import { RebuildRefused } from "../matcher/rebuild/rebuild-refused.ts";
import { Desk, wholeNumber } from "./cli/desk.ts";
import { placeOf } from "./devnet/place.ts";
import { escapeProgress } from "./escape/progress.ts";
import { escapeEverything } from "./escape/whole-escape.ts";
import { onChain } from "./published/on-chain.ts";
import { creationBlock } from "./rebuild/creation-block.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Flags {
  rpc?: string;
  exchange?: string;
  keyFile?: string;
  index: string;
  owner?: string;
  freeze: boolean;
  look: boolean;
  leaves: string;
  firstBlock?: string;
}

const flags = new Command("escape")
  .option("--rpc <url>", "JSON-RPC server of the chain")
  .option("--exchange <address>", "Exchange contract")
  .option("--key-file <path>", "file with a private key or a mnemonic phrase, whose address pays for gas")
  .option("--index <n>", "which address of the phrase", "0")
  .option("--owner <address>", "only what this L1 address owns")
  .option("--freeze", "freeze the exchange when it is overdue and nobody did", false)
  .option("--look", "only say how things stand", false)
  .option("--leaves <n>", "leaves of one transaction", "128")
  .option("--first-block <n>", "block with the Exchange's creation; looked for unless told")
  .parse()
  .opts<Flags>();

async function run(provider: JsonRpcProvider, chainId: number, exchange: string): Promise<void> {
  const { owner, leaves, firstBlock, keyFile, index } = flags;
  if (owner !== undefined && !isAddress(owner)) throw new Refusal(`--owner needs an address, not "${owner}".`);
  const signer: Signer = new Desk({ ...(keyFile === undefined ? {} : { keyFile }), index, keyIndex: "0" }).signerOn(
    provider,
  );
  const whole = new EscapeRun({
    ...{ provider, signer, exchange, owner },
    leavesAtOnce: wholeNumber(leaves, "--leaves"),
    firstBlock:
      firstBlock === undefined
        ? await creationBlock(provider, exchange, await provider.getBlockNumber())
        : wholeNumber(firstBlock, "--first-block"),
    onStep: escapeProgress(),
  });
  for (const line of await escapeEverything(whole, { ...{ provider, chainId, exchange }, ...flags })) console.log(line);
}

await runCommand(async () => {
  const rpc = placeOf("rpc", flags.rpc);
  const exchange = placeOf("exchange", flags.exchange);
  await onChain(rpc, exchange, (provider, chainId) => run(provider, chainId, exchange)).catch((error: Error) => {
    const expected = error instanceof EscapeRefused || error instanceof RebuildRefused;
    throw expected ? new Refusal(error.message) : error;
  });
  return undefined;
});
