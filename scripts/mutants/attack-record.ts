/**
 * Loaded by mocha before the attack suites: writes every input that they give a witness calculator, and whether it had a witness, to the file
 * that CLEARBOOK_ATTACK_RECORD names. A mutant is then tried with all of them without forging them again.
 */
import { appendFileSync } from "node:fs";
import type { RootHookObject } from "mocha";
import type { CircuitInput } from "../../matcher/prover/groth16/proof.ts";
import { UnsatisfiedError, WitnessCalculator } from "../../matcher/prover/groth16/witness-calculator.ts";

const file = process.env.CLEARBOOK_ATTACK_RECORD;
if (file === undefined) throw new Error("CLEARBOOK_ATTACK_RECORD names no file");

let title = "";
const calculate = WitnessCalculator.prototype.calculate;

function record(input: CircuitInput, refusal: string | undefined): void {
  // Only the batch circuit's: gadgets have other inputs.
  if (!("commitment" in input)) return;
  const text = JSON.stringify({ title, refusal, input }, (_, value) =>
    typeof value === "bigint" ? `${value}` : value,
  );
  appendFileSync(file as string, `${text}\n`);
}

WitnessCalculator.prototype.calculate = function recorded(this: WitnessCalculator, input: CircuitInput): Uint8Array {
  try {
    const witness = calculate.call(this, input);
    record(input, undefined);
    return witness;
  } catch (error) {
    if (error instanceof UnsatisfiedError) record(input, error.message);
    throw error;
  }
};

export const mochaHooks: RootHookObject = {
  beforeEach(this: Mocha.Context) {
    title = this.currentTest?.fullTitle() ?? "";
  },
};
