import type { HeldReceipt } from "../../matcher/protocol/held-receipt.ts";
import type { PublishedBatch, PublishedEpoch } from "./published-journal.ts";

/** What an audit can find, with the question that the table asks. */
export const FINDINGS = {
  invalid: "receipts that are not valid",
  contradiction: "receipts of one signer that contradict each other",
  missing: "acknowledged commands that are missing from the journal",
  altered: "acknowledged commands with another one in their place",
  reordered: "acknowledged commands at another place",
  rewritten: "history before an acknowledged command that was changed",
  misdated: "times that cannot be true",
  "unknown-head": "heads on L1 that are not the journal's",
  "head-order": "heads on L1 that go back",
  "epoch-head": "epochs with an older or newer head than they may have",
  "fill-after-cancel": "fills of cancelled orders",
} as const;

export type FindingKind = keyof typeof FINDINGS;

/** Something that an honest operator would not have done, and what shows it. */
export interface Finding {
  readonly kind: FindingKind;
  readonly sentence: string;
  readonly receipts: readonly HeldReceipt[];
  readonly published: readonly (PublishedBatch | PublishedEpoch)[];
}
