import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import type { G1Json, G2Json, VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import {
  isDevKey,
  type KeyProblemCode,
  lintVerificationKey,
} from "../../matcher/prover/setup/verification-key-lint.ts";
import { buildFixture } from "./fixture-circuit.ts";
import { g1, g2, SOUND_KEY as sound } from "./sound-key.ts";

function codes(key: VerificationKey, allowDev = false): KeyProblemCode[] {
  return lintVerificationKey(key, { allowDev, expectedPublicCount: 3 }).map(({ code }) => code);
}

/** A point of the twist outside the subgroup: the twist has more points than r. */
function pointOutsideSubgroup(): G2Json {
  const { Fp2 } = bn254.fields;
  const { b } = bn254.G2.Point.CURVE();
  for (let c0 = 1n; ; c0++) {
    const x = { c0, c1: 1n };
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
    try {
      const y = Fp2.sqrt(square);
      return [
        [String(x.c0), String(x.c1)],
        [String(y.c0), String(y.c1)],
        ["1", "0"],
      ];
    } catch {
      // Not a square: no point has this abscissa.
    }
  }
}

describe("lint of a verification key", () => {
  it("passes a sound key", () => {
    expect(codes(sound)).to.deep.equal([]);
  });

  it("refuses gamma = delta, what a key without any contribution has", () => {
    expect(codes({ ...sound, vk_delta_2: sound.vk_gamma_2 })).to.deep.equal(["GAMMA_EQUALS_DELTA"]);
    expect(codes({ ...sound, vk_delta_2: sound.vk_gamma_2 }, true)).to.deep.equal(["GAMMA_EQUALS_DELTA"]);
  });

  it("refuses a gamma that is not the generator", () => {
    expect(codes({ ...sound, vk_gamma_2: g2(5n) })).to.deep.equal(["GAMMA_NOT_GENERATOR"]);
  });

  it("refuses generators as alpha and beta, what a phase 1 without contribution leaves", () => {
    expect(codes({ ...sound, vk_alpha_1: g1(1n) })).to.deep.equal(["GENERATOR_AS_SECRET"]);
    expect(codes({ ...sound, vk_beta_2: g2(1n) })).to.deep.equal(["GENERATOR_AS_SECRET"]);
  });

  it("refuses the point at infinity anywhere", () => {
    const zero1: G1Json = ["0", "1", "0"];
    const zero2: G2Json = [
      ["0", "0"],
      ["1", "0"],
      ["0", "0"],
    ];
    expect(codes({ ...sound, vk_alpha_1: zero1 })).to.deep.equal(["IDENTITY_POINT"]);
    expect(codes({ ...sound, vk_delta_2: zero2 })).to.deep.equal(["IDENTITY_POINT"]);
    expect(codes({ ...sound, IC: sound.IC.with(2, zero1) })).to.deep.equal(["IDENTITY_POINT"]);
    expect(codes({ ...sound, IC: sound.IC.with(2, ["0", "0", "1"]) })).to.deep.equal(["IDENTITY_POINT"]);
  });

  it("refuses a point off the curve", () => {
    const [x, y] = sound.vk_alpha_1;
    expect(codes({ ...sound, vk_alpha_1: [x, String(BigInt(y) + 1n), "1"] })).to.deep.equal(["NOT_ON_CURVE"]);
    const [x2, [c0, c1], z2] = sound.vk_beta_2;
    const off: G2Json = [x2, [String(BigInt(c0) + 1n), c1], z2];
    expect(codes({ ...sound, vk_beta_2: off })).to.deep.equal(["NOT_ON_CURVE"]);
  });

  it("refuses a point of the twist outside the subgroup of prime order", () => {
    expect(codes({ ...sound, vk_delta_2: pointOutsideSubgroup() })).to.deep.equal(["WRONG_SUBGROUP"]);
  });

  it("refuses coordinates that are not plain numbers below the field's order", () => {
    for (const bad of [String(bn254.fields.Fp.ORDER), "-1", "0x1", "", "01"]) {
      expect(codes({ ...sound, vk_alpha_1: [bad, sound.vk_alpha_1[1], "1"] }), bad).to.deep.equal([
        "COORDINATE_OUT_OF_FIELD",
      ]);
    }
  });

  it("refuses a wrong number of IC points or public inputs", () => {
    expect(codes({ ...sound, IC: sound.IC.slice(1) })).to.deep.equal(["IC_LENGTH"]);
    expect(codes({ ...sound, nPublic: 2, IC: sound.IC.slice(1) })).to.deep.equal(["PUBLIC_INPUT_COUNT"]);
  });

  it("refuses two public inputs with the same point", () => {
    expect(codes({ ...sound, IC: sound.IC.with(3, sound.IC[1]!) })).to.deep.equal(["DUPLICATE_IC"]);
  });

  it("refuses another proof system or curve", () => {
    expect(codes({ ...sound, curve: "bls12381" as "bn128" })).to.deep.equal(["NOT_GROTH16_BN254"]);
  });

  it("refuses a development key unless it is allowed, and each of its points alone", async () => {
    const { verificationKey } = (await buildFixture()).key!;
    expect(isDevKey(verificationKey)).to.equal(true);
    expect(codes(verificationKey)).to.deep.equal(["KNOWN_DEV_KEY"]);
    expect(codes(verificationKey, true)).to.deep.equal([]);
    expect(codes({ ...sound, vk_alpha_1: verificationKey.vk_alpha_1 })).to.deep.equal(["KNOWN_DEV_KEY"]);
    expect(codes({ ...sound, vk_beta_2: verificationKey.vk_beta_2 })).to.deep.equal(["KNOWN_DEV_KEY"]);
    expect(isDevKey(sound)).to.equal(false);
  });

  it("says each problem in a sentence", () => {
    const problems = lintVerificationKey({ ...sound, vk_delta_2: sound.vk_gamma_2 }, { allowDev: false });
    expect(problems[0]!.sentence).to.match(/^Gamma equals delta: .*anyone can forge proofs\.$/);
  });
});
