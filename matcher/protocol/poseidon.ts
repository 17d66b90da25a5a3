import { poseidon1 } from "poseidon-lite/poseidon1";
import { poseidon2 } from "poseidon-lite/poseidon2";
import { poseidon4 } from "poseidon-lite/poseidon4";
import { poseidon6 } from "poseidon-lite/poseidon6";
import { poseidon7 } from "poseidon-lite/poseidon7";
import { poseidon8 } from "poseidon-lite/poseidon8";
import { poseidon9 } from "poseidon-lite/poseidon9";
import { poseidon10 } from "poseidon-lite/poseidon10";
import { poseidon11 } from "poseidon-lite/poseidon11";
import { poseidon12 } from "poseidon-lite/poseidon12";
import { poseidon13 } from "poseidon-lite/poseidon13";
import { poseidon14 } from "poseidon-lite/poseidon14";
import { poseidon15 } from "poseidon-lite/poseidon15";
import { poseidon16 } from "poseidon-lite/poseidon16";
import { assertPoseidonInputs, type Poseidon, signingPoseidon } from "./signing-poseidon.ts";

export type { Poseidon } from "./signing-poseidon.ts";

const BY_WIDTH = [
  poseidon1,
  poseidon2,
  signingPoseidon,
  poseidon4,
  signingPoseidon,
  poseidon6,
  poseidon7,
  poseidon8,
  poseidon9,
  poseidon10,
  poseidon11,
  poseidon12,
  poseidon13,
  poseidon14,
  poseidon15,
  poseidon16,
];

/**
 * circomlib's Poseidon, H_k for k = 1 … 16 inputs, in plain JavaScript.
 * Loads the round constants of every width (0.6 MB): code that only signs and verifies imports signing-poseidon.ts.
 * @throws RangeError for a wrong number of inputs, or one outside [0, r).
 */
export const poseidon: Poseidon = (inputs) => {
  const hash = BY_WIDTH[inputs.length - 1];
  if (hash === undefined) throw new RangeError(`Poseidon takes 1 to 16 inputs, not ${inputs.length}`);
  assertPoseidonInputs(inputs);
  return hash(inputs as bigint[]);
};
