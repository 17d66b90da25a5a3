import { FIELD_BYTES } from "./bn254.ts";
import type { Bn254Wasm, WasmFunction } from "./bn254-wasm.ts";

export type Group = "g1" | "g2";

/** Bytes of a coordinate; a point of g2 has two field elements in each. */
export const COORDINATE_BYTES: Readonly<Record<Group, number>> = { g1: FIELD_BYTES, g2: 2 * FIELD_BYTES };
/** Bytes of an affine point, in Montgomery form as zkey files hold it; all zeros is the point at infinity. */
export const AFFINE_BYTES: Readonly<Record<Group, number>> = { g1: 2 * FIELD_BYTES, g2: 4 * FIELD_BYTES };

const SCALAR_BITS = 254;
const SCALAR_WORDS = FIELD_BYTES / 4;
/** Scalars that share a modular inversion (15 µs, against 1 µs for an addition). */
const LANES = 2048;
const TABLE_RUN = 1024;

/**
 * The shape of a table of multiples of the generator G: window j holds d·2^(bits·j)·G for 1 ≤ d ≤ 2^(bits−1). Digits are
 * signed, which halves the table. One window more than ⌊254/bits⌋ leaves the last digit no carry to pass on.
 */
export type WindowShape = { readonly bits: number; readonly windows: number; readonly entries: number };

export function windowShape(bits: number): WindowShape {
  return { bits, windows: Math.floor(SCALAR_BITS / bits) + 1, entries: 2 ** (bits - 1) };
}

/** The shape with the fewest additions for that many scalars: one a window and scalar, and 1.6 for a table entry. */
export function cheapestWindow(scalarCount: number): WindowShape {
  const cost = ({ windows, entries }: WindowShape) => windows * (scalarCount + 1.6 * entries);
  let best = windowShape(4);
  for (let bits = 5; bits <= 17; bits++) {
    const shape = windowShape(bits);
    if (cost(shape) < cost(best)) best = shape;
  }
  return best;
}

export function tableBytes(group: Group, { windows, entries }: WindowShape): number {
  return windows * entries * AFFINE_BYTES[group];
}

/** Computes one window's multiples and writes them to their place in `table`. */
export function fillTableWindow(wasm: Bn254Wasm, group: Group, shape: WindowShape, window: number, table: Uint8Array) {
  const affineBytes = AFFINE_BYTES[group];
  const jacobianBytes = 3 * COORDINATE_BYTES[group];
  const generator = group === "g1" ? wasm.image.g1Generator : wasm.image.g2Generator;
  const base = wasm.allocate(jacobianBytes);
  const baseAffine = wasm.allocate(affineBytes);
  const run = wasm.allocate(TABLE_RUN * jacobianBytes);
  const runAffine = wasm.allocate(TABLE_RUN * affineBytes);
  const double = wasm.function(`${group}m_double`);
  const addMixed = wasm.function(`${group}m_addMixed`);
  wasm.function(`${group}m_copy`)(generator, base);
  for (let i = 0; i < shape.bits * window; i++) double(base, base);
  wasm.function(`${group}m_toAffine`)(base, baseAffine);

  const sum = wasm.allocate(jacobianBytes);
  wasm.function(`${group}m_zero`)(sum);
  for (let done = 0; done < shape.entries; done += TABLE_RUN) {
    const count = Math.min(TABLE_RUN, shape.entries - done);
    for (let i = 0; i < count; i++) {
      addMixed(sum, baseAffine, sum);
      wasm.function(`${group}m_copy`)(sum, run + i * jacobianBytes);
    }
    wasm.function(`${group}m_batchToAffine`)(run, count, runAffine);
    table.set(
      wasm.bytes.subarray(runAffine, runAffine + count * affineBytes),
      (window * shape.entries + done) * affineBytes,
    );
  }
}

/** Multiplies many scalars with the generator of a group, using a finished table. */
export class FixedBase {
  readonly #wasm: Bn254Wasm;
  readonly #group: Group;
  readonly #shape: WindowShape;
  readonly #table: number;
  readonly #sums: number;
  readonly #inverses: number;
  readonly #scratch: number;
  readonly #field: Record<"sub" | "neg" | "mul" | "square" | "copy" | "isZero" | "batchInverse", WasmFunction>;
  readonly #point: Record<"copyAffine" | "negAffine" | "addAffine" | "toAffine" | "isZeroAffine", WasmFunction>;
  /** Per lane: whether its sum is a point yet, and the carry of its last digit. */
  readonly #started = new Uint8Array(LANES);
  readonly #carries = new Uint8Array(LANES);
  /** The lanes that add in this round, with their table entries (negative: subtract). */
  readonly #lanes = new Int32Array(LANES);
  readonly #entries = new Float64Array(LANES);

  constructor(wasm: Bn254Wasm, group: Group, shape: WindowShape, table: Uint8Array) {
    this.#wasm = wasm;
    this.#group = group;
    this.#shape = shape;
    this.#table = wasm.allocate(table.byteLength);
    wasm.bytes.set(table, this.#table);
    this.#sums = wasm.allocate(LANES * AFFINE_BYTES[group]);
    const inverseBytes = LANES * COORDINATE_BYTES[group];
    this.#inverses = wasm.allocate(inverseBytes, inverseBytes + (1 << 20));
    this.#scratch = wasm.allocate(8 * COORDINATE_BYTES[group]);
    const field = (name: string) => wasm.function(`${group === "g1" ? "f1m" : "f2m"}_${name}`);
    const point = (name: string) => wasm.function(`${group}m_${name}`);
    this.#field = {
      sub: field("sub"),
      neg: field("neg"),
      mul: field("mul"),
      square: field("square"),
      copy: field("copy"),
      isZero: field("isZero"),
      batchInverse: field("batchInverse"),
    };
    this.#point = {
      copyAffine: point("copyAffine"),
      negAffine: point("negAffine"),
      addAffine: point("addAffine"),
      toAffine: point("toAffine"),
      isZeroAffine: point("isZeroAffine"),
    };
  }

  /**
   * @param scalars plain scalars below r, 8 little-endian words each.
   * @param points receives the affine points in Montgomery form.
   */
  multiply(scalars: Uint32Array, points: Uint8Array): void {
    const affineBytes = AFFINE_BYTES[this.#group];
    const count = scalars.length / SCALAR_WORDS;
    for (let start = 0; start < count; start += LANES) {
      const lanes = Math.min(LANES, count - start);
      this.#multiplyLanes(scalars.subarray(start * SCALAR_WORDS, (start + lanes) * SCALAR_WORDS), lanes);
      points.set(this.#wasm.bytes.subarray(this.#sums, this.#sums + lanes * affineBytes), start * affineBytes);
    }
  }

  #multiplyLanes(scalars: Uint32Array, lanes: number): void {
    this.#started.fill(0);
    this.#carries.fill(0);
    this.#wasm.bytes.fill(0, this.#sums, this.#sums + lanes * AFFINE_BYTES[this.#group]);
    for (let window = 0; window < this.#shape.windows; window++) this.#addWindow(scalars, lanes, window);
  }

  /** Adds each lane's multiple of this window to its sum, with one inversion for all of them. */
  #addWindow(scalars: Uint32Array, lanes: number, window: number): void {
    const affineBytes = AFFINE_BYTES[this.#group];
    const coordinateBytes = COORDINATE_BYTES[this.#group];
    const { sub, batchInverse } = this.#field;
    const windowTable = this.#table + window * this.#shape.entries * affineBytes;
    let adding = 0;
    for (let lane = 0; lane < lanes; lane++) {
      const digit = this.#nextDigit(scalars, lane, window);
      if (digit === 0) continue;
      const entry = windowTable + (Math.abs(digit) - 1) * affineBytes;
      const sum = this.#sums + lane * affineBytes;
      if (this.#started[lane]) {
        sub(entry, sum, this.#inverses + adding * coordinateBytes);
        this.#lanes[adding] = lane;
        this.#entries[adding++] = digit < 0 ? -entry : entry;
      } else {
        this.#started[lane] = 1;
        this.#copyEntry(entry, digit < 0, sum);
      }
    }
    if (adding === 0) return;
    batchInverse(this.#inverses, coordinateBytes, adding, this.#inverses, coordinateBytes);
    this.#addEntries(adding);
  }

  /** λ = (y₂ − y₁)/(x₂ − x₁), x₃ = λ² − x₁ − x₂, y₃ = λ(x₁ − x₃) − y₁. */
  #addEntries(adding: number): void {
    const affineBytes = AFFINE_BYTES[this.#group];
    const coordinateBytes = COORDINATE_BYTES[this.#group];
    const { sub, neg, mul, square, copy, isZero } = this.#field;
    const slope = this.#scratch;
    const x3 = slope + coordinateBytes;
    const entryY = x3 + coordinateBytes;
    for (let i = 0; i < adding; i++) {
      const negative = this.#entries[i]! < 0;
      const entry = Math.abs(this.#entries[i]!);
      const lane = this.#lanes[i]!;
      const x1 = this.#sums + lane * affineBytes;
      const y1 = x1 + coordinateBytes;
      const inverse = this.#inverses + i * coordinateBytes;
      if (isZero(inverse)) {
        this.#addSameAbscissa(entry, negative, lane);
        continue;
      }
      if (negative) {
        neg(entry + coordinateBytes, entryY);
        sub(entryY, y1, slope);
      } else {
        sub(entry + coordinateBytes, y1, slope);
      }
      mul(slope, inverse, slope);
      square(slope, x3);
      sub(x3, x1, x3);
      sub(x3, entry, x3);
      sub(x1, x3, x1);
      mul(slope, x1, slope);
      sub(slope, y1, y1);
      copy(x3, x1);
    }
  }

  /** The batch inversion leaves 0 where x₁ = x₂: the sum is a doubling or nothing. The group's own addition knows. */
  #addSameAbscissa(entry: number, negative: boolean, lane: number): void {
    const sum = this.#sums + lane * AFFINE_BYTES[this.#group];
    const other = this.#scratch + 3 * COORDINATE_BYTES[this.#group];
    const total = other + AFFINE_BYTES[this.#group];
    this.#copyEntry(entry, negative, other);
    this.#point.addAffine(sum, other, total);
    this.#point.toAffine(total, sum);
    this.#started[lane] = this.#point.isZeroAffine(sum) ? 0 : 1;
  }

  #copyEntry(entry: number, negative: boolean, target: number): void {
    if (negative) this.#point.negAffine(entry, target);
    else this.#point.copyAffine(entry, target);
  }

  /** The lane's signed digit of this window, −2^(bits−1) < d ≤ 2^(bits−1); windows must be taken in order. */
  #nextDigit(scalars: Uint32Array, lane: number, window: number): number {
    const { bits, entries } = this.#shape;
    const position = window * bits;
    const word = lane * SCALAR_WORDS + (position >>> 5);
    const shift = position & 31;
    let raw = scalars[word]! >>> shift;
    // The next word contributes only if the window crosses into it; above the scalar there is nothing.
    if (shift + bits > 32 && position >>> 5 < SCALAR_WORDS - 1) raw |= scalars[word + 1]! << (32 - shift);
    const digit = (raw & (2 * entries - 1)) + this.#carries[lane]!;
    if (digit > entries) {
      this.#carries[lane] = 1;
      return digit - 2 * entries;
    }
    this.#carries[lane] = 0;
    return digit;
  }
}
