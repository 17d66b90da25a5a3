import { readFileSync } from "node:fs";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { invertScalar } from "../../matcher/prover/setup/bn254.ts";
import { R1csFile } from "../../matcher/prover/setup/r1cs-file.ts";

const FIELD_BYTES = 32;

/** x mod r, never negative. */
export function mod(x: bigint): bigint {
  const rest = x % FIELD_ORDER;
  return rest < 0n ? rest + FIELD_ORDER : rest;
}

const inverses = new Map<bigint, bigint>();
/** 1/x mod r, remembered: circuits use few coefficients. */
export function inverse(x: bigint): bigint {
  let known = inverses.get(x);
  if (known === undefined) {
    known = invertScalar(x);
    inverses.set(x, known);
  }
  return known;
}

/** A witness as circom writes it: 32 little-endian bytes a wire. */
export function witnessValues(bytes: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / FIELD_BYTES }, (_, i) => fieldAt(view, i * FIELD_BYTES));
}

function fieldAt(view: DataView, offset: number): bigint {
  const high = (view.getBigUint64(offset + 24, true) << 64n) | view.getBigUint64(offset + 16, true);
  const low = (view.getBigUint64(offset + 8, true) << 64n) | view.getBigUint64(offset, true);
  return high === 0n ? low : (high << 128n) | low;
}

/**
 * A rank-1 constraint system in memory: constraint i says A·B = C for the linear combinations 3i, 3i + 1, 3i + 2, and combination k
 * is the terms from starts[k] up to starts[k + 1].
 */
export class R1csSystem {
  readonly wireCount: number;
  readonly constraintCount: number;
  /** Wires 1 … inputEnd − 1 are the outputs and the inputs, public ones first. */
  readonly inputEnd: number;
  readonly starts: Uint32Array;
  readonly wires: Uint32Array;
  readonly coefficients: readonly bigint[];
  /** Signal names by wire; a wire that several signals share has them all. */
  readonly names: readonly (readonly string[])[];
  #termsByWire: { starts: Uint32Array; terms: Uint32Array; combinations: Uint32Array } | undefined;

  private constructor(
    shape: { wireCount: number; constraintCount: number; inputEnd: number },
    terms: { starts: Uint32Array; wires: Uint32Array; coefficients: readonly bigint[] },
    names: readonly (readonly string[])[],
  ) {
    this.wireCount = shape.wireCount;
    this.constraintCount = shape.constraintCount;
    this.inputEnd = shape.inputEnd;
    this.starts = terms.starts;
    this.wires = terms.wires;
    this.coefficients = terms.coefficients;
    this.names = names;
  }

  /** Reads circom's .r1cs and .sym files. */
  static load(r1csPath: string, symPath: string): R1csSystem {
    const file = new R1csFile(r1csPath);
    try {
      const { header } = file;
      const bytes = new Uint8Array(file.constraintBytes);
      file.readConstraints(bytes, 0, bytes.length, 0);
      const inputEnd = 1 + header.publicOutputCount + header.publicInputCount + header.privateInputCount;
      const shape = { wireCount: header.wireCount, constraintCount: header.constraintCount, inputEnd };
      return new R1csSystem(
        shape,
        readTerms(bytes, header.constraintCount),
        readNames(readFileSync(symPath, "utf8"), header.wireCount),
      );
    } finally {
      file.close();
    }
  }

  /** The same system without some of its constraints: what a forgotten line would leave. */
  without(dropped: ReadonlySet<number>): R1csSystem {
    const starts: number[] = [0];
    const wires: number[] = [];
    const coefficients: bigint[] = [];
    let kept = 0;
    for (let i = 0; i < this.constraintCount; i++) {
      if (dropped.has(i)) continue;
      kept++;
      for (let k = 3 * i; k < 3 * i + 3; k++) {
        for (let t = this.starts[k]!; t < this.starts[k + 1]!; t++) {
          wires.push(this.wires[t]!);
          coefficients.push(this.coefficients[t]!);
        }
        starts.push(wires.length);
      }
    }
    const { wireCount, inputEnd } = this;
    const terms = { starts: Uint32Array.from(starts), wires: Uint32Array.from(wires), coefficients };
    return new R1csSystem({ wireCount, inputEnd, constraintCount: kept }, terms, this.names);
  }

  /** The wire of a signal. @throws RangeError when the compiler kept no wire for it. */
  wireOf(name: string): number {
    const wire = this.names.findIndex((names) => names.includes(name));
    if (wire < 0) throw new RangeError(`no wire carries ${name}`);
    return wire;
  }

  /** Every linear combination's value under a witness, reduced. */
  combinationValues(witness: readonly bigint[]): bigint[] {
    const values = new Array<bigint>(3 * this.constraintCount);
    for (let k = 0; k < values.length; k++) {
      let sum = 0n;
      const end = this.starts[k + 1]!;
      for (let t = this.starts[k]!; t < end; t++) {
        const value = witness[this.wires[t]!]!;
        if (value !== 0n) sum += this.coefficients[t]! * value;
      }
      values[k] = sum % FIELD_ORDER;
    }
    return values;
  }

  /** The constraints that a witness breaks. */
  violations(witness: readonly bigint[]): number[] {
    const values = this.combinationValues(witness);
    const broken: number[] = [];
    for (let i = 0; i < this.constraintCount; i++) {
      if ((values[3 * i]! * values[3 * i + 1]! - values[3 * i + 2]!) % FIELD_ORDER !== 0n) broken.push(i);
    }
    return broken;
  }

  /** Terms sorted by wire, and within a wire by combination: terms[j] for starts[w] ≤ j < starts[w + 1]. */
  get termsByWire(): { starts: Uint32Array; terms: Uint32Array; combinations: Uint32Array } {
    if (this.#termsByWire !== undefined) return this.#termsByWire;
    const starts = new Uint32Array(this.wireCount + 1);
    for (const wire of this.wires) starts[wire + 1]!++;
    for (let w = 0; w < this.wireCount; w++) starts[w + 1]! += starts[w]!;
    const next = starts.slice();
    const terms = new Uint32Array(this.wires.length);
    const combinations = new Uint32Array(this.wires.length);
    for (let k = 0; k + 1 < this.starts.length; k++) {
      for (let t = this.starts[k]!; t < this.starts[k + 1]!; t++) {
        const place = next[this.wires[t]!]!++;
        terms[place] = t;
        combinations[place] = k;
      }
    }
    this.#termsByWire = { starts, terms, combinations };
    return this.#termsByWire;
  }
}

function readTerms(bytes: Uint8Array, constraintCount: number) {
  const view = new DataView(bytes.buffer);
  const starts = new Uint32Array(3 * constraintCount + 1);
  const most = Math.ceil(bytes.length / (FIELD_BYTES + 4));
  const wires = new Uint32Array(most);
  const coefficients: bigint[] = [];
  let offset = 0;
  for (let k = 0; k < 3 * constraintCount; k++) {
    const count = view.getUint32(offset, true);
    offset += 4;
    for (let t = 0; t < count; t++) {
      wires[coefficients.length] = view.getUint32(offset, true);
      coefficients.push(fieldAt(view, offset + 4));
      offset += 4 + FIELD_BYTES;
    }
    starts[k + 1] = coefficients.length;
  }
  return { starts, wires: wires.slice(0, coefficients.length), coefficients };
}

/** Lines are "label,wire,component,name"; wire −1 was optimized away. */
function readNames(sym: string, wireCount: number): string[][] {
  const names: string[][] = Array.from({ length: wireCount }, () => []);
  for (const line of sym.split("\n")) {
    const [, wire, , name] = line.split(",");
    if (name !== undefined && Number(wire) >= 0) names[Number(wire)]!.push(name);
  }
  return names;
}
