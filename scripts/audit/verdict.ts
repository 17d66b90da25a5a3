import { addressNumber } from "../../matcher/protocol/abi-word.ts";
import { type HeldReceipt, heldReceiptLine } from "../../matcher/protocol/held-receipt.ts";
import { GENESIS_JOURNAL_HEAD } from "../../matcher/protocol/journal-head.ts";
import type { ReceiptPlace } from "../../matcher/protocol/receipt-group.ts";
import { fillsAfterCancel } from "./cancelled-fills.ts";
import { compareWithJournal } from "./chain-checks.ts";
import { sentUnder } from "./command-name.ts";
import type { Finding } from "./finding.ts";
import { DigestChain, type DigestList, type JournalChain, ReceiptChain } from "./journal-chain.ts";
import { epochHeads, headsGoingBack, type PlacedJournal, placeHeads, unknownHeads } from "./publication-checks.ts";
import type { PublishedJournal } from "./published-journal.ts";
import { contradictions, judgeReceipts, misdated } from "./receipt-checks.ts";

export interface AuditInput {
  readonly held: readonly HeldReceipt[];
  readonly place: ReceiptPlace;
  /** Whose signature counts; that of the key which each receipt names when absent. */
  readonly signer?: string;
  readonly published: PublishedJournal;
  /** Everything that the exchange serves of its journal; null when there is nobody to serve it. */
  readonly digests: DigestList | null;
  /** How far the clocks of the exchange and of L1 may be apart. */
  readonly toleranceSeconds: number;
}

export interface AuditVerdict {
  readonly findings: readonly Finding[];
  /** Nothing wrong, but worth knowing. */
  readonly notes: readonly string[];
  /** Lines of the summary: what, and how many. */
  readonly counts: readonly (readonly [what: string, count: number])[];
}

/** What is of this exchange, each once. */
function ofPlace(held: readonly HeldReceipt[], { chainId, exchange }: ReceiptPlace): HeldReceipt[] {
  const lines = new Map<string, HeldReceipt>();
  for (const one of held) {
    const { place } = one;
    if (place.chainId !== chainId || addressNumber(place.exchange) !== addressNumber(exchange)) continue;
    lines.set(heldReceiptLine(one), one);
  }
  return [...lines.values()];
}

/** Whether it is what a trader sent, which is what receipts are given for. */
function isMessage(held: HeldReceipt): boolean {
  try {
    sentUnder(held);
    return true;
  } catch {
    return false;
  }
}

/** Newest command that a head on L1 fixes. */
function fixedThrough({ epochs, batches }: PlacedJournal): number {
  return [...epochs, ...batches].reduce((most, { command = 0 }) => Math.max(most, command), 0);
}

/** Receipts whose place is fixed by a head on L1 that they themselves, or others, lead to. */
function fixedAlone(valid: readonly HeldReceipt[], placed: PlacedJournal, chain: JournalChain): HeldReceipt[] {
  const commands = [...placed.epochs, ...placed.batches].flatMap(({ command }) => command ?? []);
  commands.sort((a, b) => a - b);
  let next = 0;
  return valid.filter(({ receipt: { command } }) => {
    while (next < commands.length && (commands[next] as number) < command) next++;
    const head = commands[next];
    return head !== undefined && chain.knownThrough(command) >= head;
  });
}

/** Compares receipts with what L1 holds and what the exchange serves. Believes neither without the other. */
export function auditReceipts(input: AuditInput): AuditVerdict {
  const { place, signer, published, digests, toleranceSeconds } = input;
  const notes: string[] = [];
  const findings: Finding[] = [];

  // 1. The receipts alone: good ones, and good ones that cannot all be true.
  const ours = ofPlace(input.held, place);
  if (ours.length < input.held.length) {
    notes.push(`${input.held.length - ours.length} receipts are of another exchange, or there twice.`);
  }
  const messages = ours.filter(isMessage);
  if (messages.length < ours.length) notes.push(`${ours.length - messages.length} receipts are of no message.`);
  const judged = judgeReceipts(messages, signer);
  const { valid } = judged;
  const known = new ReceiptChain(valid);
  findings.push(...judged.findings, ...contradictions(known), ...misdated(valid));

  // 2. Heads on L1, placed in the journal that is served, or in the pieces of it that receipts show.
  const chain = digests === null ? null : new DigestChain(digests);
  if (digests?.firstCommand === 1 && digests.previousHead !== GENESIS_JOURNAL_HEAD) {
    const sentence = "The journal that is served does not begin with the empty one.";
    findings.push({ kind: "rewritten", sentence, receipts: [], published: [] });
  }
  const placed = placeHeads(published, chain ?? known);
  findings.push(...headsGoingBack(placed));

  // 3. Receipts in the journal.
  let there: readonly HeldReceipt[];
  const counts: [string, number][] = [
    ["receipts", ours.length],
    ["receipts that are valid", valid.length],
  ];
  if (chain === null) {
    there = fixedAlone(valid, placed, known);
    counts.push(["receipts that L1 alone confirms", there.length]);
    counts.push(["receipts that cannot be decided without the journal's digests", valid.length - there.length]);
  } else {
    const unknown = unknownHeads(placed, chain.firstCommand);
    if (unknown.unchecked > 0)
      notes.push(`${unknown.unchecked} heads on L1 are older than the digests that are served.`);
    const compared = compareWithJournal(valid, chain, known);
    if (compared.unchecked > 0)
      notes.push(`${compared.unchecked} receipts are older than the digests that are served.`);
    findings.push(...unknown.findings, ...compared.findings);
    there = compared.there;
    const through = fixedThrough(placed);
    const fixed = there.filter(({ receipt }) => receipt.command <= through).length;
    counts.push(["receipts in their place in the journal", there.length]);
    counts.push(["of these fixed by a head on L1", fixed], ["of these not on L1 yet", there.length - fixed]);
  }
  findings.push(...epochHeads(placed, there, toleranceSeconds));

  // 4. Fills of what was cancelled.
  const cancelled = fillsAfterCancel(valid, placed);
  findings.push(...cancelled.findings);
  notes.push(...cancelled.undecided);
  counts.push(["epochs on L1", published.epochs.length], ["batches on L1", published.batches.length]);
  return { findings, notes, counts };
}
