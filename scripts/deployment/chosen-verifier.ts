import { join } from "node:path";
import type { Tier } from "../../matcher/protocol/spec.ts";
import type { VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { isDevKey, lintVerificationKey } from "../../matcher/prover/setup/verification-key-lint.ts";
import { type CeremonyManifest, readCeremonyManifest, sha256OfText } from "../ceremony/ceremony-manifest.ts";
import type { Artifact } from "../devnet/artifact.ts";
import { verifierName } from "../generate.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { readVerifierSource } from "../verifier/read-verifier.ts";
import { type ContractSource, sourceTextOf } from "./contract-source.ts";

/** Commitment C, challenge z, evaluation y. */
const PUBLIC_INPUTS = 3;

/** A tier of the deployment and the circuit that its key must be for. */
export interface DeployedTier {
  readonly tier: Tier;
  readonly main: string;
  readonly optimization: "O1" | "O2";
}

/** The verifier contract of a tier, and where its key is from. */
export interface ChosenVerifier {
  readonly tier: Tier;
  readonly path: string;
  readonly artifact: Artifact;
  readonly key: VerificationKey;
  /** Of the key's ceremony; none for a development key. */
  readonly ceremony?: CeremonyManifest;
}

/**
 * The tier's verifier with the public development key. The key is read out of the source that was compiled, and linted.
 * @throws Refusal in one sentence
 */
export function developmentVerifier({ tier }: DeployedTier, contracts: ContractSource): ChosenVerifier {
  const name = verifierName(tier);
  const path = `generated/${name}.sol/${name}`;
  const artifact = contracts.read(path);
  const key = keyIn(path, sourceTextOf(artifact, contracts.compilerRun(artifact)));
  requireSound(path, key, true);
  if (!isDevKey(key)) throw new Refusal(`${path} has no development key: deploy it with its ceremony's manifest.`);
  return { tier, path, artifact, key };
}

/** The tier's verifier with the key of a ceremony. @throws Refusal in one sentence when manifest, source and tier do not belong together */
export function ceremonyVerifier(
  { tier, main, optimization }: DeployedTier,
  folder: string,
  contracts: ContractSource,
): ChosenVerifier {
  const manifestPath = join(folder, `${tier.name}.ceremony.json`);
  const ceremony = readCeremonyManifest(manifestPath);
  const { circuit, verifier, verificationKey } = ceremony;
  if (ceremony.name !== tier.name || circuit.main !== main || circuit.optimization !== optimization) {
    throw new Refusal(
      `${manifestPath} is of ${circuit.main} at ${circuit.optimization}, not of ${main} at ${optimization}.`,
    );
  }
  const path = `ceremony/${verifier.contract}.sol/${verifier.contract}`;
  const artifact = contracts.read(path);
  const source = sourceTextOf(artifact, contracts.compilerRun(artifact));
  if (sha256OfText(source) !== verifier.sourceSha256) {
    throw new Refusal(
      `contracts/${path.split(".sol/")[0]}.sol was not compiled from the source that ${manifestPath} names.`,
    );
  }
  requireSound(path, verificationKey, false, circuit.r1csSha256);
  return { tier, path, artifact, key: verificationKey, ceremony };
}

function keyIn(path: string, source: string): VerificationKey {
  try {
    return readVerifierSource(source);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(`${path}: ${error.message}`);
    throw error;
  }
}

function requireSound(path: string, key: VerificationKey, allowDev: boolean, r1csSha256?: string): void {
  const problems = lintVerificationKey(key, {
    allowDev,
    expectedPublicCount: PUBLIC_INPUTS,
    ...(r1csSha256 === undefined ? {} : { r1csSha256 }),
  });
  if (problems.length > 0) throw new Refusal(`${path}: ${problems.map(({ sentence }) => sentence).join(" ")}`);
}
