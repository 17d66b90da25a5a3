import type { RejectCode } from "../protocol/reject.ts";
import { positionRefusalCode } from "./admission.ts";
import type { EpochTerms } from "./epoch-terms.ts";
import type { Position } from "./margin.ts";
import { positionRefusal } from "./position-rules.ts";
import { transitionRefusal } from "./transition.ts";

/** Closed reject code of a change of an account by trading, or null when it is valid (docs/protocol.md §5). */
export function executionRefusalCode(terms: EpochTerms, start: Position, final: Position): RejectCode | null {
  const refusal = positionRefusal(terms, start.sizesLots, final.sizesLots);
  if (refusal !== undefined) return positionRefusalCode(refusal);
  return transitionRefusal(terms, start, final, false) === undefined ? null : "INSUFFICIENT_INITIAL_MARGIN";
}
