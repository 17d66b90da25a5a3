import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "../circuits/build-circuit.ts";
import type { SolidityMutation } from "./solidity-mutations.ts";

/** Contracts whose every condition must matter to a test. */
export const MUTATED =
  "contracts/{Exchange.sol,exchange/*.sol,escape/*.sol,libraries/*.sol,markets/*.sol,oracle/*.sol}";

export const RECORD_PATH = join(REPOSITORY_ROOT, "test/contracts/mutants.json");

/**
 * What noticed each mutant when it was last tried: the name of a test, or null. A mutant is named by its file, condition and change, and by which
 * of those that read alike it is, so that verdicts outlive changes elsewhere in a file.
 */
export class ContractRecord {
  readonly #verdicts: Map<string, string | null>;

  constructor(verdicts: Readonly<Record<string, string | null>> = {}) {
    this.#verdicts = new Map(Object.entries(verdicts));
  }

  static read(): ContractRecord {
    return new ContractRecord(existsSync(RECORD_PATH) ? JSON.parse(readFileSync(RECORD_PATH, "utf8")) : {});
  }

  /** Undefined when it was never tried. */
  verdictOf(name: string): string | null | undefined {
    return this.#verdicts.get(name);
  }

  put(name: string, noticedBy: string | null): void {
    this.#verdicts.set(name, noticedBy);
  }

  /** Verdicts of these alone, sorted, as they are kept. */
  text(names: readonly string[]): string {
    const kept = names.flatMap((name) => {
      const verdict = this.#verdicts.get(name);
      return verdict === undefined ? [] : [[name, verdict] as const];
    });
    return `${JSON.stringify(Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))), null, 2)}\n`;
  }
}

/** Names of the mutants, in their order. */
export function mutantNames(mutations: readonly SolidityMutation[]): string[] {
  const seen = new Map<string, number>();
  return mutations.map(({ file, before, change }) => {
    const name = `${file.replace("contracts/", "")} ${change} ${before}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  });
}
