import type { HeldReceipt } from "../../matcher/protocol/held-receipt.ts";
import { RECEIPT_FAULTS, receiptFault } from "../../matcher/protocol/receipt.ts";
import { commandName, commandNameFirst } from "./command-name.ts";
import type { Finding } from "./finding.ts";
import type { HeadClaim, ReceiptChain } from "./journal-chain.ts";

/** Receipts that hold what they say, in order of their commands, and what is wrong with the others. */
export function judgeReceipts(
  held: readonly HeldReceipt[],
  signer: string | undefined,
): { valid: HeldReceipt[]; findings: Finding[] } {
  const valid: HeldReceipt[] = [];
  const findings: Finding[] = [];
  for (const one of held) {
    const fault = receiptFault(one.receipt, signer === undefined ? one : { ...one, signer });
    if (fault === null) valid.push(one);
    else {
      const sentence = `The receipt of ${commandName(one)} is not valid: ${RECEIPT_FAULTS[fault]}.`;
      findings.push({ kind: "invalid", sentence, receipts: [one], published: [] });
    }
  }
  valid.sort((a, b) => a.receipt.command - b.receipt.command);
  return { valid, findings };
}

function groupOf({ by: { receipt } }: HeadClaim<HeldReceipt>): string {
  return `${receipt.lastCommand} ${receipt.groupHead}`;
}

/** Two signed heads that cannot both be: one finding for a pair of groups, the first that shows it. */
export function contradictions({ contradictions: found }: ReceiptChain<HeldReceipt>): Finding[] {
  const pairs = new Map<string, Finding>();
  for (const { claims } of found) {
    const [first, second] = claims;
    const pair = `${groupOf(first)} ${groupOf(second)}`;
    if (pairs.has(pair)) continue;
    const names = `${commandName(first.by)} and ${commandName(second.by)}`;
    const endTogether = first.by.receipt.lastCommand === second.by.receipt.lastCommand;
    let what: string;
    if (first.command !== second.command) {
      what = `put the same head after command ${first.command} and after command ${second.command}`;
    } else if (endTogether) {
      what = `are of two signed groups that both end with command ${first.by.receipt.lastCommand}, with different heads`;
    } else what = `are signed for different heads after command ${first.command}`;
    const sentence = `The receipts of ${names} contradict each other: they ${what}.`;
    pairs.set(pair, { kind: "contradiction", sentence, receipts: [first.by, second.by], published: [] });
  }
  return [...pairs.values()];
}

/** Times that go back although the numbers do not. @param valid in order of their commands */
export function misdated(valid: readonly HeldReceipt[]): Finding[] {
  const findings: Finding[] = [];
  let latest: HeldReceipt | undefined;
  for (const one of valid) {
    if (latest !== undefined && one.receipt.acceptedAtMs < latest.receipt.acceptedAtMs) {
      const sentence = `${commandNameFirst(one)} is dated before ${commandName(latest)}, which it follows.`;
      findings.push({ kind: "misdated", sentence, receipts: [latest, one], published: [] });
    } else latest = one;
  }
  return findings;
}
