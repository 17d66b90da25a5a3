import { type EdwardsPoint, edwards } from "@noble/curves/abstract/edwards.js";
import { FIELD_ORDER, SUBGROUP_ORDER } from "./spec.ts";

/**
 * BabyJubJub as circomlib has it: 168700·x² + y² = 1 + 168696·x²y² over BN254's scalar field, cofactor 8.
 * `BASE` is circomlib's Base8, the generator of the subgroup of prime order ℓ. Multiples of `BASE` by a secret are
 * blinded by the curve library; results do not depend on that.
 * The addition formulas are complete (168700 is a square, 168696 is not), so no input pair is exceptional.
 */
export const Point = edwards({
  p: FIELD_ORDER,
  n: SUBGROUP_ORDER,
  h: 8n,
  a: 168700n,
  d: 168696n,
  Gx: 5299619240641551281634865583518297030282874472190772894086521144482721001553n,
  Gy: 16950150798460657717958625567821834550301663161624707787222815936182638968203n,
});
export type Point = EdwardsPoint;

/** An affine point as it travels in leaves and messages. */
export interface AffinePoint {
  x: bigint;
  y: bigint;
}

/** True for canonical field elements: a coordinate plus the field's order would be the same point under another name. */
export function isFieldElement(value: bigint): boolean {
  return value >= 0n && value < FIELD_ORDER;
}

/** The curve equation, on canonical coordinates. Says nothing about the order. */
export function isOnCurve({ x, y }: AffinePoint): boolean {
  if (!isFieldElement(x) || !isFieldElement(y)) return false;
  const xx = (x * x) % FIELD_ORDER;
  const yy = (y * y) % FIELD_ORDER;
  return (168700n * xx + yy - 1n - 168696n * ((xx * yy) % FIELD_ORDER)) % FIELD_ORDER === 0n;
}
