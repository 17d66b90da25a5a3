import { readFileSync } from "node:fs";
import { expect } from "chai";
import { groth16, wtns } from "snarkjs";
import { proveGroth16 } from "../../matcher/prover/groth16/prove-groth16.ts";
import { COEFFICIENT_BYTES, type ProvingKey, readProvingKey } from "../../matcher/prover/groth16/proving-key.ts";
import {
  CircuitInputError,
  UnsatisfiedError,
  WitnessCalculator,
  witnessFile,
} from "../../matcher/prover/groth16/witness-calculator.ts";
import type { BuiltCircuit } from "../../scripts/circuits/build-circuit.ts";
import { buildFixture, fixtureInput } from "./fixture-circuit.ts";

const input = fixtureInput([3n, 5n, 7n], 11n);
const signals = ["22", "11", "905"];

describe("Groth16 on snarkjs' arithmetic", () => {
  let circuit: BuiltCircuit;
  let key: ProvingKey;
  let calculator: WitnessCalculator;

  before(async () => {
    circuit = await buildFixture();
    key = readProvingKey(circuit.key!.zkeyPath);
    calculator = await WitnessCalculator.compile(readFileSync(circuit.wasmPath));
  });

  const verify = (proof: object, publicSignals = signals) =>
    groth16.verify(circuit.key!.verificationKey, publicSignals, proof);

  it("calculates the witness that snarkjs calculates, byte for byte", async () => {
    const expected: { type: "mem"; data?: Uint8Array } = { type: "mem" };
    await wtns.calculate(input, circuit.wasmPath, expected);
    expect(Buffer.from(witnessFile(calculator.calculate(input))).equals(expected.data!)).to.equal(true);
  });

  it("has no witness for a false statement, and forgets it", () => {
    for (const lie of [
      { ...input, y: input.y + 1n },
      { ...input, commitment: 0n },
    ]) {
      expect(() => calculator.calculate(lie)).to.throw(UnsatisfiedError, "PolynomialValue");
    }
    expect(() => calculator.calculate({ ...input, nothing: [1] })).to.throw(CircuitInputError);
    expect(calculator.calculate(input).byteLength).to.equal(32 * 9);
  });

  it("proves what snarkjs verifies", async () => {
    const proof = await proveGroth16(key, calculator.calculate(input));
    expect(await verify(proof)).to.equal(true);
    expect(await verify(proof, signals.with(1, "12"))).to.equal(false);
  });

  it("makes no valid proof from a witness that breaks a constraint", async () => {
    for (let wire = 1; wire < 9; wire++) {
      const witness = calculator.calculate(input);
      witness[32 * wire]! ^= 1;
      const given = [1, 2, 3].map((i) => String(witness[32 * i]! + 256 * witness[32 * i + 1]!));
      expect(await verify(await proveGroth16(key, witness), given), `wire ${wire}`).to.equal(false);
    }
  });

  it("proves with a key whose coefficients are in no order", async () => {
    expect(key.sorted).to.equal(true);
    const shuffled = new Uint8Array(key.coefficients.byteLength);
    for (let i = 0; i < shuffled.byteLength; i += COEFFICIENT_BYTES) {
      shuffled.set(key.coefficients.subarray(i, i + COEFFICIENT_BYTES), shuffled.byteLength - i - COEFFICIENT_BYTES);
    }
    const unordered = { ...key, coefficients: shuffled, sorted: false };
    expect(await verify(await proveGroth16(unordered, calculator.calculate(input)))).to.equal(true);
    const mistaken = { ...unordered, sorted: true };
    expect(await verify(await proveGroth16(mistaken, calculator.calculate(input)))).to.equal(false);
  });

  it("refuses a witness of another circuit", async () => {
    const error = await proveGroth16(key, new Uint8Array(32)).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RangeError);
  });
});
