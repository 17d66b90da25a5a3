import { readFileSync } from "node:fs";
import { groth16 } from "snarkjs";
import { fieldFromBytes } from "../setup/bn254.ts";
import { readVerificationKey, type VerificationKey } from "../setup/verification-key.ts";
import { type CircuitInput, calldataOf, type ProofResult } from "./proof.ts";
import { ProofFailed, type ProofFailureCode, type ProofPhase } from "./proof-failed.ts";
import { proveGroth16 } from "./prove-groth16.ts";
import { type ProvingKey, readProvingKey } from "./proving-key.ts";
import { tierFiles } from "./tier-files.ts";
import { CircuitInputError, UnsatisfiedError, WitnessCalculator } from "./witness-calculator.ts";

const FIELD_BYTES = 32;

type LoadedTier = {
  readonly witness: WitnessCalculator;
  readonly key: ProvingKey;
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
    const { witness, key, verificationKey } = await step("load", () => this.#load(tier));
    const loadMs = elapsed();
    const wires = await step("witness", () => witness.calculate(input));
    const witnessMs = elapsed();
    const proof = await step("prove", () => proveGroth16(key, wires));
    const proveMs = elapsed();
    const publicSignals = Array.from({ length: key.publicCount }, (_, i) => {
      const start = (i + 1) * FIELD_BYTES;
      return fieldFromBytes(wires.subarray(start, start + FIELD_BYTES));
    });
    const valid = await step("verify", () => groth16.verify(verificationKey, publicSignals.map(String), proof));
    if (!valid) {
      const report =
        "the finished proof does not verify: witness, proving key and verification key do not fit together";
      throw new ProofFailed({ code: "NOT_VERIFIED", tier, phase: "verify", report });
    }
    const timings = { loadMs, witnessMs, proveMs, verifyMs: elapsed() };
    return { tier, proof, publicSignals, calldata: calldataOf(proof), timings };
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
      key: readProvingKey(files.zkeyPath),
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
