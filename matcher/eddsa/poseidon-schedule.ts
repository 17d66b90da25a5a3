import { invertMatrix, type Matrix, mod, multiplyMatrices, transform } from "./modular.ts";
import { FULL_ROUNDS, poseidonParameters } from "./poseidon-parameters.ts";

/** Sums of products of one partial round and of the lanes' update after a block of them. */
export interface PartialBlock {
  /**
   * For each round of the block, what the next element 0 is made of: factors of elements 1 … t−1 as they stood when the block began, then
   * of the S-boxes' outputs of the block so far, and a constant.
   */
  readonly rounds: readonly { readonly factors: readonly bigint[]; readonly constant: bigint }[];
  /** For each element 1 … t−1, the factors of the block's S-box outputs that are added to it when the block ends. */
  readonly updates: Matrix;
}

/** A full round after its S-boxes: a matrix, then constants. */
export interface FullRound {
  readonly matrix: Matrix;
  readonly constants: readonly bigint[];
}

/** Poseidon as it is computed: the same function as round constants, S-boxes and matrix in turn, with fewer multiplications. */
export interface PoseidonSchedule {
  readonly width: number;
  /** Added to the inputs. */
  readonly first: readonly bigint[];
  readonly opening: readonly FullRound[];
  readonly blocks: readonly PartialBlock[];
  /** Added to elements 1 … t−1 when the blocks are through; element 0 has its constant from the last of their rounds. */
  readonly afterBlocks: readonly bigint[];
  readonly closing: readonly FullRound[];
}

/**
 * Two rewritings of the partial rounds, whose S-box touches element 0 alone:
 *
 * 1. What is added to the other elements passes the S-box untouched and is carried through the matrix to the next round.
 * 2. A matrix N with the block N̂ of the other elements is M″·M′ with M′ = diag(1, N̂) and M″ of one row, one column and ones in the
 *    diagonal. M′ passes the S-box before it, too, and joins the round before. Each round then costs 2t − 1 products and not t².
 *
 * And one of the sums: within a block of rounds the other elements are not written at all. Element 0 is then a longer sum of products,
 * but sums of products share one reduction (field-writer.ts), so that a block of four at t = 6 costs 50 products and 9 reductions in
 * place of 44 and 24.
 */
export function poseidonSchedule(width: number, blockRounds: number): PoseidonSchedule {
  const { partialRounds, constants: given, matrix } = poseidonParameters(width);
  if (partialRounds % blockRounds !== 0) throw new RangeError("blocks do not fill the partial rounds");
  const half = FULL_ROUNDS / 2;
  const constants = given.map((row) => [...row]);
  for (let round = half; round < half + partialRounds; round++) {
    const [, ...others] = constants[round] as bigint[];
    const carried = transform(matrix, [0n, ...others]);
    constants[round + 1] = (constants[round + 1] as bigint[]).map((value, i) => mod(value + (carried[i] as bigint)));
    constants[round] = [constants[round]?.[0] as bigint, ...others.map(() => 0n)];
  }

  const sparse: { row: bigint[]; column: bigint[] }[] = [];
  let joined: Matrix = matrix;
  for (let round = 0; round < partialRounds; round++) {
    const inner = joined.slice(1).map((row) => row.slice(1));
    const [top = [], ...below] = joined;
    const [others = []] = multiplyMatrices([top.slice(1)], invertMatrix(inner));
    sparse.unshift({ row: [top[0] as bigint, ...others], column: below.map((row) => row[0] as bigint) });
    const diagonal = [top.map((_, i) => (i === 0 ? 1n : 0n)), ...inner.map((row) => [0n, ...row])];
    joined = multiplyMatrices(diagonal, matrix);
  }

  const fullRounds = (start: number, last: Matrix): FullRound[] =>
    Array.from({ length: half }, (_, i) => ({
      matrix: i === half - 1 ? last : matrix,
      constants: constants[start + i + 1] ?? given[0]?.map(() => 0n) ?? [],
    }));
  const blocks = Array.from({ length: partialRounds / blockRounds }, (_, block) =>
    partialBlock(
      sparse.slice(block * blockRounds, (block + 1) * blockRounds),
      Array.from({ length: blockRounds }, (_, i) => constants[half + block * blockRounds + i + 1]?.[0] as bigint),
    ),
  );
  return {
    width,
    first: given[0] as bigint[],
    opening: fullRounds(0, joined),
    blocks,
    afterBlocks: (constants[half + partialRounds] as bigint[]).slice(1),
    closing: fullRounds(half + partialRounds, matrix),
  };
}

function partialBlock(
  sparse: readonly { row: readonly bigint[]; column: readonly bigint[] }[],
  next: readonly bigint[],
): PartialBlock {
  const rounds = sparse.map(({ row: [own = 0n, ...others] }, round) => {
    const earlier = sparse
      .slice(0, round)
      .map(({ column }) => mod(column.reduce((sum, value, i) => sum + value * (others[i] as bigint), 0n)));
    return { factors: [...others, ...earlier, own], constant: next[round] as bigint };
  });
  const updates = (sparse[0]?.column ?? []).map((_, i) => sparse.map(({ column }) => column[i] as bigint));
  return { rounds, updates };
}
