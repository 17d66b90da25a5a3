import { invertMatrix, type Matrix, mod, multiplyMatrices, transform } from "./modular.ts";
import { FULL_ROUNDS, poseidonParameters } from "./poseidon-parameters.ts";

/**
 * Poseidon with its partial rounds as a linear recurrence, for machines that read constants from their code: 2t − 1 products a round
 * as with sparse matrices, but the same 2t − 1 factors in every round.
 *
 * A partial round applies one matrix to (u, l), u the S-box's output and l the other elements, so l is the state of a linear system
 * with input u whose output is the next element 0. In the basis P of the controller form it is a queue of numbers z:
 *
 *     next element 0 = own · u + Σ output_i · z_i,      z_i ← z_{i+1},      z_{t−1} ← u + Σ feedback_i · z_i
 */
export interface PoseidonRecurrence {
  readonly width: number;
  /** Added to the state before the S-boxes of each full round, round by round. */
  readonly fullConstants: Matrix;
  /** Added to element 0 before the S-box of each partial round. */
  readonly partialConstants: readonly bigint[];
  readonly matrix: Matrix;
  /** The matrix of the last full round before the partial ones, which goes over to z = P⁻¹·l as well. */
  readonly entering: Matrix;
  readonly own: bigint;
  readonly output: readonly bigint[];
  readonly feedback: readonly bigint[];
  /** P: from z back to the elements 1 … t−1. */
  readonly leaving: Matrix;
}

export function poseidonRecurrence(width: number): PoseidonRecurrence {
  const { partialRounds, constants: given, matrix } = poseidonParameters(width);
  const half = FULL_ROUNDS / 2;
  // What is added to the other elements passes the S-box untouched and is carried through the matrix to the next round.
  const constants = given.map((row) => [...row]);
  for (let round = half; round < half + partialRounds; round++) {
    const [own = 0n, ...others] = constants[round] as bigint[];
    const carried = transform(matrix, [0n, ...others]);
    constants[round + 1] = (constants[round + 1] as bigint[]).map((value, i) => mod(value + (carried[i] as bigint)));
    constants[round] = [own, ...others.map(() => 0n)];
  }

  const [top = [], ...below] = matrix;
  const inner = below.map((row) => row.slice(1));
  const input = below.map((row) => row[0] as bigint);
  const size = width - 1;
  // Cayley and Hamilton: the size-th power of the inner matrix is a combination of the lower ones, read off at one vector.
  const powers = [input];
  for (let k = 0; k < size; k++) powers.push(transform(inner, powers[k] as bigint[]));
  const feedback = transform(invertMatrix(transpose(powers.slice(0, size))), powers[size] as bigint[]);
  // The columns of P, from the last one, which the input enters by.
  const columns = [input];
  for (let k = size - 1; k > 0; k--) {
    const moved = transform(inner, columns[0] as bigint[]);
    columns.unshift(moved.map((value, i) => mod(value - (feedback[k] as bigint) * (input[i] as bigint))));
  }
  const leaving = transpose(columns);
  const [output = []] = multiplyMatrices([top.slice(1)], leaving);
  return {
    width,
    fullConstants: [...constants.slice(0, half), ...constants.slice(half + partialRounds)],
    partialConstants: constants.slice(half, half + partialRounds).map(([own = 0n]) => own),
    matrix,
    entering: [top, ...multiplyMatrices(invertMatrix(leaving), below)],
    own: top[0] as bigint,
    output,
    feedback,
    leaving,
  };
}

function transpose(matrix: Matrix): bigint[][] {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] as bigint));
}
