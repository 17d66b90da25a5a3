import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { GENESIS_JOURNAL_HEAD } from "../protocol/journal-head.ts";
import { wireReceipt, wireWord } from "../protocol/receipt-wire.ts";
import { WireDigests, WireReceipts } from "../protocol/wire/receipt.ts";
import type { ExchangeAccess } from "./exchange-access.ts";
import { route } from "./route-schema.ts";

/** Each may need a signature, so few of them at once. */
const RECEIPTS_MAX = 100;
const DIGESTS_MAX = 5_000;
const DEFAULT_LIMIT = 100;

const Query = Type.Object(
  {
    from: Type.String({ pattern: "^[1-9][0-9]{0,14}$" }),
    limit: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,3}$" })),
  },
  { additionalProperties: false },
);

interface QueryText {
  from: string;
  limit?: string;
}

function pageOf({ from, limit }: QueryText, most: number): { from: number; limit: number } {
  return { from: Number(from), limit: limit === undefined ? DEFAULT_LIMIT : Math.min(Number(limit), most) };
}

/** What anybody needs to check the operator's word: receipts by number of the command, and the digests under the heads on L1. */
export function receiptRoutes(app: FastifyInstance, { options: { receipts } }: ExchangeAccess): void {
  app.get<{ Querystring: QueryText }>(
    "/v1/receipts",
    route({
      summary: "Receipts of consecutive commands, also of the past: an order tells the number of its command.",
      tag: "exchange",
      querystring: Query,
      answer: WireReceipts,
    }),
    async ({ query }): Promise<WireReceipts> => {
      if (receipts === undefined) return { signer: null, firstCommand: 1, lastCommand: 0, receipts: [] };
      const { from, limit } = pageOf(query, RECEIPTS_MAX);
      const found = await receipts.receiptsFrom(from, limit);
      const { firstCommand, lastCommand } = receipts.digests;
      return { signer: receipts.signerAddress, firstCommand, lastCommand, receipts: found.map(wireReceipt) };
    },
  );

  app.get<{ Querystring: QueryText }>(
    "/v1/journal/digests",
    route({
      summary: "Digests of consecutive commands: what the journal's heads in epochs and batches are made of.",
      tag: "exchange",
      querystring: Query,
      answer: WireDigests,
    }),
    ({ query }): WireDigests => {
      const none = { firstCommand: 1, lastCommand: 0, from: 1, previousHead: wireWord(GENESIS_JOURNAL_HEAD) };
      if (receipts === undefined) return { ...none, digests: [] };
      const { digests } = receipts;
      const { firstCommand, lastCommand } = digests;
      const { from: asked, limit } = pageOf(query, DIGESTS_MAX);
      const from = Math.min(Math.max(asked, firstCommand), lastCommand + 1);
      const count = Math.min(limit, lastCommand - from + 1);
      const found = Array.from({ length: count }, (_, i) => wireWord(digests.digest(from + i)));
      const previousHead = wireWord(lastCommand === 0 ? GENESIS_JOURNAL_HEAD : digests.headAfter(from - 1));
      return { firstCommand, lastCommand, from, previousHead, digests: found };
    },
  );
}
