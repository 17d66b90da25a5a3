import { expect } from "chai";
import { FieldWriter } from "../../matcher/eddsa/field-writer.ts";
import type { Code } from "../../matcher/eddsa/instructions.ts";
import { ELEMENT_BYTES, LIMB_BITS, LIMBS, MONTGOMERY, modulusOf, signedDigits } from "../../matcher/eddsa/limbs.ts";
import { type FunctionBody, WasmModule } from "../../matcher/eddsa/wasm-module.ts";
import { FIELD_ORDER, SUBGROUP_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";

const LIMIT = 2 ** 28;
/** As many products in one sum as Poseidon's longest. */
const TERMS = 9;

/** Sums of products and squares modulo a number, on limbs given one by one. */
class LimbMachine {
  readonly #exports: Record<"sum" | "square", (terms: number) => void>;
  readonly #words: Int32Array;
  readonly #modulus: bigint;

  constructor(modulus: bigint, terms: number) {
    this.#modulus = modulus;
    const module = new WasmModule();
    const define = (name: string, write: (field: FieldWriter, at: Code) => void) =>
      module.define(name, { params: 1, exported: true }, (body: FunctionBody) => {
        write(new FieldWriter(body, modulusOf(modulus)), (body.params[0] as { get: Code }).get);
      });
    define("sum", (field, at) => {
      const element = (index: number) => field.load(at, index * ELEMENT_BYTES);
      const pairs = Array.from({ length: terms }, (_, i) => [element(1 + 2 * i), element(2 + 2 * i)] as const);
      field.store(at, 0, field.sumOfProducts(pairs, element(1 + 2 * terms)));
    });
    define("square", (field, at) => field.store(at, 0, field.square(field.load(at, ELEMENT_BYTES))));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes(1)));
    this.#exports = exports as never;
    this.#words = new Int32Array((exports.memory as WebAssembly.Memory).buffer);
  }

  /** The result's limbs as a number, after its bounds are checked. */
  run(name: "sum" | "square", operands: readonly (readonly number[])[]): bigint {
    operands.forEach((limbs, i) => {
      this.#words.set(limbs, (1 + i) * LIMBS);
    });
    this.#exports[name](0);
    const limbs = [...this.#words.subarray(0, LIMBS)];
    for (const limb of limbs) expect(limb).to.be.within(-LIMIT, LIMIT);
    return numberOf(limbs);
  }

  /** Whether a result times R is congruent to what it should be. */
  isReduced(result: bigint, expected: bigint): boolean {
    return (result * MONTGOMERY - expected) % this.#modulus === 0n;
  }
}

function numberOf(limbs: readonly number[]): bigint {
  return limbs.reduceRight((sum, limb) => (sum << LIMB_BITS) + BigInt(limb), 0n);
}

function limbsLike(kind: number, scale: number, random: Seeded): number[] {
  const full = LIMIT * scale;
  return Array.from({ length: LIMBS }, (_, i) => {
    // The top limb of a value is short: 22 bits hold the modulus.
    const most = i === LIMBS - 1 ? 2 ** 26 * scale : full;
    if (kind === 0) return most;
    if (kind === 1) return -most;
    if (kind === 2) return i % 2 === 0 ? most : -most;
    return random.integer(2 * most + 1) - most;
  });
}

describe("limbs", () => {
  it("multiply exactly at the bounds that sums and differences are allowed to reach", () => {
    const random = new Seeded("limbs");
    for (const modulus of [FIELD_ORDER, SUBGROUP_ORDER]) {
      for (const [terms, left, right] of [
        [TERMS, 1, 1],
        [13, 1, 1],
        [1, 3, 4],
        [1, 2, 6],
        [2, 3, 2],
      ] as const) {
        const machine = new LimbMachine(modulus, terms);
        for (let round = 0; round < 60; round++) {
          const kinds = round < 9 ? [round % 3, Math.floor(round / 3)] : [3, 3];
          const operands = Array.from({ length: 2 * terms }, (_, i) =>
            limbsLike(kinds[i % 2] as number, i % 2 === 0 ? left : right, random),
          );
          const addend = limbsLike(kinds[0] as number, 1, random).map((limb) => Math.trunc(limb / 2));
          const values = operands.map(numberOf);
          let expected = numberOf(addend) * MONTGOMERY;
          for (let i = 0; i < terms; i++) expected += (values[2 * i] as bigint) * (values[2 * i + 1] as bigint);
          const result = machine.run("sum", [...operands, addend]);
          expect(machine.isReduced(result, expected), `${terms} of ${left} × ${right}, round ${round}`).to.equal(true);
        }
      }
      const machine = new LimbMachine(modulus, 1);
      for (let round = 0; round < 30; round++) {
        const limbs = limbsLike(Math.min(round, 3), 3, random);
        expect(machine.isReduced(machine.run("square", [limbs]), numberOf(limbs) ** 2n)).to.equal(true);
      }
    }
  });

  it("write every number in one way", () => {
    for (const value of [0n, 1n, -1n, FIELD_ORDER, -FIELD_ORDER, 2n ** 260n - 1n, 2n ** 28n, -(2n ** 28n)]) {
      expect(numberOf(signedDigits(value).map(Number))).to.equal(value);
    }
  });
});
