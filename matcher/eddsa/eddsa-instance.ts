import { Point } from "../protocol/curve.ts";
import { FLAT_BYTES, POINT_BYTES } from "./curve-functions.ts";
import { type EddsaLayout, eddsaImage, NUMBER_BYTES, TABLE_POINTS } from "./eddsa-module.ts";
import { ELEMENT_BYTES } from "./limbs.ts";
import { BASE_SHAPE, KEY_SHAPE, STRANGER_WIDTH, type TableShape, tableBytes } from "./multiplication-functions.ts";

const PAGE_BYTES = 65_536;
const WORD_BYTES = 8;

/** The module's functions; operands are addresses in its memory. Each is described where it is written. */
interface EddsaFunctions {
  copy(to: number, from: number): void;
  subtract(to: number, left: number, right: number): void;
  multiply(to: number, left: number, right: number): void;
  read(to: number, bytes: number): void;
  write(bytes: number, from: number): void;
  isZero(from: number): number;
  scalarProduct(to: number, left: number, right: number): void;
  invert(to: number, from: number): void;
  octicCharacter(to: number, from: number): void;
  hash3(to: number, inputs: number): void;
  hash5(to: number, inputs: number): void;
  pointOf(to: number, x: number, y: number): void;
  curveError(to: number, from: number): void;
  millerValue(to: number, from: number): void;
  copyPoint(to: number, from: number): void;
  double(to: number, from: number): void;
  doubleT(to: number, from: number): void;
  affineOf(to: number, from: number, inverse: number): void;
  flatOf(to: number, from: number, inverse: number): void;
  oddMultiples(table: number, from: number): void;
  strangers(to: number, digitsP: number, tableP: number, digitsQ: number, tableQ: number, places: number): void;
  multiples(points: number, from: number, count: number, doublings: number): void;
  addTableBase(result: number, digits: number, table: number): void;
  addTableKey(result: number, digits: number, table: number): void;
  nonAdjacentDigits(to: number, bytes: number, width: number): number;
  windowDigits(to: number, bytes: number, width: number, count: number): void;
  halveScalar(u: number, v: number, h: number): number;
}

/** Numbers in the module's memory, in the layout's order. */
const NUMBER = { r8x: 0, r8y: 1, ax: 2, ay: 3, message: 4, s: 5, challenge: 6, u: 7, v: 8, product: 9, one: 10 };
export type NumberName = keyof typeof NUMBER;

/**
 * One instance of the module with its own memory, B8's table in it and room for tables of keys: single steps of a verification, which
 * fast-verifier.ts puts together. Not to be shared between threads.
 */
export class EddsaInstance {
  readonly #functions: EddsaFunctions;
  readonly #layout: EddsaLayout;
  readonly #words: BigUint64Array;

  /** @param keyTables how many keys' tables there is room for; memory is taken as they are made */
  constructor(keyTables: number) {
    const { bytes, layout, plan } = eddsaImage();
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    this.#functions = exports as unknown as EddsaFunctions;
    this.#layout = layout;
    const memory = exports.memory as WebAssembly.Memory;
    memory.grow(Math.ceil((keyTables * tableBytes(KEY_SHAPE)) / PAGE_BYTES));
    plan.fill(memory);
    this.#words = new BigUint64Array(memory.buffer);
    this.setNumber("one", 1n);
    const { x, y } = Point.BASE.toAffine();
    this.#setPoint(layout.key, x, y);
    this.#makeTable(BASE_SHAPE, layout.baseTable);
  }

  /** 0 ≤ value < 2^256. */
  setNumber(name: NumberName, value: bigint): void {
    const at = this.#address(name) / WORD_BYTES;
    this.#words[at] = value; // the array keeps the low 64 bits
    this.#words[at + 1] = value >> 64n;
    this.#words[at + 2] = value >> 128n;
    this.#words[at + 3] = value >> 192n;
  }

  number(name: NumberName): bigint {
    const at = this.#address(name) / WORD_BYTES;
    const [a, b, c, d] = this.#words.subarray(at, at + 4) as unknown as [bigint, bigint, bigint, bigint];
    return a | (b << 64n) | (c << 128n) | (d << 192n);
  }

  /** Takes r8x … message, the first `count` of them, as inputs of a hash. */
  readInputs(count: 2 | 3 | 5): void {
    const { inputs, numbers } = this.#layout;
    for (let i = 0; i < count; i++) this.#functions.read(inputs + i * ELEMENT_BYTES, numbers + i * NUMBER_BYTES);
  }

  /** The hash of the inputs, into the challenge's place. */
  hash(count: 3 | 5): void {
    const { elements, inputs } = this.#layout;
    if (count === 3) this.#functions.hash3(elements, inputs);
    else this.#functions.hash5(elements, inputs);
    this.#functions.write(this.#address("challenge"), elements);
  }

  /** challenge mod ℓ. */
  reduceChallenge(): void {
    this.#functions.scalarProduct(this.#address("challenge"), this.#address("challenge"), this.#address("one"));
  }

  /** The inputs' A becomes the key. */
  takeKey(): void {
    this.#takePoint(this.#layout.key, 2);
  }

  /** Whether the inputs' A is on the curve; it becomes the key. */
  keyOnCurve(): boolean {
    return this.#pointOnCurve(this.#layout.key, 2);
  }

  /** Whether the inputs' R8 is on the curve; it becomes the nonce. */
  nonceOnCurve(): boolean {
    return this.#pointOnCurve(this.#layout.nonce, 0);
  }

  /** Whether the key, a point of the curve, has order ℓ (twisted-curve.ts). */
  keyHasPrimeOrder(): boolean {
    const { elements, key, identity } = this.#layout;
    this.#functions.millerValue(elements, key);
    this.#functions.octicCharacter(elements, elements);
    // The identity's Y is a one at hand.
    this.#functions.subtract(elements, elements, identity + ELEMENT_BYTES);
    return this.#functions.isZero(elements) === 1;
  }

  /** Halves the challenge. True when v is negative. */
  halveChallenge(): boolean {
    return this.#functions.halveScalar(this.#address("u"), this.#address("v"), this.#address("challenge")) === 1;
  }

  /** Whether |v|·S·B8 − |v|·R8 ∓ u·8·A is the identity, minus when v is positive: the key is spoiled by it. */
  strangersMatch(vIsNegative: boolean): boolean {
    const { key, nonce, sum, digitsLeft, digitsRight, keyMultiples, nonceMultiples, identity } = this.#layout;
    const wasm = this.#functions;
    this.#timesEight(key);
    if (!vIsNegative) this.#negate(key);
    this.#negate(nonce);
    wasm.oddMultiples(keyMultiples, key);
    wasm.oddMultiples(nonceMultiples, nonce);
    const places = Math.max(
      wasm.nonAdjacentDigits(digitsLeft, this.#address("u"), STRANGER_WIDTH),
      wasm.nonAdjacentDigits(digitsRight, this.#address("v"), STRANGER_WIDTH),
    );
    wasm.strangers(sum, digitsLeft, keyMultiples, digitsRight, nonceMultiples, places);
    wasm.scalarProduct(this.#address("product"), this.#address("v"), this.#address("s"));
    this.#addBase("product");
    return this.#isEqual(sum, identity);
  }

  /** Whether S·B8 − challenge·8·A is R8, by the table of a key. R8 need not be known to be on the curve. */
  tableMatches(table: number): boolean {
    const { nonce, sum, digitsLeft, identity } = this.#layout;
    const wasm = this.#functions;
    wasm.copyPoint(sum, identity);
    wasm.windowDigits(digitsLeft, this.#address("challenge"), KEY_SHAPE.width, digitCount(KEY_SHAPE));
    wasm.addTableKey(sum, digitsLeft, this.#tableAddress(table));
    this.#addBase("s");
    this.#takePoint(nonce, 0);
    return this.#isEqual(sum, nonce);
  }

  /** S·B8 for the S that is set, as inputs r8x and r8y. S < ℓ. */
  multiplyBase(): void {
    const { inputs, numbers, sum, elements, identity } = this.#layout;
    const wasm = this.#functions;
    wasm.copyPoint(sum, identity);
    this.#addBase("s");
    wasm.invert(elements, sum + 2 * ELEMENT_BYTES);
    wasm.affineOf(inputs, sum, elements);
    for (let i = 0; i < 2; i++) wasm.write(numbers + i * NUMBER_BYTES, inputs + i * ELEMENT_BYTES);
  }

  /** Makes table number so and so from the key, for −8·A. */
  makeKeyTable(table: number): void {
    const { key } = this.#layout;
    this.#timesEight(key);
    this.#negate(key);
    this.#makeTable(KEY_SHAPE, this.#tableAddress(table));
  }

  #addBase(scalar: NumberName): void {
    const { sum, digitsLeft, baseTable } = this.#layout;
    this.#functions.windowDigits(digitsLeft, this.#address(scalar), BASE_SHAPE.width, digitCount(BASE_SHAPE));
    this.#functions.addTableBase(sum, digitsLeft, baseTable);
  }

  /** Equality of a point and one with Z = 1, in both coordinates. Z is never zero: additions are complete. */
  #isEqual(point: number, flat: number): boolean {
    const { elements } = this.#layout;
    const wasm = this.#functions;
    for (const coordinate of [0, ELEMENT_BYTES]) {
      wasm.multiply(elements, flat + coordinate, point + 2 * ELEMENT_BYTES);
      wasm.subtract(elements, elements, point + coordinate);
      if (wasm.isZero(elements) === 0) return false;
    }
    return true;
  }

  /** −(X, Y, Z, T) = (−X, Y, Z, −T); the identity's X is a zero at hand. */
  #negate(point: number): void {
    for (const coordinate of [point, point + 3 * ELEMENT_BYTES]) {
      this.#functions.subtract(coordinate, this.#layout.identity, coordinate);
    }
  }

  #timesEight(point: number): void {
    this.#functions.double(point, point);
    this.#functions.double(point, point);
    this.#functions.doubleT(point, point);
  }

  #takePoint(point: number, input: number): void {
    const x = this.#layout.inputs + input * ELEMENT_BYTES;
    this.#functions.pointOf(point, x, x + ELEMENT_BYTES);
  }

  #pointOnCurve(point: number, input: number): boolean {
    const { elements } = this.#layout;
    this.#takePoint(point, input);
    this.#functions.curveError(elements, point);
    return this.#functions.isZero(elements) === 1;
  }

  #setPoint(point: number, x: bigint, y: bigint): void {
    this.setNumber("r8x", x);
    this.setNumber("r8y", y);
    this.readInputs(2);
    this.#takePoint(point, 0);
  }

  /** The key's multiples, row by row; the key itself is used up. Inversions are shared by what `points` holds at once. */
  #makeTable({ width, rows, digitsPerRow }: TableShape, table: number): void {
    const { key, points } = this.#layout;
    const perRow = 2 ** (width - 1);
    const rowsAtOnce = TABLE_POINTS / perRow;
    for (let row = 0; row < rows; row += rowsAtOnce) {
      for (let i = 0; i < rowsAtOnce; i++) {
        this.#functions.multiples(points + i * perRow * POINT_BYTES, key, perRow, width * digitsPerRow);
      }
      this.#flatten(table + row * perRow * FLAT_BYTES);
    }
  }

  /** Montgomery's trick: products of all Z's up to each, one inverse, and back. */
  #flatten(table: number): void {
    const { points, products, elements } = this.#layout;
    const wasm = this.#functions;
    const z = (point: number) => points + point * POINT_BYTES + 2 * ELEMENT_BYTES;
    const product = (point: number) => products + point * ELEMENT_BYTES;
    wasm.copy(product(0), z(0));
    for (let i = 1; i < TABLE_POINTS; i++) wasm.multiply(product(i), product(i - 1), z(i));
    wasm.invert(elements, product(TABLE_POINTS - 1));
    for (let i = TABLE_POINTS - 1; i >= 0; i--) {
      const inverse = i === 0 ? elements : elements + ELEMENT_BYTES;
      if (i > 0) wasm.multiply(inverse, elements, product(i - 1));
      wasm.flatOf(table + i * FLAT_BYTES, points + i * POINT_BYTES, inverse);
      if (i > 0) wasm.multiply(elements, elements, z(i));
    }
  }

  #address(name: NumberName): number {
    return this.#layout.numbers + NUMBER[name] * NUMBER_BYTES;
  }

  #tableAddress(table: number): number {
    return this.#layout.keyTables + table * tableBytes(KEY_SHAPE);
  }
}

function digitCount({ rows, digitsPerRow }: TableShape): number {
  return rows * digitsPerRow;
}
