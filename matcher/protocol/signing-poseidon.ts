import { poseidon3 } from "poseidon-lite/poseidon3";
import { poseidon5 } from "poseidon-lite/poseidon5";
import { isFieldElement } from "./curve.ts";

/** circomlib's Poseidon over a list of field elements; one output. Every implementation gives the same values. */
export type Poseidon = (inputs: readonly bigint[]) => bigint;

/** @throws RangeError for an input outside [0, r): implementations would reduce it silently, or not at all. */
export function assertPoseidonInputs(inputs: readonly bigint[]): void {
  for (let i = 0; i < inputs.length; i++) {
    if (!isFieldElement(inputs[i] as bigint)) throw new RangeError(`Poseidon input ${i} is not in [0, r)`);
  }
}

/** H_3 (a message) and H_5 (a signature) alone, so that a page that signs loads only their constants. @throws RangeError otherwise. */
export const signingPoseidon: Poseidon = (inputs) => {
  assertPoseidonInputs(inputs);
  if (inputs.length === 3) return poseidon3(inputs as bigint[]);
  if (inputs.length === 5) return poseidon5(inputs as bigint[]);
  throw new RangeError(`messages and signatures hash 3 or 5 values, not ${inputs.length}`);
};
