import { isFieldElement, isOnCurve, Point } from "./curve.ts";
import { SUBGROUP_ORDER } from "./spec.ts";

/** An L2 public key A, by the names that an account leaf has. */
export interface PublicKey {
  ax: bigint;
  ay: bigint;
}

/** A secret scalar s, 1 ≤ s < ℓ, with A = s·B8. */
export interface KeyPair extends PublicKey {
  scalar: bigint;
}

/**
 * Why a point is not a usable key. Under a point of small order, anybody can make signatures that simple verifiers accept and the
 * circuit refuses: trades that can never be settled. A point of mixed order is a key of prime order in disguise.
 */
export type KeyFault =
  | "coordinateOutOfRange"
  | "offCurve"
  | "identity"
  | "order2"
  | "order4"
  | "order8"
  | "mixedOrder2"
  | "mixedOrder4"
  | "mixedOrder8";

export const KEY_FAULT_TEXT: Record<KeyFault, string> = {
  coordinateOutOfRange: "a coordinate is not in [0, r)",
  offCurve: "the point is not on BabyJubJub",
  identity: "the point is the identity",
  order2: "the point has order 2",
  order4: "the point has order 4",
  order8: "the point has order 8",
  mixedOrder2: "the point has order 2·ℓ, not the prime ℓ",
  mixedOrder4: "the point has order 4·ℓ, not the prime ℓ",
  mixedOrder8: "the point has order 8·ℓ, not the prime ℓ",
};

/** Thrown by the strict functions for a public key that must not be used. */
export class KeyError extends RangeError {
  readonly fault: KeyFault;
  constructor(fault: KeyFault) {
    super(`not a public key: ${KEY_FAULT_TEXT[fault]}`);
    this.name = "KeyError";
    this.fault = fault;
  }
}

/** Order of a point of the 8-torsion: 1, 2, 4 or 8. */
function torsionOrder(point: Point): 1 | 2 | 4 | 8 {
  if (point.is0()) return 1;
  const doubled = point.double();
  if (doubled.is0()) return 2;
  return doubled.double().is0() ? 4 : 8;
}

/**
 * The reason why (ax, ay) is not a public key, or undefined when it is one: canonical coordinates, on the curve, of prime order ℓ,
 * not the identity. Costs one scalar multiplication.
 */
export function keyFault({ ax, ay }: PublicKey): KeyFault | undefined {
  if (!isFieldElement(ax) || !isFieldElement(ay)) return "coordinateOutOfRange";
  if (!isOnCurve({ x: ax, y: ay })) return "offCurve";
  const point = Point.fromAffine({ x: ax, y: ay });
  if (point.is0()) return "identity";
  if (point.isSmallOrder()) return `order${torsionOrder(point) as 2 | 4 | 8}`;
  // ℓ·A keeps only ℓ times the torsion part, and ℓ is odd: its order is the torsion part's.
  const torsion = point.multiplyUnsafe(SUBGROUP_ORDER - 1n).add(point);
  const order = torsionOrder(torsion);
  return order === 1 ? undefined : `mixedOrder${order}`;
}

/** @throws KeyError naming the fault. */
export function assertPublicKey(key: PublicKey): void {
  const fault = keyFault(key);
  if (fault !== undefined) throw new KeyError(fault);
}

/** −8·A: what verification multiplies by the challenge. The key is one that passed {@link keyFault}. */
export function negatedTimesEight({ ax, ay }: PublicKey): Point {
  return Point.fromAffine({ x: ax, y: ay }).clearCofactor().negate();
}

/** @throws RangeError unless 1 ≤ scalar < ℓ. The value is not shown: it is a secret. */
export function assertScalar(scalar: bigint): void {
  if (scalar < 1n || scalar >= SUBGROUP_ORDER) throw new RangeError("a secret scalar lies in [1, ℓ)");
}

/** A = s·B8. @throws RangeError unless 1 ≤ s < ℓ. */
export function publicKeyOf(scalar: bigint): PublicKey {
  assertScalar(scalar);
  const { x, y } = Point.BASE.multiply(scalar).toAffine();
  return { ax: x, ay: y };
}

/** @throws RangeError unless 1 ≤ s < ℓ. */
export function keyPairOf(scalar: bigint): KeyPair {
  return { scalar, ...publicKeyOf(scalar) };
}

/** What registration passes to L1. */
export interface RegistrationPoint {
  qx: bigint;
  qy: bigint;
}

/**
 * Q = (s·8⁻¹ mod ℓ)·B8, so that 8·Q = A. The contract computes A from it: eight times any point lies in the prime-order subgroup,
 * which spares the contract a subgroup check (docs/protocol.md §3). @throws RangeError unless 1 ≤ s < ℓ.
 */
export function registrationPointOf(scalar: bigint): RegistrationPoint {
  assertScalar(scalar);
  const eighth = (scalar * Point.Fn.inv(8n)) % SUBGROUP_ORDER;
  const { x, y } = Point.BASE.multiply(eighth).toAffine();
  return { qx: x, qy: y };
}

/** A = 8·Q, exactly as the contract does it. @throws KeyError for a Q off the curve or of small order (8·Q is then the identity). */
export function publicKeyFromRegistration({ qx, qy }: RegistrationPoint): PublicKey {
  if (!isFieldElement(qx) || !isFieldElement(qy)) throw new KeyError("coordinateOutOfRange");
  if (!isOnCurve({ x: qx, y: qy })) throw new KeyError("offCurve");
  const key = Point.fromAffine({ x: qx, y: qy }).clearCofactor();
  if (key.is0()) throw new KeyError("identity");
  const { x, y } = key.toAffine();
  return { ax: x, ay: y };
}
