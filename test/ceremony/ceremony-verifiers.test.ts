import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { CEREMONY_CONTRACTS, checkCeremonyVerifiers } from "../../scripts/building/ceremony-verifiers.ts";
import { ceremonyVerifierSource } from "../../scripts/ceremony/ceremony-manifest.ts";
import { REPOSITORY_ROOT } from "../../scripts/circuits/build-circuit.ts";
import { SOUND_KEY as key } from "../prover/sound-key.ts";

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
