import type { Groth16Proof } from "snarkjs";

/** A number, or a text that BigInt reads; arrays nest as the circuit's signals do. */
export type SignalValue = bigint | number | string | readonly SignalValue[];
/** A circuit's inputs by signal name. */
export type CircuitInput = Readonly<Record<string, SignalValue>>;

type Pair = readonly [bigint, bigint];

/** A proof as the verifier contract takes it. */
export type ProofCalldata = {
  readonly a: Pair;
  /** Each coordinate's coefficient of u first, as the EVM's pairing reads it: the reverse of snarkjs' order. */
  readonly b: readonly [Pair, Pair];
  readonly c: Pair;
};

export type ProofTimings = {
  /** Reading the tier's files; 0 once they are loaded. */
  readonly loadMs: number;
  readonly witnessMs: number;
  readonly proveMs: number;
  readonly verifyMs: number;
};

export type ProofResult = {
  readonly tier: string;
  /** As snarkjs reads it. */
  readonly proof: Groth16Proof;
  /** The circuit's outputs, then its public inputs, in their declared order. */
  readonly publicSignals: readonly bigint[];
  readonly calldata: ProofCalldata;
  readonly timings: ProofTimings;
};

export function calldataOf({ pi_a, pi_b, pi_c }: Groth16Proof): ProofCalldata {
  const pair = (first: string, second: string): Pair => [BigInt(first), BigInt(second)];
  return {
    a: pair(pi_a[0], pi_a[1]),
    b: [pair(pi_b[0][1], pi_b[0][0]), pair(pi_b[1][1], pi_b[1][0])],
    c: pair(pi_c[0], pi_c[1]),
  };
}
