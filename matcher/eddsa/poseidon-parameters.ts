import { FIELD_ORDER } from "../protocol/spec.ts";
import { inverse, type Matrix } from "./modular.ts";

export const FULL_ROUNDS = 8;
/** circomlib's, by width of the state minus two. */
const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];
const FIELD_BITS = 254;

export interface PoseidonParameters {
  readonly partialRounds: number;
  /** Added before each round's S-boxes, round by round. */
  readonly constants: Matrix;
  readonly matrix: Matrix;
}

/** The Grain generator that Poseidon's authors draw constants from (generate_parameters_grain.sage): 80 bits, self-shrinking. */
class Grain {
  readonly #bits: number[];

  constructor(width: number, partialRounds: number) {
    const fields = [
      [1, 2], // a prime field
      [0, 4], // the S-box x^5
      [FIELD_BITS, 12],
      [width, 12],
      [FULL_ROUNDS, 10],
      [partialRounds, 10],
      [2 ** 30 - 1, 30],
    ] as const;
    this.#bits = fields.flatMap(([value, bits]) => Array.from(value.toString(2).padStart(bits, "0"), Number));
    for (let i = 0; i < 160; i++) this.#next();
  }

  /** 254 bits, the most significant first. */
  number(): bigint {
    let text = "0b";
    for (let i = 0; i < FIELD_BITS; i++) {
      while (this.#next() === 0) this.#next();
      text += this.#next();
    }
    return BigInt(text);
  }

  /** Grows by a bit; only the last 80 count. */
  #next(): number {
    const bits = this.#bits;
    const start = bits.length - 80;
    let bit = 0;
    for (const tap of [62, 51, 38, 23, 13, 0]) bit ^= bits[start + tap] as number;
    bits.push(bit);
    if (bits.length > 4096) bits.splice(0, bits.length - 80);
    return bit;
  }
}

/** circomlib's Poseidon over a state of so many elements: inputs plus one. Derived anew; the tests compare the hashes. */
export function poseidonParameters(width: number): PoseidonParameters {
  const partialRounds = PARTIAL_ROUNDS[width - 2];
  if (partialRounds === undefined) throw new RangeError(`Poseidon has 2 to 17 elements, not ${width}`);
  const grain = new Grain(width, partialRounds);
  const element = () => {
    for (;;) {
      const value = grain.number();
      if (value < FIELD_ORDER) return value;
    }
  };
  const rounds = FULL_ROUNDS + partialRounds;
  const constants = Array.from({ length: rounds }, () => Array.from({ length: width }, element));
  // Cauchy's matrix of two rows of distinct numbers, reduced and not rejected.
  const drawn = Array.from({ length: 2 * width }, () => grain.number() % FIELD_ORDER);
  const matrix = drawn.slice(0, width).map((x) => drawn.slice(width).map((y) => inverse(x + y)));
  return { partialRounds, constants, matrix };
}
