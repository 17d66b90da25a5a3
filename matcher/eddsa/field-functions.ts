import { FieldWriter, type Limbs } from "./field-writer.ts";
import { type Code, i32, i64, whilst } from "./instructions.ts";
import { LIMB_BITS, LIMBS, MONTGOMERY, type Modulus, signedDigits } from "./limbs.ts";
import type { MemoryPlan } from "./memory-plan.ts";
import type { FunctionBody, Local, WasmModule } from "./wasm-module.ts";

const MASK = i64.const((1n << LIMB_BITS) - 1n);

/** The nine limbs of a little-endian number of 32 bytes, not reduced. Reads one byte beyond it, which does not count. */
function limbsOfBytes(field: FieldWriter, address: Code): Limbs {
  return field.keep(
    Array.from({ length: LIMBS }, (_, i) => {
      const bit = i * Number(LIMB_BITS);
      if (i === LIMBS - 1) return i64.and(i64.load32U(address, bit >> 3), i64.const((1n << 24n) - 1n));
      return i64.and(i64.shrU(i64.load(address, bit >> 3), i64.const(BigInt(bit & 7))), MASK);
    }),
  );
}

/** Canonical limbs as four words of 64 bits. */
function storeBytes(body: FunctionBody, address: Code, limbs: Limbs): void {
  for (let word = 0; word < 4; word++) {
    const parts = limbs.flatMap((limb, i) => {
      const shift = BigInt(i) * LIMB_BITS - 64n * BigInt(word);
      if (shift <= -LIMB_BITS || shift >= 64n) return [];
      return [shift >= 0n ? i64.shl(limb, i64.const(shift)) : i64.shrU(limb, i64.const(-shift))];
    });
    body.add(
      i64.store(
        address,
        8 * word,
        parts.reduce((left, right) => i64.or(left, right)),
      ),
    );
  }
}

function limbConstants(value: bigint): Limbs {
  return signedDigits(value).map((digit) => i64.const(digit));
}

/**
 * Writes the functions of the field whose operands are addresses of elements:
 * copy, add, multiply, square, squares (so many times), read and write (32 bytes, little-endian), isZero.
 */
export function writeFieldFunctions(module: WasmModule, modulus: Modulus): void {
  const define = (
    name: string,
    params: number,
    write: (field: FieldWriter, operands: Code[], body: FunctionBody) => void,
    results: 0 | 1 = 0,
  ) =>
    module.define(name, { params, results, exported: true }, (body) => {
      const operands = body.params.map(({ get }) => get);
      write(new FieldWriter(body, modulus), operands, body);
    });
  const square = (MONTGOMERY * MONTGOMERY) % modulus.value;

  define("copy", 2, (field, [to = [], from = []]) => field.store(to, 0, field.load(from)));
  define("add", 3, (field, [to = [], left = [], right = []]) => {
    field.store(to, 0, field.add(field.load(left), field.load(right)));
  });
  define("subtract", 3, (field, [to = [], left = [], right = []]) => {
    field.store(to, 0, field.subtract(field.load(left), field.load(right)));
  });
  define("multiply", 3, (field, [to = [], left = [], right = []]) => {
    field.store(to, 0, field.multiply(field.load(left), field.load(right)));
  });
  define("square", 2, (field, [to = [], from = []]) => field.store(to, 0, field.square(field.load(from))));
  module.define("squares", { params: 2 }, (body) => {
    const [at, times] = body.params as [Local, Local];
    body.add(whilst(times.get, [module.call("square", at.get, at.get), times.set(i32.sub(times.get, i32.const(1)))]));
  });
  define("read", 2, (field, [to = [], bytes = []]) => {
    field.store(to, 0, field.multiply(limbsOfBytes(field, bytes), limbConstants(square)));
  });
  define("write", 2, (field, [bytes = [], from = []], body) => {
    storeBytes(body, bytes, field.canonical(field.reduce(field.load(from))));
  });
  define(
    "isZero",
    1,
    (field, [from = []], body) => {
      const limbs = field.reduce(field.load(from));
      body.add(i64.isZero(limbs.reduce((left, right) => i64.or(left, right))));
    },
    1,
  );
}

/** Writes `scalarProduct(to, left, right)`: the product of two numbers of 32 bytes modulo ℓ, in [0, ℓ), little-endian. */
export function writeScalarProduct(module: WasmModule, order: Modulus): void {
  module.define("scalarProduct", { params: 3, exported: true }, (body) => {
    const [to = [], left = [], right = []] = body.params.map(({ get }) => get);
    const field = new FieldWriter(body, order);
    const product = field.multiply(limbsOfBytes(field, left), limbsOfBytes(field, right));
    // What lies below ℓ in magnitude after one more reduction.
    const restored = field.multiply(product, limbConstants((MONTGOMERY * MONTGOMERY) % order.value));
    storeBytes(body, to, field.canonical(restored));
  });
}

/** Writes a function (to, from) that raises to a constant exponent: windows of up to four bits, ending in a one. */
export function writePower(module: WasmModule, plan: MemoryPlan, name: string, exponent: bigint): void {
  const powers = plan.elements(8);
  const at = (odd: number) => powers + ((odd - 1) / 2) * 4 * LIMBS;
  const squared = plan.elements(1);
  const steps: { squares: number; odd: number | null }[] = [];
  const bits = exponent.toString(2);
  let squares = 0;
  for (let i = 0; i < bits.length; ) {
    if (bits[i] === "0") {
      squares += 1;
      i += 1;
      continue;
    }
    const window = bits.slice(i, i + 4).replace(/0+$/, "");
    steps.push({ squares: squares + window.length, odd: Number.parseInt(window, 2) });
    squares = 0;
    i += window.length;
  }
  if (squares > 0) steps.push({ squares, odd: null });
  const result = plan.elements(1);
  module.define(name, { params: 2, exported: true }, (body) => {
    const [to = [], from = []] = body.params.map(({ get }) => get);
    body.add(module.call("copy", at(1), from), module.call("square", squared, from));
    for (let odd = 3; odd < 16; odd += 2) body.add(module.call("multiply", at(odd), at(odd - 2), squared));
    const [first, ...others] = steps;
    body.add(module.call("copy", result, at(first?.odd ?? 1)));
    for (const { squares: times, odd } of others) {
      body.add(module.call("squares", result, times));
      if (odd !== null) body.add(module.call("multiply", result, result, at(odd)));
    }
    body.add(module.call("copy", to, result));
  });
}
