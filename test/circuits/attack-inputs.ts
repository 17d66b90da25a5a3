import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import type { BatchInput, Signal } from "../../matcher/prover/witness.ts";

/** A signal's name and indices: ["rowExpiry", 0]. */
export type Place = readonly [string, ...number[]];

function holder(
  input: BatchInput,
  [name, ...indices]: Place,
): { list: Record<string | number, Signal>; key: string | number } {
  let list = input as unknown as Record<string | number, Signal>;
  let key: string | number = name;
  for (const index of indices) {
    list = list[key] as unknown as Record<number, Signal>;
    key = index;
  }
  return { list, key };
}

export function read(input: BatchInput, place: Place): bigint {
  const { list, key } = holder(input, place);
  return list[key] as bigint;
}

export function write(input: BatchInput, place: Place, value: bigint): void {
  const { list, key } = holder(input, place);
  list[key] = ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
}

export function add(input: BatchInput, place: Place, value: bigint): void {
  write(input, place, read(input, place) + value);
}

/** x with x · 2^bits = 1 in the field: the step of a field that its lower neighbour makes up for with 2^(own width − bits). */
export function inverseOfTwoTo(bits: number): bigint {
  const half = (FIELD_ORDER + 1n) / 2n;
  let power = 1n;
  for (let i = 0; i < bits; i++) power = (power * half) % FIELD_ORDER;
  return power;
}

/** Takes `upper`'s `steps` into `lower`, which lies `width` bits below it in one word: the word stays the same. */
export function carryDown(input: BatchInput, lower: Place, upper: Place, width: number, steps = 1n): void {
  add(input, lower, steps << BigInt(width));
  add(input, upper, -steps);
}

/** The other way with less than a step: `lower` grows by one, `upper` shrinks by 2^−width, which only the field has. */
export function carryFraction(input: BatchInput, lower: Place, upper: Place, width: number): void {
  add(input, lower, 1n);
  add(input, upper, -inverseOfTwoTo(width));
}
