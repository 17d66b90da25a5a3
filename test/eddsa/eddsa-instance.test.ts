import { expect } from "chai";
import { EddsaInstance } from "../../matcher/eddsa/eddsa-instance.ts";
import { FastVerifier } from "../../matcher/eddsa/fast-verifier.ts";
import { Point } from "../../matcher/protocol/curve.ts";
import { keyFault } from "../../matcher/protocol/keys.ts";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";
import { keyOf, torsionPoints } from "../protocol/torsion-points.ts";
import { halvedBits } from "./halved-scalar.ts";

describe("halved scalars", () => {
  const wasm = new EddsaInstance(0);

  it("are u ≡ v·h with v odd, for 20,000 challenges, and hardly ever longer than 131 bits", () => {
    const random = new Seeded("halved scalars");
    let longer = 0;
    let step = random.scalar();
    let h = random.scalar();
    for (let i = 0; i < 20_000; i++) {
      if (i % 100 === 0) step = random.scalar();
      h = (h + step) % SUBGROUP_ORDER;
      if (halvedBits(wasm, h) > 131) longer += 1;
    }
    expect(longer).to.be.lessThan(200);
  });

  it("hold at the edges: 0, ±1, ±2^k ± small, and inverses of small and of even numbers", () => {
    const inverse = (value: bigint) => Point.Fn.inv(value);
    const edges = [0n];
    for (let k = 0n; k < 251n; k++) {
      for (const near of [-3n, -2n, -1n, 0n, 1n, 2n, 3n]) edges.push((1n << k) + near);
      edges.push(inverse(1n << k), (SUBGROUP_ORDER - 1n) >> k, inverse((SUBGROUP_ORDER - 1n) >> k));
    }
    for (let small = 1n; small < 300n; small++) edges.push(small, inverse(small), inverse(small) * 7n);
    // Numbers whose continued fraction has a huge quotient: rows far apart, and an odd t far off.
    for (let k = 1n; k < 125n; k++)
      edges.push(inverse((1n << k) + 1n), inverse(3n << k), (1n << 126n) * (1n << k) - 1n);
    for (const edge of edges) {
      const h = ((edge % SUBGROUP_ORDER) + SUBGROUP_ORDER) % SUBGROUP_ORDER;
      halvedBits(wasm, h);
      halvedBits(wasm, (SUBGROUP_ORDER - h) % SUBGROUP_ORDER);
    }
  });

  it("leave a challenge alone that is short, or that has no other half", () => {
    for (const h of [0n, 1n, 5n, 2n ** 126n - 1n]) {
      halvedBits(wasm, h);
      expect([wasm.number("u"), wasm.number("v")]).to.deep.equal([h, 1n]);
    }
    // 1/2: (1, 2) is a row, but its v is even; every odd v is as long as u.
    expect(halvedBits(wasm, (SUBGROUP_ORDER + 1n) / 2n)).to.be.greaterThan(240);
  });
});

describe("the hash in the module", () => {
  it("is circomlib's, for 3 and 5 inputs, at the edges of the field and inside", () => {
    const { hash } = new FastVerifier(1);
    const random = new Seeded("hash");
    const edges = [0n, 1n, FIELD_ORDER - 1n, FIELD_ORDER / 2n, 2n ** 253n, 2n ** 29n - 1n, 2n ** 232n];
    for (const count of [3, 5]) {
      for (let i = 0; i < 300; i++) {
        const inputs = Array.from({ length: count }, () => {
          return i < 100 ? (edges[random.integer(edges.length)] as bigint) : random.field();
        });
        expect(hash(inputs), inputs.join(", ")).to.equal(poseidon(inputs));
      }
    }
  });

  it("refuses other numbers of inputs and values out of range", () => {
    const { hash } = new FastVerifier(1);
    for (const inputs of [[], [1n], [1n, 2n, 3n, 4n], [FIELD_ORDER, 1n, 2n], [1n, -1n, 2n]]) {
      expect(() => hash(inputs), inputs.join(", ")).to.throw(RangeError);
    }
  });
});

describe("the pairing that tells keys", () => {
  const wasm = new EddsaInstance(0);

  function isKey(point: Point): boolean {
    const { ax, ay } = keyOf(point);
    wasm.setNumber("r8x", ax);
    wasm.setNumber("r8y", ay);
    wasm.setNumber("ax", ax);
    wasm.setNumber("ay", ay);
    wasm.setNumber("message", 0n);
    wasm.readInputs(5);
    return wasm.keyOnCurve() && wasm.keyHasPrimeOrder();
  }

  it("takes points of order ℓ and no others, of all eight cosets", () => {
    const random = new Seeded("cosets");
    const torsion = torsionPoints();
    for (const point of torsion) expect(isKey(point)).to.equal(false);
    let inside = Point.BASE;
    for (let i = 0; i < 300; i++) {
      inside = i < 40 ? inside.add(Point.BASE) : Point.BASE.multiplyUnsafe(random.scalar());
      torsion.forEach((shift, order) => {
        expect(isKey(inside.add(shift)), `coset ${order}, point ${i}`).to.equal(order === 0);
      });
    }
    torsion.forEach((shift, order) => {
      expect(keyFault(keyOf(inside.add(shift))) === undefined).to.equal(order === 0);
    });
  });
});
