import type { TransferMessage, WithdrawalMessage } from "../protocol/message.ts";
import { WIDTH } from "../protocol/spec.ts";

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
