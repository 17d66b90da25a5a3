import type { BuiltCircuit } from "../../scripts/circuits/build-circuit.ts";
import { buildCircuit } from "../../scripts/circuits/build-circuit.ts";

/** Name of the fixture's tier: its folder below FIXTURE_CIRCUITS and its main file. */
export const FIXTURE_TIER = "polynomial-value";
export const FIXTURE_MAIN = `test/fixtures/circuits/${FIXTURE_TIER}.circom`;
export const FIXTURE_CIRCUITS = "build/test-circuits";

/** Compiles the fixture and makes its key, in a second; later callers find both in the cache. */
export function buildFixture(): Promise<BuiltCircuit> {
  return buildCircuit({ main: FIXTURE_MAIN, optimization: "O2", out: `${FIXTURE_CIRCUITS}/${FIXTURE_TIER}` });
}

/** A satisfied input, for any words and z. */
export function fixtureInput(d: readonly [bigint, bigint, bigint], z: bigint) {
  return { commitment: d[0] * d[1] + d[2], z, y: d[0] + d[1] * z + d[2] * z * z, d };
}
