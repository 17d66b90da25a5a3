// What the repository calls of circomlibjs 0.1.7, which ships no types.
declare module "circomlibjs" {
  /** A field element in Montgomery form, little-endian bytes. */
  type Element = Uint8Array;

  /** Wasm instance behind a field, with a bump allocator over its memory. */
  interface WasmInstance {
    memory: WebAssembly.Memory;
    alloc(bytes: number): number;
    instance: {
      exports: {
        poseidon(initialState: number, inputs: number, count: number, output: number, outputs: number): void;
        frm_toMontgomery(from: number, to: number): void;
        frm_fromMontgomery(from: number, to: number): void;
      };
    };
  }

  interface Field {
    tm: WasmInstance;
    zero: Element;
    one: Element;
    e(value: bigint | number | string | Element): Element;
    toObject(element: Element): bigint;
    eq(left: Element, right: Element): boolean;
  }

  interface PoseidonFunction {
    (inputs: readonly (bigint | number | string | Element)[], initialState?: bigint, outputs?: 1): Element;
    F: Field;
  }

  type CurvePoint = [x: Element, y: Element];

  interface BabyJub {
    F: Field;
    Base8: CurvePoint;
    Generator: CurvePoint;
    order: bigint;
    subOrder: bigint;
    addPoint(left: CurvePoint, right: CurvePoint): CurvePoint;
    mulPointEscalar(base: CurvePoint, scalar: bigint): CurvePoint;
    inSubgroup(point: CurvePoint): boolean;
    inCurve(point: CurvePoint): boolean;
  }

  interface Eddsa {
    F: Field;
    babyJub: BabyJub;
    poseidon: PoseidonFunction;
    pruneBuffer(bytes: Uint8Array): Uint8Array;
    prv2pub(secret: Uint8Array): CurvePoint;
    signPoseidon(secret: Uint8Array, message: Element): { R8: CurvePoint; S: bigint };
    verifyPoseidon(message: Element, signature: { R8: CurvePoint; S: bigint }, key: CurvePoint): boolean;
  }

  export function buildPoseidon(): Promise<PoseidonFunction>;
  export function buildBabyjub(): Promise<BabyJub>;
  export function buildEddsa(): Promise<Eddsa>;
}
