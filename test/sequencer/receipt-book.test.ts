import { expect } from "chai";
import { messageCommandBytes, recordBytes } from "../../matcher/protocol/journal-record.ts";
import { RECEIPT_GROUP_MAX, type Receipt, receiptFault } from "../../matcher/protocol/receipt.ts";
import { type ReceiptGroup, signReceiptGroup } from "../../matcher/protocol/receipt-group.ts";
import type { CommandLog } from "../../matcher/sequencer/command-log.ts";
import { JournalDigests } from "../../matcher/sequencer/journal-digests.ts";
import { ReceiptBook } from "../../matcher/sequencer/receipt-book.ts";
import { type GroupSigner, ReceiptSigner } from "../../matcher/sequencer/receipt-signer.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { PLACE, RECEIPTS_KEY, type SampleHistory, SIGNER, sampleHistory } from "../protocol/sample-receipts.ts";
import { accepted, immediately, openedState, order, signed } from "./exchange-fixture.ts";

/** Takes in commands of a history. */
function take(target: Pick<ReceiptBook, "record">, history: SampleHistory, first: number, last: number): void {
  for (let command = first; command <= last; command++) {
    target.record({
      command,
      acceptedAtMs: history.acceptedAtMs[command - 1]!,
      digest: history.digests[command - 1]!,
      previousHead: history.heads[command - 1]!,
      journalHead: history.heads[command]!,
    });
  }
}

describe("the digests of the journal", () => {
  /** Longer than a piece of memory and than the heads that are kept. */
  const COUNT = 9_000;
  const digests = new JournalDigests();
  const heads = [0n];

  before(() => {
    const history = sampleHistory(1);
    for (let command = 1; command <= COUNT; command++) {
      const digest = (history.digests[0]! * BigInt(command)) % 2n ** 256n;
      const previousHead = heads.at(-1)!;
      const journalHead = (previousHead + digest) >> 9n;
      // Heads that are no hashes: only what is kept of the newest ones can be told then.
      heads.push(journalHead);
      digests.record({ command, acceptedAtMs: command, digest, previousHead, journalHead });
    }
  });

  it("are kept with time and head, the oldest and the newest", () => {
    expect([digests.firstCommand, digests.lastCommand]).to.deep.equal([1, COUNT]);
    expect(digests.acceptedAtMs(8_193)).to.equal(8_193);
    expect(digests.digest(8_192)).to.equal((sampleHistory(1).digests[0]! * 8_192n) % 2n ** 256n);
    expect(digests.headAfter(0)).to.equal(0n);
    expect(digests.head).to.equal(heads[COUNT]);
    for (let command = COUNT - 4_095; command <= COUNT; command += 13) {
      expect(digests.headAfter(command)).to.equal(heads[command]);
    }
  });

  it("refuse what they do not know and what does not follow", () => {
    for (const command of [0, COUNT + 1, 1.5, Number.NaN]) expect(() => digests.digest(command)).to.throw(RangeError);
    expect(() => digests.headAfter(-1)).to.throw(RangeError);
    const next = { command: COUNT + 1, acceptedAtMs: 0, digest: 1n, previousHead: digests.head, journalHead: 2n };
    expect(() => digests.record({ ...next, command: COUNT + 2 })).to.throw("does not follow");
    expect(() => digests.record({ ...next, previousHead: 1n })).to.throw("does not follow");
  });

  it("give the head after any command, from wherever they begin", () => {
    const history = sampleHistory(150);
    const late = new JournalDigests();
    expect(late.lastCommand).to.equal(0);
    take(late, history, 41, 150);
    expect([late.firstCommand, late.lastCommand]).to.deep.equal([41, 150]);
    for (let command = 40; command <= 150; command++) expect(late.headAfter(command)).to.equal(history.heads[command]);
    expect(() => late.headAfter(39)).to.throw(RangeError);
  });

  it("are filled from the journal's bytes as from what is executed", () => {
    const history = sampleHistory(5);
    const [executed, read] = [new JournalDigests(), new JournalDigests()];
    take(executed, history, 1, 5);
    for (const [i, envelope] of history.envelopes.entries()) {
      read.recordBytes(recordBytes(history.acceptedAtMs[i]!, messageCommandBytes(envelope)));
    }
    expect(read).to.deep.equal(executed);
    expect(() => read.recordBytes(new Uint8Array(7))).to.throw(RangeError);
    expect(read.lastCommand).to.equal(5);
  });

  it("compute heads that are no longer kept", () => {
    const history = sampleHistory(100);
    const long = new JournalDigests();
    take(long, history, 1, 100);
    let head = history.heads[100]!;
    for (let command = 101; command <= 4_300; command++) {
      const record = { command, acceptedAtMs: 0, digest: 1n, previousHead: head, journalHead: BigInt(command) };
      long.record(record);
      head = record.journalHead;
    }
    for (const command of [1, 31, 32, 33, 64, 95]) {
      expect(long.headAfter(command), `${command}`).to.equal(history.heads[command]);
    }
  });
});

describe("the receipt book", () => {
  const signer = new ReceiptSigner(PLACE, RECEIPTS_KEY);
  const history = sampleHistory(120);
  after(() => signer.close());

  const expectGood = (receipt: Receipt, command: number, from = history) => {
    const commandBytes = messageCommandBytes(from.envelopes[command - 1]!);
    expect(receipt.command).to.equal(command);
    expect(receiptFault(receipt, { commandBytes, place: PLACE, signer: SIGNER })).to.equal(null);
  };

  it("signs once for all who ask at once, and not again for who asks later", async () => {
    const book = new ReceiptBook({ signer });
    take(book, history, 1, 20);
    const receipts = await Promise.all(Array.from({ length: 20 }, (_, i) => book.receiptOf(i + 1)));
    for (const [i, receipt] of receipts.entries()) expectGood(receipt, i + 1);
    expect(new Set(receipts.map(({ signature }) => signature)).size).to.equal(1);
    expect(book.signatureCount).to.equal(1);
    expectGood(await book.receiptOf(7), 7);
    expect(book.signatureCount).to.equal(1);
    expect(book.signerAddress).to.equal(SIGNER);
  });

  it("cuts groups so that no path is longer than allowed", async () => {
    const book = new ReceiptBook({ signer });
    take(book, history, 1, 120);
    const receipts = await Promise.all(Array.from({ length: 120 }, (_, i) => book.receiptOf(i + 1)));
    for (const [i, receipt] of receipts.entries()) expectGood(receipt, i + 1);
    const lengths = receipts.map(({ path }) => path.length);
    expect(Math.max(...lengths)).to.equal(RECEIPT_GROUP_MAX - 1);
    expect(book.signatureCount).to.equal(Math.ceil(120 / RECEIPT_GROUP_MAX));
  });

  it("gives receipts of the past after a restart, and forgets the oldest signatures first", async () => {
    const book = new ReceiptBook({ signer, groupsMax: 2 });
    take(book, history, 1, 120);
    for (const command of [1, 40, 80, 120]) expectGood(await book.receiptOf(command), command);
    expect(book.signatureCount).to.equal(4);
    await book.receiptOf(120);
    expect(book.signatureCount).to.equal(4);
    await book.receiptOf(1);
    expect(book.signatureCount).to.equal(5);
    const page = await book.receiptsFrom(118, 10);
    expect(page.map(({ command }) => command)).to.deep.equal([118, 119, 120]);
    expect(await book.receiptsFrom(121, 10)).to.deep.equal([]);
  });

  it("serves acknowledgements before what is asked of the past", async () => {
    const asked: number[] = [];
    const slow: GroupSigner = {
      address: SIGNER,
      sign: async (group: ReceiptGroup) => {
        asked.push(group.lastCommand);
        return signReceiptGroup(PLACE, group, RECEIPTS_KEY);
      },
      close: async () => {},
    };
    const book = new ReceiptBook({ signer: slow });
    take(book, history, 1, 120);
    const past = book.receiptsFrom(1, 100);
    expectGood(await book.receiptOf(120), 120);
    await past;
    expect(asked).to.deep.equal([120, 32, 64, 96]);
  });

  it("gives none of a command that is not durable, and none once the signer is gone", async () => {
    const broken = new ReceiptSigner(PLACE, RECEIPTS_KEY);
    const book = new ReceiptBook({ signer: broken });
    take(book, history, 1, 3);
    const refusal = (asked: Promise<Receipt>) => asked.catch((error: Error) => error.message);
    for (const command of [0, 4, 1.5]) expect(await refusal(book.receiptOf(command))).to.contain("no durable command");
    const waiting = refusal(book.receiptOf(1));
    await new Promise((turn) => setImmediate(turn));
    await broken.close();
    expect(await waiting).to.equal("the signer of receipts is closed");
    expect(await refusal(book.receiptOf(2))).to.equal("the signer of receipts is closed");
  });

  it("keeps up with commands that become durable in groups", async () => {
    // As a disk does: what comes while it works is durable together.
    const waiting: (() => void)[] = [];
    const syncing = setInterval(() => {
      for (const resolve of waiting.splice(0)) resolve();
    }, 3);
    const log: CommandLog = {
      append: () => new Promise((resolve) => waiting.push(resolve)),
      close: async () => {},
    };
    try {
      const state = openedState(3);
      const sequencer = new Sequencer({ state, verifier: immediately, log });
      const book = new ReceiptBook({ signer });
      sequencer.onDurable((record) => book.record(record));
      const orders = Array.from({ length: 60 }, (_, i) =>
        signed(order({ account: 1 + (i % 3), slot: i, sequence: 64 * (i + 1) })),
      );
      const clientIds = orders.map((_, i) => `order ${i}`);
      const receipts = await Promise.all(
        orders.map(async (message, i) => {
          const { outcome } = await sequencer.submit(message, { clientId: clientIds[i] });
          return book.receiptOf(accepted(outcome).command);
        }),
      );
      for (const [i, message] of orders.entries()) {
        const commandBytes = messageCommandBytes({ message, settle: false, clientId: clientIds[i]! });
        expect(receiptFault(receipts[i]!, { commandBytes, place: PLACE, signer: SIGNER })).to.equal(null);
      }
      expect(new Set(receipts.map(({ command }) => command)).size).to.equal(60);
      expect(book.signatureCount).to.be.lessThan(60);
      expect(book.digests.head).to.equal(state.journalHead);
    } finally {
      clearInterval(syncing);
    }
  });
});
