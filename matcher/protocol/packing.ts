import type { Layout } from "./spec.ts";

/** Names of a layout's fields. */
export type FieldsOf<L extends Layout> = Record<L[number][0], bigint>;

/**
 * Packs named fields into one word, least significant first.
 * @throws RangeError naming the field that is negative or too wide: a silently truncated field would sign something else.
 */
export function pack<L extends Layout>(layout: L, fields: FieldsOf<L>): bigint {
  let word = 0n;
  let shift = 0n;
  for (const [name, bits] of layout) {
    const value = (fields as Record<string, bigint>)[name] as bigint;
    if (value < 0n || value >> BigInt(bits) !== 0n)
      throw new RangeError(`${name} = ${value} does not fit in ${bits} bits`);
    word |= value << shift;
    shift += BigInt(bits);
  }
  return word;
}

/** Inverse of {@link pack}. @throws RangeError when bits beyond the layout are set. */
export function unpack<L extends Layout>(layout: L, word: bigint): FieldsOf<L> {
  const fields: Record<string, bigint> = {};
  let rest = word;
  for (const [name, bits] of layout) {
    const width = BigInt(bits);
    fields[name] = rest & ((1n << width) - 1n);
    rest >>= width;
  }
  if (rest !== 0n) throw new RangeError("the word has bits beyond its layout");
  return fields as FieldsOf<L>;
}

/** Total width of a layout in bits. */
export function layoutBits(layout: Layout): number {
  return layout.reduce((sum, [, bits]) => sum + bits, 0);
}
