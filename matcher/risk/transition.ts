import type { EpochTerms } from "./epoch-terms.ts";
import { type Margin, marginOf, meetsInitialMargin, type Position } from "./margin.ts";

/**
 * Why a final state is not valid (docs/protocol.md §5). Each means that initial margin is not met, rule (1), and names the first
 * condition of rule (2) that fails too.
 */
export type TransitionRefusal =
  | "margin-withdrawal"
  | "margin-growth"
  | "margin-flip"
  | "margin-initial-ratio"
  | "margin-maintenance-ratio"
  | "margin-value";

/** The first position that grew or changed sign. Going to zero is neither. */
function sizeRefusal(start: readonly bigint[], final: readonly bigint[]): "margin-growth" | "margin-flip" | undefined {
  let grew = false;
  for (let market = 0; market < final.length; market++) {
    const before = start[market] as bigint;
    const after = final[market] as bigint;
    if (before === after || after === 0n) continue;
    if (before !== 0n && before < 0n !== after < 0n) return "margin-flip";
    if (before < 0n ? after < before : after > before || before === 0n) grew = true;
  }
  return grew ? "margin-growth" : undefined;
}

/**
 * The ratios of rule (2), cross-multiplied: neither TV/TR_i nor TV/TR_m fell; where there was no requirement, TV did not fall.
 * Bits: TV < 2^97, TR < 2^95: products stay below 2^192, far from the field's order.
 */
export function ratioRefusal(start: Margin, final: Margin): TransitionRefusal | undefined {
  if (final.valuePicoUsd * start.initialPicoUsd < start.valuePicoUsd * final.initialPicoUsd)
    return "margin-initial-ratio";
  if (final.valuePicoUsd * start.maintenancePicoUsd < start.valuePicoUsd * final.maintenancePicoUsd) {
    return "margin-maintenance-ratio";
  }
  if (start.initialPicoUsd === 0n && final.valuePicoUsd < start.valuePicoUsd) return "margin-value";
  return undefined;
}

/**
 * The valid-final-state rule, exactly as the circuit has it. Undefined: the state is valid.
 * @param start S₀: the leaf at the batch's start after funding and the batch's deposits
 * @param withdrew the batch has a withdrawal of this account, which demands rule (1)
 */
export function transitionRefusal(
  terms: EpochTerms,
  start: Position,
  final: Position,
  withdrew: boolean,
): TransitionRefusal | undefined {
  if (meetsInitialMargin(terms, final)) return undefined;
  if (withdrew) return "margin-withdrawal";
  const refusal = sizeRefusal(start.sizesLots, final.sizesLots);
  if (refusal !== undefined) return refusal;
  return ratioRefusal(marginOf(terms, start), marginOf(terms, final));
}
