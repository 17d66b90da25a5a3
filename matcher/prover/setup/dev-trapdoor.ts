import { createHash } from "node:crypto";
import { bn254 } from "@noble/curves/bn254.js";
import { SCALAR_FIELD_ORDER } from "./bn254.ts";

/**
 * The secret behind every insecure development key, which is no secret: each scalar is
 * SHA-512(DEV_TRAPDOOR_TEXT + "/" + label) mod r, read big-endian. Whoever knows α, β and δ can prove anything under the
 * key. α, β and τ are the same for all circuits, so that a key made here is recognised by its points alone.
 */
export const DEV_TRAPDOOR_TEXT =
  "Clearbook insecure development key v1: the trapdoor is public and anyone can forge proofs under it";

function devScalar(label: string): bigint {
  const digest = createHash("sha512").update(`${DEV_TRAPDOOR_TEXT}/${label}`).digest("hex");
  return BigInt(`0x${digest}`) % SCALAR_FIELD_ORDER;
}

export const DEV_ALPHA = devScalar("alpha");
export const DEV_BETA = devScalar("beta");
export const DEV_TAU = devScalar("tau");
/** The G2 generator stands for γ, as in every key that snarkjs makes. */
export const DEV_GAMMA = 1n;

/** δ of the key for one circuit. @param r1csSha256 lower-case hex of the SHA-256 of the r1cs file. */
export function devDelta(r1csSha256: string): bigint {
  const delta = devScalar(`delta/${r1csSha256}`);
  if (delta === DEV_GAMMA || delta === 0n) throw new RangeError("delta must differ from gamma and from zero");
  return delta;
}

export type G1Affine = { readonly x: bigint; readonly y: bigint };
/** Coordinates are c0 + c1·u. */
export type G2Affine = {
  readonly x: { readonly c0: bigint; readonly c1: bigint };
  readonly y: { readonly c0: bigint; readonly c1: bigint };
};

/** α·G1, the first point of every development key. */
export const DEV_ALPHA_G1: G1Affine = bn254.G1.Point.BASE.multiply(DEV_ALPHA).toAffine();
/** β·G2, the second. */
export const DEV_BETA_G2: G2Affine = bn254.G2.Point.BASE.multiply(DEV_BETA).toAffine();
