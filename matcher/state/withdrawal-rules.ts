import type { WithdrawalMessage } from "../protocol/message.ts";
import { WIDTH } from "../protocol/spec.ts";

export type WithdrawalRefusal = "wrong-nonce" | "nonces-exhausted" | "amount" | "expired";

/** The rules of docs/protocol.md §4 on a withdrawal, margin apart. The last nonce stays unused: nonce + 1 must fit. */
export function withdrawalRefusal(
  message: WithdrawalMessage,
  withdrawalNonce: number,
  timeSeconds: number,
): WithdrawalRefusal | undefined {
  if (message.sequence !== withdrawalNonce) return "wrong-nonce";
  if (withdrawalNonce + 1 >= 2 ** WIDTH.withdrawalNonce) return "nonces-exhausted";
  if (message.amountMicroUsd < 1n || message.amountMicroUsd >> BigInt(WIDTH.withdrawalMicroUsd) !== 0n) return "amount";
  if (timeSeconds > message.expirySeconds) return "expired";
  return undefined;
}
