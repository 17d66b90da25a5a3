import { LANES_PER_WORD, MARKETS, WIDTH } from "./spec.ts";

const LANE_BITS = BigInt(WIDTH.grossOpenInterest);
const LANE_MASK = (1n << LANE_BITS) - 1n;
const WORDS = MARKETS / LANES_PER_WORD;
const HAIRCUT_BITS = BigInt(WIDTH.ratePpm);
const HAIRCUT_END = 1 << WIDTH.ratePpm;

/**
 * Open interest, or its caps, of all markets as words of the public data: four lanes of 48 bits, least significant first.
 * @throws RangeError when a market's lots do not fit its lane.
 */
export function openInterestWords(lots: readonly bigint[]): bigint[] {
  const words: bigint[] = new Array(WORDS).fill(0n);
  for (let market = 0; market < MARKETS; market++) {
    const value = lots[market] ?? 0n;
    if (value < 0n || value > LANE_MASK)
      throw new RangeError(`open interest ${value} of market ${market} is out of range`);
    const word = Math.floor(market / LANES_PER_WORD);
    words[word] = (words[word] as bigint) | (value << (LANE_BITS * BigInt(market % LANES_PER_WORD)));
  }
  return words;
}

/** Inverse of {@link openInterestWords}. @throws RangeError on bits beyond the lanes: they would be lost. */
export function openInterestFromWords(words: readonly bigint[]): bigint[] {
  for (const word of words) {
    if (word < 0n || word >> (LANE_BITS * BigInt(LANES_PER_WORD)) !== 0n) throw new RangeError("bits beyond the lanes");
  }
  return Array.from({ length: MARKETS }, (_, market) => {
    const word = words[Math.floor(market / LANES_PER_WORD)] ?? 0n;
    return (word >> (LANE_BITS * BigInt(market % LANES_PER_WORD))) & LANE_MASK;
  });
}

/** Exit haircuts of all markets as one word of the public data: eight lanes of 20 bits. @throws RangeError for one that does not fit. */
export function exitHaircutsWord(haircutsPpm: readonly number[]): bigint {
  return haircutsPpm.reduce((word, haircutPpm, market) => {
    if (!Number.isSafeInteger(haircutPpm) || haircutPpm < 0 || haircutPpm >= HAIRCUT_END || market >= MARKETS)
      throw new RangeError(`exit haircut ${haircutPpm} ppm of market ${market} is out of range`);
    return word | (BigInt(haircutPpm) << (HAIRCUT_BITS * BigInt(market)));
  }, 0n);
}

/** Inverse of {@link exitHaircutsWord}. @throws RangeError on bits beyond the lanes: they would be lost. */
export function exitHaircutsFromWord(word: bigint): number[] {
  if (word < 0n || word >> (HAIRCUT_BITS * BigInt(MARKETS)) !== 0n) throw new RangeError("bits beyond the lanes");
  return Array.from({ length: MARKETS }, (_, market) =>
    Number(BigInt.asUintN(WIDTH.ratePpm, word >> (HAIRCUT_BITS * BigInt(market)))),
  );
}
