import { bn254 } from "@noble/curves/bn254.js";
import type { G1Json, G2Json, VerificationKey } from "../../matcher/prover/setup/verification-key.ts";

export function g1(scalar: bigint): G1Json {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
  return [String(x), String(y), "1"];
}

export function g2(scalar: bigint): G2Json {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return [
    [String(x.c0), String(x.c1)],
    [String(y.c0), String(y.c1)],
    ["1", "0"],
  ];
}

/** What a ceremony would leave: all secrets unlike each other and unlike the public trapdoor's. */
export const SOUND_KEY: VerificationKey = {
  protocol: "groth16",
  curve: "bn128",
  nPublic: 3,
  vk_alpha_1: g1(1001n),
  vk_beta_2: g2(1002n),
  vk_gamma_2: g2(1n),
  vk_delta_2: g2(1003n),
  IC: [g1(11n), g1(12n), g1(13n), g1(14n)],
};
