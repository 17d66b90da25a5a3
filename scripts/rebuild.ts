/**
 * Rebuilds an exchange from L1 alone: every account with its order slots, the trees, the shared state. Each batch is compared with the
 * chain; the first that does not fit is named, with what differs. The file that it leaves is what a new operator begins with, and a run
 * that was interrupted goes on from it.
 *
 *   npm run rebuild -- [--rpc <url>] [--exchange <address>] [--output <file>] [--from-scratch] [--first-block <n>] [--confirmations <n>]
 *
 * Without addresses those of the devnet that `npm start` runs. docs/rebuild.md says what it knows and what it cannot.
 */
import { Command } from "commander";
import type { JsonRpcProvider } from "ethers";
import { CheckpointRefused } from "../matcher/rebuild/checkpoint.ts";
import { readCheckpoint, writeCheckpoint } from "../matcher/rebuild/checkpoint-file.ts";
import { RebuildRefused } from "../matcher/rebuild/rebuild-refused.ts";
import { type RebuiltState, rebuildState } from "../matcher/rebuild/rebuild-state.ts";
import { buildFastPoseidon } from "../matcher/state/fast-poseidon.ts";
import { placeOf } from "./devnet/place.ts";
import { onChain } from "./published/on-chain.ts";
import { wholeNumber } from "./published/whole-number.ts";
import { creationBlock } from "./rebuild/creation-block.ts";
import { rebuildProgress } from "./rebuild/progress.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Flags {
  rpc?: string;
  exchange?: string;
  output?: string;
  fromScratch: boolean;
  firstBlock?: string;
  confirmations: string;
}

/** A run that is interrupted loses no more than this, or than ten times what keeping takes. */
const KEEP_EVERY_MS = 5_000;

const flags = new Command("rebuild")
  .option("--rpc <url>", "JSON-RPC server of the chain")
  .option("--exchange <address>", "Exchange contract")
  .option(
    "--output <file>",
    "the file to go on from and to leave behind; build/rebuild/<exchange>.jsonl unless told otherwise",
  )
  .option("--from-scratch", "begin at the first block, whatever the file has", false)
  .option("--first-block <n>", "block with the Exchange's creation; looked for unless told")
  .option("--confirmations <n>", "blocks that must stand above the last one that is read", "0")
  .parse()
  .opts<Flags>();

function kept(path: string, options: Parameters<typeof readCheckpoint>[1]): RebuiltState | undefined {
  if (flags.fromScratch) return undefined;
  try {
    return readCheckpoint(path, options);
  } catch (error) {
    if (!(error instanceof CheckpointRefused)) throw error;
    throw new Refusal(`${path} cannot be gone on from: ${error.message}. Name another file, or pass --from-scratch.`);
  }
}

async function run(provider: JsonRpcProvider, chainId: number, exchange: string): Promise<void> {
  const path = flags.output ?? `build/rebuild/${exchange.toLowerCase()}.jsonl`;
  const options = { chainId, exchange, hash: await buildFastPoseidon() };
  const begin = kept(path, options);
  const toBlock = (await provider.getBlockNumber()) - wholeNumber(flags.confirmations, "--confirmations");
  if (begin !== undefined) {
    console.log(
      `${path} has everything up to block ${begin.block.number}, batch ${begin.progress.sharedState.batchNumber}.`,
    );
    if (begin.block.number >= toBlock) return summary(path, begin);
  }
  const firstBlock =
    flags.firstBlock === undefined
      ? await creationBlock(provider, exchange, toBlock)
      : wholeNumber(flags.firstBlock, "--first-block");
  const progress = rebuildProgress(begin?.block.number ?? firstBlock, toBlock);
  let keepAtMs = performance.now() + KEEP_EVERY_MS;
  const state = await rebuildState({
    ...options,
    ...{ provider, firstBlock, toBlock, begin },
    onBatch: ({ batchNumber, at }) => progress.batch(batchNumber, at.blockNumber),
    onBlocks: (known) => {
      progress.block(known.block.number);
      const startMs = performance.now();
      if (startMs < keepAtMs) return;
      writeCheckpoint(path, known);
      const nowMs = performance.now();
      keepAtMs = nowMs + Math.max(KEEP_EVERY_MS, 10 * (nowMs - startMs));
    },
  });
  progress.end();
  writeCheckpoint(path, state);
  summary(path, state);
}

function summary(path: string, { block, progress, accounts }: RebuiltState): void {
  const { sharedState, waiting, epochs } = progress;
  const { batchNumber, accountRoot, epochNumber } = sharedState;
  console.log(
    `✓ ${batchNumber} batches up to block ${block.number}: every account root is the one on L1.\n` +
      `  ${[...accounts.entries()].length} accounts, root 0x${accountRoot.toString(16)}\n` +
      `  epoch ${epochNumber} of ${epochs.at(-1)?.number ?? 0} opened; ${waiting.length} entries of the L1 queue are in no batch yet\n` +
      `  written to ${path}`,
  );
}

await runCommand(async () => {
  const rpc = placeOf("rpc", flags.rpc);
  const exchange = placeOf("exchange", flags.exchange);
  await onChain(rpc, exchange, (provider, chainId) => run(provider, chainId, exchange)).catch((error: Error) => {
    throw error instanceof RebuildRefused ? new Refusal(error.message) : error;
  });
  return undefined;
});
