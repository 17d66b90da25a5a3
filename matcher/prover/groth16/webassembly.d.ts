// The part of WebAssembly's interface that the prover uses; the project's `lib` leaves out the DOM, where it is declared.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
    // Without a member of its own, any object would pass for a module.
    private readonly kind: "module";
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(descriptor: { initial: number; maximum?: number });
    grow(pages: number): number;
  }
  class Instance {
    readonly exports: Record<string, unknown>;
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}
