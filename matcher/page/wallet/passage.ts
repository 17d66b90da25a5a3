/** How far a deposit is on its way from L1 into the account. */
export const DEPOSIT_STAGES = ["queued", "confirmed", "credited", "proven"] as const;
export type DepositStage = (typeof DEPOSIT_STAGES)[number];

/** A deposit whose transaction is in a block. */
export interface Passage {
  readonly amount: string;
  readonly txHash: string;
  readonly queueIndex: number;
  readonly blockNumber: number;
  readonly sentMs: number;
}

/** What is known of the way. */
export interface Progress {
  /** Block up to which the exchange has taken what L1 tells. */
  readonly confirmedBlock: number;
  /** Entries of L1's queue that the exchange has acted on. */
  readonly queueCursor: number;
  /** Deposits of the account, newest first. */
  readonly deposits: readonly { readonly amount: string; readonly finality: { readonly label: string } }[];
}

/**
 * The stage that a deposit has reached.
 * @param later deposits of this page that were queued after it, newest first: they come before it in the account's list
 */
export function depositStage(
  { amount, queueIndex, blockNumber }: Passage,
  { confirmedBlock, queueCursor, deposits }: Progress,
  later: readonly Passage[],
): DepositStage {
  if (queueCursor <= queueIndex) return confirmedBlock >= blockNumber ? "confirmed" : "queued";
  const credited = later.filter((passage) => queueCursor > passage.queueIndex && passage.amount === amount).length;
  const same = deposits.filter((deposit) => deposit.amount === amount);
  return same[credited]?.finality.label === "proven" ? "proven" : "credited";
}
