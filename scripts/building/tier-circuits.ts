import { TIERS, type Tier } from "../../matcher/protocol/spec.ts";
import type { CircuitSpec } from "../circuits/build-circuit.ts";
import type { DeployedTier } from "../deployment/chosen-verifier.ts";
import { verifierName } from "../generate.ts";

/** Tiers that a deployment has. The test tier is for random batches through witness checks, and built only when asked for. */
export const DEPLOYED_TIERS: readonly Tier[] = TIERS.filter((tier) => tier.name !== "test");

/** Folder below the root that receives a tier's r1cs, wasm, keys. */
export function tierFolder(tier: Tier): string {
  return `build/circuits/${tier.name}`;
}

export function tierCircuit(tier: Tier): CircuitSpec {
  return { main: `circuits/main/${tier.name}.circom`, optimization: "O2", out: tierFolder(tier) };
}

export function verifierPath(tier: Tier): string {
  return `contracts/generated/${verifierName(tier)}.sol`;
}

/** The tier with the circuit that its key must be for. */
export function deployedTier(tier: Tier): DeployedTier {
  const { main, optimization } = tierCircuit(tier);
  return { tier, main, optimization };
}
