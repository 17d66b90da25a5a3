import { type Static, Type } from "typebox";
import {
  Account,
  Decimal,
  DecimalText,
  Ms,
  Nonce,
  Seconds,
  STRICT,
  Whole,
  WireFinality,
  WireSignature,
} from "./field.ts";
import { WirePage } from "./page.ts";
import { ReceiptOrNull } from "./receipt.ts";

export const WireWithdrawalRequest = Type.Object(
  { account: Account, nonce: Nonce, amount: DecimalText, expirySeconds: Seconds, signature: WireSignature },
  STRICT,
);
export type WireWithdrawalRequest = Static<typeof WireWithdrawalRequest>;

export const WireTransferRequest = Type.Object(
  { ...WireWithdrawalRequest.properties, to: { ...Account, description: "Receiving account, of the same L1 owner." } },
  STRICT,
);
export type WireTransferRequest = WireWithdrawalRequest & { to: number };

export const WireWithdrawal = Type.Object(
  {
    account: Whole,
    nonce: Type.Union([Whole, Type.Null()], {
      description: "null: paid out by a forced exit, which is asked for on L1.",
    }),
    amount: Decimal,
    atMs: Ms,
    finality: WireFinality,
  },
  STRICT,
);
export type WireWithdrawal = Static<typeof WireWithdrawal>;

export const WireWithdrawals = Type.Object({ withdrawals: Type.Array(WireWithdrawal), page: WirePage }, STRICT);
export type WireWithdrawals = Static<typeof WireWithdrawals>;
/** Answer to one that was sent. */
export const WireWithdrawn = Type.Object({ ...WireWithdrawal.properties, receipt: ReceiptOrNull }, STRICT);
export type WireWithdrawn = Static<typeof WireWithdrawn>;

export const WireTransfer = Type.Object({ ...WireWithdrawal.properties, nonce: Whole, to: Whole }, STRICT);
export type WireTransfer = WireWithdrawal & { nonce: number; to: number };

export const WireTransfers = Type.Object({ transfers: Type.Array(WireTransfer), page: WirePage }, STRICT);
export type WireTransfers = Static<typeof WireTransfers>;
/** Answer to one that was sent. */
export const WireTransferred = Type.Object({ ...WireTransfer.properties, receipt: ReceiptOrNull }, STRICT);
export type WireTransferred = WireWithdrawn & { nonce: number; to: number };
