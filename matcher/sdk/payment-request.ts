import type { WireTransferRequest, WireWithdrawalRequest } from "../protocol/api-wire.ts";
import { microUsdFromUsd } from "../protocol/decimal.ts";
import type { TransferMessage, WithdrawalMessage } from "../protocol/message.ts";
import type { OrderSigner } from "./order-signer.ts";

export interface PaymentTerms {
  readonly account: number;
  readonly nonce: number;
  /** Decimal string. */
  readonly amountUsd: string;
  readonly expirySeconds: number;
}

/** A withdrawal, signed. @throws DecimalError */
export function withdrawalRequest(
  signer: OrderSigner,
  { account, nonce, amountUsd, expirySeconds }: PaymentTerms,
): { message: WithdrawalMessage; body: WireWithdrawalRequest } {
  const amountMicroUsd = microUsdFromUsd(amountUsd);
  const message: WithdrawalMessage = { kind: "withdrawal", account, sequence: nonce, expirySeconds, amountMicroUsd };
  return { message, body: { account, nonce, amount: amountUsd, expirySeconds, signature: signer.sign(message) } };
}

/** A transfer, signed. @throws DecimalError */
export function transferRequest(
  signer: OrderSigner,
  { account, nonce, amountUsd, expirySeconds, to }: PaymentTerms & { to: number },
): { message: TransferMessage; body: WireTransferRequest } {
  const amountMicroUsd = microUsdFromUsd(amountUsd);
  const message: TransferMessage = { kind: "transfer", account, to, sequence: nonce, expirySeconds, amountMicroUsd };
  return { message, body: { account, to, nonce, amount: amountUsd, expirySeconds, signature: signer.sign(message) } };
}
