// What the prover calls of ffjavascript 0.3.1, which ships no types.
declare module "ffjavascript" {
  /** A wasm instance's memory with a bump allocator; with `singleThread` it also keeps the module's bytes. */
  interface ThreadManager {
    code: Uint8Array;
    concurrency: number;
    pG1gen: number;
    pG2gen: number;
    /** Runs one list of commands on a worker's wasm instance; resolves to the outputs of its GET commands. */
    queueAction(task: WasmCommand[], transfers?: ArrayBuffer[]): Promise<Uint8Array[]>;
  }
  type WasmCommand =
    | { cmd: "ALLOC"; var: number; len: number }
    | { cmd: "ALLOCSET"; var: number; buff: Uint8Array }
    | { cmd: "SET"; var: number; buff: Uint8Array }
    | { cmd: "CALL"; fnName: string; params: ({ var: number; offset?: number } | { val: number })[] }
    | { cmd: "GET"; out: number; var: number; len: number };
  interface Curve {
    tm: ThreadManager;
    terminate(): Promise<void>;
  }
  export function buildBn128(singleThread?: boolean): Promise<Curve>;
  export function getCurveFromName(name: string, singleThread?: boolean): Promise<Curve>;
}
