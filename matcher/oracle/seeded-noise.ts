const MASK_64 = (1n << 64n) - 1n;

/** The splitmix64 sequence of a seed: the same everywhere, for ever. */
export class SeededNoise {
  #state: bigint;

  constructor(seed: bigint) {
    this.#state = seed & MASK_64;
  }

  /** 64 uniform bits. */
  next(): bigint {
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & MASK_64;
    let z = this.#state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    return z ^ (z >> 31n);
  }

  /** Nearly normal, mean 0, standard deviation {@link UNIT}: the sum of twelve uniform numbers, never beyond six deviations. */
  normal(): bigint {
    let sum = 0n;
    for (let i = 0; i < 3; i++) {
      const bits = this.next();
      for (let shift = 0n; shift < 64n; shift += 16n) sum += (bits >> shift) & 0xffffn;
    }
    return sum - 6n * UNIT;
  }
}

/** One standard deviation of {@link SeededNoise.normal}: 2^16, whose uniform twelfths have a variance of a twelfth each. */
export const UNIT = 1n << 16n;
