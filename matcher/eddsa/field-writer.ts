import { type Code, i64 } from "./instructions.ts";
import { LIMB_BITS, LIMBS, type Modulus } from "./limbs.ts";
import type { FunctionBody, Local } from "./wasm-module.ts";

/** Code of each limb of a value, cheap enough to be repeated wherever the limb is used: a local, or a load. */
export type Limbs = readonly Code[];

const SIGN_SHIFT = i64.const(64n - LIMB_BITS);
const LIMB_SHIFT = i64.const(LIMB_BITS);
const ROUND = i64.const(1n << (LIMB_BITS - 1n));

/**
 * Writes arithmetic of 9 limbs of 29 bits into a function, modulo one number, in Montgomery form with R = 2^261.
 *
 * Limbs are signed and centred: a product's lie in [−2^28, 2^28), and so does every digit of the modulus. So sums and differences need
 * no carries at all, and a column of products needs none either: with limbs of at most k·2^28 and m·2^28, a column of `n` products of
 * elements and one of the reduction is at most 9·(n·k·m + 1)·2^56 < 2^63 as long as n·k·m ≤ 13. Values stay small likewise: what is
 * below K·r in magnitude multiplies to less than (K²/169 + 0.51)·r.
 */
export class FieldWriter {
  readonly #body: FunctionBody;
  readonly #modulus: Modulus;

  constructor(body: FunctionBody, modulus: Modulus) {
    this.#body = body;
    this.#modulus = modulus;
  }

  /** A memory element, into locals. */
  load(address: Code, offsetBytes = 0): Limbs {
    return this.keep(this.inMemory(address, offsetBytes));
  }

  /** A memory element that is loaded again at every use: for long rows of products, which no registers could hold. */
  inMemory(address: Code, offsetBytes = 0): Limbs {
    return Array.from({ length: LIMBS }, (_, i) => i64.load32S(address, offsetBytes + 4 * i));
  }

  store(address: Code, offsetBytes: number, value: Limbs): void {
    value.forEach((limb, i) => {
      this.#body.add(i64.store32(address, offsetBytes + 4 * i, limb));
    });
  }

  keep(value: Limbs): Limbs {
    return value.map((limb) => this.#set(limb).get);
  }

  add(left: Limbs, right: Limbs): Limbs {
    return this.keep(left.map((limb, i) => i64.add(limb, right[i] as Code)));
  }

  subtract(left: Limbs, right: Limbs): Limbs {
    return this.keep(left.map((limb, i) => i64.sub(limb, right[i] as Code)));
  }

  multiply(left: Limbs, right: Limbs): Limbs {
    return this.sumOfProducts([[left, right]]);
  }

  square(value: Limbs): Limbs {
    const doubled = this.keep(value.map((limb) => i64.shl(limb, i64.const(1n))));
    return this.#reduce((column) => {
      const products: Code[] = [];
      for (let i = Math.max(0, column - LIMBS + 1); 2 * i < column; i++) {
        products.push(i64.mul(value[i] as Code, doubled[column - i] as Code));
      }
      if (column % 2 === 0) products.push(i64.mul(value[column / 2] as Code, value[column / 2] as Code));
      return products;
    }, null);
  }

  /** Σ left·right / R + addend: one reduction for all products. */
  sumOfProducts(pairs: readonly (readonly [Limbs, Limbs])[], addend: Limbs | null = null): Limbs {
    return this.#reduce((column) => {
      return pairs.flatMap(([left, right]) => {
        const products: Code[] = [];
        for (let i = Math.max(0, column - LIMBS + 1); i <= Math.min(column, LIMBS - 1); i++) {
          products.push(i64.mul(left[i] as Code, right[column - i] as Code));
        }
        return products;
      });
    }, addend);
  }

  /** value / R: out of Montgomery form. The result is below the modulus in magnitude, and zero only as nine zeros. */
  reduce(value: Limbs): Limbs {
    return this.#reduce((column) => (column < LIMBS ? [value[column] as Code] : []), null);
  }

  /**
   * The least non-negative limbs, each in [0, 2^29), of a value between −modulus and modulus.
   * One pass of carries tells the sign, a second one adds the modulus where it is negative.
   */
  canonical(value: Limbs): Limbs {
    const { value: unsigned, carry } = this.#carried(value);
    const raised = unsigned.map((limb, i) =>
      i64.add(limb, i64.and(carry.get, i64.const(this.#modulus.digits[i] as bigint))),
    );
    return this.#carried(raised).value;
  }

  #carried(value: Limbs): { value: Limbs; carry: Local } {
    const carry = this.#set(i64.const(0n));
    const limbs = value.map((limb) => {
      const sum = this.#set(i64.add(limb, carry.get));
      this.#body.add(carry.set(i64.shrS(sum.get, LIMB_SHIFT)));
      return this.#set(i64.and(sum.get, i64.const((1n << LIMB_BITS) - 1n))).get;
    });
    return { value: limbs, carry };
  }

  /** Montgomery's reduction, column by column, from the products of each column. */
  #reduce(productsOf: (column: number) => Code[], addend: Limbs | null): Limbs {
    const { digits, negatedInverse } = this.#modulus;
    const sum = this.#body.local("i64");
    const factors: Local[] = [];
    const result: Code[] = [];
    this.#body.add(sum.set(i64.const(0n)));
    for (let column = 0; column < 2 * LIMBS - 1; column++) {
      const terms = productsOf(column);
      for (let i = Math.max(0, column - LIMBS + 1); i < Math.min(column, LIMBS); i++) {
        const digit = digits[column - i] as bigint;
        if (digit !== 0n) terms.push(i64.mul((factors[i] as Local).get, i64.const(digit)));
      }
      if (column >= LIMBS && addend !== null) terms.push(addend[column - LIMBS] as Code);
      // What the column before hands over comes last: until then the processor has other things to multiply.
      const total = [...terms, sum.get].reduce((left, right) => i64.add(left, right));
      if (column < LIMBS) {
        this.#body.add(sum.set(total));
        // The multiple of the modulus that makes the column divisible, as a signed limb.
        const scaled = i64.mul(sum.get, i64.const(negatedInverse << (64n - LIMB_BITS)));
        const factor = this.#set(i64.shrS(scaled, SIGN_SHIFT));
        factors.push(factor);
        const cleared = i64.add(sum.get, i64.mul(factor.get, i64.const(digits[0] as bigint)));
        this.#body.add(sum.set(i64.shrS(cleared, LIMB_SHIFT)));
      } else {
        this.#body.add(sum.set(total));
        result.push(this.#set(i64.shrS(i64.shl(sum.get, SIGN_SHIFT), SIGN_SHIFT)).get);
        this.#body.add(sum.set(i64.shrS(i64.add(sum.get, ROUND), LIMB_SHIFT)));
      }
    }
    result.push(addend === null ? sum.get : this.#set(i64.add(sum.get, addend[LIMBS - 1] as Code)).get);
    return result;
  }

  #set(value: Code): Local {
    const local = this.#body.local("i64");
    this.#body.add(local.set(value));
    return local;
  }
}
