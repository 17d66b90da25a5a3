import type { HeldReceipt } from "../../matcher/protocol/held-receipt.ts";
import { commandNameFirst } from "./command-name.ts";
import type { Finding, FindingKind } from "./finding.ts";
import type { DigestChain, JournalChain } from "./journal-chain.ts";

/** What became of a receipt's command in the journal that the exchange serves. */
type Place =
  | { readonly kind: "there" }
  /** Older than anything that is served. */
  | { readonly kind: "unchecked" }
  | { readonly kind: Extract<FindingKind, "missing" | "altered" | "reordered">; readonly how: string };

function placeOf({ receipt }: HeldReceipt, chain: DigestChain, known: JournalChain): Place {
  const { command, digest } = receipt;
  const there = chain.digestOf(command);
  if (there === digest) return { kind: "there" };
  const elsewhere = chain.numberOfDigest(digest);
  if (elsewhere !== undefined) return { kind: "reordered", how: `it stands at number ${elsewhere}` };
  if (command < chain.firstCommand) return { kind: "unchecked" };
  if (there === undefined)
    return { kind: "missing", how: `the journal that is served ends with command ${chain.lastCommand}` };
  const follower = known.numberOfDigest(there);
  if (follower !== undefined && follower > command) {
    return { kind: "missing", how: `what was acknowledged as command ${follower} stands at its number` };
  }
  return { kind: "altered", how: "another command stands at its number, and it is nowhere else" };
}

const SENTENCES = {
  missing: "was acknowledged and is missing from the journal",
  altered: "was acknowledged and is not what the journal holds",
  reordered: "was acknowledged and stands elsewhere in the journal",
} as const;

/**
 * Receipts against the journal that is served.
 * @param valid in order of their commands
 * @param known what the receipts themselves show of the chain
 * @returns findings, and the receipts whose command is in its place
 */
export function compareWithJournal(
  valid: readonly HeldReceipt[],
  chain: DigestChain,
  known: JournalChain,
): { findings: Finding[]; there: HeldReceipt[]; unchecked: number } {
  const findings: Finding[] = [];
  const there: HeldReceipt[] = [];
  let unchecked = 0;
  let rewritten = 0;
  for (const held of valid) {
    const place = placeOf(held, chain, known);
    if (place.kind === "unchecked") unchecked += 1;
    else if (place.kind !== "there") {
      const sentence = `${commandNameFirst(held)} ${SENTENCES[place.kind]}: ${place.how}.`;
      findings.push({ kind: place.kind, sentence, receipts: [held], published: [] });
    } else {
      there.push(held);
      const before = chain.headAfter(held.receipt.command - 1);
      if (before === held.receipt.previousHead) continue;
      rewritten += 1;
      // Whatever comes after a change rests on it: the first one says where.
      if (rewritten > 1) continue;
      const sentence = `${commandNameFirst(held)} is in its place, but what comes before it in the journal is not what it was acknowledged after.`;
      findings.push({ kind: "rewritten", sentence, receipts: [held], published: [] });
    }
  }
  return { findings, there, unchecked };
}
