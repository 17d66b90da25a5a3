import { Point } from "../../matcher/protocol/curve.ts";
import type { PublicKey } from "../../matcher/protocol/keys.ts";
import { SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";

/** circomlib's generator of the whole group, of order 8·ℓ. */
export const FULL_GENERATOR = {
  x: 995203441582195749578291179787384436505546430278305826713579947235728471134n,
  y: 5472060717959818805561601436314318772137091100104008585924551046643952123905n,
};

/** The eight points of order dividing 8: multiples 0 … 7 of one point of order 8. */
export function torsionPoints(): Point[] {
  const generator = Point.fromAffine(FULL_GENERATOR);
  const order8 = generator.multiplyUnsafe(SUBGROUP_ORDER - 1n).add(generator);
  const points = [Point.ZERO];
  for (let i = 1; i < 8; i++) points.push((points[i - 1] as Point).add(order8));
  return points;
}

export function keyOf(point: Point): PublicKey {
  const { x, y } = point.toAffine();
  return { ax: x, ay: y };
}
