import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { OFFSET_POINT } from "../../matcher/protocol/derived.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { Gadget } from "./lib-gadget.ts";
import { solutionsOf } from "./r1cs-solver.ts";

/** −x as the field has it. */
const minus = (x: bigint) => FIELD_ORDER - x;
const two = (bits: number) => 1n << BigInt(bits);
const integerOf = (bits: readonly (bigint | undefined)[]) =>
  bits.reduce((sum: bigint, bit, i) => sum + ((bit as bigint) << BigInt(i)), 0n);

/**
 * Gadgets by themselves, as constraints: every witness that any prover could write is enumerated, so that "none" is not just circom's own
 * witness generator giving up.
 */
describe("circuit gadgets: the witnesses there are", function () {
  this.timeout(120_000);
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  describe("InRange", () => {
    for (const bits of [1, 205, 252]) {
      it(`has one witness up to 2^${bits} − 1 and none from 2^${bits} to r − 1`, async () => {
        const range = await Gadget.build("lib/range.circom", `InRange(${bits})`);
        for (const x of [0n, 1n, two(bits) - 1n]) expect(range.solutions({ in: x }), `${x}`).to.have.length(1);
        for (const x of [two(bits), two(bits) + 1n, minus(1n), minus(two(bits) - 1n), minus(two(bits))]) {
          expect(range.solutions({ in: x }), `${x}`).to.have.length(0);
        }
      });
    }
  });

  describe("BitsAtMost", () => {
    for (const max of [0, 5, 10, 15]) {
      it(`of four bits up to ${max} allows exactly 0 … ${max}`, async () => {
        const bits = await Gadget.build("lib/range.circom", `BitsAtMost(4, ${max})`);
        const all = bits.solutions({}).map((solution) => {
          const [value] = bits.read(solution, "in");
          expect(integerOf(bits.read(solution, "bits"))).to.equal(value);
          return Number(value);
        });
        expect(all.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: max + 1 }, (_, i) => i));
      });
    }
    it("of a field element has its canonical bits alone, though value + r fits 254 bits too", async () => {
      const bits = await Gadget.build("lib/range.circom", "BitsAtMost(254, -1)");
      const lastAlias = two(254) - FIELD_ORDER - 1n;
      for (const x of [0n, 1n, lastAlias, lastAlias + 1n, two(253), minus(1n)]) {
        const solutions = bits.solutions({ in: x });
        expect(solutions, `${x}`).to.have.length(1);
        expect(integerOf(bits.read(solutions[0] as (typeof solutions)[0], "bits"))).to.equal(x);
      }
      // The bits of value + r, written out: their sum is right, their order is not.
      const wires = bits.wiresOf("bits");
      const bitsOf = (x: bigint) => new Map(wires.map((wire, i) => [wire, (x >> BigInt(i)) & 1n]));
      for (const x of [0n, 1n, lastAlias]) {
        expect(solutionsOf(bits.system, bitsOf(x + FIELD_ORDER)), `${x} + r`).to.have.length(0);
        expect(solutionsOf(bits.system, bitsOf(x)), `${x}`).to.have.length(1);
      }
    });
    it("of a signature's S refuses S + ℓ and everything else from ℓ on", async () => {
      const bits = await Gadget.build("lib/range.circom", `BitsAtMost(251, ${SUBGROUP_ORDER - 1n})`);
      for (const x of [0n, 1n, SUBGROUP_ORDER - 1n]) expect(bits.solutions({ in: x }), `${x}`).to.have.length(1);
      for (const x of [SUBGROUP_ORDER, SUBGROUP_ORDER + 1n, two(251) - 1n, two(251), minus(1n)]) {
        expect(bits.solutions({ in: x }), `${x}`).to.have.length(0);
      }
    });
  });

  describe("selection", () => {
    it("OneHot8 sets the place of its digit alone", async () => {
      const oneHot = await Gadget.build("lib/select.circom", "OneHot8()");
      for (let digit = 0; digit < 8; digit++) {
        const solutions = oneHot.solutions({ digit: [0, 1, 2].map((b) => BigInt((digit >> b) & 1)) });
        expect(solutions.map((solution) => oneHot.read(solution, "out"))).to.deep.equal([
          Array.from({ length: 8 }, (_, k) => (k === digit ? 1n : 0n)),
        ]);
      }
    });
    it("AtMostOne of three allows none and each one, and no other choice in the whole field", async () => {
      const atMostOne = await Gadget.build("lib/select.circom", "AtMostOne(3)");
      const choices = atMostOne.solutions({}).map((s) => [...atMostOne.read(s, "choice"), ...atMostOne.read(s, "any")]);
      expect(choices.map((choice) => choice.join("")).sort()).to.deep.equal(["0000", "0011", "0101", "1001"]);
    });
    it("Pick gives the chosen input, and 0 for none", async () => {
      const pick = await Gadget.build("lib/select.circom", "Pick(3)");
      const out = (choice: bigint[]) =>
        pick.solutions({ choice, in: [5n, minus(1n), 7n] }).map((s) => pick.read(s, "out"));
      expect(out([0n, 1n, 0n])).to.deep.equal([[minus(1n)]]);
      expect(out([0n, 0n, 0n])).to.deep.equal([[0n]]);
    });
  });

  describe("PathLevel", () => {
    const children = [11n, 12n, 13n, 14n, 15n, 16n, 17n, 18n];
    it("takes the child of its digit and puts the new one in its place", async () => {
      const level = await Gadget.build("lib/merkle.circom", "PathLevel()");
      for (let digit = 0; digit < 8; digit++) {
        const path = { digit: [0, 1, 2].map((b) => BigInt((digit >> b) & 1)), children, newChild: 99n };
        const solutions = level.solutions(path);
        expect(solutions).to.have.length(1);
        const value = (signal: string) => level.read(solutions[0] as (typeof solutions)[0], signal)[0];
        expect(value("oldChild")).to.equal(children[digit]);
        expect(value("oldNode")).to.equal(hash(children));
        expect(value("newNode")).to.equal(hash(children.with(digit, 99n)));
        for (const oldChild of [children[(digit + 1) % 8] as bigint, 0n, minus(1n)]) {
          expect(level.solutions({ ...path, oldChild }), `${digit}: ${oldChild}`).to.have.length(0);
        }
      }
    });
  });

  describe("SizeLane", () => {
    const half = two(40);
    const cases: [bigint, bigint, bigint, bigint][] = [
      [0n, minus(half), 0n, half],
      [1n, minus(half - 1n), 0n, half - 1n],
      [half - 1n, minus(1n), 0n, 1n],
      [half, 0n, 1n, 0n],
      [half + 1n, 1n, 1n, 1n],
      [two(41) - 1n, half - 1n, 1n, half - 1n],
    ];
    it("gives size, sign and magnitude at its borders and has no witness beyond them", async () => {
      const lane = await Gadget.build("risk/size-lane.circom", "SizeLane()");
      for (const [value, ...expected] of cases) {
        const got = lane.solutions({ lane: value }).map((s) => {
          return ["size", "positive", "magnitude"].map((signal) => lane.read(s, signal)[0]);
        });
        expect(got, `${value}`).to.deep.equal([expected]);
      }
      for (const value of [two(41), two(47), two(48), minus(1n), minus(half)]) {
        expect(lane.solutions({ lane: value }), `${value}`).to.have.length(0);
      }
    });
  });

  describe("TimesVariable", () => {
    it("has one result for every scalar: (2·scalar + 1)·Q + 2^n·T", async () => {
      const bits = 5;
      const times = await Gadget.build("lib/signature.circom", `TimesVariable(${bits})`);
      const offset = Point.fromAffine(OFFSET_POINT);
      const q = Point.BASE.multiply(77n);
      const { x, y } = q.toAffine();
      for (const scalar of [0, 1, 12, 21, 31]) {
        const expected = q
          .multiply(BigInt(2 * scalar + 1))
          .add(offset.multiply(two(bits)))
          .toAffine();
        const input = { scalar: Array.from({ length: bits }, (_, i) => BigInt((scalar >> i) & 1)), x, y };
        const solutions = times.solutions(input);
        expect(solutions, `${scalar}`).to.have.length(1);
        expect(solutions[0]?.free).to.deep.equal([]);
        const value = (signal: string) => times.read(solutions[0] as (typeof solutions)[0], signal)[0];
        expect([value("outX"), value("outY")], `${scalar}`).to.deep.equal([expected.x, expected.y]);
      }
    });
  });
});
