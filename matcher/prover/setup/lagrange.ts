import { FIELD_BYTES, invertScalar, modScalar, powScalar, rootOfUnity } from "./bn254.ts";
import type { Bn254Wasm } from "./bn254-wasm.ts";

/**
 * The values at τ of the Lagrange polynomials of the coset shift·⟨ω⟩, ω of order 2^power:
 *
 *     L_i(τ) = scale · x_i / (τ − x_i),   x_i = shift · ω^i
 *
 * @returns the address of 2^power field elements in Montgomery form.
 */
function evaluateCoset(wasm: Bn254Wasm, power: number, tau: bigint, shift: bigint, scale: bigint): number {
  const size = 2 ** power;
  const bytes = size * FIELD_BYTES;
  const points = wasm.allocate(bytes);
  const values = wasm.allocate(bytes, bytes + (1 << 20));
  const omega = wasm.allocateScalar(rootOfUnity(power));
  const tauAddress = wasm.allocateScalar(tau);
  const scaleAddress = wasm.allocateScalar(scale);
  const shiftAddress = wasm.allocateScalar(shift);
  wasm.bytes.copyWithin(points, shiftAddress, shiftAddress + FIELD_BYTES);
  const mul = wasm.function("frm_mul");
  const sub = wasm.function("frm_sub");
  for (let at = FIELD_BYTES; at < bytes; at += FIELD_BYTES) mul(points + at - FIELD_BYTES, omega, points + at);
  for (let at = 0; at < bytes; at += FIELD_BYTES) sub(tauAddress, points + at, values + at);
  wasm.function("frm_batchInverse")(values, FIELD_BYTES, size, values, FIELD_BYTES);
  for (let at = 0; at < bytes; at += FIELD_BYTES) {
    mul(values + at, points + at, values + at);
    mul(values + at, scaleAddress, values + at);
  }
  return values;
}

/** Lagrange values at τ over the domain of 2^power points, in Montgomery form. */
export function evaluateLagrange(wasm: Bn254Wasm, power: number, tau: bigint): number {
  return evaluateCoset(wasm, power, tau, 1n, vanishingOverSize(power, tau));
}

/**
 * The odd Lagrange values at τ of the doubled domain, times `factor`, as plain scalars. snarkjs' prover knows the
 * quotient only at the odd points, so these are the exponents of its H section (with factor 1/δ).
 */
export function evaluateOddLagrange(wasm: Bn254Wasm, power: number, tau: bigint, factor: bigint): number {
  const scale = modScalar(vanishingOverSize(power + 1, tau) * factor);
  const values = evaluateCoset(wasm, power, tau, rootOfUnity(power + 1), scale);
  wasm.function("frm_batchFromMontgomery")(values, 2 ** power, values);
  return values;
}

/** (τ^N − 1)/N for N = 2^power. @throws RangeError when τ lies in the domain, where the formula has no meaning. */
function vanishingOverSize(power: number, tau: bigint): bigint {
  const size = 2n ** BigInt(power);
  const vanishing = modScalar(powScalar(tau, size) - 1n);
  if (vanishing === 0n) throw new RangeError(`tau lies in the domain of 2^${power} points`);
  return modScalar(vanishing * invertScalar(size));
}
