import type { WireFinality } from "../../protocol/api-wire.ts";

const WORDS = {
  accepted: "Accepted: in the exchange's journal.",
  matched: "Matched: executed, and promised to settle.",
  proven: "Proven: settled on L1 by a proof that the contract checked.",
} as const;

/** How final something is, and by which batch and transaction. */
export function FinalityMark({ finality, terse = false }: { finality: WireFinality; terse?: boolean }) {
  const { label, batchNumber, txHash } = finality;
  const where = batchNumber === null ? "" : ` Batch ${batchNumber}${txHash === null ? "" : `, transaction ${txHash}`}.`;
  return (
    <span class={`finality finality-${label}`} title={`${WORDS[label]}${where}`}>
      <i aria-hidden="true" />
      <span class={terse ? "unseen" : undefined}>{label}</span>
      {!terse && batchNumber !== null && <small> #{batchNumber}</small>}
      {!terse && txHash !== null && <small class="hash"> {txHash.slice(0, 8)}…</small>}
    </span>
  );
}
