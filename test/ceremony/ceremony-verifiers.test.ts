import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import type { G1Json, G2Json, VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { CEREMONY_CONTRACTS, checkCeremonyVerifiers } from "../../scripts/building/ceremony-verifiers.ts";
import { ceremonyVerifierSource } from "../../scripts/ceremony/ceremony-manifest.ts";
import { REPOSITORY_ROOT } from "../../scripts/circuits/build-circuit.ts";

const g1 = (scalar: bigint): G1Json => {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
  return [String(x), String(y), "1"];
};
const g2 = (scalar: bigint): G2Json => {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return [
    [String(x.c0), String(x.c1)],
    [String(y.c0), String(y.c1)],
    ["1", "0"],
  ];
};
const key: VerificationKey = {
  protocol: "groth16",
  curve: "bn128",
  nPublic: 3,
  vk_alpha_1: g1(1001n),
  vk_beta_2: g2(1002n),
  vk_gamma_2: g2(1n),
  vk_delta_2: g2(1003n),
  IC: [g1(11n), g1(12n), g1(13n), g1(14n)],
};

describe("The build", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "clearbook-build-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function place(text: string): void {
    mkdirSync(join(root, CEREMONY_CONTRACTS), { recursive: true });
    writeFileSync(join(root, CEREMONY_CONTRACTS, "SmallCeremonyVerifier.sol"), text);
  }

  it("takes verifiers of ceremonies, and none", () => {
    expect(() => checkCeremonyVerifiers(root)).to.not.throw();
    place(ceremonyVerifierSource("small", key));
    expect(() => checkCeremonyVerifiers(root)).to.not.throw();
  });

  it("refuses one whose key had no contribution", () => {
    const text = ceremonyVerifierSource("small", key);
    const gamma = /GAMMA_(\w+) = (\d+);/g;
    let untouched = text;
    for (const [, coordinate, value] of text.matchAll(gamma)) {
      untouched = untouched.replace(new RegExp(`(DELTA_${coordinate}) = \\d+;`), `$1 = ${value};`);
    }
    place(untouched);
    expect(() => checkCeremonyVerifiers(root)).to.throw(
      /^contracts\/ceremony\/SmallCeremonyVerifier\.sol: Gamma equals delta: .*anyone can forge proofs\.$/,
    );
  });

  it("refuses a development key there, and one that was changed by hand", () => {
    place(readFileSync(join(REPOSITORY_ROOT, "contracts/generated/SmallVerifier.sol"), "utf8"));
    expect(() => checkCeremonyVerifiers(root)).to.throw("public development trapdoor, not in a ceremony");
    place(ceremonyVerifierSource("small", key).replace("return [", "return [ "));
    expect(() => checkCeremonyVerifiers(root)).to.throw("is not what the generator writes");
  });
});
