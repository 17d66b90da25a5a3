import type { SolidityChange, SolidityMutation } from "./solidity-mutations.ts";

/** A mutation that no caller can tell from the contract, and why. */
export interface EquivalentSolidity {
  readonly file: string;
  readonly before: string;
  readonly change: SolidityChange;
  readonly reason: string;
}

export const EQUIVALENT_SOLIDITY: readonly EquivalentSolidity[] = [
  {
    file: "contracts/exchange/Vault.sol",
    before: "afterwards > before",
    change: "boundary",
    reason: "where both are equal their difference is the 0 of the other branch",
  },
];

export function solidityReasonOf({ file, before, change }: SolidityMutation): string | undefined {
  return EQUIVALENT_SOLIDITY.find((entry) => entry.file === file && entry.before === before && entry.change === change)
    ?.reason;
}
