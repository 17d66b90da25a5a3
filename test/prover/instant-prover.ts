import type { ProofResult } from "../../matcher/prover/groth16/proof.ts";
import type { ProofJob, Prover } from "../../matcher/prover/groth16/prover.ts";

/** Proves nothing, at once. Real proofs stand in test/end-to-end. */
export class InstantProver implements Prover {
  readonly processId = undefined;

  async prove({ tier, input }: ProofJob): Promise<ProofResult> {
    const { commitment, z, y } = input as Record<string, bigint>;
    return {
      tier,
      proof: {} as ProofResult["proof"],
      publicSignals: [commitment as bigint, z as bigint, y as bigint],
      calldata: {
        a: [1n, 2n],
        b: [
          [1n, 2n],
          [3n, 4n],
        ],
        c: [1n, 2n],
      },
      timings: { loadMs: 0, witnessMs: 0, proveMs: 0, verifyMs: 0 },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
