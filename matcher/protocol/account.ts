import { pack } from "./packing.ts";
import { COUNTERS_WORD, FIELD_ORDER, LANES_PER_WORD, MARKETS, SIZE_WORDS, WIDTH } from "./spec.ts";

/** An account leaf (docs/protocol.md §2). */
export interface AccountLeaf {
  /** L2 public key, affine BabyJubJub point of prime order. */
  ax: bigint;
  ay: bigint;
  /** L1 address that withdrawals are paid to. */
  owner: bigint;
  /** Signed. */
  collateralPicoUsd: bigint;
  /** Root of the account's order-slot tree. */
  orderRoot: bigint;
  withdrawalNonce: number;
  minSequence: number;
  /** Signed lots, one per market. */
  sizesLots: bigint[];
  /** Funding index at the last touch, pico-USD per lot, one per market. */
  fundingIndexPicoUsd: bigint[];
}

export function fieldFromSigned(value: bigint): bigint {
  const reduced = value % FIELD_ORDER;
  return reduced < 0n ? reduced + FIELD_ORDER : reduced;
}

const LANE = BigInt(WIDTH.sizeLane);
const LANE_OFFSET = 1n << BigInt(WIDTH.sizeMagnitude);

/** The two packed size words. @throws RangeError when a size leaves its range. */
export function sizeWords(sizesLots: readonly bigint[]): bigint[] {
  const words: bigint[] = new Array(SIZE_WORDS).fill(0n);
  for (let market = 0; market < MARKETS; market++) {
    const size = sizesLots[market] ?? 0n;
    if (size >= LANE_OFFSET || size < -LANE_OFFSET)
      throw new RangeError(`size ${size} of market ${market} is out of range`);
    const word = Math.floor(market / LANES_PER_WORD);
    words[word] = (words[word] as bigint) + ((size + LANE_OFFSET) << (LANE * BigInt(market % LANES_PER_WORD)));
  }
  return words;
}

/** Inverse of {@link sizeWords}. */
export function sizesFromWords(words: readonly bigint[]): bigint[] {
  return Array.from({ length: MARKETS }, (_, market) => {
    const word = words[Math.floor(market / LANES_PER_WORD)] ?? 0n;
    return ((word >> (LANE * BigInt(market % LANES_PER_WORD))) & ((1n << LANE) - 1n)) - LANE_OFFSET;
  });
}

export function countersWord(leaf: Pick<AccountLeaf, "withdrawalNonce" | "minSequence">): bigint {
  return pack(COUNTERS_WORD, { withdrawalNonce: BigInt(leaf.withdrawalNonce), minSequence: BigInt(leaf.minSequence) });
}

/**
 * Collateral with funding left in: K = collateral + Σ size · index at the last touch. Funding settles as
 * collateral − Σ size · (now − then) = K − Σ size · now, so K alone says what eight remembered indices would, and a
 * settlement without a trade does not change the leaf.
 */
export function adjustedCollateralPicoUsd(
  leaf: Pick<AccountLeaf, "collateralPicoUsd" | "sizesLots" | "fundingIndexPicoUsd">,
): bigint {
  return leaf.sizesLots.reduce(
    (sum, size, market) => sum + size * (leaf.fundingIndexPicoUsd[market] ?? 0n),
    leaf.collateralPicoUsd,
  );
}

/** The eight inputs of the leaf's hash, in order. */
export function leafInputs(leaf: AccountLeaf): bigint[] {
  return [
    leaf.ax,
    leaf.ay,
    leaf.owner,
    fieldFromSigned(adjustedCollateralPicoUsd(leaf)),
    leaf.orderRoot,
    countersWord(leaf),
    ...sizeWords(leaf.sizesLots),
  ];
}
