import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { zKey } from "snarkjs";
import { FIELD_BYTES } from "../../matcher/prover/setup/bn254.ts";
import { sha256OfFile } from "../../matcher/prover/setup/dev-key.ts";
import { SectionFile } from "../../matcher/prover/setup/section-file.ts";
import { Refusal } from "../supervisor/refusal.ts";
import type { Beacon } from "./phase2-record.ts";
import { readPhase2Record } from "./phase2-record.ts";
import { compileForCeremony } from "./reproducible-r1cs.ts";
import {
  beaconStep,
  type CeremonyStep,
  type CeremonyTranscript,
  readTranscript,
  TRANSCRIPT_FORMAT,
  transcriptPath,
  writeTranscript,
  zkeyPathOf,
} from "./transcript.ts";

const PTAU_HEADER = 1;
/** snarkjs cuts longer names off, and a name in other letters could look like somebody else's. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,62}$/;
const BEACON_NAME = "beacon";
const ENTROPY_BYTES = 64;
/** Bounds of snarkjs. */
const LEAST_BEACON_POWER = 10;
const MOST_BEACON_POWER = 63;
/** Shorter values could be tried out by whoever moves last. */
const LEAST_BEACON_BYTES = 32;
const MOST_BEACON_BYTES = 255;

export interface InitOptions {
  readonly folder: string;
  readonly name: string;
  /** Checkout that the circuit is compiled in, and its main file, relative to that. */
  readonly root: string;
  readonly main: string;
  readonly optimization: "O1" | "O2";
  readonly ptauPath: string;
  /** The published SHA-256 of the phase 1 file. */
  readonly ptauSha256: string;
  readonly minimumContributions: number;
  readonly beaconSource: string;
}

/** Compiles the circuit and makes key 0, which anybody can make again. @throws Refusal */
export async function initCeremony(options: InitOptions): Promise<CeremonyTranscript> {
  const { folder, name, root, main, optimization, ptauPath, minimumContributions, beaconSource } = options;
  if (!NAME.test(name)) throw new Refusal(`"${name}" cannot name a ceremony: letters, digits, ".", "_", "@", "-".`);
  if (existsSync(transcriptPath(folder))) {
    throw new Refusal(`${transcriptPath(folder)} is there already: a ceremony is not begun twice in one folder.`);
  }
  if (!Number.isSafeInteger(minimumContributions) || minimumContributions < 1) {
    throw new Refusal("A ceremony needs at least one contribution before the beacon.");
  }
  if (beaconSource.trim() === "") {
    throw new Refusal("Say which public randomness will be the beacon before anybody can know it.");
  }
  requirePinned(ptauPath, options.ptauSha256);
  mkdirSync(folder, { recursive: true });
  const r1csPath = join(folder, `${name}.r1cs`);
  const circuit = await compileForCeremony({ root, main, optimization, r1csPath });
  await place(zkeyPathOf(folder, 0), (path) => newZkey(r1csPath, ptauPath, path));
  const transcript: CeremonyTranscript = {
    format: TRANSCRIPT_FORMAT,
    name,
    circuit,
    phase1: { sha256: options.ptauSha256, power: ptauPower(ptauPath) },
    minimumContributions,
    beaconSource,
    initialZkeySha256: sha256OfFile(zkeyPathOf(folder, 0)),
    steps: [],
  };
  writeTranscript(folder, transcript);
  return transcript;
}

export interface ContributeOptions {
  readonly folder: string;
  readonly name: string;
  /** What the contributor adds to the system's randomness: dice, typing, a file. May be empty. */
  readonly extraEntropy: Uint8Array;
}

/**
 * Multiplies δ by a secret that nobody else knows. The secret is derived from 64 bytes of the system's generator that snarkjs
 * draws, 64 more that are drawn here, and the contributor's own: it is unknown when any one of the three is. It is never
 * written; it dies with this process. @throws Refusal
 */
export async function contribute({ folder, name, extraEntropy }: ContributeOptions): Promise<CeremonyStep> {
  if (!NAME.test(name))
    throw new Refusal(`"${name}" cannot name a contributor: letters, digits, " ", ".", "_", "@", "-".`);
  if (name === BEACON_NAME) throw new Refusal(`"${BEACON_NAME}" is the name of what ends a ceremony.`);
  const transcript = readTranscript(folder);
  if (transcript.steps.some((step) => step.name === name)) throw new Refusal(`${name} has contributed already.`);
  const entropy = `${randomBytes(ENTROPY_BYTES).toString("hex")}${Buffer.from(extraEntropy).toString("hex")}`;
  return addStep(folder, transcript, (from, to) => zKey.contribute(from, to, name, entropy));
}

/** Ends the ceremony with randomness that nobody could choose. @throws Refusal */
export async function applyBeacon(folder: string, { valueHex, iterationsPower }: Beacon): Promise<CeremonyStep> {
  if (!/^([0-9a-f]{2})+$/.test(valueHex)) throw new Refusal("The beacon's value is not lower-case hexadecimal.");
  const bytes = valueHex.length / 2;
  if (bytes < LEAST_BEACON_BYTES || bytes > MOST_BEACON_BYTES) {
    throw new Refusal(`The beacon's value has ${bytes} bytes, not ${LEAST_BEACON_BYTES} to ${MOST_BEACON_BYTES}.`);
  }
  if (
    !Number.isInteger(iterationsPower) ||
    iterationsPower < LEAST_BEACON_POWER ||
    iterationsPower > MOST_BEACON_POWER
  ) {
    throw new Refusal(`The beacon's iterations are 2^${LEAST_BEACON_POWER} to 2^${MOST_BEACON_POWER}.`);
  }
  const transcript = readTranscript(folder);
  const { minimumContributions, steps } = transcript;
  if (steps.length < minimumContributions) {
    throw new Refusal(
      `${steps.length} of ${minimumContributions} contributions are there: the beacon comes after them.`,
    );
  }
  return addStep(folder, transcript, (from, to) => zKey.beacon(from, to, BEACON_NAME, valueHex, iterationsPower));
}

async function addStep(
  folder: string,
  transcript: CeremonyTranscript,
  make: (from: string, to: string) => Promise<unknown>,
): Promise<CeremonyStep> {
  if (beaconStep(transcript)) throw new Refusal("The beacon has ended this ceremony: nothing can be added.");
  const { steps, initialZkeySha256 } = transcript;
  const number = steps.length + 1;
  const from = zkeyPathOf(folder, number - 1);
  const expected = steps.at(-1)?.zkeySha256 ?? initialZkeySha256;
  if (!existsSync(from)) throw new Refusal(`${from} is missing: fetch the last key of the transcript.`);
  if (sha256OfFile(from) !== expected) throw new Refusal(`${from} is not the key that the transcript names last.`);
  const to = zkeyPathOf(folder, number);
  await place(to, async (path) => {
    // snarkjs answers false where it should throw.
    if ((await make(from, path)) === false) throw new Refusal("snarkjs refused the contribution.");
  });
  const { contributions } = readPhase2Record(to);
  const step: CeremonyStep = { number, ...contributions.at(-1)!, zkeySha256: sha256OfFile(to) };
  writeTranscript(folder, { ...transcript, steps: [...steps, step] });
  return step;
}

/** Makes a file beside its place and moves it there when it is whole. */
async function place(path: string, make: (path: string) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await make(partial);
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Key 0: the same bytes for the same circuit and phase 1. @throws Refusal when phase 1 is too small */
export async function newZkey(r1csPath: string, ptauPath: string, zkeyPath: string): Promise<void> {
  // snarkjs says why through the logger and answers −1; a log line that is an error is the reason.
  const reasons: string[] = [];
  const silent = () => {};
  const logger = { debug: silent, info: silent, warn: silent, error: (reason: string) => reasons.push(reason) };
  const answer = await zKey.newZKey(r1csPath, ptauPath, zkeyPath, logger);
  if (answer === -1 || answer === false || reasons.length > 0) {
    throw new Refusal(`snarkjs could not make the first key: ${reasons.join(" ")}.`);
  }
}

/** @throws Refusal when the file is another one than what was published */
export function requirePinned(ptauPath: string, sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new Refusal("The phase 1 file's pin is not a SHA-256 in lower-case hexadecimal.");
  if (!existsSync(ptauPath)) throw new Refusal(`${ptauPath} is missing: fetch the phase 1 file.`);
  const found = sha256OfFile(ptauPath);
  if (found !== sha256)
    throw new Refusal(`${ptauPath} has SHA-256 ${found}, not ${sha256}: it is another phase 1 file.`);
}

/** log2 of the powers in a phase 1 file. */
function ptauPower(ptauPath: string): number {
  const file = new SectionFile(ptauPath, "ptau");
  try {
    // The field's size and order come first.
    const header = file.read(PTAU_HEADER, 4 + FIELD_BYTES + 4);
    return new DataView(header.buffer).getUint32(4 + FIELD_BYTES, true);
  } finally {
    file.close();
  }
}
