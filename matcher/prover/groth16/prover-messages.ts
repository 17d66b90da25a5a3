import type { CircuitInput, ProofResult } from "./proof.ts";
import type { ProofFailure, ProofPhase } from "./proof-failed.ts";

// Between the prover's client and its process. Sent with the structured clone algorithm, so bigints pass as they are.

export type ProverRequest =
  | { readonly type: "prove"; readonly id: number; readonly tier: string; readonly input: CircuitInput }
  | { readonly type: "close" };

export type ProverReply =
  | { readonly type: "ready" }
  | { readonly type: "phase"; readonly id: number; readonly phase: ProofPhase }
  | { readonly type: "proved"; readonly id: number; readonly result: ProofResult }
  | { readonly type: "failed"; readonly id: number; readonly failure: ProofFailure };

/** The process' command line: where the circuits are, how many threads it may use, how far it gives way to others (0 to 19). */
export type ProverArguments = { readonly circuitsDir: string; readonly threads: number; readonly niceness: number };

/** Written as JSON into the process' only argument. */
export function encodeArguments(settings: ProverArguments): string {
  return JSON.stringify(settings);
}

export function decodeArguments(text: string): ProverArguments {
  return JSON.parse(text) as ProverArguments;
}
