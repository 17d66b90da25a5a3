import type { RootHookObject } from "mocha";

interface Curve {
  terminate(): Promise<void>;
}

/**
 * snarkjs keeps its curve, with a worker thread per core, in a global; mocha would wait for those threads for ever.
 * Every copy of ffjavascript that loads resets that global, so the last one alone is not enough: all are remembered.
 */
const curves = new Set<Curve>();
let current: Curve | null | undefined;
Object.defineProperty(globalThis, "curve_bn128", {
  configurable: true,
  get: () => current,
  set: (curve: Curve | null | undefined) => {
    current = curve;
    if (curve) curves.add(curve);
  },
});

/** Loaded before every test file (see "mocha" in package.json). */
export const mochaHooks: RootHookObject = {
  async afterAll() {
    for (const curve of curves) await curve.terminate();
    curves.clear();
  },
};
