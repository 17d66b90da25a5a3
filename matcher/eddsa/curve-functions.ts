import { FieldWriter, type Limbs } from "./field-writer.ts";
import { type Code, i32, i64 } from "./instructions.ts";
import { ELEMENT_BYTES, type Modulus } from "./limbs.ts";
import type { MemoryPlan } from "./memory-plan.ts";
import { inverse } from "./modular.ts";
import { TWISTED_D, tatePairing, X_SCALE } from "./twisted-curve.ts";
import type { WasmModule } from "./wasm-module.ts";

/** A point: X, Y, Z and T = X·Y/Z. */
export const POINT_BYTES = 4 * ELEMENT_BYTES;
/** A point as it is added: Y − X, Y + X, 2d·T, 2Z. */
export const ADDEND_BYTES = 4 * ELEMENT_BYTES;
/** The same of a point with Z = 1, whose 2Z goes without saying. */
export const FLAT_BYTES = 3 * ELEMENT_BYTES;

const X = 0;
const Y = ELEMENT_BYTES;
const Z = 2 * ELEMENT_BYTES;
const T = 3 * ELEMENT_BYTES;

/**
 * Writes the functions of points (Hisil, Wong, Carter, Dawson 2008, a = −1). Operands are addresses; a result may replace its operand.
 * Bounds in multiples of 2^28 stand beside the sums: none of the products exceeds 12 (field-writer.ts).
 */
export function writeCurveFunctions(module: WasmModule, modulus: Modulus, plan: MemoryPlan): void {
  const define = (name: string, params: number, write: (field: FieldWriter, operands: Code[]) => void) =>
    module.define(name, { params, exported: true }, (body) => {
      const operands = body.params.map(({ get }) => get);
      write(new FieldWriter(body, modulus), operands);
    });
  const storeProducts = (field: FieldWriter, to: Code, e: Limbs, f: Limbs, g: Limbs, h: Limbs, withT: boolean) => {
    field.store(to, X, field.multiply(e, f));
    field.store(to, Y, field.multiply(g, h));
    field.store(to, Z, field.multiply(f, g));
    if (withT) field.store(to, T, field.multiply(e, h));
  };

  for (const withT of [false, true]) {
    define(withT ? "doubleT" : "double", 2, (field, [to = [], from = []]) => {
      const x = field.load(from, X);
      const y = field.load(from, Y);
      const a = field.square(x);
      const b = field.square(y);
      const c = field.square(field.load(from, Z));
      const s = field.square(field.add(x, y)); // 2 · 2
      const g = field.subtract(b, a); // 2
      const sum = field.add(a, b); // 2, the negative of the formula's H
      const h = field.keep(sum.map((limb) => i64.sub(i64.const(0n), limb)));
      const e = field.subtract(s, sum); // 3
      const f = field.subtract(g, field.add(c, c)); // 4: e · f is 12
      storeProducts(field, to, e, f, g, h, withT);
    });
  }

  for (const flat of [false, true]) {
    for (const negated of [false, true]) {
      define(`${negated ? "take" : "give"}${flat ? "Flat" : ""}`, 3, (field, [to = [], from = [], addend = []]) => {
        const x = field.load(from, X);
        const y = field.load(from, Y);
        const minus = field.load(addend, negated ? Y : X);
        const plus = field.load(addend, negated ? X : Y);
        const a = field.multiply(field.subtract(y, x), minus); // 2 · 1
        const b = field.multiply(field.add(y, x), plus);
        const c = field.multiply(field.load(from, T), field.load(addend, Z));
        const z = field.load(from, Z);
        const d = flat ? field.add(z, z) : field.multiply(z, field.load(addend, T));
        const e = field.subtract(b, a); // 2
        const h = field.add(b, a); // 2
        const less = field.subtract(d, c); // 3
        const more = field.add(d, c); // 3: 9 with each other
        storeProducts(field, to, e, negated ? more : less, negated ? less : more, h, true);
      });
    }
  }

  const doubledD = plan.constants([(2n * TWISTED_D) % modulus.value], modulus);
  define("addendOf", 2, (field, [to = [], from = []]) => {
    const x = field.load(from, X);
    const y = field.load(from, Y);
    const z = field.load(from, Z);
    const t = field.load(from, T);
    const one = field.load(i32.const(plan.constants([1n], modulus)));
    // Multiplied by one, so that the limbs are a product's again.
    field.store(to, X, field.multiply(field.subtract(y, x), one));
    field.store(to, Y, field.multiply(field.add(y, x), one));
    field.store(to, Z, field.multiply(t, field.load(i32.const(doubledD))));
    field.store(to, T, field.multiply(field.add(z, z), one));
  });
  /** Addend of a point with Z = 1 from a point and 1/Z. */
  define("flatOf", 3, (field, [to = [], from = [], inverseZ = []]) => {
    const factor = field.load(inverseZ);
    const x = field.multiply(field.load(from, X), factor);
    const y = field.multiply(field.load(from, Y), factor);
    const one = field.load(i32.const(plan.constants([1n], modulus)));
    field.store(to, X, field.multiply(field.subtract(y, x), one));
    field.store(to, Y, field.multiply(field.add(y, x), one));
    field.store(to, Z, field.multiply(field.multiply(x, y), field.load(i32.const(doubledD))));
  });

  const scale = plan.constants([X_SCALE], modulus);
  const one = plan.constants([1n], modulus);
  /** The point with affine coordinates x, y of the protocol's curve. */
  define("pointOf", 3, (field, [to = [], x = [], y = []]) => {
    const scaled = field.multiply(field.load(x), field.load(i32.const(scale)));
    field.store(to, X, scaled);
    field.store(to, Y, field.load(y));
    field.store(to, Z, field.load(i32.const(one)));
    field.store(to, T, field.multiply(scaled, field.load(y)));
  });
  /** x and y, in a row, of the protocol's curve from a point and 1/Z. */
  const unscale = plan.constants([inverse(X_SCALE)], modulus);
  define("affineOf", 3, (field, [to = [], from = [], inverseZ = []]) => {
    const factor = field.load(inverseZ);
    const x = field.multiply(field.load(from, X), factor);
    field.store(to, X, field.multiply(x, field.load(i32.const(unscale))));
    field.store(to, Y, field.multiply(field.load(from, Y), factor));
  });
  /** −x² + y² − 1 − d·t² of a point with Z = 1: zero on the curve. */
  const d = plan.constants([TWISTED_D], modulus);
  define("curveError", 2, (field, [to = [], from = []]) => {
    const xx = field.square(field.load(from, X));
    const yy = field.square(field.load(from, Y));
    const product = field.multiply(field.square(field.load(from, T)), field.load(i32.const(d)));
    const left = field.subtract(field.subtract(yy, xx), field.load(i32.const(one)));
    field.store(to, 0, field.subtract(left, product));
  });

  const { tangentSlope, tangentConstant, secondSlope, scale: pairingScale } = tatePairing();
  const numbers = plan.constants([tangentSlope, tangentConstant, secondSlope, pairingScale], modulus);
  /** The function whose eighth-power residue says whether a point (Z = 1, on the curve) has order ℓ: twisted-curve.ts. */
  define("millerValue", 2, (field, [to = [], from = []]) => {
    const [slope = [], constant = [], second = [], factor = []] = Array.from({ length: 4 }, (_, i) =>
      field.load(i32.const(numbers + i * ELEMENT_BYTES)),
    );
    const unit = field.load(i32.const(one));
    const x = field.load(from, X);
    const y = field.load(from, Y);
    const above = field.add(unit, y); // 2
    const below = field.subtract(unit, y); // 2
    const inner = field.sumOfProducts([
      [field.multiply(slope, x), above],
      [field.multiply(constant, x), below],
    ]);
    const tangent = field.multiply(field.subtract(above, inner), field.add(y, y)); // 3 · 2
    const secant = field.multiply(field.subtract(unit, field.multiply(second, x)), x); // 2 · 1
    const doubled = field.square(field.multiply(field.square(tangent), secant));
    const below2 = field.square(below); // 2 · 2
    const below7 = field.multiply(field.multiply(field.square(below2), below2), below);
    field.store(to, 0, field.multiply(field.multiply(doubled, above), field.multiply(below7, factor)));
  });
}
