import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sha256OfFile } from "../../matcher/prover/setup/dev-key.ts";
import { R1csFile } from "../../matcher/prover/setup/r1cs-file.ts";
import { circomVersion, compileCircuit } from "../circuits/compile-circuit.ts";
import type { CeremonyCircuit } from "./transcript.ts";

export interface CompileOptions {
  readonly root: string;
  readonly main: string;
  readonly optimization: "O1" | "O2";
  /** Receives the constraints. */
  readonly r1csPath: string;
}

/**
 * Compiles from the sources, past the cache: a ceremony must not rest on a file that somebody left there. circom writes the
 * same bytes for the same sources, version and flags, whatever the machine.
 */
export async function compileForCeremony(options: CompileOptions): Promise<CeremonyCircuit> {
  const { root, main, optimization, r1csPath } = options;
  // circom writes only below its working directory.
  mkdirSync(join(root, "build"), { recursive: true });
  const staging = mkdtempSync(join(root, "build", "ceremony-"));
  try {
    await compileCircuit(root, main, optimization, staging);
    copyFileSync(join(staging, "circuit.r1cs"), r1csPath);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  const r1cs = new R1csFile(r1csPath);
  r1cs.close();
  return {
    main,
    optimization,
    circomVersion: circomVersion(),
    r1csSha256: sha256OfFile(r1csPath),
    constraintCount: r1cs.header.constraintCount,
    publicCount: r1cs.publicCount,
  };
}
