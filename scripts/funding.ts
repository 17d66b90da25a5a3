/**
 * Shows the funding rates that an exchange serves, and proves them: --verify computes every interval again from the served samples and
 * compares it with the digests in the batches and with the funding indices of the epochs, both read from L1.
 *
 *   npm run funding -- --verify [--interval <n>] [--api <url>] [--rpc <url>] [--exchange <address>] [--first-block <n>]
 *
 * Without addresses those of the devnet that `npm start` runs. Exits 1 when anything does not match.
 */
import { Command } from "commander";
import { wireDigest } from "../matcher/protocol/funding-wire.ts";
import { placeOf } from "./devnet/place.ts";
import { fundingTable, ranges } from "./funding/funding-table.ts";
import type { IntervalVerdict } from "./funding/interval-verdict.ts";
import { type PublishedFunding, readPublishedFunding } from "./funding/published-funding.ts";
import { readServedFunding } from "./funding/served-funding.ts";
import { type Verdict, verifyFunding } from "./funding/verification.ts";
import { onChain } from "./published/on-chain.ts";
import { wholeNumber } from "./published/whole-number.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Flags {
  verify: boolean;
  interval?: string;
  api?: string;
  rpc?: string;
  exchange?: string;
  firstBlock: string;
}

const NOTHING: PublishedFunding = { epochs: [], batches: [], terms: new Map() };

const flags = new Command("funding")
  .option("--verify", "compute everything again and compare it with L1", false)
  .option("--interval <n>", "only this interval: a time in seconds divided by the interval's length")
  .option("--api <url>", "HTTP API of the exchange")
  .option("--rpc <url>", "JSON-RPC server of the chain")
  .option("--exchange <address>", "Exchange contract")
  .option("--first-block <n>", "block to read the Exchange's logs from", "0")
  .parse()
  .opts<Flags>();

async function published(): Promise<PublishedFunding> {
  const rpc = placeOf("rpc", flags.rpc);
  const exchange = placeOf("exchange", flags.exchange);
  const firstBlock = wholeNumber(flags.firstBlock, "--first-block");
  return onChain(rpc, exchange, (provider) => readPublishedFunding(provider, exchange, firstBlock));
}

function chosen({ intervals }: Verdict, only: number | undefined): readonly IntervalVerdict[] {
  if (only === undefined) return intervals;
  const shown = intervals.filter(({ interval }) => interval === only);
  if (shown.length > 0) return shown;
  const [oldest, newest] = [intervals[0]?.interval, intervals.at(-1)?.interval];
  throw new Refusal(
    `Interval ${only} is not served; ${oldest === undefined ? "none is" : `${oldest} to ${newest} are`}.`,
  );
}

/** @returns the exit code */
function report(verdict: Verdict, shown: readonly IntervalVerdict[], only: number | undefined): number {
  const sentences = shown.flatMap(({ interval, faults }) => faults.map((fault) => `interval ${interval}: ${fault}`));
  if (only === undefined) sentences.push(...verdict.faults);
  else for (const { interval, digest } of shown) console.log(`\ndigest through ${interval}: ${wireDigest(digest)}`);
  const { uncheckedBatches, uncheckedEpochs } = verdict;
  if (uncheckedBatches + uncheckedEpochs > 0) {
    console.log(`\n${uncheckedBatches} batches and ${uncheckedEpochs} epochs are older than what is still served.`);
  }
  for (const note of verdict.notes) console.log(`! ${note}`);
  for (const sentence of sentences) console.error(`✗ ${sentence}`);
  if (sentences.length > 0) {
    console.log(`\n✗ ${sentences.length} mismatches.`);
    return 1;
  }
  const batches = ranges(shown.flatMap((row) => row.batches)) || "none";
  const epochs = ranges(shown.flatMap((row) => row.epochs)) || "none";
  console.log(
    `\n✓ ${shown.length} intervals, digests of batches ${batches}, indices of epochs ${epochs}: as the samples say.`,
  );
  return 0;
}

await runCommand(async () => {
  const only = flags.interval === undefined ? undefined : wholeNumber(flags.interval, "--interval");
  // L1 first: whatever an epoch there rests on was sealed before it was opened, so it is served by now.
  const onL1 = flags.verify ? await published() : NOTHING;
  const served = await readServedFunding(placeOf("api", flags.api));
  const verdict = verifyFunding(onL1, served);
  const shown = chosen(verdict, only);
  const { intervalSeconds, slotSeconds, sampleSeconds } = served.schedule;
  console.log(
    `Intervals of ${intervalSeconds} s, medians of ${slotSeconds} s, samples every ${sampleSeconds} s; rates in ppm per 8 hours.\n`,
  );
  if (flags.verify) {
    console.log(fundingTable(served, shown));
    return report(verdict, shown, only);
  }
  const unjudged = shown.map((row) => ({ ...row, faults: [] }));
  console.log(`${fundingTable(served, unjudged).replaceAll("✓", " ")}\n\nNothing was compared: --verify does.`);
  return 0;
});
