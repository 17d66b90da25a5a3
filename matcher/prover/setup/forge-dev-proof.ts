import { bn254 } from "@noble/curves/bn254.js";
import { invertScalar, modScalar } from "./bn254.ts";
import { DEV_ALPHA, DEV_BETA, devDelta, type G1Affine } from "./dev-trapdoor.ts";
import type { G1Json, G2Json, VerificationKey } from "./verification-key.ts";

/** A proof in snarkjs' JSON form. */
export type ForgedProof = {
  readonly pi_a: G1Json;
  readonly pi_b: G2Json;
  readonly pi_c: G1Json;
  readonly protocol: "groth16";
  readonly curve: "bn128";
};

export type ForgeOptions = {
  readonly key: VerificationKey;
  /** SHA-256 of the r1cs file that the key was made for; it gives δ. */
  readonly r1csSha256: string;
  /** Any values at all: no witness is needed. */
  readonly publicSignals: readonly bigint[];
};

/**
 * Makes a proof that verifies under a development key, of a statement that need not be true: the simulator of Groth16. With
 * the trapdoor, c = (ab − αβ − Σ xᵢ·ICᵢ)/δ solves the verifier's equation for any a and b, here fixed ones. It exists to
 * show that the warning on development keys is real.
 */
export function forgeDevProof({ key, r1csSha256, publicSignals }: ForgeOptions): ForgedProof {
  if (publicSignals.length !== key.nPublic) {
    throw new RangeError(`the key takes ${key.nPublic} public signals, not ${publicSignals.length}`);
  }
  const G1 = bn254.G1.Point;
  const [a, b] = [7n, 11n];
  let target = G1.BASE.multiply(modScalar(a * b - DEV_ALPHA * DEV_BETA));
  for (const [i, [x, y]] of key.IC.entries()) {
    const signal = i === 0 ? 1n : modScalar(publicSignals[i - 1]!);
    if (signal === 0n) continue;
    target = target.subtract(G1.fromAffine({ x: BigInt(x), y: BigInt(y) }).multiply(signal));
  }
  const c = target.multiplyUnsafe(invertScalar(devDelta(r1csSha256)));
  const bPoint = bn254.G2.Point.BASE.multiply(b).toAffine();
  return {
    pi_a: g1Json(G1.BASE.multiply(a).toAffine()),
    pi_b: [
      [String(bPoint.x.c0), String(bPoint.x.c1)],
      [String(bPoint.y.c0), String(bPoint.y.c1)],
      ["1", "0"],
    ],
    pi_c: g1Json(c.toAffine()),
    protocol: "groth16",
    curve: "bn128",
  };
}

function g1Json({ x, y }: G1Affine): G1Json {
  return [String(x), String(y), "1"];
}
