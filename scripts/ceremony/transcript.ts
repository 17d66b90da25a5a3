import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../supervisor/refusal.ts";
import type { Contribution } from "./phase2-record.ts";

export const TRANSCRIPT_FORMAT = "clearbook-ceremony-1";
const TRANSCRIPT_FILE = "transcript.json";

/** Which constraints the key is for, and how anybody gets the very same ones. */
export interface CeremonyCircuit {
  /** The file with the main component, relative to the root. */
  readonly main: string;
  readonly optimization: "O1" | "O2";
  readonly circomVersion: string;
  readonly r1csSha256: string;
  readonly constraintCount: number;
  readonly publicCount: number;
}

/** The powers of τ that everything is built on, made by others. */
export interface Phase1 {
  readonly sha256: string;
  /** log2 of the powers in it. */
  readonly power: number;
}

/** One key in the chain, and the contribution that it adds to the key before. */
export interface CeremonyStep extends Contribution {
  /** From 1 on; key 0 is the one that circuit and phase 1 alone give. */
  readonly number: number;
  readonly zkeySha256: string;
}

/** Everything that a ceremony has done so far. Public: there is no secret in it. */
export interface CeremonyTranscript {
  readonly format: typeof TRANSCRIPT_FORMAT;
  readonly name: string;
  readonly circuit: CeremonyCircuit;
  readonly phase1: Phase1;
  /** Contributions that there must be before the beacon. */
  readonly minimumContributions: number;
  /** Which public randomness will end the ceremony, in words, said before it is known. */
  readonly beaconSource: string;
  readonly initialZkeySha256: string;
  readonly steps: readonly CeremonyStep[];
}

export function transcriptPath(folder: string): string {
  return join(folder, TRANSCRIPT_FILE);
}

/** Key 0 is the initial one. */
export function zkeyPathOf(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(4, "0")}.zkey`);
}

/** @throws Refusal in one sentence when it is missing or is no transcript */
export function readTranscript(folder: string): CeremonyTranscript {
  const path = transcriptPath(folder);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Refusal(`${path} is missing: start with "npm run ceremony -- init".`);
  }
  try {
    const transcript = JSON.parse(text) as CeremonyTranscript;
    if (transcript.format !== TRANSCRIPT_FORMAT) throw new TypeError(`its format is not ${TRANSCRIPT_FORMAT}`);
    if (!Array.isArray(transcript.steps)) throw new TypeError("it has no steps");
    for (const part of ["circuit", "phase1"] as const) {
      if (typeof transcript[part] !== "object" || transcript[part] === null) throw new TypeError(`it has no ${part}`);
    }
    return transcript;
  } catch (error) {
    throw new Refusal(`${path} is no transcript of a ceremony: ${error instanceof Error ? error.message : error}.`);
  }
}

/** Replaces it whole, so that an interruption leaves the old one. */
export function writeTranscript(folder: string, transcript: CeremonyTranscript): void {
  const path = transcriptPath(folder);
  writeFileSync(`${path}.partial`, `${JSON.stringify(transcript, null, 2)}\n`);
  renameSync(`${path}.partial`, path);
}

/** The step that names the last key; undefined while there is only the initial one. */
export function beaconStep({ steps }: CeremonyTranscript): CeremonyStep | undefined {
  return steps.find(({ kind }) => kind === "beacon");
}
