import { FIELD_ORDER, SUBGROUP_ORDER } from "../protocol/spec.ts";
import { POINT_BYTES, writeCurveFunctions } from "./curve-functions.ts";
import { writeFieldFunctions, writePower, writeScalarProduct } from "./field-functions.ts";
import { ELEMENT_BYTES, modulusOf } from "./limbs.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { BASE_SHAPE, STRANGER_TABLE_BYTES, tableBytes, writeMultiplications } from "./multiplication-functions.ts";
import { writeHash, writePoseidonParts } from "./poseidon-writer.ts";
import { DIGITS, writeScalarDigits } from "./scalar-digits.ts";
import { writeHalveScalar } from "./scalar-halving.ts";
import { WasmModule } from "./wasm-module.ts";

/** Numbers that cross between JavaScript and the module: 32 bytes, and 8 zeros that loads may run into. */
export const NUMBER_BYTES = 40;

/** Where what lies in the module's memory, in bytes. */
export interface EddsaLayout {
  /** R8x, R8y, Ax, Ay, M as elements in a row: what is hashed. */
  readonly inputs: number;
  /** Bytes of: five inputs, S, the challenge, u, v, a product, the number one. */
  readonly numbers: number;
  readonly elements: number;
  readonly key: number;
  readonly nonce: number;
  readonly sum: number;
  readonly identity: number;
  readonly digitsLeft: number;
  readonly digitsRight: number;
  readonly keyMultiples: number;
  readonly nonceMultiples: number;
  /** Points of a table while it is made. */
  readonly points: number;
  readonly products: number;
  readonly baseTable: number;
  /** Where key tables start: the end of everything else. */
  readonly keyTables: number;
}

/** The module in bytes, its memory's layout, and what fills in the constants. The same in every process: nothing is random. */
export interface EddsaImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly layout: EddsaLayout;
  readonly plan: MemoryPlan;
}

/** Points of a table that are made at once. */
export const TABLE_POINTS = 128;

/**
 * Writes the module. It is generated each time, in a tenth of a second, and not kept as a file: there is no binary to trust, and none to go stale.
 */
export function eddsaImage(): EddsaImage {
  const module = new WasmModule();
  const plan = new MemoryPlan();
  const field = modulusOf(FIELD_ORDER);
  const identity = plan.constants([0n, 1n, 1n, 0n], field);
  writeFieldFunctions(module, field);
  writeScalarProduct(module, modulusOf(SUBGROUP_ORDER));
  writePower(module, plan, "invert", FIELD_ORDER - 2n);
  writePower(module, plan, "octicCharacter", (FIELD_ORDER - 1n) / 8n);
  writePoseidonParts(module, field, [4, 6]);
  writeHash(module, field, plan, 3);
  writeHash(module, field, plan, 5);
  writeCurveFunctions(module, field, plan);
  writeMultiplications(module, plan, identity);
  writeScalarDigits(module);
  writeHalveScalar(module);
  const layout = {
    inputs: plan.elements(5),
    numbers: plan.reserve(11 * NUMBER_BYTES),
    elements: plan.elements(4),
    key: plan.reserve(POINT_BYTES),
    nonce: plan.reserve(POINT_BYTES),
    sum: plan.reserve(POINT_BYTES),
    identity,
    digitsLeft: plan.reserve(DIGITS),
    digitsRight: plan.reserve(DIGITS),
    keyMultiples: plan.reserve(STRANGER_TABLE_BYTES),
    nonceMultiples: plan.reserve(STRANGER_TABLE_BYTES),
    points: plan.reserve(TABLE_POINTS * POINT_BYTES),
    products: plan.reserve((TABLE_POINTS + 1) * ELEMENT_BYTES),
    baseTable: plan.reserve(tableBytes(BASE_SHAPE)),
    keyTables: plan.reserve(0),
  };
  return { bytes: module.bytes(plan.pages), layout, plan };
}
