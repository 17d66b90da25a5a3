import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { createApi } from "../../matcher/api/server.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { heldReceiptsFrom } from "../../matcher/protocol/held-receipt.ts";
import { receiptFault } from "../../matcher/protocol/receipt.ts";
import { type ReceiptPlace, receiptsAddress } from "../../matcher/protocol/receipt-group.ts";
import { ClearbookClient, type OrderTerms } from "../../matcher/sdk/client.ts";
import type { Fetch } from "../../matcher/sdk/http.ts";
import { ReceiptFile } from "../../matcher/sdk/receipt-file.ts";
import { ReceiptMemory } from "../../matcher/sdk/receipt-store.ts";
import { type ReceiptOptions, WrongReceipt } from "../../matcher/sdk/receipts.ts";
import { ReceiptBook } from "../../matcher/sequencer/receipt-book.ts";
import { ReceiptSigner } from "../../matcher/sequencer/receipt-signer.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { verifierInThread } from "../api/api-fixture.ts";
import { OTHER_KEY, PLACE, RECEIPTS_KEY, SIGNER } from "../protocol/sample-receipts.ts";
import { DOMAIN, EPOCH_SECONDS, keyOf, newState, openingCommands } from "../sequencer/exchange-fixture.ts";

let clockMs = EPOCH_SECONDS * 1_000;
/** A clock that goes on: a client begins with sequences of its time. */
const nowMs = () => clockMs++;
const bid: OrderTerms = { market: "BTC-USD", side: "buy", price: "64000.0", size: "0.01" };

/** Passes answers on, changed: a server that does not stand by what it says. */
function changing(path: string, change: (body: Record<string, unknown>) => unknown): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!new URL(url).pathname.endsWith(path)) return response;
    return Response.json(change((await response.json()) as Record<string, unknown>));
  };
}

describe("a client's receipts, over a socket", () => {
  const signer = new ReceiptSigner(PLACE, RECEIPTS_KEY);
  let app: FastifyInstance;
  let apiUrl: string;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "receipts-"));
    const sequencer = new Sequencer({ state: newState(), verifier: verifierInThread(), nowMs });
    const receipts = new ReceiptBook({ signer });
    sequencer.onDurable((accepted) => receipts.record(accepted));
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    app = createApi({ sequencer, ...PLACE, domain: DOMAIN, markets, receipts });
    for (const command of openingCommands(2)) if (command.type !== "message") sequencer.apply(command);
    apiUrl = await app.listen({ host: "127.0.0.1", port: 0 });
  });
  after(async () => {
    await app.close();
    await signer.close();
    rmSync(folder, { recursive: true });
  });

  const connect = (receipts: ReceiptOptions = {}, more: { fetch?: Fetch } = {}) =>
    ClearbookClient.connect({ apiUrl, key: keyOf(1), account: 1, nowMs, receipts, ...more });

  it("are judged as they come and kept, whatever was sent, in whatever order", async () => {
    const client = await connect({ signer: SIGNER });
    const placed = await Promise.all(Array.from({ length: 20 }, (_, i) => client.place({ ...bid, clientId: `a${i}` })));
    await client.cancel(placed[0]!.order);
    await client.amend(placed[1]!.order, { ...bid, size: "0.005" });
    const stop = { ...bid, side: "sell", reduceOnly: false, price: "60000.0", triggerPrice: "64000.0" } as const;
    await client.conditional.placeStop({ ...stop, clientId: "guard" });
    await client.cancelAll(true);
    await client.withdraw("1");
    await client.setMarginMode("BTC-USD");
    await client.setMarginMode(null);
    const held = await client.receipts.all();
    expect(held.length).to.equal(27);
    for (const { receipt, ...expected } of held) expect(receiptFault(receipt, expected)).to.equal(null);
    const numbers = held.map(({ receipt }) => receipt.command);
    expect(new Set(numbers).size).to.equal(27);
    expect(placed[5]!.receipt?.command).to.equal(placed[5]!.order.command);
    expect(client.receipts.signer).to.equal(SIGNER);
  });

  it("raise an error with the evidence when one is wrong, and keep it; the order stands", async () => {
    const altered = (field: string, value: unknown) =>
      changing("/v1/orders", (body) =>
        "receipt" in body ? { ...body, receipt: { ...(body.receipt as object), [field]: value } } : body,
      );
    const word = `0x${"1".repeat(64)}`;
    const cases: [Fetch, string][] = [
      [altered("digest", word), "another-command"],
      [altered("acceptedAtMs", 5), "another-command"],
      [altered("head", word), "broken-head"],
      [altered("path", [word]), "broken-path"],
      [altered("signature", `0x${"1".repeat(128)}1b`), "not-signed"],
      [altered("command", "first"), "malformed"],
      [changing("/v1/orders", (body) => ({ ...body, receipt: undefined })), "missing"],
    ];
    for (const [fetch, fault] of cases) {
      const client = await connect({}, { fetch });
      const error = await client.place(bid).catch((thrown: unknown) => thrown);
      if (!(error instanceof WrongReceipt)) throw error;
      expect(error.fault).to.equal(fault);
      expect(error.message).to.match(/^the receipt for the order of account 1 is not good: /);
      expect(error.sent.message.kind).to.equal("order");
      expect(error.signer).to.equal(SIGNER);
      expect((await client.receipts.all()).length).to.equal(fault === "missing" || fault === "malformed" ? 0 : 1);
      const open = await client.orders();
      expect(open.length).to.equal(1);
      expect(client.slots.isTaken(open[0]!.slot)).to.equal(true);
      await (await connect()).cancelAll();
    }
  });

  it("are kept without a look when the client is told so", async () => {
    const fetch = changing("/v1/orders", (body) =>
      "receipt" in body ? { ...body, receipt: { ...(body.receipt as object), acceptedAtMs: 5 } } : body,
    );
    const client = await connect({ verify: false }, { fetch });
    await client.place(bid);
    const [held] = await client.receipts.all();
    expect(receiptFault(held!.receipt, held!)).to.equal("another-command");
  });

  it("end at the door of a server that names another key than the expected one, or none", async () => {
    const message = (connecting: Promise<unknown>) => connecting.then(String, (error: Error) => error.message);
    const other = receiptsAddress(OTHER_KEY);
    expect(await message(connect({ signer: other }))).to.equal(
      `the exchange's receipts are signed by ${SIGNER}, not by ${other}`,
    );
    const silent = changing("/v1/markets", (body) => ({ ...body, receiptsSigner: null }));
    expect(await message(connect({ signer: SIGNER }, { fetch: silent }))).to.contain("signed by nobody");
    const client = await connect({}, { fetch: silent });
    await client.place(bid);
    expect(await client.receipts.all()).to.deep.equal([]);
  });

  it("stand in a file, a line each, through many at once and a restart of the program", async () => {
    const path = join(folder, "receipts.jsonl");
    const client = await connect({ store: new ReceiptFile(path) });
    await Promise.all(Array.from({ length: 15 }, () => client.place(bid)));
    const again = await connect({ store: new ReceiptFile(path) });
    await again.cancelAll();
    const held = await again.receipts.all();
    expect(held.length).to.equal(16);
    for (const { receipt, ...expected } of held) expect(receiptFault(receipt, expected)).to.equal(null);
    expect(await new ReceiptFile(join(folder, "absent")).all()).to.deep.equal([]);
    const broken = join(folder, "broken");
    writeFileSync(broken, "\n{}\n");
    const refusal = await new ReceiptFile(broken).all().catch((error: Error) => error.message);
    expect(refusal).to.contain("line 2 is no receipt");
  });

  it("go from one client to another, and none of another exchange comes along", async () => {
    const from = await connect();
    await from.place(bid);
    const text = await from.receipts.export();
    const to = await connect();
    expect(await to.receipts.import(text)).to.equal(1);
    expect(await to.receipts.all()).to.deep.equal(heldReceiptsFrom(text));
    const strange = text.replace(`"chainId":${PLACE.chainId}`, '"chainId":5');
    const refusal = await to.receipts.import(strange).catch((error: Error) => error.message);
    expect(refusal).to.equal("receipt 1 is of another exchange or chain");
    expect((await to.receipts.all()).length).to.equal(1);
    await from.cancelAll();
  });

  it("are found again when an acknowledgement is lost", async () => {
    const client = await connect();
    const { order } = await client.place(bid);
    let lost = false;
    const losing = await connect(
      {},
      {
        fetch: async (url, init) => {
          const response = await fetch(url, init);
          if (!url.endsWith("/v1/cancel")) return response;
          lost = true;
          throw new Error("the connection is gone");
        },
      },
    );
    await losing.cancel(order).catch(() => {});
    expect(lost).to.equal(true);
    const message = { kind: "cancel", account: 1, slot: order.slot, sequence: order.sequence } as const;
    const sent = { message, signature: losing.signer.sign(message) };
    const found = await losing.receipts.recover(sent, order.command);
    expect(found?.command).to.equal(order.command + 1);
    expect((await losing.receipts.all()).length).to.equal(1);
    expect(await losing.receipts.recover({ ...sent, settle: true }, 1)).to.equal(undefined);
  });

  it("of an order that an earlier request placed under the same name are left to who sent that one", async () => {
    const first = await connect();
    const { order } = await first.place({ ...bid, clientId: "named" });
    const second = await connect();
    const again = await second.place({ ...bid, clientId: "named" });
    expect([again.duplicate, again.order.id, again.receipt?.command]).to.deep.equal([true, order.id, order.command]);
    expect(await second.receipts.all()).to.deep.equal([]);
    // Without a name, only the very same bytes are a duplicate: another receipt is none.
    const lying = changing("/v1/orders", (body) =>
      "receipt" in body ? { ...body, duplicate: true, receipt: again.receipt } : body,
    );
    const error = await (await connect({}, { fetch: lying })).place(bid).catch((thrown: unknown) => thrown);
    expect((error as WrongReceipt).fault).to.equal("another-command");
    await first.cancelAll();
  });

  it("in memory give way to newer ones", () => {
    const place: ReceiptPlace = PLACE;
    const memory = new ReceiptMemory(3);
    const receiptOf = (command: number) =>
      ({ place, signer: SIGNER, commandBytes: new Uint8Array(), receipt: { command } }) as never;
    for (let command = 1; command <= 10; command++) memory.append(receiptOf(command));
    expect(memory.all().map(({ receipt }) => receipt.command)).to.deep.equal([8, 9, 10]);
  });
});
