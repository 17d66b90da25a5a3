import type { EddsaInstance } from "../../matcher/eddsa/eddsa-instance.ts";
import { SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";

/**
 * Halves a challenge and checks all that soundness rests on: u ≡ v·h (mod ℓ), v odd, 0 < |v| < ℓ, u ≥ 0.
 * Gives the bits of the longer of the two. @throws Error naming what does not hold
 */
export function halvedBits(wasm: EddsaInstance, h: bigint): number {
  wasm.setNumber("challenge", h);
  const negative = wasm.halveChallenge();
  const u = wasm.number("u");
  const v = wasm.number("v");
  const signed = negative ? -v : v;
  const holds =
    (signed * h - u) % SUBGROUP_ORDER === 0n &&
    (v & 1n) === 1n &&
    v > 0n &&
    v < SUBGROUP_ORDER &&
    u >= 0n &&
    u < SUBGROUP_ORDER;
  if (!holds) throw new Error(`h = ${h} gives u = ${u}, v = ${signed}`);
  return Math.max(u.toString(2).length, v.toString(2).length);
}
