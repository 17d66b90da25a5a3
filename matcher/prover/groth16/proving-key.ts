import { readFileSync } from "node:fs";
import { ZkeyError } from "../setup/verification-key.ts";
import { ZKEY_SECTION } from "../setup/zkey-file.ts";

/** A record of the coefficient section: matrix, constraint, wire, value. */
export const COEFFICIENT_BYTES = 44;

/** A zkey in memory, its sections as views. */
export type ProvingKey = {
  readonly file: Uint8Array;
  readonly wireCount: number;
  readonly publicCount: number;
  readonly domainSize: number;
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
  readonly beta2: Uint8Array;
  readonly delta1: Uint8Array;
  readonly delta2: Uint8Array;
  /** Records without the leading count. */
  readonly coefficients: Uint8Array;
  /** Whether the records are ordered by constraint, so that a range of constraints is a range of records. */
  readonly sorted: boolean;
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  readonly c: Uint8Array;
  readonly h: Uint8Array;
};

/** Of the header section: two field sizes with their orders, then the three counts. */
const COUNTS_OFFSET = 72;
const POINTS_OFFSET = COUNTS_OFFSET + 12;
const G1_BYTES = 64;
const G2_BYTES = 128;

/** Reads a Groth16 zkey that `readVerificationKey` accepts. @throws ZkeyError when it is cut short. */
export function readProvingKey(path: string): ProvingKey {
  const buffer = readFileSync(path);
  const file = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const sections = new Map<number, Uint8Array>();
  for (let position = 12, left = view.getUint32(8, true); left > 0; left--) {
    const bytes = Number(view.getBigUint64(position + 4, true));
    const start = position + 12;
    if (start + bytes > file.byteLength) throw new ZkeyError(`${path} is cut short`);
    sections.set(view.getUint32(position, true), file.subarray(start, start + bytes));
    position = start + bytes;
  }
  const section = (type: number) => {
    const found = sections.get(type);
    if (!found) throw new ZkeyError(`${path} has no section ${type}`);
    return found;
  };
  const header = section(ZKEY_SECTION.header);
  const count = (index: number) =>
    view.getUint32(header.byteOffset - file.byteOffset + COUNTS_OFFSET + 4 * index, true);
  let offset = POINTS_OFFSET;
  const point = (bytes: number) => {
    offset += bytes;
    return header.subarray(offset - bytes, offset);
  };
  const alpha1 = point(G1_BYTES);
  const beta1 = point(G1_BYTES);
  const beta2 = point(G2_BYTES);
  point(G2_BYTES);
  const coefficients = section(ZKEY_SECTION.coefficients).subarray(4);
  return {
    file,
    wireCount: count(0),
    publicCount: count(1),
    domainSize: count(2),
    alpha1,
    beta1,
    beta2,
    delta1: point(G1_BYTES),
    delta2: point(G2_BYTES),
    coefficients,
    sorted: isSorted(coefficients),
    a: section(ZKEY_SECTION.a),
    b1: section(ZKEY_SECTION.b1),
    b2: section(ZKEY_SECTION.b2),
    c: section(ZKEY_SECTION.c),
    h: section(ZKEY_SECTION.h),
  };
}

export function constraintOf(records: DataView, index: number): number {
  return records.getUint32(index * COEFFICIENT_BYTES + 4, true);
}

function isSorted(coefficients: Uint8Array): boolean {
  const records = new DataView(coefficients.buffer, coefficients.byteOffset, coefficients.byteLength);
  const count = coefficients.byteLength / COEFFICIENT_BYTES;
  for (let i = 1; i < count; i++) if (constraintOf(records, i) < constraintOf(records, i - 1)) return false;
  return true;
}
