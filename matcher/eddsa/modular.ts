import { FIELD_ORDER } from "../protocol/spec.ts";

/** The representative in [0, r). */
export function mod(value: bigint): bigint {
  const rest = value % FIELD_ORDER;
  return rest < 0n ? rest + FIELD_ORDER : rest;
}

/** base^exponent mod r. For constants: not fast. */
export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}

/** 1/value mod r, by Euclid's algorithm. @throws RangeError for a multiple of r */
export function inverse(value: bigint): bigint {
  let [rest, next] = [FIELD_ORDER, mod(value)];
  let [factor, nextFactor] = [0n, 1n];
  while (next !== 0n) {
    const quotient = rest / next;
    [rest, next] = [next, rest - quotient * next];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  if (rest !== 1n) throw new RangeError("zero has no inverse");
  return mod(factor);
}

/** A square root mod r (Tonelli and Shanks), the smaller of the two. @throws RangeError when there is none */
export function squareRoot(value: bigint): bigint {
  let twos = 0n;
  let odd = FIELD_ORDER - 1n;
  for (; (odd & 1n) === 0n; odd >>= 1n) twos += 1n;
  let nonResidue = 2n;
  while (power(nonResidue, (FIELD_ORDER - 1n) / 2n) === 1n) nonResidue += 1n;
  let generator = power(nonResidue, odd);
  let root = power(value, (odd + 1n) / 2n);
  let error = power(value, odd);
  for (let left = twos; error !== 1n; ) {
    let order = 0n;
    for (let square = error; square !== 1n; square = (square * square) % FIELD_ORDER) order += 1n;
    if (order >= left) throw new RangeError("the value is no square");
    const correction = power(generator, 1n << (left - order - 1n));
    generator = (correction * correction) % FIELD_ORDER;
    root = (root * correction) % FIELD_ORDER;
    error = (error * generator) % FIELD_ORDER;
    left = order;
  }
  return root * 2n > FIELD_ORDER ? FIELD_ORDER - root : root;
}

export type Matrix = readonly (readonly bigint[])[];

export function multiplyMatrices(left: Matrix, right: Matrix): bigint[][] {
  return left.map((row) =>
    (right[0] as readonly bigint[]).map((_, column) =>
      mod(row.reduce((sum, value, k) => sum + value * ((right[k] as readonly bigint[])[column] as bigint), 0n)),
    ),
  );
}

export function transform(matrix: Matrix, vector: readonly bigint[]): bigint[] {
  return matrix.map((row) => mod(row.reduce((sum, value, k) => sum + value * (vector[k] as bigint), 0n)));
}

/** Inverse by Gauss and Jordan. @throws RangeError for a singular matrix */
export function invertMatrix(matrix: Matrix): bigint[][] {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1n : 0n))]);
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, i) => i >= column && row[column] !== 0n);
    if (pivot < 0) throw new RangeError("the matrix is singular");
    [rows[column], rows[pivot]] = [rows[pivot] as bigint[], rows[column] as bigint[]];
    const chosen = rows[column] as bigint[];
    const factor = inverse(chosen[column] as bigint);
    for (let k = 0; k < 2 * size; k++) chosen[k] = mod((chosen[k] as bigint) * factor);
    rows.forEach((row, i) => {
      const multiple = row[column] as bigint;
      if (i === column || multiple === 0n) return;
      for (let k = 0; k < 2 * size; k++) row[k] = mod((row[k] as bigint) - multiple * (chosen[k] as bigint));
    });
  }
  return rows.map((row) => row.slice(size));
}
