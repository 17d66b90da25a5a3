import { BASE_FIELD_ORDER, FIELD_BYTES, fieldFromBytes, SCALAR_FIELD_ORDER } from "./bn254.ts";
import { SectionFile, SectionFileError } from "./section-file.ts";
import { ZKEY_SECTION } from "./zkey-file.ts";

/** Projective coordinates in decimal, as snarkjs writes them: [x, y, z] with z = 1 (0 for the point at infinity). */
export type G1Json = readonly [string, string, string];
/** The same over Fq2, each coordinate as [c0, c1]. */
export type G2Json = readonly [readonly [string, string], readonly [string, string], readonly [string, string]];

/** A Groth16 verification key in snarkjs' JSON form, without `vk_alphabeta_12`, which no verifier reads. */
export type VerificationKey = {
  readonly protocol: "groth16";
  readonly curve: "bn128";
  readonly nPublic: number;
  readonly vk_alpha_1: G1Json;
  readonly vk_beta_2: G2Json;
  readonly vk_gamma_2: G2Json;
  readonly vk_delta_2: G2Json;
  readonly IC: readonly G1Json[];
};

/** Bytes of a point of either group in a zkey file. */
export const G1_BYTES = 2 * FIELD_BYTES;
export const G2_BYTES = 4 * FIELD_BYTES;
/** 2^256 inverted: brings a coordinate out of Montgomery form. */
const MONTGOMERY_INVERSE = 20988524275117001072002809824448087578619730785600314334253784976379291040311n;

/**
 * The public half of a proving key. Reads a few hundred bytes and starts no threads, which
 * `snarkjs.zKey.exportVerificationKey` would leave running. @throws SectionFileError
 */
export function readVerificationKey(zkeyPath: string): VerificationKey {
  const sections = new SectionFile(zkeyPath, "zkey");
  try {
    const word = (bytes: Uint8Array, offset: number) => new DataView(bytes.buffer).getUint32(offset, true);
    if (word(sections.read(ZKEY_SECTION.protocol, 4), 0) !== 1)
      throw new SectionFileError(`${zkeyPath} is not a Groth16 key`);
    const header = sections.read(ZKEY_SECTION.header);
    const orderOf = (offset: number) => fieldFromBytes(header.subarray(offset + 4, offset + 4 + FIELD_BYTES));
    if (orderOf(0) !== BASE_FIELD_ORDER || orderOf(4 + FIELD_BYTES) !== SCALAR_FIELD_ORDER) {
      throw new SectionFileError(`${zkeyPath} is not over BN254`);
    }
    const counts = 2 * (4 + FIELD_BYTES);
    const alpha1 = counts + 12;
    const beta2 = alpha1 + 2 * G1_BYTES;
    const ic = sections.read(ZKEY_SECTION.ic);
    return {
      protocol: "groth16",
      curve: "bn128",
      nPublic: word(header, counts + 4),
      vk_alpha_1: g1(header, alpha1),
      vk_beta_2: g2(header, beta2),
      vk_gamma_2: g2(header, beta2 + G2_BYTES),
      vk_delta_2: g2(header, beta2 + 2 * G2_BYTES + G1_BYTES),
      IC: Array.from({ length: ic.length / G1_BYTES }, (_, i) => g1(ic, i * G1_BYTES)),
    };
  } finally {
    sections.close();
  }
}

/** The number that a zkey file stores in Montgomery form. */
export function baseFieldFromMontgomery(bytes: Uint8Array, offset: number): bigint {
  return (fieldFromBytes(bytes.subarray(offset, offset + FIELD_BYTES)) * MONTGOMERY_INVERSE) % BASE_FIELD_ORDER;
}

function coordinate(bytes: Uint8Array, offset: number): string {
  return String(baseFieldFromMontgomery(bytes, offset));
}

function g1(bytes: Uint8Array, offset: number): G1Json {
  const [x, y] = [coordinate(bytes, offset), coordinate(bytes, offset + FIELD_BYTES)];
  return x === "0" && y === "0" ? ["0", "1", "0"] : [x, y, "1"];
}

function g2(bytes: Uint8Array, offset: number): G2Json {
  const at = (i: number) => coordinate(bytes, offset + i * FIELD_BYTES);
  const [x, y] = [[at(0), at(1)] as const, [at(2), at(3)] as const];
  const infinite = [...x, ...y].every((value) => value === "0");
  return infinite
    ? [
        ["0", "0"],
        ["1", "0"],
        ["0", "0"],
      ]
    : [x, y, ["1", "0"]];
}
