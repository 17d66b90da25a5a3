// What Clearbook calls of snarkjs 0.7.6, which ships no types.
declare module "snarkjs" {
  type MemoryFile = { type: "mem"; data?: Uint8Array };
  type FileLike = string | MemoryFile;
  type Groth16Proof = {
    pi_a: [string, string, string];
    pi_b: [[string, string], [string, string], [string, string]];
    pi_c: [string, string, string];
    protocol: string;
    curve: string;
  };
  type Logger = Record<"debug" | "info" | "warn" | "error", (message: string) => void>;
  export const groth16: {
    prove(
      zkey: FileLike,
      witness: FileLike,
      logger?: Logger,
      options?: { singleThread?: boolean },
    ): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    verify(verificationKey: object, publicSignals: readonly string[], proof: object, logger?: Logger): Promise<boolean>;
  };
  export const wtns: {
    calculate(input: object, wasm: FileLike, witness: FileLike): Promise<void>;
    /** Without a logger it throws a TypeError where it should answer false. */
    check(r1cs: FileLike, witness: FileLike, logger: Logger): Promise<boolean>;
    exportJson(witness: FileLike): Promise<bigint[]>;
  };
  export const powersOfTau: {
    /** @param curve ffjavascript's. */
    newAccumulator(curve: object, power: number, file: FileLike): Promise<unknown>;
    contribute(from: FileLike, to: FileLike, name: string, entropy: string): Promise<unknown>;
    preparePhase2(from: FileLike, to: FileLike): Promise<unknown>;
    /** Whether every contribution follows from the one before. Hours for the large files. */
    verify(file: FileLike, logger?: Logger): Promise<boolean>;
  };
  export const zKey: {
    /** Answers −1 where it should throw, and says why through the logger. */
    newZKey(r1cs: FileLike, powersOfTau: FileLike, zkey: FileLike, logger?: Logger): Promise<unknown>;
    /** Answers false where it should throw. */
    beacon(
      from: FileLike,
      to: FileLike,
      name: string,
      beaconHex: string,
      iterationsPower: number,
      logger?: Logger,
    ): Promise<unknown>;
    /** Calls a key without any contribution sound. */
    verifyFromInit(init: FileLike, powersOfTau: FileLike, zkey: FileLike, logger?: Logger): Promise<boolean>;
    contribute(from: FileLike, to: FileLike, name: string, entropy: string): Promise<unknown>;
    exportVerificationKey(zkey: FileLike, logger?: Logger): Promise<Record<string, unknown>>;
  };
}
