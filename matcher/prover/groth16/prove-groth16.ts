import { buildBn128, type Curve, type WasmCommand } from "ffjavascript";
import type { Groth16Proof } from "snarkjs";
import { COEFFICIENT_BYTES, constraintOf, type ProvingKey } from "./proving-key.ts";

const FIELD_BYTES = 32;
/** log2 of the largest domain: beyond it there is no root of unity for the odd points. */
const MAX_POWER = 27;

/**
 * snarkjs' groth16_prove (0.7.6) on snarkjs' own arithmetic, with one difference: the products of the coefficients with the
 * witness are formed in wasm on all threads, by a function that ffjavascript has and snarkjs leaves unused. In snarkjs this
 * is one loop of JavaScript, 30 to 40 % of a proof of the batch circuit.
 *
 * @param witness plain scalars below r, 32 little-endian bytes a wire.
 * @returns a proof under fresh randomness. It is not checked here.
 */
export async function proveGroth16(key: ProvingKey, witness: Uint8Array): Promise<Groth16Proof> {
  if (witness.byteLength !== key.wireCount * FIELD_BYTES) {
    throw new RangeError(`the key has ${key.wireCount} wires, the witness ${witness.byteLength / FIELD_BYTES}`);
  }
  const curve = await buildBn128();
  const { Fr, G1, G2 } = curve;
  const quotient = await quotientAtOddPoints(curve, key, witness);

  const a = await G1.multiExpAffine(key.a, witness);
  const b1 = await G1.multiExpAffine(key.b1, witness);
  const b2 = await G2.multiExpAffine(key.b2, witness);
  const c = await G1.multiExpAffine(key.c, witness.subarray((key.publicCount + 1) * FIELD_BYTES));
  const h = await G1.multiExpAffine(key.h, quotient);

  // A = α + a + rδ, B = β + b + sδ, C = c + h + sA + rB₁ − rsδ: r and s hide the witness.
  const r = Fr.random();
  const s = Fr.random();
  const piA = G1.add(G1.add(a, key.alpha1), G1.timesFr(key.delta1, r));
  const piB = G2.add(G2.add(b2, key.beta2), G2.timesFr(key.delta2, s));
  const piB1 = G1.add(G1.add(b1, key.beta1), G1.timesFr(key.delta1, s));
  const hidden = G1.add(G1.timesFr(piA, s), G1.timesFr(piB1, r));
  const correction = G1.timesFr(key.delta1, Fr.neg(Fr.mul(r, s)));
  const piC = G1.add(G1.add(G1.add(c, h), hidden), correction);
  return {
    pi_a: triple(G1.toObject(G1.toAffine(piA))),
    pi_b: pairs(G2.toObject(G2.toAffine(piB))),
    pi_c: triple(G1.toObject(G1.toAffine(piC))),
    protocol: "groth16",
    curve: "bn128",
  };
}

/** A·B − C at the odd points of the doubled domain, as plain scalars. */
async function quotientAtOddPoints(curve: Curve, key: ProvingKey, witness: Uint8Array): Promise<Uint8Array> {
  const { Fr } = curve;
  const power = Math.log2(key.domainSize);
  if (power > MAX_POWER) throw new RangeError(`a domain of 2^${power} points is too large`);
  const odd = [];
  for (const values of await coefficientProducts(curve, key, witness)) {
    const polynomial = await Fr.ifft(values);
    odd.push(await Fr.fft(await Fr.batchApplyKey(polynomial, Fr.one, Fr.w[power + 1]!)));
  }
  const [a, b, c] = odd as [Uint8Array, Uint8Array, Uint8Array];
  const slices = await Promise.all(
    ranges(key.domainSize, curve.tm.concurrency).map(async ([first, count]) => {
      const slice = (values: Uint8Array) => values.slice(first * FIELD_BYTES, (first + count) * FIELD_BYTES);
      const task: WasmCommand[] = [
        { cmd: "ALLOCSET", var: 0, buff: slice(a) },
        { cmd: "ALLOCSET", var: 1, buff: slice(b) },
        { cmd: "ALLOCSET", var: 2, buff: slice(c) },
        { cmd: "ALLOC", var: 3, len: count * FIELD_BYTES },
        {
          cmd: "CALL",
          fnName: "qap_joinABC",
          params: [{ var: 0 }, { var: 1 }, { var: 2 }, { val: count }, { var: 3 }],
        },
        { cmd: "CALL", fnName: "frm_batchFromMontgomery", params: [{ var: 3 }, { val: count }, { var: 3 }] },
        { cmd: "GET", out: 0, var: 3, len: count * FIELD_BYTES },
      ];
      return (await curve.tm.queueAction(task))[0]!;
    }),
  );
  return concatenate(slices);
}

/** For every constraint the values of its first and second combination and their product, in Montgomery form. */
async function coefficientProducts(curve: Curve, key: ProvingKey, witness: Uint8Array): Promise<Uint8Array[]> {
  const { coefficients } = key;
  const records = new DataView(coefficients.buffer, coefficients.byteOffset, coefficients.byteLength);
  const parts = await Promise.all(
    ranges(key.domainSize, curve.tm.concurrency).map(async ([first, count]) => {
      // An unsorted key costs time, not correctness: the function skips records of other constraints.
      const begin = key.sorted ? firstRecordFrom(records, first) : 0;
      const end = key.sorted ? firstRecordFrom(records, first + count) : records.byteLength / COEFFICIENT_BYTES;
      const bytes = count * FIELD_BYTES;
      const task: WasmCommand[] = [
        { cmd: "ALLOCSET", var: 0, buff: coefficients.slice(begin * COEFFICIENT_BYTES, end * COEFFICIENT_BYTES) },
        { cmd: "ALLOCSET", var: 1, buff: witness },
        { cmd: "ALLOC", var: 2, len: bytes },
        { cmd: "ALLOC", var: 3, len: bytes },
        { cmd: "ALLOC", var: 4, len: bytes },
        {
          cmd: "CALL",
          fnName: "qap_buildABC",
          params: [
            { var: 0 },
            { val: end - begin },
            { var: 1 },
            { var: 2 },
            { var: 3 },
            { var: 4 },
            { val: first },
            { val: count },
            { val: 0 },
            { val: key.wireCount },
          ],
        },
        { cmd: "GET", out: 0, var: 2, len: bytes },
        { cmd: "GET", out: 1, var: 3, len: bytes },
        { cmd: "GET", out: 2, var: 4, len: bytes },
      ];
      return curve.tm.queueAction(task);
    }),
  );
  return [0, 1, 2].map((matrix) => concatenate(parts.map((part) => part[matrix]!)));
}

/** The index of the first record of that constraint or a later one. */
function firstRecordFrom(records: DataView, constraint: number): number {
  let low = 0;
  let high = records.byteLength / COEFFICIENT_BYTES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (constraintOf(records, middle) < constraint) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** [first, count] of equal parts; none is empty. */
function ranges(size: number, parts: number): [number, number][] {
  const length = Math.ceil(size / parts);
  const result: [number, number][] = [];
  for (let first = 0; first < size; first += length) result.push([first, Math.min(length, size - first)]);
  return result;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

function triple([x, y, z]: readonly [bigint, bigint, bigint]): [string, string, string] {
  return [String(x), String(y), String(z)];
}

type BigPair = readonly [bigint, bigint];

function pairs([x, y, z]: readonly [BigPair, BigPair, BigPair]): Groth16Proof["pi_b"] {
  const pair = ([c0, c1]: BigPair): [string, string] => [String(c0), String(c1)];
  return [pair(x), pair(y), pair(z)];
}
