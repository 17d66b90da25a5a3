/** 64-bit words of a 256-bit value. */
export const WIDE_WORDS = 4;
const WORD_BITS = 64n;

/** A 256-bit value from four words, the least significant first. */
export function readWide(words: BigUint64Array, at: number): bigint {
  const low = (words[at] as bigint) | ((words[at + 1] as bigint) << WORD_BITS);
  const high = (words[at + 2] as bigint) | ((words[at + 3] as bigint) << WORD_BITS);
  return low | (high << (2n * WORD_BITS));
}

/** Inverse of {@link readWide}. @throws RangeError for a value outside [0, 2^256) */
export function writeWide(words: BigUint64Array, at: number, value: bigint): void {
  if (value < 0n || value >> (4n * WORD_BITS) !== 0n) throw new RangeError("a value beyond 256 bits");
  // An element takes the low 64 bits of what it is given.
  words[at] = value;
  words[at + 1] = value >> WORD_BITS;
  words[at + 2] = value >> (2n * WORD_BITS);
  words[at + 3] = value >> (3n * WORD_BITS);
}
