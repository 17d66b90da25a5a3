import { inverse, mod, squareRoot } from "./modular.ts";

const A = 168700n;
const D = 168696n;

/**
 * BabyJubJub with x′ = x·√−168700, which makes its equation −x′² + y² = 1 + d·x′²·y²: additions cost eight multiplications and are
 * complete as before, since −1 is a square and d = −168696/168700 is none.
 */
export const X_SCALE = squareRoot(mod(-A));
export const TWISTED_D = mod(-D * inverse(A));

/**
 * Numbers of the reduced Tate pairing with a point T of order 8.
 *
 * The curve's group is cyclic of order 8·ℓ and 8 divides r − 1, so the pairing E[8] × E/8E → μ₈ is perfect, and pairing with T, which
 * generates E[8], is trivial on exactly 8E: the points of order 1 or ℓ. That replaces a scalar multiplication by one power in the field
 * (Koshelev, "Subgroup membership testing on elliptic curves via the Tate pairing", 2022). Miller's function for 8 = 2³ is
 * f = l₁⁴·l₂² / (v₂⁴·v₄) with the tangents l₁, l₂ at T and 2T and the verticals v₂, v₄ through 2T and 4T. On the Montgomery form
 * B·v² = u³ + A·u² + u with u = (1 + y)/(1 − y), v = u/x, where 2T has u = 1 and 4T = (0, 0), it is, up to eighth powers,
 *
 *   f = (1/B)·(((1 + y) − tangentConstant·x·(1 − y) − tangentSlope·x·(1 + y))·2y)⁴·((1 − secondSlope·x)·x)²·(1 + y)·(1 − y)⁷
 *
 * and A has order ℓ when f^((r−1)/8) = 1. Points of small order have x = 0 or y = 0 or meet a tangent: f = 0, which is not 1.
 */
export interface TatePairing {
  readonly tangentSlope: bigint;
  readonly tangentConstant: bigint;
  readonly secondSlope: bigint;
  readonly scale: bigint;
}

/** A point of order 8, in the scaled coordinates: where doubling gives y = 0. */
function pointOfOrder8(): { x: bigint; y: bigint } {
  const root = squareRoot(1n + TWISTED_D);
  for (const sign of [1n, -1n]) {
    try {
      const x = squareRoot(mod((1n + sign * root) * inverse(TWISTED_D)));
      return { x, y: mod(squareRoot(mod(-1n)) * x) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // the other root is the square then
    }
  }
  throw new Error("the curve has no point of order 8");
}

export function tatePairing(): TatePairing {
  const { x, y } = pointOfOrder8();
  const doubledX = mod(2n * x * y * inverse(1n + TWISTED_D * x * x * y * y));
  const montgomeryA = mod(2n * (TWISTED_D - 1n) * inverse(-1n - TWISTED_D));
  const montgomeryB = mod(4n * inverse(-1n - TWISTED_D));
  const u = mod((1n + y) * inverse(1n - y));
  const v = mod(u * inverse(x));
  const tangentSlope = mod((3n * u * u + 2n * montgomeryA * u + 1n) * inverse(2n * montgomeryB * v));
  return {
    tangentSlope,
    tangentConstant: mod(v - tangentSlope * u),
    secondSlope: inverse(doubledX),
    scale: inverse(montgomeryB),
  };
}
