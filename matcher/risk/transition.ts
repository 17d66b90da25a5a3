import type { EpochTerms, MarketTerms } from "./epoch-terms.ts";
import { type Margin, marginOf, meetsInitialMargin, type Position } from "./margin.ts";

/**
 * Why a final state is not valid (docs/protocol.md §5). One that begins with "margin" means that initial margin is not met, and names
 * the first condition of the other half of rule 1 that fails too; the others are rules 2 to 4.
 */
export type TransitionRefusal =
  | "margin-withdrawal"
  | "margin-growth"
  | "margin-flip"
  | "margin-initial-ratio"
  | "margin-maintenance-ratio"
  | "margin-value"
  | "restricted-growth"
  | "restricted-flip"
  | "restricted-withdrawal"
  | "position-cap"
  | "isolated-market";

/** What happened to a size. Going to zero is neither growth nor a change of sign. */
type SizeChange = "grew" | "flipped" | "grew-and-flipped" | undefined;

function sizeChange(before: bigint, after: bigint): SizeChange {
  if (before === after || after === 0n) return undefined;
  const grew = (after < 0n ? -after : after) > (before < 0n ? -before : before);
  if (before !== 0n && before < 0n !== after < 0n) return grew ? "grew-and-flipped" : "flipped";
  return grew ? "grew" : undefined;
}

/** The first position that grew or changed sign; a change of sign says more. */
function reductionRefusal(start: readonly bigint[], final: readonly bigint[]): TransitionRefusal | undefined {
  let grew = false;
  for (let market = 0; market < final.length; market++) {
    const change = sizeChange(start[market] as bigint, final[market] as bigint);
    if (change === undefined) continue;
    if (change !== "grew") return "margin-flip";
    grew = true;
  }
  return grew ? "margin-growth" : undefined;
}

/** Whether no |size| grew and none changed sign. */
export function onlyReduces(start: Position, final: Position): boolean {
  return reductionRefusal(start.sizesLots, final.sizesLots) === undefined;
}

/** Whether a position is held where the price is not fresh. */
export function holdsRestricted(terms: EpochTerms, { sizesLots }: Position): boolean {
  for (let market = 0; market < sizesLots.length; market++) {
    if (sizesLots[market] !== 0n && (terms.markets[market] as MarketTerms).restricted) return true;
  }
  return false;
}

/** Whether a position in an isolated-only market stands beside another position. */
function breaksIsolation(terms: EpochTerms, sizesLots: readonly bigint[]): boolean {
  let positions = 0;
  let isolated = false;
  for (let market = 0; market < sizesLots.length; market++) {
    if (sizesLots[market] === 0n) continue;
    positions++;
    isolated ||= (terms.markets[market] as MarketTerms).isolatedOnly;
  }
  return isolated && positions > 1;
}

/** Rules 2 and 3 on one market. "grew": they hold, and rule 4 is asked. */
function marketRefusal(
  terms: EpochTerms,
  start: Position,
  final: Position,
  market: number,
): TransitionRefusal | "grew" | undefined {
  const after = final.sizesLots[market] as bigint;
  const change = sizeChange(start.sizesLots[market] as bigint, after);
  if (change === undefined) return undefined;
  const { restricted, positionCapLots } = terms.markets[market] as MarketTerms;
  if (restricted) return change === "grew" ? "restricted-growth" : "restricted-flip";
  if (change === "flipped") return undefined;
  return (after < 0n ? -after : after) > positionCapLots ? "position-cap" : "grew";
}

/** Rules 2 to 4. */
function limitRefusal(
  terms: EpochTerms,
  start: Position,
  final: Position,
  withdrew: boolean,
  traded: number | undefined,
): TransitionRefusal | undefined {
  let grew = false;
  const last = traded ?? final.sizesLots.length - 1;
  for (let market = traded ?? 0; market <= last; market++) {
    const refusal = marketRefusal(terms, start, final, market);
    if (refusal !== undefined && refusal !== "grew") return refusal;
    grew ||= refusal === "grew";
  }
  if (grew && terms.anyIsolatedOnly && breaksIsolation(terms, final.sizesLots)) return "isolated-market";
  return withdrew && holdsRestricted(terms, final) ? "restricted-withdrawal" : undefined;
}

/**
 * The ratios of rule 1, cross-multiplied: neither TV/TR_i nor TV/TR_m fell; where there was no requirement, TV did not fall.
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
 * The valid-final-state rule, exactly as the circuit has it. Undefined: the state is valid. Not for accounts that a liquidation names.
 * @param start S₀: the leaf at the batch's start after funding, retired markets and the batch's deposits
 * @param withdrew the batch has a withdrawal or transfer of this account
 * @param traded the one market whose size may have changed, when the caller knows it: a fill alone moves no other
 */
export function transitionRefusal(
  terms: EpochTerms,
  start: Position,
  final: Position,
  withdrew: boolean,
  traded?: number,
): TransitionRefusal | undefined {
  if (meetsInitialMargin(terms, final)) return limitRefusal(terms, start, final, withdrew, traded);
  if (withdrew) return "margin-withdrawal";
  // What only reduces and pays nothing out keeps rules 2 to 4 by that alone.
  return (
    reductionRefusal(start.sizesLots, final.sizesLots) ?? ratioRefusal(marginOf(terms, start), marginOf(terms, final))
  );
}
