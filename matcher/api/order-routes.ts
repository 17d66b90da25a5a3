import type { FastifyInstance } from "fastify";
import type { WireCancelled, WirePlaced, WireTransfer, WireWithdrawal } from "../protocol/api-wire.ts";
import type { WireMarginModeSet } from "../protocol/margin-wire.ts";
import type { Instruction, Signed } from "../protocol/message.ts";
import type { WireAcknowledged, WireReceipt } from "../protocol/receipt-wire.ts";
import { marginMode } from "../risk/wire-figures.ts";
import type { Accepted } from "../sequencer/outcome.ts";
import type { SubmitOptions } from "../sequencer/sequencer.ts";
import { Rejection, type RejectionDetails } from "./api-error.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import type { OrderRecord } from "./history.ts";
import { CancelAllBody, CancelBody, MarginModeBody, OrderBody, TransferBody, WithdrawalBody } from "./schema.ts";
import { cancelAllFrom, cancelFrom, marginModeFrom, orderFrom, transferFrom, withdrawalFrom } from "./wire-request.ts";

/** Everything that is signed. */
export function orderRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { sequencer, history, wire, options } = access;

  async function submit(
    message: Signed<Instruction>,
    options: SubmitOptions = {},
  ): Promise<{ accepted: Accepted; messageHash: string; receipt: WireReceipt | null }> {
    const { outcome, messageHash } = await sequencer.submit(message, options);
    const hash = `0x${(messageHash ?? 0n).toString(16).padStart(64, "0")}`;
    if (outcome.accepted) {
      return { accepted: outcome, messageHash: hash, receipt: await access.receiptOf(outcome) };
    }
    const details: RejectionDetails = {};
    if (outcome.code === "WRONG_SIGNATURE") details.messageHash = hash;
    // The wire calls a withdrawal's sequence its nonce.
    if (outcome.code === "WRONG_NONCE") details.field = "nonce";
    throw new Rejection(outcome.code, details);
  }

  /** Orders that a command took out of the book. */
  function removedBy({ events }: Accepted): OrderRecord[] {
    return events.flatMap(({ event }) => {
      if (event.type !== "removed") return [];
      const order = history.order(event.account, event.slot, event.sequence);
      return order === undefined ? [] : [order];
    });
  }

  function cancelled(
    { accepted, receipt }: { accepted: Accepted; receipt: WireReceipt | null },
    settle: boolean,
  ): WireAcknowledged<WireCancelled> {
    const step = accepted.steps[0]?.number ?? null;
    const orders = removedBy(accepted).map((order) => wire.order(order));
    return { orders, settle, finality: wire.finalityOf(step), receipt };
  }

  app.post<{ Body: OrderBody }>(
    "/v1/orders",
    { schema: { body: OrderBody } },
    async ({ body }): Promise<WireAcknowledged<WirePlaced>> => {
      const market = access.marketOf(body.market);
      const order = orderFrom(body, market, options);
      const { accepted, messageHash, receipt } = await submit(order, { clientId: body.clientId });
      const record = history.order(order.account, order.slot, order.sequence);
      if (record === undefined)
        throw new Error(`order ${order.account}/${order.slot}/${order.sequence} left no record`);
      const count = accepted.events.filter(({ event }) => event.type === "fill").length;
      const first = accepted.events[0]?.seq ?? 0;
      const fills = history
        .fillsOf(order.account, count === 0 ? 0 : 1_000)
        .filter(({ seq }) => seq >= first && seq < first + accepted.events.length)
        .reverse();
      return {
        order: wire.order(record),
        fills: fills.map((fill) => wire.fill(fill, order.account)),
        messageHash,
        receipt,
      };
    },
  );

  app.post<{ Body: CancelBody }>("/v1/cancel", { schema: { body: CancelBody } }, async ({ body }) => {
    const settle = body.settle ?? false;
    return cancelled(await submit(cancelFrom(body), { settle }), settle);
  });

  app.post<{ Body: CancelAllBody }>("/v1/cancel-all", { schema: { body: CancelAllBody } }, async ({ body }) => {
    const settle = body.settle ?? false;
    return cancelled(await submit(cancelAllFrom(body), { settle }), settle);
  });

  app.post<{ Body: WithdrawalBody }>(
    "/v1/withdrawals",
    { schema: { body: WithdrawalBody } },
    async ({ body }): Promise<WireAcknowledged<WireWithdrawal>> => {
      const message = withdrawalFrom(body);
      const { receipt } = await submit(message);
      const record = history.withdrawalsOf(body.account, 100).find(({ nonce }) => nonce === body.nonce);
      if (record === undefined) throw new Error(`withdrawal ${body.account}/${body.nonce} left no record`);
      return { ...wire.withdrawal(record), receipt };
    },
  );

  app.post<{ Body: TransferBody }>(
    "/v1/transfers",
    { schema: { body: TransferBody } },
    async ({ body }): Promise<WireAcknowledged<WireTransfer>> => {
      const { receipt } = await submit(transferFrom(body));
      const sent = history.transfersOf(body.account, 100);
      const record = sent.find(({ account, nonce }) => account === body.account && nonce === body.nonce);
      if (record === undefined) throw new Error(`transfer ${body.account}/${body.nonce} left no record`);
      return { ...wire.transfer(record), receipt };
    },
  );

  app.post<{ Body: MarginModeBody }>(
    "/v1/margin-mode",
    { schema: { body: MarginModeBody } },
    async ({ body }): Promise<WireAcknowledged<WireMarginModeSet>> => {
      const { account, isolatedMarket } = body;
      const market = isolatedMarket === null ? null : access.marketOf(isolatedMarket);
      const { receipt } = await submit(marginModeFrom(body, market));
      return { account, mode: marginMode(market === null ? null : market.index), isolatedMarket, receipt };
    },
  );
}
