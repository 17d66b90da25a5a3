import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { createApi } from "../../matcher/api/server.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { nextJournalHead } from "../../matcher/protocol/journal-head.ts";
import { messageCommandBytes } from "../../matcher/protocol/journal-record.ts";
import type { Instruction, Signed } from "../../matcher/protocol/message.ts";
import { receiptFault } from "../../matcher/protocol/receipt.ts";
import {
  receiptFromWire,
  type WireDigests,
  type WireReceipts,
  wordFromWire,
} from "../../matcher/protocol/receipt-wire.ts";
import { ReceiptBook } from "../../matcher/sequencer/receipt-book.ts";
import { ReceiptSigner } from "../../matcher/sequencer/receipt-signer.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { PLACE, RECEIPTS_KEY, SIGNER } from "../protocol/sample-receipts.ts";
import { DOMAIN, EPOCH_SECONDS, newState, openingCommands, order, signed } from "../sequencer/exchange-fixture.ts";
import { get, orderBody, post, testApi, verifierInThread, wireSignature } from "./api-fixture.ts";

const markets = DEVNET_MARKETS.map(({ market }) => market);

describe("receipts, over HTTP", () => {
  const signer = new ReceiptSigner(PLACE, RECEIPTS_KEY);
  let sequencer: Sequencer;
  let app: FastifyInstance;

  beforeEach(() => {
    sequencer = new Sequencer({ state: newState(), verifier: verifierInThread(), nowMs: () => 1_000 * EPOCH_SECONDS });
    const receipts = new ReceiptBook({ signer });
    sequencer.onDurable((accepted) => receipts.record(accepted));
    app = createApi({ sequencer, ...PLACE, domain: DOMAIN, markets, receipts });
    for (const command of openingCommands(2)) if (command.type !== "message") sequencer.apply(command);
  });
  afterEach(() => app.close());
  after(() => signer.close());

  async function acknowledged(url: string, body: object, message: Signed<Instruction>, more: object = {}) {
    const { status, body: answer } = await post(app, url, body);
    expect(status, JSON.stringify(answer)).to.equal(200);
    const receipt = receiptFromWire(answer.receipt);
    const commandBytes = messageCommandBytes({ message, settle: false, ...more });
    expect(receiptFault(receipt, { commandBytes, place: PLACE, signer: SIGNER })).to.equal(null);
    return { receipt, answer };
  }

  it("come with everything that is signed: orders, cancels, withdrawals, transfers, margin modes", async () => {
    const clientId = "mine";
    const sent = signed(order({ slot: 3, sequence: 64 }));
    const placed = await acknowledged("/v1/orders", orderBody({ slot: 3, sequence: 64 }, { clientId }), sent, {
      clientId,
    });
    expect(placed.receipt.command).to.equal(sequencer.state.commandCount);
    expect(placed.answer.order.command).to.equal(placed.receipt.command);

    const cancel = signed({ kind: "cancel", account: 1, slot: 3, sequence: 64 } as const);
    const signature = wireSignature(cancel.signature);
    const cancelBody = { account: 1, slot: 3, sequence: 64, signature, settle: true };
    await acknowledged("/v1/cancel", cancelBody, cancel, { settle: true });

    const cancelAll = signed({ kind: "cancelAll", account: 1, sequence: 640 } as const);
    const cancelAllBody = { account: 1, sequence: 640, signature: wireSignature(cancelAll.signature) };
    await acknowledged("/v1/cancel-all", cancelAllBody, cancelAll);

    const paid = { account: 1, sequence: 0, expirySeconds: EPOCH_SECONDS + 60, amountMicroUsd: 5_000_000n };
    const withdrawal = signed({ kind: "withdrawal", ...paid } as const);
    const common = { account: 1, nonce: 0, amount: "5", expirySeconds: paid.expirySeconds };
    await acknowledged("/v1/withdrawals", { ...common, signature: wireSignature(withdrawal.signature) }, withdrawal);

    const mode = signed({ kind: "marginMode", account: 2, isolatedMarket: 0, sequence: 1 } as const);
    const modeBody = { account: 2, isolatedMarket: "BTC-USD", sequence: 1, signature: wireSignature(mode.signature) };
    await acknowledged("/v1/margin-mode", modeBody, mode);

    // Another account of the same owner.
    const { ax, ay } = sequencer.state.keyOf(1)!;
    const entry = {
      kind: "registration",
      minSequence: 0,
      account: 3,
      amountMicroUsd: 0n,
      owner: 256n,
      ax,
      ay,
    } as const;
    sequencer.apply({ type: "queue", entry, cursor: 4 });
    const transfer = signed({ kind: "transfer", ...paid, to: 3, sequence: 1 } as const);
    const transferBody = { ...common, nonce: 1, to: 3, signature: wireSignature(transfer.signature) };
    const { receipt } = await acknowledged("/v1/transfers", transferBody, transfer);
    expect(receipt.command).to.equal(sequencer.state.commandCount);
  });

  it("do not come with refusals, and a refused command has no number", async () => {
    const { body } = await post(app, "/v1/orders", orderBody({ quantityLots: 900_000_000 }));
    expect(body).to.not.have.property("receipt");
    expect(sequencer.state.commandCount).to.equal(openingCommands(2).length);
  });

  it("are served again by the number of their command, which the order's record tells", async () => {
    const sent = signed(order({ slot: 7, sequence: 64 }));
    await post(app, "/v1/orders", orderBody({ slot: 7, sequence: 64 }));
    // The same again is answered with the order, and the receipt, that it got before.
    const again = await acknowledged("/v1/orders", orderBody({ slot: 7, sequence: 64 }), sent);
    const { command } = again.answer.order;
    expect([again.answer.duplicate, again.receipt.command]).to.deep.equal([true, command]);
    const { body } = (await get(app, `/v1/receipts?from=${command}&limit=1`)) as { body: WireReceipts };
    expect(body.signer).to.equal(SIGNER);
    const expected = {
      commandBytes: messageCommandBytes({ message: sent, settle: false }),
      place: PLACE,
      signer: SIGNER,
    };
    expect(receiptFault(receiptFromWire(body.receipts[0]), expected)).to.equal(null);
    const all = (await get(app, "/v1/receipts?from=1&limit=500")).body as WireReceipts;
    expect(all.receipts.map((receipt) => receipt.command)).to.deep.equal(
      Array.from({ length: command }, (_, i) => i + 1),
    );
    expect((await get(app, `/v1/receipts?from=${command + 1}`)).body.receipts).to.deep.equal([]);
    expect((await get(app, "/v1/markets")).body.receiptsSigner).to.equal(SIGNER);
  });

  it("stand on digests that anybody can chain to the journal's head", async () => {
    for (let slot = 0; slot < 9; slot++) await post(app, "/v1/orders", orderBody({ slot, sequence: 64 }));
    const { commandCount, journalHead } = sequencer.state;
    let head = 0n;
    let from = 1;
    for (; from <= commandCount; ) {
      const page = (await get(app, `/v1/journal/digests?from=${from}&limit=4`)).body as WireDigests;
      expect([page.firstCommand, page.lastCommand, page.from]).to.deep.equal([1, commandCount, from]);
      expect(wordFromWire(page.previousHead)).to.equal(head);
      for (const digest of page.digests) head = nextJournalHead(head, wordFromWire(digest));
      from += page.digests.length;
    }
    expect(head).to.equal(journalHead);
    const beyond = (await get(app, `/v1/journal/digests?from=${commandCount + 50}`)).body as WireDigests;
    expect(beyond).to.deep.include({ from: commandCount + 1, digests: [] });
    expect(wordFromWire(beyond.previousHead)).to.equal(journalHead);
  });

  it("are asked for with whole numbers only", async () => {
    for (const path of ["receipts", "journal/digests"]) {
      for (const query of ["", "?from=0", "?from=-1", "?from=1.5", "?from=1&limit=0", "?from=1&more=1", "?from=1e3"]) {
        expect((await get(app, `/v1/${path}${query}`)).status, `${path}${query}`).to.equal(400);
      }
    }
  });

  it("are null where the operator gives none, and the digests are then not served", async () => {
    const { app: without } = testApi(1);
    const { body } = await post(without, "/v1/orders", orderBody());
    expect(body.receipt).to.equal(null);
    expect((await get(without, "/v1/markets")).body.receiptsSigner).to.equal(null);
    expect((await get(without, "/v1/receipts?from=1")).body).to.deep.include({ signer: null, receipts: [] });
    expect((await get(without, "/v1/journal/digests?from=1")).body).to.deep.include({ lastCommand: 0, digests: [] });
    await without.close();
  });
});
