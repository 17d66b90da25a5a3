import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type } from "typebox";
import { usdFromMicroUsd } from "../protocol/decimal.ts";
import { Rejection } from "./api-error.ts";
import { sessionAccountOf } from "./door.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { type Cell, csvLine, guardedText, isoTime } from "./history/csv.ts";
import { type PagedTable, type PageQuery, pageKey } from "./history/database.ts";
import type { DepositRecord, TransferRecord, WithdrawalRecord } from "./history/records.ts";
import type { Records } from "./history/rows.ts";
import { wireFundingPayment } from "./history/wire-history.ts";
import { ExportQuery, TradesExportQuery } from "./history-schema.ts";
import { route } from "./route-schema.ts";

interface ExportQueryText {
  account?: string;
  from?: string;
  to?: string;
}

const CSV = "text/csv";
/** Rows read at once, and so the size of a chunk. */
const ROWS_AT_ONCE = 1_000;

type Movement =
  | ({ kind: "deposit" } & DepositRecord)
  | ({ kind: "withdrawal" } & WithdrawalRecord)
  | ({ kind: "transfer" } & TransferRecord);

/** The past as files for spreadsheet programs: oldest first, as long as they are, while they are read. */
export function exportRoutes(app: FastifyInstance, access: ExchangeAccess): void {
  const { history, wire } = access;

  /** Rows of a span of time, chunk by chunk. What comes in while they are read is not among them. */
  async function* chunks<T extends PagedTable>(
    table: T,
    which: Pick<PageQuery, "account" | "market">,
    { from, to }: ExportQueryText,
  ): AsyncGenerator<Records[T][]> {
    const first = from === undefined ? 0 : await history.read("keyBefore", table, msOf(from, "from"));
    const last = await history.read("keyBefore", table, to === undefined ? Number.MAX_SAFE_INTEGER : msOf(to, "to"));
    for (let after = first; after < last; ) {
      const rows = await history.page(table, { ...which, after, before: last + 1, limit: ROWS_AT_ONCE });
      if (rows.length > 0) yield rows;
      if (rows.length < ROWS_AT_ONCE) return;
      after = pageKey(table, rows.at(-1) as Records[T]);
    }
  }

  async function* lines<R>(header: readonly string[], rows: AsyncIterable<R[]>, cellsOf: (row: R) => Cell[]) {
    yield csvLine(header);
    for await (const chunk of rows) yield chunk.map((row) => csvLine(cellsOf(row))).join("");
  }

  function download(reply: FastifyReply, name: string, text: AsyncIterable<string>): FastifyReply {
    reply.type(`${CSV}; charset=utf-8; header=present`);
    reply.header("content-disposition", `attachment; filename="${name}"`);
    return reply.send(Readable.from(text, { objectMode: false }));
  }

  const own = (summary: string) => {
    return route({
      summary,
      tag: "account",
      session: true,
      querystring: ExportQuery,
      answer: Type.String(),
      media: CSV,
    });
  };

  app.get<{ Querystring: ExportQueryText }>(
    "/v1/export/fills.csv",
    own("An account's fills as CSV, oldest first."),
    (request, reply) => {
      const account = checked(request.query, sessionAccountOf(request, request.query.account));
      const header = [
        ...["time", "timeMs", "tradeId", "market", "side", "role", "price", "size", "quote", "fee"],
        ...["slot", "sequence", "liquidation", "exit", "finality", "batchNumber"],
      ];
      const rows = chunks("trades", { account }, request.query);
      const text = lines(header, rows, (row) => {
        const fill = wire.fill(row, account);
        const quote = usdFromMicroUsd(BigInt(row.priceTicks) * BigInt(row.quantityLots));
        return [
          ...[isoTime(fill.atMs), fill.atMs, fill.tradeId, fill.market, fill.side, fill.role, fill.price, fill.size],
          ...[quote, fill.fee, fill.slot, fill.sequence, fill.liquidation, fill.exit],
          ...[fill.finality.label, fill.finality.batchNumber],
        ];
      });
      return download(reply, `fills-${account}.csv`, text);
    },
  );

  app.get<{ Querystring: ExportQueryText }>(
    "/v1/export/orders.csv",
    own("An account's orders as CSV, by acceptance, oldest first."),
    (request, reply) => {
      const account = checked(request.query, sessionAccountOf(request, request.query.account));
      const header = [
        ...["time", "timeMs", "id", "market", "side", "price", "size", "filledSize", "remainingSize", "status"],
        ...["reason", "clientId", "updated", "updatedMs", "finality", "batchNumber"],
      ];
      const text = lines(header, chunks("orders", { account }, request.query), (row) => {
        const order = wire.order(row);
        return [
          ...[isoTime(order.acceptedAtMs), order.acceptedAtMs, order.id, order.market, order.side, order.price],
          ...[order.size, order.filledSize, order.remainingSize, order.status, order.reason],
          ...[order.clientId === null ? null : guardedText(order.clientId), isoTime(order.updatedAtMs)],
          ...[order.updatedAtMs, order.finality.label, order.finality.batchNumber],
        ];
      });
      return download(reply, `orders-${account}.csv`, text);
    },
  );

  app.get<{ Querystring: ExportQueryText }>(
    "/v1/export/transfers.csv",
    own("Money that came to an account and left it (deposits, withdrawals, transfers) as CSV, oldest first."),
    (request, reply) => {
      const account = checked(request.query, sessionAccountOf(request, request.query.account));
      const header = ["time", "timeMs", "kind", "amount", "otherAccount", "nonce", "finality", "batchNumber"];
      const text = lines(header, movements(account, request.query), (movement) => {
        const { kind, atMs, amountMicroUsd, step } = movement;
        const { label, batchNumber } = wire.finalityOf(step);
        const received = kind === "deposit" || (kind === "transfer" && movement.to === account);
        const amount = usdFromMicroUsd(received ? amountMicroUsd : -amountMicroUsd);
        const other = kind !== "transfer" ? null : received ? movement.account : movement.to;
        const nonce = kind === "deposit" ? null : movement.nonce;
        return [isoTime(atMs), atMs, kind, amount, other, nonce, label, batchNumber];
      });
      return download(reply, `transfers-${account}.csv`, text);
    },
  );

  app.get<{ Querystring: ExportQueryText }>(
    "/v1/export/funding.csv",
    own("An account's funding payments as CSV, oldest first."),
    (request, reply) => {
      const account = checked(request.query, sessionAccountOf(request, request.query.account));
      const header = [
        ...["time", "timeMs", "id", "market", "size", "fromEpoch", "epoch", "fromTime", "toTime", "perUnit", "amount"],
        ...["finality", "batchNumber"],
      ];
      const text = lines(header, chunks("funding_payments", { account }, request.query), (row) => {
        const paid = wireFundingPayment(wire, row);
        return [
          ...[isoTime(paid.atMs), paid.atMs, paid.id, paid.market, paid.size, paid.fromEpoch, paid.epoch],
          ...[isoTime(paid.fromSeconds * 1_000), isoTime(paid.toSeconds * 1_000), paid.perUnit, paid.amount],
          ...[paid.finality.label, paid.finality.batchNumber],
        ];
      });
      return download(reply, `funding-${account}.csv`, text);
    },
  );

  app.get<{ Querystring: ExportQueryText & { market: string } }>(
    "/v1/export/trades.csv",
    route({
      summary: "A market's trades as CSV, oldest first.",
      tag: "markets",
      querystring: TradesExportQuery,
      answer: Type.String(),
      media: CSV,
    }),
    ({ query }, reply) => {
      const market = checked(query, access.marketOf(query.market).index);
      const header = [
        "time",
        "timeMs",
        "tradeId",
        "market",
        "price",
        "size",
        "quote",
        "takerSide",
        "liquidation",
        "exit",
      ];
      const text = lines(header, chunks("trades", { market }, query), (row) => {
        const trade = wire.trade(row);
        const quote = usdFromMicroUsd(BigInt(row.priceTicks) * BigInt(row.quantityLots));
        return [
          ...[isoTime(trade.atMs), trade.atMs, trade.tradeId, trade.market, trade.price, trade.size, quote],
          ...[trade.takerSide, trade.liquidation, trade.exit],
        ];
      });
      return download(reply, `trades-${query.market}.csv`, text);
    },
  );

  /** Three tables as one: the next of each is held, and the earliest event comes first. */
  async function* movements(account: number, times: ExportQueryText): AsyncGenerator<Movement[]> {
    const sources = [
      flat(chunks("deposits", { account }, times), (row): Movement => ({ kind: "deposit", ...row })),
      flat(chunks("withdrawals", { account }, times), (row): Movement => ({ kind: "withdrawal", ...row })),
      flat(chunks("transfers", { account }, times), (row): Movement => ({ kind: "transfer", ...row })),
    ];
    const heads = await Promise.all(sources.map(async (source) => (await source.next()).value ?? null));
    let chunk: Movement[] = [];
    for (;;) {
      let earliest = -1;
      for (const [at, head] of heads.entries()) {
        if (head !== null && head.seq < (heads[earliest]?.seq ?? Infinity)) earliest = at;
      }
      const movement = heads[earliest] ?? null;
      if (movement === null) break;
      chunk.push(movement);
      heads[earliest] = (await sources[earliest]?.next())?.value ?? null;
      if (chunk.length < ROWS_AT_ONCE) continue;
      yield chunk;
      chunk = [];
    }
    if (chunk.length > 0) yield chunk;
  }
}

async function* flat<R>(rows: AsyncIterable<R[]>, as: (row: R) => Movement): AsyncGenerator<Movement, undefined> {
  for await (const chunk of rows) for (const row of chunk) yield as(row);
}

/** A query whose times are refused before the answer begins. */
function checked<T>({ from, to }: ExportQueryText, value: T): T {
  if (from !== undefined) msOf(from, "from");
  if (to !== undefined) msOf(to, "to");
  return value;
}

/** @throws Rejection for a day that no calendar has */
function msOf(text: string, field: string): number {
  const atMs = /^[0-9]+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(atMs)) throw new Rejection("MALFORMED", { field, detail: `${field} ${text} is no time` });
  return atMs;
}
