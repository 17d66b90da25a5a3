import { blake2b } from "@noble/hashes/blake2.js";
import { FIELD_BYTES } from "../../matcher/prover/setup/bn254.ts";
import { SectionFile, SectionFileError } from "../../matcher/prover/setup/section-file.ts";
import { baseFieldFromMontgomery, G1_BYTES, G2_BYTES } from "../../matcher/prover/setup/verification-key.ts";
import { ZKEY_SECTION } from "../../matcher/prover/setup/zkey-file.ts";

/** What a beacon's secret is derived from: SHA-256 of the value, 2^iterationsPower times over. */
export interface Beacon {
  readonly valueHex: string;
  readonly iterationsPower: number;
}

/** One contribution to phase 2, as a key carries it. */
export interface Contribution {
  readonly kind: "contribution" | "beacon";
  readonly name: string;
  /** BLAKE2b-512 of the contribution's points and transcript: the hash that snarkjs shows its contributor. */
  readonly contributionHash: string;
  readonly beacon?: Beacon;
}

/** What a key says about its own making. Each key carries all contributions up to its own. */
export interface Phase2Record {
  /** BLAKE2b-512 of the key before the first contribution: circuit and phase 1. */
  readonly circuitHash: string;
  readonly contributions: readonly Contribution[];
}

const HASH_BYTES = 64;
const KIND = ["contribution", "beacon"] as const;
const PARAMETER = { name: 1, iterationsPower: 2, beaconValue: 3 } as const;

/**
 * Reads section 10 of a key. The names, kinds and beacons in it are not under snarkjs' hashes (only points are), so
 * nothing but a comparison with what was recorded elsewhere shows that one was rewritten. @throws SectionFileError
 */
export function readPhase2Record(zkeyPath: string): Phase2Record {
  const sections = new SectionFile(zkeyPath, "zkey");
  try {
    const section = new Cursor(zkeyPath, sections.read(ZKEY_SECTION.contributions));
    const circuitHash = hex(section.take(HASH_BYTES));
    const contributions = Array.from({ length: section.word() }, () => readContribution(zkeyPath, section));
    section.requireEnd();
    return { circuitHash, contributions };
  } finally {
    sections.close();
  }
}

function readContribution(zkeyPath: string, section: Cursor): Contribution {
  const points = section.take(3 * G1_BYTES + G2_BYTES);
  const transcript = section.take(HASH_BYTES);
  const kind = KIND[section.word()];
  if (kind === undefined) throw new SectionFileError(`${zkeyPath} has a contribution of an unknown kind`);
  const parameters = new Cursor(zkeyPath, section.take(section.word()));
  let name = "";
  let iterationsPower: number | undefined;
  let valueHex: string | undefined;
  while (!parameters.atEnd) {
    const type = parameters.byte();
    if (type === PARAMETER.name) name = new TextDecoder().decode(parameters.take(parameters.byte()));
    else if (type === PARAMETER.iterationsPower) iterationsPower = parameters.byte();
    else if (type === PARAMETER.beaconValue) valueHex = hex(parameters.take(parameters.byte()));
    else throw new SectionFileError(`${zkeyPath} has a contribution with an unknown parameter ${type}`);
  }
  const base = { kind, name, contributionHash: hex(hashOf(points, transcript)) };
  if (kind === "contribution") return base;
  if (iterationsPower === undefined || valueHex === undefined)
    throw new SectionFileError(`${zkeyPath} has half a beacon`);
  return { ...base, beacon: { valueHex, iterationsPower } };
}

/** snarkjs hashes points uncompressed, most significant byte and most significant coefficient first. */
function hashOf(points: Uint8Array, transcript: Uint8Array): Uint8Array {
  const hash = blake2b.create({ dkLen: HASH_BYTES });
  const coordinates = points.length / FIELD_BYTES;
  const pairsFrom = (3 * G1_BYTES) / FIELD_BYTES;
  for (let i = 0; i < coordinates; i++) {
    // In G2 the two coefficients of a coordinate change places.
    const from = i < pairsFrom ? i : i ^ 1;
    const value = baseFieldFromMontgomery(points, from * FIELD_BYTES);
    hash.update(Buffer.from(value.toString(16).padStart(2 * FIELD_BYTES, "0"), "hex"));
  }
  return hash.update(transcript).digest();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Reads bytes one after the other and never past the end. */
class Cursor {
  readonly #path: string;
  readonly #bytes: Uint8Array;
  #next = 0;

  constructor(path: string, bytes: Uint8Array) {
    this.#path = path;
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#next === this.#bytes.length;
  }

  requireEnd(): void {
    if (!this.atEnd) throw new SectionFileError(`${this.#path} has more behind its last contribution`);
  }

  take(count: number): Uint8Array {
    if (this.#next + count > this.#bytes.length) throw new SectionFileError(`${this.#path} ends inside a contribution`);
    this.#next += count;
    return this.#bytes.subarray(this.#next - count, this.#next);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  word(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }
}
