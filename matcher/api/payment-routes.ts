import type { FastifyInstance } from "fastify";
import {
  WireTransferRequest as TransferBody,
  type WireTransferRequest,
  WireTransferred,
  type WireWithdrawalRequest,
  WireWithdrawn,
  WireWithdrawalRequest as WithdrawalBody,
} from "../protocol/wire/payment.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { OrderEntry } from "./order-entry.ts";
import { route } from "./route-schema.ts";
import { transferFrom, withdrawalFrom } from "./wire-request.ts";

/** Records of an account's payments that an answer is looked for in. */
const RECENT_PAYMENTS = 100;

/** Withdrawals to L1 and transfers between accounts of one owner. */
export function paymentRoutes(app: FastifyInstance, access: ExchangeAccess, entry: OrderEntry): void {
  const { history, wire } = access;

  app.post<{ Body: WireWithdrawalRequest }>(
    "/v1/withdrawals",
    route({
      summary: "Withdraw to the account's L1 owner by a signature: claimable there once proven.",
      tag: "payments",
      budget: "order",
      body: WithdrawalBody,
      answer: WireWithdrawn,
    }),
    async ({ body, ip }): Promise<WireWithdrawn> => {
      const { receipt } = await entry.submit(withdrawalFrom(body), ip);
      const record = history.withdrawalsOf(body.account, RECENT_PAYMENTS).find(({ nonce }) => nonce === body.nonce);
      if (record === undefined) throw new Error(`withdrawal ${body.account}/${body.nonce} left no record`);
      return { ...wire.withdrawal(record), receipt };
    },
  );

  app.post<{ Body: WireTransferRequest }>(
    "/v1/transfers",
    route({
      summary: "Move collateral to another account of the same L1 owner by a signature, at once.",
      tag: "payments",
      budget: "order",
      body: TransferBody,
      answer: WireTransferred,
    }),
    async ({ body, ip }): Promise<WireTransferred> => {
      const { receipt } = await entry.submit(transferFrom(body), ip);
      const sent = history.transfersOf(body.account, RECENT_PAYMENTS);
      const record = sent.find(({ account, nonce }) => account === body.account && nonce === body.nonce);
      if (record === undefined) throw new Error(`transfer ${body.account}/${body.nonce} left no record`);
      return { ...wire.transfer(record), receipt };
    },
  );
}
