import type { HeldReceipt } from "../../matcher/protocol/held-receipt.ts";
import { GENESIS_JOURNAL_HEAD } from "../../matcher/protocol/journal-head.ts";
import { commandName } from "./command-name.ts";
import type { Finding } from "./finding.ts";
import type { JournalChain } from "./journal-chain.ts";
import type { PublishedBatch, PublishedEpoch, PublishedJournal } from "./published-journal.ts";

/** How long after its time the contract lets an epoch be opened. */
const EPOCH_AGE_MAX_SECONDS = 300;

/** A head on L1 with its place in the journal, as far as that is known. */
export interface Placed<P extends PublishedBatch | PublishedEpoch> {
  readonly published: P;
  readonly command: number | undefined;
}

export interface PlacedJournal {
  readonly epochs: readonly Placed<PublishedEpoch>[];
  readonly batches: readonly Placed<PublishedBatch>[];
}

export function placeHeads({ epochs, batches }: PublishedJournal, chain: JournalChain): PlacedJournal {
  const place = <P extends PublishedBatch | PublishedEpoch>(published: P): Placed<P> => ({
    published,
    command: published.journalHead === GENESIS_JOURNAL_HEAD ? 0 : chain.numberOfHead(published.journalHead),
  });
  return { epochs: epochs.map(place), batches: batches.map(place) };
}

function nameOf({ type, number }: PublishedBatch | PublishedEpoch): string {
  return `${type} ${number}`;
}

/** Heads that are none of the journal's. What is older than anything that is served cannot be told. */
export function unknownHeads(placed: PlacedJournal, firstCommand: number): { findings: Finding[]; unchecked: number } {
  const findings: Finding[] = [];
  let unchecked = 0;
  for (const list of [placed.epochs, placed.batches] as const) {
    const firstKnown = list.findIndex(({ command }) => command !== undefined);
    const old = firstCommand === 1 ? 0 : Math.max(0, firstKnown);
    unchecked += old;
    const unknown = list.slice(old).filter(({ command }) => command === undefined);
    const [first] = unknown;
    if (first === undefined) continue;
    const others = unknown.length === 1 ? "" : `, nor are those of ${unknown.length - 1} more of its kind`;
    const sentence = `The head in ${nameOf(first.published)} (transaction ${first.published.transactionHash}) is not the journal's after any command${others}.`;
    findings.push({
      kind: "unknown-head",
      sentence,
      receipts: [],
      published: unknown.map(({ published }) => published),
    });
  }
  return { findings, unchecked };
}

/** Heads that go back: epochs among each other, batches among each other, and a batch behind the epoch that it belongs to. */
export function headsGoingBack({ epochs, batches }: PlacedJournal): Finding[] {
  const findings: Finding[] = [];
  for (const list of [epochs, batches] as const) {
    let newest: { published: PublishedBatch | PublishedEpoch; command: number } | undefined;
    for (const { published, command } of list) {
      if (command === undefined) continue;
      if (newest !== undefined && command < newest.command) {
        const sentence = `The head in ${nameOf(published)} is that of command ${command}, although ${nameOf(newest.published)} before it already had that of command ${newest.command}.`;
        findings.push({ kind: "head-order", sentence, receipts: [], published: [newest.published, published] });
      } else newest = { published, command };
    }
  }
  for (const { published, command } of batches) {
    const epoch = epochs[published.epochNumber - 1];
    if (command === undefined || epoch?.command === undefined || command > epoch.command) continue;
    const sentence = `The head in ${nameOf(published)} is that of command ${command}, although its epoch ${published.epochNumber} was opened after command ${epoch.command}.`;
    findings.push({ kind: "head-order", sentence, receipts: [], published: [epoch.published, published] });
  }
  return findings;
}

/**
 * Epochs whose head is older or newer than their time allows: what was acknowledged before it must be in it, what was acknowledged after
 * the last moment at which it could be opened must not.
 * @param held in order of their commands; their places are the journal's
 */
export function epochHeads(
  { epochs }: PlacedJournal,
  held: readonly HeldReceipt[],
  toleranceSeconds: number,
): Finding[] {
  // For the receipts up to each one the newest, and for those from each one on the oldest.
  const newestUpTo: HeldReceipt[] = [];
  for (const one of held) {
    const before = newestUpTo.at(-1);
    newestUpTo.push(before !== undefined && before.receipt.acceptedAtMs > one.receipt.acceptedAtMs ? before : one);
  }
  const oldestFrom: HeldReceipt[] = new Array(held.length);
  for (let i = held.length - 1; i >= 0; i--) {
    const [one, after] = [held[i] as HeldReceipt, oldestFrom[i + 1]];
    oldestFrom[i] = after !== undefined && after.receipt.acceptedAtMs < one.receipt.acceptedAtMs ? after : one;
  }
  const findings: Finding[] = [];
  for (const { published, command } of epochs) {
    if (command === undefined) continue;
    const inside = countUpTo(held, command);
    const left = oldestFrom[inside];
    const earliestMs = 1_000 * (published.timeSeconds - toleranceSeconds);
    const latestMs = 1_000 * (published.timeSeconds + EPOCH_AGE_MAX_SECONDS + toleranceSeconds);
    const time = new Date(published.timeSeconds * 1_000).toISOString();
    const say = (sentence: string, receipt: HeldReceipt) =>
      findings.push({ kind: "epoch-head", sentence, receipts: [receipt], published: [published] });
    if (left !== undefined && left.receipt.acceptedAtMs < earliestMs) {
      say(
        `Epoch ${published.number}, of ${time}, has an older head than it may have, that of command ${command}: ${commandName(left)} is left out.`,
        left,
      );
    }
    const taken = newestUpTo[inside - 1];
    if (taken !== undefined && taken.receipt.acceptedAtMs > latestMs) {
      say(
        `Epoch ${published.number}, of ${time}, has a newer head than it may have, that of command ${command}: ${commandName(taken)} is in it.`,
        taken,
      );
    }
  }
  return findings;
}

/** How many receipts are of commands up to this one. */
function countUpTo(held: readonly HeldReceipt[], command: number): number {
  let [low, high] = [0, held.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((held[middle] as HeldReceipt).receipt.command <= command) low = middle + 1;
    else high = middle;
  }
  return low;
}
