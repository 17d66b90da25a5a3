import { FIELD_BYTES, powScalar } from "./bn254.ts";
import type { Bn254Wasm } from "./bn254-wasm.ts";
import { R1csError, type R1csFile } from "./r1cs-file.ts";

/** A term of a linear combination in an r1cs file: wire index, then the coefficient. */
const TERM_BYTES = 4 + FIELD_BYTES;
/** A record of a zkey's coefficient section: matrix, constraint, wire, then the coefficient times R². */
export const COEFFICIENT_BYTES = 12 + FIELD_BYTES;
const WINDOW_BYTES = 8 << 20;
const OUTPUT_RECORDS = 1 << 15;

/** Addresses of one plain scalar per wire: its polynomials of the three matrices, evaluated at τ. */
export type WirePolynomials = { readonly a: number; readonly b: number; readonly c: number };

export type CoefficientSink = {
  /** Called with a run of records that is only valid during the call. */
  write(records: Uint8Array): void;
  /** 0 to 1. */
  progress?(fraction: number): void;
};

/**
 * Reads every constraint once. Each coefficient v of wire s in constraint i adds v·L_i(τ) to that wire's polynomial; those
 * of the first two matrices also go to the sink as the prover's coefficient records, ordered by constraint, as a
 * prover that splits them between threads requires. The last records bind the public wires, one row each (the constraint
 * x_s · 0 = 0, which makes their polynomials independent).
 *
 * The terms stay where the file's bytes were read to: coefficient times Lagrange value in Montgomery form is plain again.
 *
 * @param lagrange address of the Lagrange values in Montgomery form.
 */
export function evaluateWirePolynomials(
  wasm: Bn254Wasm,
  r1cs: R1csFile,
  lagrange: number,
  sink: CoefficientSink,
): WirePolynomials {
  const { wireCount, constraintCount } = r1cs.header;
  const bytes = wireCount * FIELD_BYTES;
  const polynomials = { a: wasm.allocate(bytes), b: wasm.allocate(bytes), c: wasm.allocate(bytes) };
  const matrices = [polynomials.a, polynomials.b, polynomials.c] as const;
  const product = wasm.allocate(FIELD_BYTES);
  // v·R³ · R⁻¹ = v·R²: one multiplication brings a coefficient to the form that snarkjs stores.
  const montgomeryCubed = wasm.allocateScalar(powScalar(2n, 512n));
  const output = wasm.allocate(OUTPUT_RECORDS * COEFFICIENT_BYTES);
  const window = new ConstraintWindow(wasm, r1cs);
  const mul = wasm.function("frm_mul");
  const add = wasm.function("frm_add");

  let records = 0;
  const flush = () => {
    sink.write(wasm.bytes.subarray(output, output + records * COEFFICIENT_BYTES));
    records = 0;
  };
  const record = (matrix: number, constraint: number, wire: number, coefficient: number) => {
    const address = output + records * COEFFICIENT_BYTES;
    const word = address >> 2;
    wasm.words[word] = matrix;
    wasm.words[word + 1] = constraint;
    wasm.words[word + 2] = wire;
    mul(coefficient, montgomeryCubed, address + 12);
    if (++records === OUTPUT_RECORDS) flush();
  };

  for (let constraint = 0; constraint < constraintCount; constraint++) {
    const value = lagrange + constraint * FIELD_BYTES;
    for (let matrix = 0; matrix < 3; matrix++) {
      const termCount = window.readCount();
      const terms = window.take(termCount * TERM_BYTES);
      const base = matrices[matrix]!;
      for (let term = terms, end = terms + termCount * TERM_BYTES; term < end; term += TERM_BYTES) {
        const wire = wasm.words[term >> 2]!;
        if (wire >= wireCount) throw new R1csError(`${r1cs.path} names wire ${wire} of ${wireCount}`);
        mul(term + 4, value, product);
        add(base + wire * FIELD_BYTES, product, base + wire * FIELD_BYTES);
        if (matrix < 2) record(matrix, constraint, wire, term + 4);
      }
    }
    if (constraint % 8192 === 0) sink.progress?.(constraint / constraintCount);
  }

  const one = wasm.allocate(FIELD_BYTES);
  wasm.words[one >> 2] = 1;
  for (let wire = 0; wire <= r1cs.publicCount; wire++) {
    const address = polynomials.a + wire * FIELD_BYTES;
    mul(one, lagrange + (constraintCount + wire) * FIELD_BYTES, product);
    add(address, product, address);
    record(0, constraintCount + wire, wire, one);
  }
  flush();
  return polynomials;
}

/** A moving window over the constraint section, in the wasm instance's memory so that nothing is copied twice. */
class ConstraintWindow {
  readonly #wasm: Bn254Wasm;
  readonly #r1cs: R1csFile;
  #start: number;
  #capacity = WINDOW_BYTES;
  /** Bytes of the section read so far, bytes in the window, and the next of those to hand out. */
  #read = 0;
  #filled = 0;
  #next = 0;

  constructor(wasm: Bn254Wasm, r1cs: R1csFile) {
    this.#wasm = wasm;
    this.#r1cs = r1cs;
    this.#start = wasm.allocate(this.#capacity);
  }

  readCount(): number {
    return this.#wasm.words[this.take(4) >> 2]!;
  }

  /** @returns the address of the next `bytes` bytes, valid until the next call. */
  take(bytes: number): number {
    if (this.#next + bytes > this.#filled) this.#refill(bytes);
    const address = this.#start + this.#next;
    this.#next += bytes;
    return address;
  }

  #refill(bytes: number): void {
    const rest = this.#filled - this.#next;
    const from = this.#start + this.#next;
    if (bytes > this.#capacity) {
      this.#capacity = bytes * 2;
      this.#start = this.#wasm.allocate(this.#capacity);
    }
    this.#wasm.bytes.copyWithin(this.#start, from, from + rest);
    const more = Math.min(this.#capacity - rest, this.#r1cs.constraintBytes - this.#read);
    if (rest + more < bytes) throw new R1csError(`${this.#r1cs.path} ends inside a constraint`);
    this.#r1cs.readConstraints(this.#wasm.bytes, this.#start + rest, more, this.#read);
    this.#read += more;
    this.#filled = rest + more;
    this.#next = 0;
  }
}
