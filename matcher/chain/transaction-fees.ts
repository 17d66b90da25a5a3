import type { JsonRpcProvider } from "ethers";

/** EIP-1559 fees, wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** A signed transaction, ready to be sent any number of times. */
export interface SignedAttempt {
  readonly hash: string;
  readonly raw: string;
}

/** Enough for the base fee to double twice. */
export async function suggestedFees(provider: JsonRpcProvider): Promise<Fees> {
  const { maxFeePerGas, maxPriorityFeePerGas, gasPrice } = await provider.getFeeData();
  const priority = maxPriorityFeePerGas ?? 1_000_000_000n;
  const suggested = maxFeePerGas ?? (gasPrice ?? 1_000_000_000n) * 2n;
  return { maxFeePerGas: suggested * 2n + priority, maxPriorityFeePerGas: priority };
}

/** At least a quarter above the last fees (nodes ask for an eighth), and at least what the market asks. */
export function higherFees(last: Fees, market: Fees): Fees {
  const raised = (fee: bigint) => (fee * 5n) / 4n + 1n;
  const greater = (left: bigint, right: bigint) => (left > right ? left : right);
  return {
    maxFeePerGas: greater(raised(last.maxFeePerGas), market.maxFeePerGas),
    maxPriorityFeePerGas: greater(raised(last.maxPriorityFeePerGas), market.maxPriorityFeePerGas),
  };
}
