import { readFileSync } from "node:fs";
import { expect } from "chai";
import { wtns } from "snarkjs";
import {
  CircuitInputError,
  UnsatisfiedError,
  WitnessCalculator,
  witnessFile,
} from "../../matcher/prover/groth16/witness-calculator.ts";
import type { BuiltCircuit } from "../../scripts/circuits/build-circuit.ts";
import { buildFixture, fixtureInput } from "./fixture-circuit.ts";

const input = fixtureInput([3n, 5n, 7n], 11n);

describe("witness calculator", () => {
  let circuit: BuiltCircuit;
  let calculator: WitnessCalculator;

  before(async () => {
    circuit = await buildFixture();
    calculator = await WitnessCalculator.compile(readFileSync(circuit.wasmPath));
  });

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
});
