/** Bits of a limb. Nine of them hold 261 bits: seven more than the field's order, which is the room that unreduced sums live in. */
export const LIMB_BITS = 29n;
export const LIMBS = 9;
/** A field element in memory: nine limbs of 32 bits. */
export const ELEMENT_BYTES = LIMBS * 4;
const LIMB_BASE = 1n << LIMB_BITS;
const HALF = LIMB_BASE >> 1n;

/** Montgomery's R. */
export const MONTGOMERY = 1n << (LIMB_BITS * BigInt(LIMBS));

/** A modulus with what Montgomery multiplication needs of it. */
export interface Modulus {
  readonly value: bigint;
  readonly digits: readonly bigint[];
  /** −1/modulus mod 2^29. */
  readonly negatedInverse: bigint;
}

/** Digits of base 2^29 in [−2^28, 2^28), the last one whatever remains. */
export function signedDigits(value: bigint): bigint[] {
  const digits: bigint[] = [];
  let rest = value;
  for (let i = 1; i < LIMBS; i++) {
    const low = rest & (LIMB_BASE - 1n);
    const digit = low >= HALF ? low - LIMB_BASE : low;
    digits.push(digit);
    rest = (rest - digit) >> LIMB_BITS;
  }
  digits.push(rest);
  return digits;
}

export function modulusOf(value: bigint): Modulus {
  let inverse = 1n;
  for (let bits = 1n; bits < LIMB_BITS; bits *= 2n) {
    inverse = BigInt.asUintN(Number(LIMB_BITS), inverse * (2n - value * inverse));
  }
  return {
    value,
    digits: signedDigits(value),
    negatedInverse: BigInt.asUintN(Number(LIMB_BITS), -inverse),
  };
}

/** An element in Montgomery form, as limbs for the memory. */
export function montgomeryLimbs(value: bigint, { value: modulus }: Modulus): Int32Array {
  return Int32Array.from(signedDigits((value * MONTGOMERY) % modulus), Number);
}
