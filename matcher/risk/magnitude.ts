/** |value|: of a size, or of an amount. */
export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
