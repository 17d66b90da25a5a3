/**
 * Begins a journal for a new operator, from L1 alone or from the file of a rebuild (docs/rebuild.md). The matcher starts from that folder
 * once governance has named its key.
 *
 *   npm run command take-over <folder> [--rebuild <file>] [--deployment <file>] [--circuits <folder>] [--interest-ppm <n>]
 */
import { Command } from "commander";
import type { JsonRpcProvider } from "ethers";
import { type Deployment, readDeployment } from "../matcher/chain/deployment.ts";
import { connectL1 } from "../matcher/chain/provider.ts";
import { readSettledBatches } from "../matcher/chain/settled-batches.ts";
import { exchangeIdentity } from "../matcher/exchange-identity.ts";
import { exchangeTerms } from "../matcher/exchange-terms.ts";
import { CheckpointRefused } from "../matcher/rebuild/checkpoint.ts";
import { readCheckpoint } from "../matcher/rebuild/checkpoint-file.ts";
import { RebuildRefused } from "../matcher/rebuild/rebuild-refused.ts";
import { type RebuiltState, rebuildState } from "../matcher/rebuild/rebuild-state.ts";
import { buildFastPoseidon } from "../matcher/state/fast-poseidon.ts";
import { CannotTakeOver, takeOver } from "../matcher/take-over.ts";
import { rebuildProgress } from "./rebuild/progress.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Flags {
  rebuild?: string;
  deployment: string;
  circuits: string;
  interestPpm?: string;
}

const command = new Command("take-over")
  .argument("<folder>", "folder of the journal that begins")
  .option("--rebuild <file>", "what `npm run rebuild` left behind; read from L1 without it")
  .option("--deployment <file>", "where the contracts are", "build/devnet/deployment.json")
  .option("--circuits <folder>", "circuits and keys that the exchange is proven with", "build/circuits")
  .option("--interest-ppm <n>", "as the matcher will be started with")
  .parse();
const flags = command.opts<Flags>();
const [directory = ""] = command.args;

/** The rebuild brought up to the chain's newest block: from the file if there is one, else from the first block. */
async function rebuilt(
  provider: JsonRpcProvider,
  { chainId, exchange, firstBlock }: Deployment,
): Promise<RebuiltState> {
  const options = { provider, chainId, exchange, firstBlock, hash: await buildFastPoseidon() };
  const begin = flags.rebuild === undefined ? undefined : readCheckpoint(flags.rebuild, options);
  if (flags.rebuild !== undefined && begin === undefined) throw new Refusal(`There is no file ${flags.rebuild}.`);
  const toBlock = await provider.getBlockNumber();
  if (begin !== undefined && begin.block.number >= toBlock) return begin;
  const progress = rebuildProgress(begin?.block.number ?? firstBlock, toBlock);
  const state = await rebuildState({
    ...options,
    ...{ toBlock, begin },
    onBatch: ({ batchNumber, at }) => progress.batch(batchNumber, at.blockNumber),
    onBlocks: ({ block }) => progress.block(block.number),
  });
  progress.end();
  return state;
}

await runCommand(async () => {
  const deployment = readDeployment(flags.deployment);
  const provider = await connectL1(deployment.rpcUrl, deployment.chainId);
  try {
    const interestPpm = flags.interestPpm === undefined ? undefined : Number(flags.interestPpm);
    const terms = exchangeTerms(deployment, interestPpm);
    const identity = await exchangeIdentity(provider, deployment, flags.circuits, terms);
    const state = await rebuilt(provider, deployment);
    const { exchange, firstBlock } = deployment;
    const batches = await readSettledBatches(provider, exchange, firstBlock, state.block.number);
    await takeOver({ rebuilt: state, batches, directory, identity, terms });
    console.log(
      `${directory} goes on behind batch ${state.progress.sharedState.batchNumber}, with ${state.touched.size} accounts and no order. ` +
        "Start the matcher with it once governance has named its key.",
    );
  } catch (error) {
    if (error instanceof CannotTakeOver || error instanceof RebuildRefused) throw new Refusal(error.message);
    if (error instanceof CheckpointRefused) throw new Refusal(`${flags.rebuild} cannot be used: ${error.message}.`);
    throw error;
  } finally {
    provider.destroy();
  }
  return undefined;
});
