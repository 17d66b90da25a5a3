import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Contract } from "ethers";
import { buildBn128 } from "ffjavascript";
import { network } from "hardhat";
import { type Groth16Proof, groth16, powersOfTau, wtns, zKey } from "snarkjs";
import { calldataOf, type ProofCalldata } from "../../matcher/prover/groth16/proof.ts";
import { BASE_FIELD_ORDER, SCALAR_FIELD_ORDER } from "../../matcher/prover/setup/bn254.ts";
import { forgeDevProof } from "../../matcher/prover/setup/forge-dev-proof.ts";
import { readVerificationKey, type VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { isDevKey, lintVerificationKey } from "../../matcher/prover/setup/verification-key-lint.ts";
import { type BuiltCircuit, REPOSITORY_ROOT } from "../../scripts/circuits/build-circuit.ts";
import { renderInsecureDevPoints, renderVerifier } from "../../scripts/verifier/render-verifier.ts";
import { compileVerifier } from "./compile-verifier.ts";
import { buildFixture, fixtureInput } from "./fixture-circuit.ts";

const DEV_CHAINS = [31337, 1337];
const PUBLIC: readonly bigint[] = [22n, 11n, 905n];

type Verifier = { verify(proof: ProofCalldata, signals: readonly bigint[]): Promise<boolean>; contract: Contract };
type Chain = Awaited<ReturnType<typeof network.create>>;

describe("batch verifier contract", () => {
  let circuit: BuiltCircuit;
  let source: string;
  let proof: ProofCalldata;

  before(async () => {
    circuit = await buildFixture();
    source = renderVerifier({ name: "Fixture", vkey: circuit.key!.verificationKey, devChainIds: DEV_CHAINS });
    proof = calldataOf(await prove(circuit.key!.zkeyPath));
  });

  async function prove(zkeyPath: string): Promise<Groth16Proof> {
    const witness = { type: "mem" as const };
    await wtns.calculate(fixtureInput([3n, 5n, 7n], 11n), circuit.wasmPath, witness);
    return (await groth16.prove(zkeyPath, witness)).proof;
  }

  /** A fresh chain with this id, on which the source's contract is deployed. */
  async function deploy(text: string, chainId: number): Promise<Verifier> {
    const { ethers } = await chain(chainId);
    const [signer] = await ethers.getSigners();
    const { abi, bytecode } = compileVerifier(text, "FixtureVerifier");
    const deployed = await new ethers.ContractFactory(abi, bytecode, signer).deploy();
    const contract = new ethers.Contract(await deployed.getAddress(), abi, signer);
    return { contract, verify: ({ a, b, c }, signals) => contract.verifyBatch!(a, b, c, signals) };
  }

  function chain(chainId: number): Promise<Chain> {
    return network.create({ network: "default", override: { chainId } });
  }

  describe("with a development key, on a development chain", () => {
    let verifier: Verifier;
    before(async () => {
      verifier = await deploy(source, 31337);
    });

    it("accepts a proof and says what it is", async () => {
      expect(await verifier.verify(proof, PUBLIC)).to.equal(true);
      expect(await verifier.contract.isInsecureDevKey!()).to.equal(true);
    });

    it("refuses each other public input", async () => {
      for (const i of [0, 1, 2]) expect(await verifier.verify(proof, PUBLIC.with(i, PUBLIC[i]! + 1n))).to.equal(false);
    });

    it("refuses tampered points: swapped, negated, off the curve, at infinity", async () => {
      const negated: ProofCalldata = { ...proof, a: [proof.a[0], BASE_FIELD_ORDER - proof.a[1]] };
      const swapped: ProofCalldata = { ...proof, a: proof.c, c: proof.a };
      const offCurve: ProofCalldata = { ...proof, c: [proof.c[0], (proof.c[1] + 1n) % BASE_FIELD_ORDER] };
      const unordered: ProofCalldata = {
        ...proof,
        b: [
          [proof.b[0][1], proof.b[0][0]],
          [proof.b[1][1], proof.b[1][0]],
        ],
      };
      const infinite: ProofCalldata = { ...proof, a: [0n, 0n], c: [0n, 0n] };
      for (const tampered of [negated, swapped, offCurve, unordered, infinite]) {
        expect(await verifier.verify(tampered, PUBLIC)).to.equal(false);
      }
    });

    it("refuses a public input at or above the scalar field's order, naming it", async () => {
      for (const i of [0, 1, 2]) {
        for (const value of [SCALAR_FIELD_ORDER, PUBLIC[i]! + SCALAR_FIELD_ORDER, 2n ** 256n - 1n]) {
          await expect(verifier.verify(proof, PUBLIC.with(i, value)))
            .to.be.revertedWithCustomError(verifier.contract, "PublicInputNotCanonical")
            .withArgs(i, value);
        }
      }
    });

    it("accepts r − 1 as a number and answers false for it", async () => {
      expect(await verifier.verify(proof, PUBLIC.with(1, SCALAR_FIELD_ORDER - 1n))).to.equal(false);
    });

    it("refuses every coordinate at or above the base field's order", async () => {
      const raise = (value: bigint) => value + BASE_FIELD_ORDER;
      const raisePair = ([first, second]: readonly [bigint, bigint], i: number): [bigint, bigint] =>
        i === 0 ? [raise(first), second] : [first, raise(second)];
      const { a, b, c } = proof;
      const raised: ProofCalldata[] = [0, 1].flatMap((i): ProofCalldata[] => [
        { a: raisePair(a, i), b, c },
        { a, b: [raisePair(b[0], i), b[1]], c },
        { a, b: [b[0], raisePair(b[1], i)], c },
        { a, b, c: raisePair(c, i) },
      ]);
      for (const tampered of raised) {
        await expect(verifier.verify(tampered, PUBLIC)).to.be.revertedWithCustomError(
          verifier.contract,
          "ProofCoordinateNotCanonical",
        );
      }
    });

    it("accepts a forged proof of a false statement: the warning is real", async () => {
      const lie = [1n, 2n, 3n];
      const { verificationKey } = circuit.key!;
      const forged = forgeDevProof({ key: verificationKey, r1csSha256: circuit.r1csSha256, publicSignals: lie });
      expect(await verifier.verify(calldataOf(forged as unknown as Groth16Proof), lie)).to.equal(true);
    });

    it("costs less than 245,000 gas as a transaction", async () => {
      const { a, b, c } = proof;
      const gas = await verifier.contract.verifyBatch!.estimateGas(a, b, c, PUBLIC);
      expect(Number(gas)).to.be.lessThan(245_000);
    });
  });

  it("can be deployed on each development chain and on no other", async () => {
    for (const chainId of DEV_CHAINS)
      expect(await (await deploy(source, chainId)).verify(proof, PUBLIC)).to.equal(true);
    for (const chainId of [1, 10, 31338]) {
      const { ethers } = await chain(chainId);
      const { abi, bytecode } = compileVerifier(source, "FixtureVerifier");
      const [signer] = await ethers.getSigners();
      const factory = new ethers.ContractFactory(abi, bytecode, signer);
      await expect(factory.deploy()).to.be.revertedWithCustomError(factory, "InsecureDevKeyOnChain").withArgs(chainId);
    }
  });

  it("refuses every call when its state is copied to a chain with another id", async () => {
    const { contract } = await deploy(source, 31337);
    const code = await contract.runner!.provider!.getCode(contract);
    const { ethers } = await chain(1);
    const address = await contract.getAddress();
    await ethers.provider.send("hardhat_setCode", [address, code]);
    const moved = new ethers.Contract(address, contract.interface, ethers.provider);
    const { a, b, c } = proof;
    await expect(moved.verifyBatch!(a, b, c, PUBLIC))
      .to.be.revertedWithCustomError(moved, "InsecureDevKeyOnChain")
      .withArgs(1);
  });

  describe("with a key of a ceremony", () => {
    let folder: string;
    let key: VerificationKey;
    let zkeyPath: string;
    let text: string;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "clearbook-ceremony-"));
      zkeyPath = join(folder, "final.zkey");
      await holdCeremony();
      key = readVerificationKey(zkeyPath);
      text = renderVerifier({ name: "Fixture", vkey: key, devChainIds: DEV_CHAINS });
    });
    after(() => rmSync(folder, { recursive: true }));

    async function holdCeremony(): Promise<void> {
      const path = (name: string) => join(folder, name);
      await powersOfTau.newAccumulator(await buildBn128(), 4, path("0.ptau"));
      await powersOfTau.contribute(path("0.ptau"), path("1.ptau"), "one", "entropy of the test");
      await powersOfTau.preparePhase2(path("1.ptau"), path("2.ptau"));
      await zKey.newZKey(circuit.r1csPath, path("2.ptau"), path("0.zkey"));
      await zKey.contribute(path("0.zkey"), zkeyPath, "one", "more entropy of the test");
    }

    it("lives on any chain and is not marked insecure", async () => {
      expect(lintVerificationKey(key, { allowDev: false, expectedPublicCount: 3 })).to.deep.equal([]);
      expect(isDevKey(key)).to.equal(false);
      const verifier = await deploy(text, 1);
      expect(await verifier.contract.isInsecureDevKey!()).to.equal(false);
      const made = calldataOf(await prove(zkeyPath));
      expect(await verifier.verify(made, PUBLIC)).to.equal(true);
      expect(await verifier.verify(made, PUBLIC.with(2, 906n))).to.equal(false);
    });

    it("refuses a forgery made with the public trapdoor", async () => {
      const lie = [1n, 2n, 3n];
      const forged = forgeDevProof({ key, r1csSha256: circuit.r1csSha256, publicSignals: lie });
      const verifier = await deploy(text, 1);
      expect(await verifier.verify(calldataOf(forged as unknown as Groth16Proof), lie)).to.equal(false);
    });

    it("of which phase 2 had no contribution is not rendered", async () => {
      const untouched = readVerificationKey(join(folder, "0.zkey"));
      const codes = lintVerificationKey(untouched, { allowDev: false }).map(({ code }) => code);
      expect(codes).to.deep.equal(["GAMMA_EQUALS_DELTA"]);
      expect(() => renderVerifier({ name: "Fixture", vkey: untouched, devChainIds: [] })).to.throw(
        RangeError,
        "Gamma equals delta",
      );
    });
  });

  it("cannot be deployed as a production verifier with a point of the public trapdoor", async () => {
    const { ethers } = await chain(1);
    const [signer] = await ethers.getSigners();
    const disguised = source
      .replace(/import \{InsecureDevBatchVerifier\}.*\n/, "")
      .replace("is InsecureDevBatchVerifier", "is BatchVerifier")
      .replace(/\n {4}\/\/\/ @inheritdoc InsecureDevBatchVerifier[\s\S]*?\n {4}\}\n/, "");
    // One sound point does not hide the other.
    const otherAlpha = disguised.replace(/ALPHA_X = \d+/, "ALPHA_X = 1").replace(/ALPHA_Y = \d+/, "ALPHA_Y = 2");
    const otherBeta = disguised.replace(/BETA_X_C0 = \d+/, "BETA_X_C0 = 1");
    for (const text of [disguised, otherAlpha, otherBeta]) {
      const { abi, bytecode } = compileVerifier(text, "FixtureVerifier");
      const factory = new ethers.ContractFactory(abi, bytecode, signer);
      await expect(factory.deploy()).to.be.revertedWithCustomError(factory, "KeyFromPublicTrapdoor");
    }
  });
});

describe("a verifier whose key had no contribution", () => {
  /** The contract's text with gamma for delta, each coordinate that `which` takes. */
  function untouched(source: string, which: (coordinate: string) => boolean): string {
    return source.replace(/(DELTA_(\w+)) = \d+;/g, (line, constant: string, coordinate: string) => {
      if (!which(coordinate)) return line;
      return `${constant} = ${new RegExp(`GAMMA_${coordinate} = (\\d+);`).exec(source)![1]};`;
    });
  }

  it("cannot be deployed, on a development chain either, however it was written", async () => {
    const { verificationKey } = (await buildFixture()).key!;
    const source = renderVerifier({ name: "Fixture", vkey: verificationKey, devChainIds: DEV_CHAINS });
    const { ethers } = await network.create({ network: "default", override: { chainId: 31337 } });
    const [signer] = await ethers.getSigners();
    const factoryOf = (text: string) => {
      const { abi, bytecode } = compileVerifier(text, "FixtureVerifier");
      return new ethers.ContractFactory(abi, bytecode, signer);
    };
    const factory = factoryOf(untouched(source, () => true));
    await expect(factory.deploy()).to.be.revertedWithCustomError(factory, "KeyWithoutContribution");
    // One coordinate of another point is another point.
    for (const last of ["X_C1", "X_C0", "Y_C1", "Y_C0"]) {
      await factoryOf(untouched(source, (coordinate) => coordinate !== last)).deploy();
    }
  });
});

describe("verifier generator", () => {
  let vkey: VerificationKey;
  before(async () => {
    vkey = (await buildFixture()).key!.verificationKey;
  });

  it("gives the same text for the same key", () => {
    const render = () => renderVerifier({ name: "Fixture", vkey, devChainIds: DEV_CHAINS });
    expect(render()).to.equal(render());
    expect(render()).to.include("return chainId == 31337 || chainId == 1337;");
  });

  it("refuses a development key without chains, chains that are none, and unusable names", () => {
    expect(() => renderVerifier({ name: "Fixture", vkey, devChainIds: [] })).to.throw(RangeError, "needs a list");
    expect(() => renderVerifier({ name: "Fixture", vkey, devChainIds: [0.5] })).to.throw(RangeError, "not a chain id");
    expect(() => renderVerifier({ name: "x; y", vkey, devChainIds: DEV_CHAINS })).to.throw(RangeError, "cannot name");
  });

  it("refuses a key for another number of public inputs", () => {
    const shorter = { ...vkey, nPublic: 2, IC: vkey.IC.slice(0, 3) };
    expect(() => renderVerifier({ name: "Fixture", vkey: shorter, devChainIds: DEV_CHAINS })).to.throw(
      RangeError,
      "takes 2 public inputs, the verifier passes 3",
    );
  });

  it("has written the committed points of the public trapdoor", () => {
    const committed = readFileSync(join(REPOSITORY_ROOT, "contracts/generated/InsecureDevPoints.sol"), "utf8");
    expect(committed).to.equal(renderInsecureDevPoints());
  });
});
