import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDevKey } from "../../matcher/prover/setup/verification-key-lint.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { readVerifierSource } from "../verifier/read-verifier.ts";

/** Where the verifiers that ceremonies wrote are, below the root. */
export const CEREMONY_CONTRACTS = "contracts/ceremony";

/**
 * Lints the key in every verifier that somebody placed among the contracts. There may be none.
 * @throws Refusal in one sentence, naming the file
 */
export function checkCeremonyVerifiers(root: string): void {
  const folder = join(root, CEREMONY_CONTRACTS);
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".sol"))) {
    const refuse = (sentence: string) => new Refusal(`${CEREMONY_CONTRACTS}/${file}: ${sentence}`);
    let isDev: boolean;
    try {
      isDev = isDevKey(readVerifierSource(readFileSync(join(folder, file), "utf8")));
    } catch (error) {
      if (error instanceof RangeError) throw refuse(error.message);
      throw error;
    }
    if (isDev) throw refuse("The key was made from the public development trapdoor, not in a ceremony.");
  }
}
