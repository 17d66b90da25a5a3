/** The nearest value within ±bound. @param bound at least 0 */
export function clampSymmetric(value: number, bound: number): number {
  if (value > bound) return bound;
  // Never −0, which is not equal to 0 everywhere.
  return value < -bound ? 0 - bound : value;
}
