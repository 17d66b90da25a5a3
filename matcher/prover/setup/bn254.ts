/** The two fields of BN254 (EIP-196), and the little arithmetic modulo r that a trusted setup needs outside of wasm. */

/** Order of the groups, hence of the scalar field in which circuits compute. */
export const SCALAR_FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
/** Order of the field that point coordinates live in. */
export const BASE_FIELD_ORDER = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
/** Bytes of an element of either field. */
export const FIELD_BYTES = 32;
/** r − 1 is divisible by 2^28, so a multiplicative domain has at most 2^28 points. */
export const TWO_ADICITY = 28;
/** The smallest quadratic non-residue modulo r; snarkjs derives its roots of unity from it. */
const NON_RESIDUE = 5n;

export function modScalar(value: bigint): bigint {
  const remainder = value % SCALAR_FIELD_ORDER;
  return remainder < 0n ? remainder + SCALAR_FIELD_ORDER : remainder;
}

export function powScalar(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = modScalar(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % SCALAR_FIELD_ORDER;
    square = (square * square) % SCALAR_FIELD_ORDER;
  }
  return result;
}

/** @throws RangeError for zero, which has no inverse. */
export function invertScalar(value: bigint): bigint {
  if (modScalar(value) === 0n) throw new RangeError("zero has no inverse modulo r");
  return powScalar(value, SCALAR_FIELD_ORDER - 2n);
}

/** The generator of the multiplicative domain of 2^power points that snarkjs uses. */
export function rootOfUnity(power: number): bigint {
  if (power > TWO_ADICITY) throw new RangeError(`the scalar field has no domain of 2^${power} points`);
  return powScalar(NON_RESIDUE, (SCALAR_FIELD_ORDER - 1n) >> BigInt(power));
}

/** The value as 32 little-endian bytes, the order of r1cs, wtns and zkey files. */
export function fieldToBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(FIELD_BYTES);
  let rest = value;
  for (let i = 0; i < FIELD_BYTES; i++) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

export function fieldFromBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = FIELD_BYTES - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}
