import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import {
  fieldToBytes,
  modScalar,
  powScalar,
  rootOfUnity,
  SCALAR_FIELD_ORDER,
} from "../../matcher/prover/setup/bn254.ts";
import { compileBn254 } from "../../matcher/prover/setup/bn254-image.ts";
import { type Bn254Image, Bn254Wasm } from "../../matcher/prover/setup/bn254-wasm.ts";
import {
  AFFINE_BYTES,
  cheapestWindow,
  FixedBase,
  fillTableWindow,
  type Group,
  tableBytes,
  windowShape,
} from "../../matcher/prover/setup/fixed-base.ts";
import { FixedBasePool } from "../../matcher/prover/setup/fixed-base-pool.ts";
import { evaluateLagrange, evaluateOddLagrange } from "../../matcher/prover/setup/lagrange.ts";

const r = SCALAR_FIELD_ORDER;
let image: Bn254Image;

/** Coordinates of one point, out of Montgomery form; the point at infinity is all zeros. */
function coordinates(points: Uint8Array, group: Group, index: number): bigint[] {
  const wasm = new Bn254Wasm(image);
  const bytes = AFFINE_BYTES[group];
  const address = wasm.allocate(bytes);
  wasm.bytes.set(points.subarray(index * bytes, (index + 1) * bytes), address);
  return Array.from({ length: bytes / 32 }, (_, i) => {
    wasm.function("f1m_fromMontgomery")(address + 32 * i, address + 32 * i);
    return wasm.readField(address + 32 * i);
  });
}

function expected(group: Group, scalar: bigint): bigint[] {
  if (group === "g1") {
    const { x, y } = bn254.G1.Point.BASE.multiplyUnsafe(scalar).toAffine();
    return [x, y];
  }
  const { x, y } = bn254.G2.Point.BASE.multiplyUnsafe(scalar).toAffine();
  return [x.c0, x.c1, y.c0, y.c1];
}

function words(scalars: readonly bigint[]): Uint32Array {
  const bytes = new Uint8Array(32 * scalars.length);
  scalars.forEach((scalar, i) => {
    bytes.set(fieldToBytes(scalar), 32 * i);
  });
  return new Uint32Array(bytes.buffer);
}

function multiply(group: Group, bits: number, scalars: readonly bigint[]): Uint8Array {
  const shape = windowShape(bits);
  const table = new Uint8Array(tableBytes(group, shape));
  for (let window = 0; window < shape.windows; window++) {
    fillTableWindow(new Bn254Wasm(image), group, shape, window, table);
  }
  const points = new Uint8Array(scalars.length * AFFINE_BYTES[group]);
  new FixedBase(new Bn254Wasm(image), group, shape, table).multiply(words(scalars), points);
  return points;
}

/** Edges of digits, carries and the field, and a few values without pattern. */
function sampleScalars(bits: number): bigint[] {
  const half = 2n ** BigInt(bits - 1);
  const carries = Array.from({ length: 8 }, (_, i) => modScalar(half * powScalar(2n, BigInt(bits * i)) + 1n));
  const plain = Array.from({ length: 12 }, (_, i) => powScalar(7n, BigInt(i * i + 300)));
  return [0n, 1n, 2n, half - 1n, half, half + 1n, 2n * half, 2n ** 253n, r - 1n, r - 2n, r >> 1n, ...carries, ...plain];
}

describe("fixed-base multiplication", () => {
  before(async () => {
    image = await compileBn254();
  });

  for (const group of ["g1", "g2"] as const) {
    for (const bits of [4, 5, 8, 11]) {
      it(`multiplies the ${group} generator as the reference does, with ${bits}-bit windows`, () => {
        const scalars = sampleScalars(bits);
        const points = multiply(group, bits, scalars);
        scalars.forEach((scalar, i) => {
          const want = scalar === 0n ? new Array(AFFINE_BYTES[group] / 32).fill(0n) : expected(group, scalar);
          expect(coordinates(points, group, i), `scalar ${scalar}`).to.deep.equal(want);
        });
      });
    }
  }

  it("adds equal points where a top digit meets its own partial sum", () => {
    // The low digits of 2d·2^k − r sum to d·2^k − r, which is the same multiple of G as the top digit's d·2^k.
    const bits = 8;
    const top = BigInt(bits) * BigInt(windowShape(bits).windows - 1);
    const digit = r >> top;
    const scalar = 2n * digit * 2n ** top - r;
    expect(scalar > 0n && scalar < r).to.equal(true);
    const points = multiply("g1", bits, [scalar, 5n]);
    expect(coordinates(points, "g1", 0)).to.deep.equal(expected("g1", scalar));
    expect(coordinates(points, "g1", 1)).to.deep.equal(expected("g1", 5n));
  });

  it("gives the same points from a pool, over more scalars than one thread takes at once", async () => {
    const shape = windowShape(6);
    const pool = new FixedBasePool(image, { g1: shape, g2: shape }, 2);
    try {
      const count = 9000;
      const scalars = new SharedArrayBuffer(32 * count);
      const filled = new Uint8Array(scalars);
      for (let i = 0; i < count; i++) filled.set(fieldToBytes(BigInt(i) * 123456789n), 32 * i);
      const points = await pool.multiply("g1", scalars);
      for (const i of [0, 1, 2047, 2048, 4095, 4096, 8999]) {
        const want = i === 0 ? [0n, 0n] : expected("g1", BigInt(i) * 123456789n);
        expect(coordinates(points, "g1", i), `index ${i}`).to.deep.equal(want);
      }
      expect(pool.fraction()).to.equal(1);
    } finally {
      await pool.close();
    }
  });

  it("chooses larger windows for more scalars", () => {
    expect(cheapestWindow(10).bits).to.equal(4);
    expect(cheapestWindow(1_000_000).bits).to.be.within(14, 17);
  });
});

describe("Lagrange values", () => {
  const tau = 987654321n;

  it("interpolate: Σ Lᵢ(τ)·xᵢ³ = τ³", async () => {
    const wasm = new Bn254Wasm(await compileBn254());
    const power = 4;
    const values = evaluateLagrange(wasm, power, tau);
    let sum = 0n;
    for (let i = 0; i < 16; i++) {
      wasm.function("frm_fromMontgomery")(values + 32 * i, values + 32 * i);
      sum += wasm.readField(values + 32 * i) * powScalar(rootOfUnity(power), BigInt(3 * i));
    }
    expect(sum % r).to.equal(tau ** 3n);
  });

  it("of the odd points, with those of the even ones, interpolate on the doubled domain", async () => {
    const wasm = new Bn254Wasm(await compileBn254());
    const power = 3;
    const odd = evaluateOddLagrange(wasm, power, tau, 2n);
    const all = evaluateLagrange(wasm, power + 1, tau);
    for (let i = 0; i < 8; i++) {
      const twin = all + 32 * (2 * i + 1);
      wasm.function("frm_fromMontgomery")(twin, twin);
      expect(wasm.readField(odd + 32 * i)).to.equal((wasm.readField(twin) * 2n) % r);
    }
  });

  it("refuse a τ inside the domain", async () => {
    const wasm = new Bn254Wasm(await compileBn254());
    expect(() => evaluateLagrange(wasm, 3, rootOfUnity(3))).to.throw(RangeError, "lies in the domain");
  });
});
