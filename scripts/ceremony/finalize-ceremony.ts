import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256OfFile } from "../../matcher/prover/setup/dev-key.ts";
import {
  type CeremonyManifest,
  ceremonyVerifierName,
  ceremonyVerifierSource,
  MANIFEST_FORMAT,
  sha256OfText,
} from "./ceremony-manifest.ts";
import { transcriptPath } from "./transcript.ts";
import { type VerifyOptions, verifyCeremony } from "./verify-ceremony.ts";

export interface FinalizeOptions extends VerifyOptions {
  /** Receives the four files of the finished key. */
  readonly out: string;
}

export interface FinishedCeremony {
  readonly manifest: CeremonyManifest;
  readonly manifestPath: string;
  readonly zkeyPath: string;
  readonly vkeyPath: string;
  readonly verifierPath: string;
}

/**
 * Verifies the ceremony once more and writes `<name>.zkey`, `<name>.vkey.json`, the Solidity verifier, and the manifest
 * `<name>.ceremony.json`, which comes last: where it is, the others are whole.
 *
 * @throws Refusal when the ceremony does not verify; RangeError for a key that no verifier contract can have
 */
export async function finalizeCeremony(options: FinalizeOptions): Promise<FinishedCeremony> {
  const { transcript, zkeyPath: lastPath, zkeySha256, verificationKey } = await verifyCeremony(options);
  const { name, circuit, phase1, minimumContributions, beaconSource, steps } = transcript;
  const source = ceremonyVerifierSource(name, verificationKey);
  const contract = ceremonyVerifierName(name);
  const manifest: CeremonyManifest = {
    format: MANIFEST_FORMAT,
    name,
    circuit,
    phase1,
    transcriptSha256: sha256OfFile(transcriptPath(options.folder)),
    minimumContributions,
    beaconSource,
    contributions: steps,
    zkeySha256,
    verificationKey,
    verifier: { contract, sourceSha256: sha256OfText(source) },
    lintProblems: [],
  };
  const place = (file: string) => join(options.out, file);
  const paths = {
    zkeyPath: place(`${name}.zkey`),
    vkeyPath: place(`${name}.vkey.json`),
    verifierPath: place(`${contract}.sol`),
    manifestPath: place(`${name}.ceremony.json`),
  };
  mkdirSync(options.out, { recursive: true });
  copyFileSync(lastPath, paths.zkeyPath);
  writeFileSync(paths.vkeyPath, `${JSON.stringify(verificationKey, null, 2)}\n`);
  writeFileSync(paths.verifierPath, source);
  writeFileSync(paths.manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
  return { manifest, ...paths };
}
