import type { OpenedEpoch } from "./epoch-record.ts";
import type { BatchData } from "./public-data.ts";

/** A Groth16 proof as the verifier contract takes it: coefficients of u first. */
export interface ProofPoints {
  readonly a: readonly [bigint, bigint];
  readonly b: readonly [readonly [bigint, bigint], readonly [bigint, bigint]];
  readonly c: readonly [bigint, bigint];
}

/** A batch with its proof, ready to be settled. */
export interface ProvenBatch {
  readonly batchNumber: number;
  readonly data: BatchData & { readonly epoch: OpenedEpoch };
  /** Poseidon commitment to the public data. */
  readonly commitment: bigint;
  readonly proof: ProofPoints;
}
