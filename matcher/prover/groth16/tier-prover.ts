import { readFileSync } from "node:fs";
import { groth16 } from "snarkjs";
import { readVerificationKey, type VerificationKey } from "../setup/verification-key.ts";
import { type CircuitInput, calldataOf, type ProofResult } from "./proof.ts";
import { ProofFailed, type ProofFailureCode, type ProofPhase } from "./proof-failed.ts";
import { tierFiles } from "./tier-files.ts";
import { CircuitInputError, UnsatisfiedError, WitnessCalculator, witnessFile } from "./witness-calculator.ts";

type LoadedTier = {
  readonly witness: WitnessCalculator;
  /** The whole .zkey, read once. */
  readonly zkey: Uint8Array;
  readonly verificationKey: VerificationKey;
};

/** Proves inputs of any tier, keeping each tier's files in memory once read. */
export class TierProver {
  readonly #circuitsDir: string;
  readonly #tiers = new Map<string, LoadedTier>();

  constructor(circuitsDir: string) {
    this.#circuitsDir = circuitsDir;
  }

  /**
   * Witness, proof, and a check of the proof with the verification key, so that nothing invalid is ever sent to the chain.
   * @throws ProofFailed
   */
  async prove(tier: string, input: CircuitInput, onPhase: (phase: ProofPhase) => void): Promise<ProofResult> {
    const elapsed = stopwatch();
    const step = async <T>(phase: ProofPhase, work: () => T | Promise<T>): Promise<T> => {
      onPhase(phase);
      try {
        return await work();
      } catch (error) {
        throw failureOf(error, tier, phase);
      }
    };
    const { witness, zkey, verificationKey } = await step("load", () => this.#load(tier));
    const loadMs = elapsed();
    const wires = await step("witness", () => witness.calculate(input));
    const witnessMs = elapsed();
    const memory = (data: Uint8Array) => ({ type: "mem" as const, data });
    const { proof, publicSignals } = await step("prove", () => groth16.prove(memory(zkey), memory(witnessFile(wires))));
    const proveMs = elapsed();
    const valid = await step("verify", () => groth16.verify(verificationKey, publicSignals, proof));
    if (!valid) {
      const report =
        "the finished proof does not verify: witness, proving key and verification key do not fit together";
      throw new ProofFailed({ code: "NOT_VERIFIED", tier, phase: "verify", report });
    }
    const timings = { loadMs, witnessMs, proveMs, verifyMs: elapsed() };
    return { tier, proof, publicSignals: publicSignals.map(BigInt), calldata: calldataOf(proof), timings };
  }

  async #load(tier: string): Promise<LoadedTier> {
    const known = this.#tiers.get(tier);
    if (known) return known;
    const files = tierFiles(this.#circuitsDir, tier);
    const verificationKey = JSON.parse(readFileSync(files.vkeyPath, "utf8")) as VerificationKey;
    if (JSON.stringify(readVerificationKey(files.zkeyPath).IC) !== JSON.stringify(verificationKey.IC)) {
      throw new Error(`${files.vkeyPath} does not belong to ${files.zkeyPath}`);
    }
    const loaded = {
      witness: await WitnessCalculator.compile(readFileSync(files.wasmPath)),
      zkey: readFileSync(files.zkeyPath),
      verificationKey,
    };
    this.#tiers.set(tier, loaded);
    return loaded;
  }
}

function failureOf(error: unknown, tier: string, phase: ProofPhase): ProofFailed {
  const message = error instanceof Error ? error.message : String(error);
  let code: ProofFailureCode = "INTERNAL";
  let report = error instanceof Error ? (error.stack ?? message) : message;
  if (error instanceof UnsatisfiedError) [code, report] = ["UNSATISFIED", message];
  else if (error instanceof CircuitInputError) [code, report] = ["BAD_INPUT", message];
  else if (phase === "load") [code, report] = ["TIER_UNAVAILABLE", message];
  return new ProofFailed({ code, tier, phase, report });
}

/** Milliseconds since its last call. */
function stopwatch(): () => number {
  let lastMs = performance.now();
  return () => {
    const startMs = lastMs;
    lastMs = performance.now();
    return Math.round(lastMs - startMs);
  };
}
