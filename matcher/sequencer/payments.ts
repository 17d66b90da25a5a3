import type { Signed, TransferMessage, WithdrawalMessage } from "../protocol/message.ts";
import type { RejectCode } from "../protocol/reject.ts";
import type { Ledger } from "../state/ledger.ts";
import type { Step } from "../state/step.ts";
import type { ExchangeEvent } from "./exchange-event.ts";
import type { QueueDesk } from "./queue-desk.ts";
import { paymentRefusalCode } from "./refusal-code.ts";

/**
 * Pays to the account's L1 owner.
 * @param desk may hold the pool for somebody else
 * @param steps where the ledger's step goes
 */
export function withdraw(
  ledger: Ledger,
  desk: Pick<QueueDesk, "isPoolHeldAgainst">,
  message: Signed<WithdrawalMessage>,
  steps: Step[],
): ExchangeEvent[] | RejectCode {
  if (desk.isPoolHeldAgainst(message.account)) return "POOL_SHORT";
  const verdict = ledger.checkWithdrawal(message);
  if (verdict !== "ok") return paymentRefusalCode(verdict);
  steps.push(ledger.applyWithdrawal(message));
  const { account, sequence, amountMicroUsd } = message;
  return [{ type: "withdrawal", account, nonce: sequence, amountMicroUsd }];
}

/** Pays to another account of the owner. @param steps where the ledger's step goes */
export function transfer(
  ledger: Ledger,
  message: Signed<TransferMessage>,
  steps: Step[],
): ExchangeEvent[] | RejectCode {
  const verdict = ledger.checkTransfer(message);
  if (verdict !== "ok") return paymentRefusalCode(verdict);
  steps.push(ledger.applyTransfer(message));
  const { account, to, sequence, amountMicroUsd } = message;
  return [{ type: "transfer", account, to, nonce: sequence, amountMicroUsd }];
}
