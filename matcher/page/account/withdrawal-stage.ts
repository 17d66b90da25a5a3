import { microUsdFromUsd } from "../../protocol/decimal.ts";

export type WithdrawalStage = "accepted" | "claimable" | "claimed" | "proven";

interface Withdrawal {
  readonly amount: string;
  readonly finality: { readonly label: "accepted" | "matched" | "proven" };
}

/**
 * How far each withdrawal is. The contract keeps one sum for an owner, and pays all of it at once: what of it is still there are the newest.
 * @param withdrawals newest first
 * @param claimableMicroUsd that sum; null while it is not known, and "proven" is all that can be said
 */
export function withdrawalStages(
  withdrawals: readonly Withdrawal[],
  claimableMicroUsd: bigint | null,
): WithdrawalStage[] {
  let left = claimableMicroUsd ?? 0n;
  return withdrawals.map(({ amount, finality }) => {
    if (finality.label !== "proven") return "accepted";
    if (claimableMicroUsd === null) return "proven";
    const isThere = left > 0n;
    left -= microUsdFromUsd(amount);
    return isThere ? "claimable" : "claimed";
  });
}
