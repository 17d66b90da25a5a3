import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { lintVerificationKey } from "../../matcher/prover/setup/verification-key-lint.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { renderVerifier } from "../verifier/render-verifier.ts";
import type { CeremonyCircuit, CeremonyStep, Phase1 } from "./transcript.ts";

export const MANIFEST_FORMAT = "clearbook-ceremony-manifest-1";

/** What a finished ceremony leaves for whoever deploys its key, and for whoever asks where the key is from. */
export interface CeremonyManifest {
  readonly format: typeof MANIFEST_FORMAT;
  /** The tier's name. */
  readonly name: string;
  readonly circuit: CeremonyCircuit;
  readonly phase1: Phase1;
  readonly transcriptSha256: string;
  readonly minimumContributions: number;
  readonly beaconSource: string;
  readonly contributions: readonly CeremonyStep[];
  readonly zkeySha256: string;
  readonly verificationKey: VerificationKey;
  readonly verifier: { readonly contract: string; readonly sourceSha256: string };
  /** Sentences of the lint; none, or there would be no manifest. */
  readonly lintProblems: readonly string[];
}

/** Contract of a tier's ceremony key: SmallCeremonyVerifier. Beside the development keys' ones, so that both can be compiled. */
export function ceremonyVerifierName(tier: string): string {
  return `${tier.charAt(0).toUpperCase()}${tier.slice(1)}CeremonyVerifier`;
}

/** The Solidity source that the manifest names. @throws RangeError with the lint's sentences */
export function ceremonyVerifierSource(tier: string, vkey: VerificationKey): string {
  return renderVerifier({ name: ceremonyVerifierName(tier).replace(/Verifier$/, ""), vkey, devChainIds: [] });
}

export function sha256OfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** @throws Refusal in one sentence when it is missing, damaged, or its own words do not fit together */
export function readCeremonyManifest(path: string): CeremonyManifest {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Refusal(`${path} is missing: finish the tier's ceremony with "npm run ceremony -- finalize".`);
  }
  let manifest: CeremonyManifest;
  try {
    manifest = JSON.parse(text) as CeremonyManifest;
    if (manifest.format !== MANIFEST_FORMAT) throw new TypeError(`its format is not ${MANIFEST_FORMAT}`);
    for (const part of ["circuit", "phase1", "verificationKey", "verifier", "contributions"] as const) {
      if (typeof manifest[part] !== "object" || manifest[part] === null) throw new TypeError(`it has no ${part}`);
    }
  } catch (error) {
    throw new Refusal(`${path} is no ceremony's manifest: ${error instanceof Error ? error.message : error}.`);
  }
  checkManifest(path, manifest);
  return manifest;
}

/** Judged again: a manifest may have been written by hand. */
function checkManifest(path: string, manifest: CeremonyManifest): void {
  const { verificationKey, circuit, contributions, minimumContributions, lintProblems } = manifest;
  const { publicCount, r1csSha256 } = circuit;
  const options = { allowDev: false, expectedPublicCount: publicCount, r1csSha256 };
  const problems = lintVerificationKey(verificationKey, options).map(({ sentence }) => sentence);
  if (problems.length > 0) throw new Refusal(`${path}: ${problems.join(" ")}`);
  if (lintProblems.length > 0) throw new Refusal(`${path} was written for a key that the lint refused.`);
  const made = contributions.filter(({ kind }) => kind === "contribution").length;
  if (!(minimumContributions >= 1) || made < minimumContributions) {
    throw new Refusal(`${path} tells of ${made} contributions, and the ceremony needed ${minimumContributions}.`);
  }
  if (contributions.at(-1)?.kind !== "beacon") throw new Refusal(`${path} tells of no beacon at the end.`);
  const source = ceremonyVerifierSource(manifest.name, verificationKey);
  if (sha256OfText(source) !== manifest.verifier.sourceSha256) {
    throw new Refusal(`${path} names another verifier contract than its key gives.`);
  }
}
