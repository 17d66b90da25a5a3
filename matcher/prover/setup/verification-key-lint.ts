import type { WeierstrassPoint, WeierstrassPointCons } from "@noble/curves/abstract/weierstrass.js";
import { bn254 } from "@noble/curves/bn254.js";
import { DEV_ALPHA_G1, DEV_BETA_G2, devDelta } from "./dev-trapdoor.ts";
import type { G1Json, G2Json, VerificationKey } from "./verification-key.ts";

/** Everything that makes a verification key unfit to guard money. Closed: a key without these passes. */
export type KeyProblemCode =
  | "NOT_GROTH16_BN254"
  | "COORDINATE_OUT_OF_FIELD"
  | "IDENTITY_POINT"
  | "NOT_ON_CURVE"
  | "WRONG_SUBGROUP"
  | "IC_LENGTH"
  | "PUBLIC_INPUT_COUNT"
  | "GAMMA_EQUALS_DELTA"
  | "GAMMA_NOT_GENERATOR"
  | "GENERATOR_AS_SECRET"
  | "DUPLICATE_IC"
  | "KNOWN_DEV_KEY";

export type KeyProblem = { readonly code: KeyProblemCode; readonly point?: string; readonly sentence: string };

export type KeyLintOptions = {
  /** Accept the points of the public development trapdoor. Only for chains on the development list. */
  readonly allowDev: boolean;
  /** Public inputs that the verifier contract passes. */
  readonly expectedPublicCount?: number;
  /** SHA-256 of the circuit's r1cs file: with it, the development key's δ for this circuit is recognised too. */
  readonly r1csSha256?: string;
};

const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
type G1Point = typeof G1.BASE;
type G2Point = typeof G2.BASE;
type Unreadable = "out of field" | "identity";

/** True when either first point is that of the public trapdoor; such a key lets anyone forge. */
export function isDevKey(key: VerificationKey): boolean {
  const [x, y] = key.vk_alpha_1;
  const sameAlpha = equals(x, DEV_ALPHA_G1.x) && equals(y, DEV_ALPHA_G1.y);
  const [betaX, betaY] = key.vk_beta_2;
  const { x: devX, y: devY } = DEV_BETA_G2;
  const sameBeta =
    equals(betaX[0], devX.c0) && equals(betaX[1], devX.c1) && equals(betaY[0], devY.c0) && equals(betaY[1], devY.c1);
  return sameAlpha || sameBeta;
}

/**
 * Judges a verification key before it is deployed. γ = δ is what a setup without any phase-2 contribution leaves behind,
 * and lets anyone forge; α or β equal to a generator is the same for phase 1.
 *
 * @returns every problem found, each with a sentence for people; none when the key passes.
 */
export function lintVerificationKey(key: VerificationKey, options: KeyLintOptions): KeyProblem[] {
  const problems: KeyProblem[] = [];
  const report = (code: KeyProblemCode, sentence: string, point?: string) => {
    problems.push(point === undefined ? { code, sentence } : { code, point, sentence });
  };
  if (key.protocol !== "groth16" || key.curve !== "bn128") {
    report("NOT_GROTH16_BN254", `The key is for ${key.protocol} over ${key.curve}, not for Groth16 over bn128.`);
    return problems;
  }
  if (key.IC.length !== key.nPublic + 1) {
    report("IC_LENGTH", `The key has ${key.IC.length} IC points for ${key.nPublic} public inputs; it needs one more.`);
  }
  const expected = options.expectedPublicCount;
  if (expected !== undefined && key.nPublic !== expected) {
    report("PUBLIC_INPUT_COUNT", `The key takes ${key.nPublic} public inputs, the verifier passes ${expected}.`);
  }

  const alpha = checkPoint(G1, g1Point(key.vk_alpha_1), "alpha", report);
  const beta = checkPoint(G2, g2Point(key.vk_beta_2), "beta", report);
  const gamma = checkPoint(G2, g2Point(key.vk_gamma_2), "gamma", report);
  const delta = checkPoint(G2, g2Point(key.vk_delta_2), "delta", report);
  const ic = key.IC.map((point, i) => checkPoint(G1, g1Point(point), `IC[${i}]`, report));

  if (gamma && delta?.equals(gamma)) {
    report(
      "GAMMA_EQUALS_DELTA",
      "Gamma equals delta: no contribution was made to phase 2, and anyone can forge proofs.",
    );
  }
  if (gamma && !gamma.equals(G2.BASE)) {
    report("GAMMA_NOT_GENERATOR", "Gamma is not the G2 generator, which every snarkjs ceremony leaves it at.", "gamma");
  }
  if (alpha?.equals(G1.BASE)) report("GENERATOR_AS_SECRET", "Alpha is the generator: its secret is 1.", "alpha");
  if (beta?.equals(G2.BASE)) report("GENERATOR_AS_SECRET", "Beta is the generator: its secret is 1.", "beta");
  for (const [i, point] of ic.entries()) {
    const twin = ic.findIndex((other) => point && other?.equals(point));
    if (twin >= 0 && twin < i) {
      report("DUPLICATE_IC", `IC[${i}] equals IC[${twin}]: two public inputs could be exchanged.`, `IC[${i}]`);
    }
  }
  const devDeltaOf = (r1csSha256: string) => G2.BASE.multiply(devDelta(r1csSha256));
  const hasDevDelta = options.r1csSha256 !== undefined && delta?.equals(devDeltaOf(options.r1csSha256)) === true;
  if (!options.allowDev && (isDevKey(key) || hasDevDelta)) {
    report("KNOWN_DEV_KEY", "The key was made from Clearbook's public development trapdoor: anyone can forge proofs.");
  }
  return problems;
}

/** @returns the point when it is sound; otherwise reports why it is not. */
function checkPoint<T, P extends WeierstrassPoint<T>>(
  curve: WeierstrassPointCons<T>,
  point: P | Unreadable,
  name: string,
  report: (code: KeyProblemCode, sentence: string, point: string) => void,
): P | undefined {
  if (point === "out of field") {
    report("COORDINATE_OUT_OF_FIELD", `A coordinate of ${name} is not a number below the field's order.`, name);
  } else if (point === "identity") {
    report("IDENTITY_POINT", `The point ${name} is the point at infinity.`, name);
  } else if (!isOnCurve(curve, point)) {
    report("NOT_ON_CURVE", `The point ${name} does not lie on the curve.`, name);
  } else if (!point.isTorsionFree()) {
    report("WRONG_SUBGROUP", `The point ${name} lies outside the subgroup of prime order.`, name);
  } else {
    return point;
  }
  return undefined;
}

/** y² = x³ + b, in the point's own field. */
function isOnCurve<T>(curve: WeierstrassPointCons<T>, point: WeierstrassPoint<T>): boolean {
  const { Fp } = curve;
  const { x, y } = point.toAffine();
  return Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), curve.CURVE().b));
}

function g1Point([x, y, z]: G1Json): G1Point | Unreadable {
  const affine = [x, y].map(coordinate);
  if (affine.includes(undefined) || (z !== "1" && z !== "0")) return "out of field";
  if (z === "0" || affine.every((value) => value === 0n)) return "identity";
  return G1.fromAffine({ x: affine[0]!, y: affine[1]! });
}

function g2Point([x, y, z]: G2Json): G2Point | Unreadable {
  const affine = [...x, ...y].map(coordinate);
  if (affine.includes(undefined) || z[1] !== "0" || (z[0] !== "1" && z[0] !== "0")) return "out of field";
  if (z[0] === "0" || affine.every((value) => value === 0n)) return "identity";
  const [x0, x1, y0, y1] = affine as bigint[];
  return G2.fromAffine({ x: { c0: x0!, c1: x1! }, y: { c0: y0!, c1: y1! } });
}

function coordinate(text: string): bigint | undefined {
  if (!/^(0|[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < bn254.fields.Fp.ORDER ? value : undefined;
}

function equals(text: string, value: bigint): boolean {
  return /^[0-9]+$/.test(text) && BigInt(text) === value;
}
