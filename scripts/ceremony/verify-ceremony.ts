import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { powersOfTau, zKey } from "snarkjs";
import { sha256OfFile } from "../../matcher/prover/setup/dev-key.ts";
import { R1csFile } from "../../matcher/prover/setup/r1cs-file.ts";
import { readVerificationKey, type VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { lintVerificationKey } from "../../matcher/prover/setup/verification-key-lint.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { newZkey, requirePinned } from "./ceremony-steps.ts";
import { type Contribution, readPhase2Record } from "./phase2-record.ts";
import { compileForCeremony } from "./reproducible-r1cs.ts";
import { type CeremonyStep, type CeremonyTranscript, readTranscript, zkeyPathOf } from "./transcript.ts";

export interface VerifyOptions {
  readonly folder: string;
  readonly ptauPath: string;
  /** Checkout that the circuit is compiled in again. */
  readonly root: string;
  /** Constraints that the verifier compiled elsewhere, instead. */
  readonly r1csPath?: string;
  /** Checks the phase 1 file's own contributions too, which takes hours for a large one. */
  readonly phase1?: boolean;
  /** A contributor's own hash, which must be among the contributions. */
  readonly includes?: string;
  readonly onProgress?: (sentence: string) => void;
}

export interface VerifiedCeremony {
  readonly transcript: CeremonyTranscript;
  readonly zkeyPath: string;
  readonly zkeySha256: string;
  readonly verificationKey: VerificationKey;
}

/**
 * Recomputes the whole chain: constraints from the sources, key 0 from constraints and phase 1, each contribution against
 * the one before, the beacon from its value, and the last key's points. Nothing that the transcript says is believed.
 *
 * @throws Refusal in one sentence with the first thing that does not fit
 */
export async function verifyCeremony(options: VerifyOptions): Promise<VerifiedCeremony> {
  const { folder, ptauPath } = options;
  const tell = options.onProgress ?? (() => {});
  const transcript = readTranscript(folder);
  checkShape(transcript);
  if (options.includes !== undefined) requireIncluded(transcript, options.includes);

  const scratch = mkdtempSync(join(tmpdir(), "clearbook-ceremony-"));
  try {
    tell("phase 1 …");
    requirePinned(ptauPath, transcript.phase1.sha256);
    if (options.phase1 && !(await powersOfTau.verify(ptauPath, silentLogger()))) {
      throw new Refusal(`${ptauPath} is no sound chain of contributions to phase 1.`);
    }
    tell("constraints …");
    const r1csPath = options.r1csPath ?? join(scratch, "circuit.r1cs");
    await checkConstraints(transcript, r1csPath, options);
    tell("the key before the first contribution …");
    const initialPath = join(scratch, "initial.zkey");
    await newZkey(r1csPath, ptauPath, initialPath);
    if (sha256OfFile(initialPath) !== transcript.initialZkeySha256) {
      throw new Refusal("Constraints and phase 1 give another first key than the transcript names.");
    }
    tell("contributions …");
    const zkeyPath = checkKeys(folder, transcript);
    if (!(await zKey.verifyFromInit(initialPath, ptauPath, zkeyPath, silentLogger()))) {
      throw new Refusal(`${zkeyPath} does not follow from its contributions: snarkjs refuses it.`);
    }
    const verificationKey = readVerificationKey(zkeyPath);
    requireSoundKey(transcript, verificationKey);
    return { transcript, zkeyPath, zkeySha256: transcript.steps.at(-1)!.zkeySha256, verificationKey };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Enough contributions, and a beacon behind them: whoever contributes last could otherwise choose among results. */
function checkShape({ steps, minimumContributions }: CeremonyTranscript): void {
  const contributions = steps.filter(({ kind }) => kind === "contribution");
  if (!(minimumContributions >= 1) || contributions.length < minimumContributions) {
    throw new Refusal(
      `The ceremony has ${contributions.length} contributions of the ${minimumContributions} it needs.`,
    );
  }
  for (const [i, step] of steps.entries()) {
    if (step.number !== i + 1) throw new Refusal(`Step ${step.number} of the transcript stands at place ${i + 1}.`);
    if (step.kind === "beacon" && i < steps.length - 1)
      throw new Refusal("Something was contributed behind the beacon.");
  }
  if (steps.at(-1)?.kind !== "beacon")
    throw new Refusal("The ceremony has no beacon: the last contributor chose the key.");
  const names = new Set(steps.map(({ name }) => name));
  if (names.size < steps.length) throw new Refusal("A contributor's name stands twice in the transcript.");
}

function requireIncluded({ steps }: CeremonyTranscript, hash: string): void {
  if (steps.some(({ contributionHash }) => contributionHash === hash.toLowerCase())) return;
  throw new Refusal(`No contribution of the transcript has the hash ${hash}: yours is not in this key.`);
}

async function checkConstraints(transcript: CeremonyTranscript, r1csPath: string, options: VerifyOptions) {
  const { main, optimization, r1csSha256, constraintCount, publicCount } = transcript.circuit;
  if (options.r1csPath === undefined) await compileForCeremony({ root: options.root, main, optimization, r1csPath });
  const found = sha256OfFile(r1csPath);
  if (found !== r1csSha256) {
    throw new Refusal(
      `The constraints have SHA-256 ${found}, not the transcript's ${r1csSha256}: the circuit is another one.`,
    );
  }
  const r1cs = new R1csFile(r1csPath);
  r1cs.close();
  if (r1cs.header.constraintCount !== constraintCount || r1cs.publicCount !== publicCount) {
    throw new Refusal("The transcript counts other constraints or public inputs than the circuit has.");
  }
}

/** Every key that is here is the one that the transcript names, and carries its contributions. @returns the last one's path */
function checkKeys(folder: string, { steps }: CeremonyTranscript): string {
  const last = zkeyPathOf(folder, steps.length);
  if (!existsSync(last)) throw new Refusal(`${last} is missing: fetch the last key of the transcript.`);
  for (const { number, zkeySha256 } of steps) {
    const path = zkeyPathOf(folder, number);
    // Only the last key is needed: it carries the contributions of all others.
    if (!existsSync(path)) continue;
    if (sha256OfFile(path) !== zkeySha256) throw new Refusal(`${path} is not the key that the transcript names.`);
    const { contributions } = readPhase2Record(path);
    if (contributions.length !== number) {
      throw new Refusal(`${path} has ${contributions.length} contributions, not ${number}.`);
    }
    for (const [i, contribution] of contributions.entries()) requireSame(path, steps[i]!, contribution);
  }
  return last;
}

function requireSame(path: string, step: CeremonyStep, contribution: Contribution): void {
  const told = ({ kind, name, contributionHash, beacon }: Contribution) =>
    JSON.stringify([kind, name, contributionHash, beacon?.valueHex, beacon?.iterationsPower]);
  if (told(step) === told(contribution)) return;
  throw new Refusal(
    `${path} has another contribution ${step.number} than the transcript: ${contribution.name || "unnamed"}.`,
  );
}

function requireSoundKey({ circuit }: CeremonyTranscript, key: VerificationKey): void {
  const { publicCount, r1csSha256 } = circuit;
  const problems = lintVerificationKey(key, { allowDev: false, expectedPublicCount: publicCount, r1csSha256 });
  if (problems.length > 0) throw new Refusal(problems.map(({ sentence }) => sentence).join(" "));
}

/** snarkjs needs one to answer instead of throwing. */
function silentLogger() {
  const silent = () => {};
  return { debug: silent, info: silent, warn: silent, error: silent };
}
