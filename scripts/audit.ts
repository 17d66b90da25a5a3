/**
 * Compares receipts that traders hold with what L1 and the exchange say, and names every command that is missing, altered, reordered or
 * undone, with the evidence.
 *
 *   npm run audit -- --receipts <file> [--rpc <url>] [--exchange <address>] [--api <url> | --digests <file>] [--signer <address>]
 *                    [--first-block <n>] [--clock-tolerance <seconds>] [--evidence <file>] [--save-digests <file>]
 *
 * Without addresses those of the devnet that `npm start` runs. Exits 1 when anything is found. docs/receipts.md says what it can tell.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { isAddress } from "ethers";
import { type HeldReceipt, heldReceiptsFrom } from "../matcher/protocol/held-receipt.ts";
import type { DigestList } from "./audit/journal-chain.ts";
import { readPublishedJournal } from "./audit/published-journal.ts";
import { evidenceText, findingLines, summaryTable } from "./audit/report.ts";
import { readSavedDigests, readServedDigests, saveDigests } from "./audit/served-digests.ts";
import { auditReceipts } from "./audit/verdict.ts";
import { knownPlaceOf, placeOf } from "./devnet/place.ts";
import { onChain } from "./published/on-chain.ts";
import { wholeNumber } from "./published/whole-number.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Flags {
  receipts: string[];
  rpc?: string;
  exchange?: string;
  api?: string;
  digests?: string;
  signer?: string;
  firstBlock: string;
  clockTolerance: string;
  evidence?: string;
  saveDigests?: string;
}

const flags = new Command("audit")
  .requiredOption("--receipts <files...>", "receipts, a line of JSON each, as the SDK keeps them")
  .option("--rpc <url>", "JSON-RPC server of the chain")
  .option("--exchange <address>", "Exchange contract")
  .option("--api <url>", "HTTP API of the exchange, for the digests of its journal")
  .option("--digests <file>", "digests that were saved, instead of the API's")
  .option("--signer <address>", "the operator's receipts key; otherwise the one that each receipt names")
  .option("--first-block <n>", "block to read the Exchange's logs from", "0")
  .option("--clock-tolerance <seconds>", "how far the clocks of the exchange and of L1 may be apart", "60")
  .option("--evidence <file>", "where signed receipts and transactions of what is found are written")
  .option("--save-digests <file>", "where the digests that the exchange serves are kept")
  .parse()
  .opts<Flags>();

function heldIn(path: string): HeldReceipt[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Refusal(`The receipts ${path} cannot be read.`);
  }
  try {
    return heldReceiptsFrom(text);
  } catch (error) {
    throw new Refusal(`${path}: ${error instanceof Error ? error.message : error}.`);
  }
}

/** The journal's digests, from wherever they can be had; null when the operator is gone and nobody saved them. */
async function digestsOf(): Promise<DigestList | null> {
  if (flags.digests !== undefined) return readSavedDigests(flags.digests);
  const api = knownPlaceOf("api", flags.api);
  const digests = api === undefined ? null : await readServedDigests(api);
  if (digests !== null) return digests;
  console.log(
    `! ${api === undefined ? "No API is known" : `The exchange at ${api} does not answer`}: what follows is what receipts and L1 tell alone.`,
  );
  return null;
}

await runCommand(async () => {
  const { signer, evidence } = flags;
  if (signer !== undefined && !isAddress(signer)) throw new Refusal(`--signer needs an address, not "${signer}".`);
  const toleranceSeconds = wholeNumber(flags.clockTolerance, "--clock-tolerance");
  const firstBlock = wholeNumber(flags.firstBlock, "--first-block");
  const rpc = placeOf("rpc", flags.rpc);
  const exchange = placeOf("exchange", flags.exchange);
  // In this order: what a receipt or L1 knows of is in the journal by then.
  const held = flags.receipts.flatMap(heldIn);
  const { published, place } = await onChain(rpc, exchange, async (provider, chainId) => ({
    published: await readPublishedJournal(provider, exchange, firstBlock),
    place: { chainId, exchange },
  }));
  const digests = await digestsOf();
  if (flags.saveDigests !== undefined && digests !== null) saveDigests(flags.saveDigests, digests);

  const verdict = auditReceipts({
    held,
    place,
    published,
    digests,
    toleranceSeconds,
    ...(signer === undefined ? {} : { signer }),
  });
  const { findings, notes } = verdict;
  for (const note of notes) console.log(`! ${note}`);
  for (const line of findingLines(findings)) console.error(line);
  console.log(`\n${summaryTable(verdict)}`);
  if (evidence !== undefined) writeFileSync(evidence, evidenceText(place, findings));
  console.log(findings.length === 0 ? "\n✓ Nothing was found." : `\n✗ ${findings.length} findings.`);
  return findings.length === 0 ? 0 : 1;
});
