// What the prover calls of ffjavascript 0.3.1, which ships no types.
declare module "ffjavascript" {
  type WasmCommand =
    | { cmd: "ALLOC"; var: number; len: number }
    | { cmd: "ALLOCSET"; var: number; buff: Uint8Array }
    | { cmd: "CALL"; fnName: string; params: ({ var: number } | { val: number })[] }
    | { cmd: "GET"; out: number; var: number; len: number };
  /** wasm instances behind a queue. */
  interface ThreadManager {
    /** The module's bytes; only kept with `singleThread`. */
    code: Uint8Array;
    concurrency: number;
    /** Absent with `singleThread`. */
    workers: { addEventListener(type: "error", listener: (event: unknown) => void): void }[];
    /** Addresses of the generators in the module's data. */
    pG1gen: number;
    pG2gen: number;
    /** Runs commands on one instance; resolves to the outputs of its GET commands. */
    queueAction(task: WasmCommand[]): Promise<Uint8Array[]>;
  }
  /** Elements are bytes in Montgomery form. */
  interface ScalarField {
    /** The roots of unity of order 2^i. */
    w: Uint8Array[];
    one: Uint8Array;
    random(): Uint8Array;
    mul(left: Uint8Array, right: Uint8Array): Uint8Array;
    neg(value: Uint8Array): Uint8Array;
    fft(values: Uint8Array): Promise<Uint8Array>;
    ifft(values: Uint8Array): Promise<Uint8Array>;
    batchApplyKey(values: Uint8Array, first: Uint8Array, increment: Uint8Array): Promise<Uint8Array>;
  }
  interface PointGroup<Json> {
    add(left: Uint8Array, right: Uint8Array): Uint8Array;
    timesFr(point: Uint8Array, scalar: Uint8Array): Uint8Array;
    toAffine(point: Uint8Array): Uint8Array;
    toObject(point: Uint8Array): Json;
    /** Σ scalarᵢ·baseᵢ for affine bases in Montgomery form and plain scalars. */
    multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
  }
  interface Curve {
    tm: ThreadManager;
    Fr: ScalarField;
    G1: PointGroup<[bigint, bigint, bigint]>;
    G2: PointGroup<[[bigint, bigint], [bigint, bigint], [bigint, bigint]]>;
    terminate(): Promise<void>;
  }
  export function buildBn128(singleThread?: boolean): Promise<Curve>;
}
