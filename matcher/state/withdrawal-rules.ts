import type { TransferMessage, WithdrawalMessage } from "../protocol/message.ts";
import { PICO_PER_MICRO, WIDTH } from "../protocol/spec.ts";
import type { LedgerShared } from "./ledger-state.ts";

export type WithdrawalRefusal = "wrong-nonce" | "nonces-exhausted" | "amount" | "expired";

/** Why a transfer has no receiver. */
export type TransferRefusal = "unknown-receiver" | "other-owner" | "same-account";

/** The rules of docs/protocol.md §4 on a withdrawal or a transfer, margin and receiver apart. The last nonce stays unused: nonce + 1 must fit. */
export function withdrawalRefusal(
  message: WithdrawalMessage | TransferMessage,
  withdrawalNonce: number,
  timeSeconds: number,
): WithdrawalRefusal | undefined {
  if (message.sequence !== withdrawalNonce) return "wrong-nonce";
  if (withdrawalNonce + 1 >= 2 ** WIDTH.withdrawalNonce) return "nonces-exhausted";
  if (message.amountMicroUsd < 1n || message.amountMicroUsd >> BigInt(WIDTH.withdrawalMicroUsd) !== 0n) return "amount";
  if (timeSeconds > message.expirySeconds) return "expired";
  return undefined;
}

/** The receiver of a transfer: another account of the same L1 owner. */
export function transferRefusal(
  message: TransferMessage,
  receiverOwner: bigint | undefined,
  senderOwner: bigint | undefined,
): TransferRefusal | undefined {
  if (message.to === message.account) return "same-account";
  if (receiverOwner === undefined) return "unknown-receiver";
  return receiverOwner === senderOwner ? undefined : "other-owner";
}

/** A withdrawal that its account may make, and the pool cannot pay. */
export type PoolRefusal = "pool-short";

type PoolTotals = Pick<LedgerShared, "depositedMicroUsd" | "withdrawnMicroUsd" | "feesPicoUsd">;

/** What is left for all accounts together: deposits − withdrawals − fees, which is Σ collateral with funding settled. */
export function poolPicoUsd({ depositedMicroUsd, withdrawnMicroUsd, feesPicoUsd }: PoolTotals): bigint {
  return (depositedMicroUsd - withdrawnMicroUsd) * PICO_PER_MICRO - feesPicoUsd;
}

/**
 * A pool cannot pay what it does not hold: an account's gain is money only once the account that lost has paid. While every account
 * is worth something, no withdrawal that leaves initial margin met comes near this, for sizes add up to zero and the values of all
 * accounts to the pool. Accounts of negative value leave it short until they are settled; the contract would refuse the whole batch
 * (InsufficientVault), and every batch behind it.
 *
 * The contract is never stricter. Settling batch n, it holds deposits(n) − withdrawals − collected, where
 * - deposits(n), those of batches 1 … n, hold every deposit that the ledger applied before this withdrawal, and are added first;
 * - withdrawals are the same ones in the same order;
 * - collected ≤ ⌊fees of batches 1 … n − 1⌋ in micro-USD, whenever the owner collects, and fees never fall from step to step
 *   (a fill whose two fees add up to less than zero is refused): at most the fees of the ledger at this withdrawal.
 */
export function poolRefusal(totals: PoolTotals, amountMicroUsd: bigint): PoolRefusal | undefined {
  return amountMicroUsd * PICO_PER_MICRO > poolPicoUsd(totals) ? "pool-short" : undefined;
}
