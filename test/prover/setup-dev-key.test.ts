import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import { type Groth16Proof, groth16, wtns, zKey } from "snarkjs";
import { type DevKeyProgress, writeDevKey } from "../../matcher/prover/setup/dev-key.ts";
import {
  DEV_ALPHA,
  DEV_ALPHA_G1,
  DEV_BETA,
  DEV_BETA_G2,
  DEV_TAU,
  devDelta,
} from "../../matcher/prover/setup/dev-trapdoor.ts";
import { forgeDevProof } from "../../matcher/prover/setup/forge-dev-proof.ts";
import { R1csError, readR1csHeader } from "../../matcher/prover/setup/r1cs-file.ts";
import { readVerificationKey, type VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import type { BuiltCircuit } from "../../scripts/circuits/build-circuit.ts";
import { buildFixture, fixtureInput } from "./fixture-circuit.ts";

describe("insecure development key", () => {
  let folder: string;
  let circuit: BuiltCircuit;
  let zkeyPath: string;
  let key: VerificationKey;
  let proof: Groth16Proof;
  let publicSignals: string[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-dev-key-"));
    circuit = await buildFixture();
    zkeyPath = join(folder, "fixture.insecure-dev.zkey");
    await writeDevKey({ r1csPath: circuit.r1csPath, zkeyPath, threads: 2 });
    key = readVerificationKey(zkeyPath);
    const witness = { type: "mem" as const };
    await wtns.calculate(fixtureInput([3n, 5n, 7n], 11n), circuit.wasmPath, witness);
    ({ proof, publicSignals } = await groth16.prove(zkeyPath, witness));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("proves with snarkjs and verifies", async () => {
    expect(publicSignals).to.deep.equal(["22", "11", "905"]);
    expect(await groth16.verify(key, publicSignals, proof)).to.equal(true);
  });

  it("refuses each tampered public input and each tampered point of the proof", async () => {
    for (const i of [0, 1, 2]) {
      const tampered = publicSignals.with(i, String(BigInt(publicSignals[i]!) + 1n));
      expect(await groth16.verify(key, tampered, proof), `input ${i}`).to.equal(false);
    }
    const { x, y } = bn254.G1.Point.BASE.multiply(5n).toAffine();
    const otherPoint: [string, string, string] = [String(x), String(y), "1"];
    expect(await groth16.verify(key, publicSignals, { ...proof, pi_a: otherPoint })).to.equal(false);
    expect(await groth16.verify(key, publicSignals, { ...proof, pi_c: otherPoint })).to.equal(false);
  });

  it("gives the same verification key as snarkjs exports", async () => {
    const { vk_alphabeta_12: _, ...exported } = await zKey.exportVerificationKey(zkeyPath);
    expect(key).to.deep.equal(exported);
  });

  it("gives the same bytes for the same circuit, with any number of threads", async () => {
    const again = join(folder, "again.insecure-dev.zkey");
    await writeDevKey({ r1csPath: circuit.r1csPath, zkeyPath: again, threads: 1 });
    expect(readFileSync(again).equals(readFileSync(zkeyPath))).to.equal(true);
    expect(readFileSync(circuit.key!.zkeyPath).equals(readFileSync(zkeyPath))).to.equal(true);
  });

  it("has the trapdoor's alpha, beta, delta and the standard gamma", () => {
    expect(key.vk_alpha_1).to.deep.equal([String(DEV_ALPHA_G1.x), String(DEV_ALPHA_G1.y), "1"]);
    expect(key.vk_beta_2[0]).to.deep.equal([String(DEV_BETA_G2.x.c0), String(DEV_BETA_G2.x.c1)]);
    const { G2 } = bn254;
    const pairs = ([x, y]: VerificationKey["vk_delta_2"]) =>
      [x, y].map(([c0, c1]) => ({ c0: BigInt(c0), c1: BigInt(c1) }));
    const delta = G2.Point.BASE.multiply(devDelta(circuit.r1csSha256)).toAffine();
    expect(pairs(key.vk_delta_2)).to.deep.equal([delta.x, delta.y]);
    const gamma = G2.Point.BASE.toAffine();
    expect(pairs(key.vk_gamma_2)).to.deep.equal([gamma.x, gamma.y]);
    expect(new Set([DEV_ALPHA, DEV_BETA, DEV_TAU, 1n]).size).to.equal(4);
  });

  it("has another delta for another circuit", () => {
    expect(devDelta("00".repeat(32))).to.not.equal(devDelta(circuit.r1csSha256));
  });

  it("lets anyone forge a proof of a false statement: the warning is real", async () => {
    const lie = [1n, 2n, 3n];
    const forged = forgeDevProof({ key, r1csSha256: circuit.r1csSha256, publicSignals: lie });
    expect(await groth16.verify(key, lie.map(String), forged)).to.equal(true);
    expect(await groth16.verify(key, ["1", "2", "4"], forged)).to.equal(false);
  });

  it("cannot be forged with the delta of another circuit", async () => {
    const lie = [1n, 2n, 3n];
    const forged = forgeDevProof({ key, r1csSha256: "00".repeat(32), publicSignals: lie });
    expect(await groth16.verify(key, lie.map(String), forged)).to.equal(false);
  });

  it("refuses a file name that hides what the key is", async () => {
    const hidden = { r1csPath: circuit.r1csPath, zkeyPath: join(folder, "production.zkey") };
    expect(await writeDevKey(hidden).catch((error: Error) => error.message)).to.match(/must contain "insecure-dev"/);
  });

  it("refuses a file that is no r1cs", async () => {
    const wrong = { r1csPath: circuit.wasmPath, zkeyPath: join(folder, "wrong.insecure-dev.zkey") };
    expect(await writeDevKey(wrong).catch((error: Error) => error)).to.be.instanceOf(R1csError);
  });

  it("reports progress that grows to 1", async () => {
    const seen: DevKeyProgress[] = [];
    const path = join(folder, "progress.insecure-dev.zkey");
    await writeDevKey({ r1csPath: circuit.r1csPath, zkeyPath: path, threads: 1, onProgress: (at) => seen.push(at) });
    const fractions = seen.map(({ fraction }) => fraction);
    expect(fractions).to.deep.equal([...fractions].sort((left, right) => left - right));
    expect(fractions.at(-1)).to.equal(1);
  });

  it("counts what the circuit's header says", () => {
    expect(readR1csHeader(circuit.r1csPath)).to.deep.equal({
      wireCount: 9,
      publicOutputCount: 0,
      publicInputCount: 3,
      privateInputCount: 3,
      labelCount: 12,
      constraintCount: 4,
    });
  });
});
