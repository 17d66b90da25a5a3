import { heldReceiptLine } from "../../matcher/protocol/held-receipt.ts";
import type { ReceiptPlace } from "../../matcher/protocol/receipt-group.ts";
import { wireWord } from "../../matcher/protocol/receipt-wire.ts";
import { FINDINGS, type Finding } from "./finding.ts";
import type { AuditVerdict } from "./verdict.ts";

/** Findings of one kind that are told in words; the evidence has all of them. */
const SENTENCES_MAX = 50;

/** Sentences that name what was found, kind by kind. */
export function findingLines(findings: readonly Finding[]): string[] {
  return Object.keys(FINDINGS).flatMap((kind) => {
    const sentences = findings.filter((finding) => finding.kind === kind).map(({ sentence }) => `✗ ${sentence}`);
    if (sentences.length <= SENTENCES_MAX) return sentences;
    return [...sentences.slice(0, SENTENCES_MAX), `✗ … and ${sentences.length - SENTENCES_MAX} more of this kind.`];
  });
}

/** What was looked at, then a line for every kind of finding. */
export function summaryTable({ counts, findings }: Pick<AuditVerdict, "counts" | "findings">): string {
  const looked = counts.map(([what, count]) => [what, `${count}`, ""]);
  const found = Object.entries(FINDINGS).map(([kind, what]) => {
    const count = findings.filter((finding) => finding.kind === kind).length;
    return [what, `${count}`, count === 0 ? "✓" : "✗"];
  });
  const lines = [...looked, ...found];
  const width = (column: number) => Math.max(...lines.map((line) => (line[column] ?? "").length));
  const [first, second] = [width(0), width(1)];
  return lines
    .map(([what = "", count = "", mark = ""]) => `${what.padEnd(first)}  ${count.padStart(second)}  ${mark}`.trimEnd())
    .join("\n");
}

/** Everything that others need to see it for themselves, as JSON: signed receipts and transactions on L1. */
export function evidenceText({ chainId, exchange }: ReceiptPlace, findings: readonly Finding[]): string {
  const listed = findings.map(({ kind, sentence, receipts, published }) => ({
    kind,
    sentence,
    receipts: receipts.map((held) => JSON.parse(heldReceiptLine(held)) as unknown),
    published: published.map(({ type, number, journalHead, transactionHash, blockNumber }) => {
      return { type, number, journalHead: wireWord(journalHead), transactionHash, blockNumber };
    }),
  }));
  return `${JSON.stringify({ chainId, exchange, findings: listed }, null, 2)}\n`;
}
