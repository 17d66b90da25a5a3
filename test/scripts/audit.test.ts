import { expect } from "chai";
import type { HeldReceipt } from "../../matcher/protocol/held-receipt.ts";
import { nextJournalHead } from "../../matcher/protocol/journal-head.ts";
import { type MessageEnvelope, messageCommandBytes } from "../../matcher/protocol/journal-record.ts";
import type { Instruction } from "../../matcher/protocol/message.ts";
import type { PublishedOrder } from "../../matcher/rebuild/published-orders.ts";
import type { FindingKind } from "../../scripts/audit/finding.ts";
import type { DigestList } from "../../scripts/audit/journal-chain.ts";
import type { PublishedBatch, PublishedEpoch, PublishedJournal } from "../../scripts/audit/published-journal.ts";
import { evidenceText, findingLines, summaryTable } from "../../scripts/audit/report.ts";
import { type AuditInput, type AuditVerdict, auditReceipts } from "../../scripts/audit/verdict.ts";
import {
  historyOf,
  OTHER_KEY,
  PLACE,
  receiptIn,
  type SampleHistory,
  SIGNER,
  sampleHistory,
} from "../protocol/sample-receipts.ts";
import { order, signed } from "../sequencer/exchange-fixture.ts";

const COUNT = 12;
/** Time of command n in seconds. */
const secondsOf = (command: number) => 1_800_000_000 + command - 1;

function held(history: SampleHistory, command: number, lastCommand = command, key?: string): HeldReceipt {
  const commandBytes = messageCommandBytes(history.envelopes[command - 1]!);
  return { place: PLACE, signer: SIGNER, commandBytes, receipt: receiptIn(history, command, lastCommand, key) };
}

function epoch(number: number, journalHead: bigint, timeSeconds: number): PublishedEpoch {
  return { type: "epoch", number, timeSeconds, journalHead, transactionHash: `0xe${number}`, blockNumber: number };
}

function batch(
  number: number,
  epochNumber: number,
  journalHead: bigint,
  orders: PublishedOrder[] = [],
): PublishedBatch {
  const position = { transactionHash: `0xb${number}`, blockNumber: 100 + number };
  return { type: "batch", number, epochNumber, journalHead, orders, ...position };
}

/** Epochs opened after commands 0, 4 and 8; batches that end with commands 3, 5, 8 and 10. */
function publishedOf({ heads }: SampleHistory): PublishedJournal {
  const head = (command: number) => heads[command]!;
  return {
    epochs: [epoch(1, head(0), secondsOf(1)), epoch(2, head(4), secondsOf(4)), epoch(3, head(8), secondsOf(8))],
    batches: [batch(1, 1, head(3)), batch(2, 2, head(5)), batch(3, 2, head(8)), batch(4, 3, head(10))],
  };
}

function servedOf({ digests }: SampleHistory): DigestList {
  return { firstCommand: 1, previousHead: 0n, digests };
}

function audit(input: Partial<AuditInput> & Pick<AuditInput, "held">): AuditVerdict {
  return auditReceipts({
    place: PLACE,
    published: publishedOf(honest),
    digests: servedOf(honest),
    toleranceSeconds: 0,
    ...input,
  });
}

const honest = sampleHistory(COUNT);
const receipts = Array.from({ length: COUNT }, (_, i) => held(honest, i + 1, Math.min(COUNT, i + 1 + (i % 4))));

const kinds = ({ findings }: AuditVerdict): FindingKind[] => findings.map(({ kind }) => kind);
const sentences = ({ findings }: AuditVerdict) => findings.map(({ sentence }) => sentence).join("\n");
const countOf = ({ counts }: AuditVerdict, what: string) => counts.find(([name]) => name === what)?.[1];
/** The history with other envelopes, at the same times. */
const changed = (change: (envelopes: MessageEnvelope[]) => MessageEnvelope[]): SampleHistory => {
  const envelopes = change([...honest.envelopes]);
  return historyOf(envelopes, honest.acceptedAtMs.slice(0, envelopes.length));
};

function headsOver(digests: readonly bigint[]): bigint[] {
  const heads = [0n];
  for (const digest of digests) heads.push(nextJournalHead(heads.at(-1)!, digest));
  return heads;
}

describe("an audit of receipts", () => {
  it("finds nothing with an honest operator, and tells what L1 has fixed", () => {
    const verdict = audit({ held: receipts });
    expect(verdict.findings).to.deep.equal([]);
    expect(verdict.notes).to.deep.equal([]);
    expect(countOf(verdict, "receipts in their place in the journal")).to.equal(COUNT);
    expect(countOf(verdict, "of these fixed by a head on L1")).to.equal(10);
    expect(countOf(verdict, "of these not on L1 yet")).to.equal(2);
    expect(summaryTable(verdict)).to.match(/fills of cancelled orders +0 {2}✓/);
  });

  it("skips what is of another exchange, and counts the same receipt once", () => {
    const strange = { ...receipts[0]!, place: { ...PLACE, chainId: 1 } };
    const verdict = audit({ held: [...receipts, receipts[3]!, strange] });
    expect(verdict.findings).to.deep.equal([]);
    expect(verdict.notes).to.deep.equal(["2 receipts are of another exchange, or there twice."]);
    expect(countOf(verdict, "receipts")).to.equal(COUNT);
  });

  describe("names", () => {
    it("a dropped command, and with it that all later ones have moved", () => {
      const without = (list: readonly bigint[]) => list.toSpliced(4, 1);
      const digests = without(honest.digests);
      const forged = { ...honest, digests, heads: headsOver(digests) };
      const published = { epochs: [], batches: [batch(1, 1, forged.heads[11]!)] };
      const verdict = audit({ held: receipts, published, digests: servedOf(forged) });
      expect(kinds(verdict)).to.deep.equal(["missing", ...new Array(COUNT - 5).fill("reordered")]);
      expect(verdict.findings[0]?.sentence).to.equal(
        "Command 5 (account 1's order to buy 0.01 BTC-USD at 65000.0, slot 4, sequence 320; acknowledged for 2027-01-15T08:00:04.000Z) was acknowledged and is missing from the journal: what was acknowledged as command 6 stands at its number.",
      );
      expect(verdict.findings[1]?.sentence).to.contain("Command 6").and.contain("it stands at number 5");
      expect(verdict.findings[0]?.receipts).to.deep.equal([receipts[4]]);
    });

    it("the last command, when the journal ends before it", () => {
      const verdict = audit({ held: receipts, digests: { ...servedOf(honest), digests: honest.digests.slice(0, 11) } });
      expect(kinds(verdict)).to.deep.equal(["missing"]);
      expect(sentences(verdict))
        .to.contain("Command 12")
        .and.contain("the journal that is served ends with command 11");
    });

    it("an altered command, and that history before the later ones was changed", () => {
      const forged = changed((envelopes) => envelopes.with(4, { ...envelopes[4]!, clientId: "another" }));
      const verdict = audit({ held: receipts, published: publishedOf(forged), digests: servedOf(forged) });
      expect(kinds(verdict)).to.deep.equal(["altered", "rewritten"]);
      expect(verdict.findings[0]?.sentence).to.contain("Command 5").and.contain("another command stands at its number");
      expect(verdict.findings[1]?.sentence)
        .to.contain("Command 6")
        .and.contain("is not what it was acknowledged after");
    });

    it("swapped commands, each with the number at which it stands", () => {
      const digests = honest.digests.with(4, honest.digests[5]!).with(5, honest.digests[4]!);
      const forged = { ...honest, digests, heads: headsOver(digests) };
      const verdict = audit({ held: receipts, published: publishedOf(forged), digests: servedOf(forged) });
      expect(kinds(verdict)).to.deep.equal(["reordered", "reordered", "rewritten"]);
      expect(verdict.findings[0]?.sentence).to.contain("Command 5").and.contain("it stands at number 6");
      expect(verdict.findings[1]?.sentence).to.contain("Command 6").and.contain("it stands at number 5");
    });

    it("an operator who signs two histories, from the receipts alone", () => {
      const other = changed((envelopes) => envelopes.with(1, { ...envelopes[1]!, clientId: "another" }));
      const pairs: [HeldReceipt, HeldReceipt, string][] = [
        [held(honest, 3, 5), held(other, 4, 5), "two signed groups that both end with command 5, with different heads"],
        [held(honest, 2, 3), held(other, 3, 6), "are signed for different heads after command 2"],
        [held(honest, 2, 2), held(other, 2, 2), "two signed groups that both end with command 2"],
      ];
      for (const [left, right, words] of pairs) {
        for (const digests of [servedOf(honest), null]) {
          const verdict = audit({ held: [left, right], digests });
          const [found] = verdict.findings.filter(({ kind }) => kind === "contradiction");
          expect(found?.sentence).to.contain(words);
          expect(found?.receipts.length).to.equal(2);
        }
      }
      // One head under two numbers: the history without its first three commands.
      const later = { envelopes: honest.envelopes.slice(3), acceptedAtMs: honest.acceptedAtMs.slice(3) };
      const moved = { ...later, digests: honest.digests.slice(3), heads: honest.heads.slice(3) };
      const verdict = audit({ held: [held(honest, 7), held(moved, 4)], digests: null });
      expect(kinds(verdict)).to.include("contradiction");
      expect(sentences(verdict)).to.contain("put the same head after command 3 and after command 6");
    });

    it("receipts that are not valid: another key, a changed field", () => {
      const forged = held(honest, 4, 6, OTHER_KEY);
      const bent = { ...receipts[5]!, receipt: { ...receipts[5]!.receipt, acceptedAtMs: 7 } };
      const verdict = audit({ held: [receipts[0]!, forged, bent] });
      expect(kinds(verdict)).to.deep.equal(["invalid", "invalid"]);
      expect(sentences(verdict)).to.contain("its signature is not that of the operator's receipts key");
      expect(sentences(verdict)).to.contain("its digest is not that of the command that was sent");
      expect(kinds(audit({ held: [receipts[0]!], signer: `0x${"12".repeat(20)}` }))).to.deep.equal(["invalid"]);
    });

    it("times that go back", () => {
      const times = honest.acceptedAtMs.with(6, honest.acceptedAtMs[4]! - 1);
      const forged = historyOf(honest.envelopes, times);
      const published = { epochs: [], batches: [] };
      const all = honest.envelopes.map((_, i) => held(forged, i + 1));
      const verdict = audit({ held: all, published, digests: servedOf(forged) });
      expect(kinds(verdict)).to.deep.equal(["misdated"]);
      expect(sentences(verdict)).to.contain("Command 7").and.contain("is dated before command 6");
    });

    it("heads on L1 that are not the journal's", () => {
      const published = publishedOf(honest);
      const batches = published.batches.map((one) =>
        one.number >= 3 ? { ...one, journalHead: one.journalHead + 1n } : one,
      );
      const verdict = audit({ held: receipts, published: { ...published, batches } });
      expect(kinds(verdict)).to.deep.equal(["unknown-head"]);
      expect(sentences(verdict)).to.equal(
        "The head in batch 3 (transaction 0xb3) is not the journal's after any command, nor are those of 1 more of its kind.",
      );
      expect(verdict.findings[0]?.published.map(({ number }) => number)).to.deep.equal([3, 4]);
      const epochs = published.epochs.with(1, { ...published.epochs[1]!, journalHead: 5n });
      expect(sentences(audit({ held: receipts, published: { ...published, epochs } }))).to.contain(
        "The head in epoch 2",
      );
    });

    it("heads on L1 that go back, and a batch behind its epoch's; equal ones are fine, but not to the epoch's", () => {
      const { heads } = honest;
      const published = publishedOf(honest);
      const withBatch = (at: number, command: number) => {
        const batches = published.batches.with(at, { ...published.batches[at]!, journalHead: heads[command]! });
        return audit({ held: receipts, published: { ...published, batches } });
      };
      expect(kinds(withBatch(2, 5))).to.deep.equal([]);
      expect(kinds(withBatch(3, 9))).to.deep.equal([]);
      expect(sentences(withBatch(3, 8))).to.equal(
        "The head in batch 4 is that of command 8, although its epoch 3 was opened after command 8.",
      );
      expect(sentences(withBatch(1, 2))).to.contain(
        "The head in batch 2 is that of command 2, although batch 1 before it",
      );
      const epochs = published.epochs.with(2, { ...published.epochs[2]!, journalHead: heads[3]! });
      expect(sentences(audit({ held: receipts, published: { ...published, epochs }, toleranceSeconds: 60 }))).to.equal(
        "The head in epoch 3 is that of command 3, although epoch 2 before it already had that of command 4.",
      );
    });

    it("an epoch whose head is older or newer than its time allows, to the second", () => {
      const published = publishedOf(honest);
      const at = (timeSeconds: number, toleranceSeconds = 0) => {
        const epochs = published.epochs.with(1, { ...published.epochs[1]!, timeSeconds });
        return audit({ held: receipts, published: { ...published, epochs }, toleranceSeconds });
      };
      // Command 5 is the first that the epoch leaves out, command 4 the last that it has.
      expect(kinds(at(secondsOf(5)))).to.deep.equal([]);
      expect(kinds(at(secondsOf(6)))).to.deep.equal(["epoch-head"]);
      expect(sentences(at(secondsOf(6))))
        .to.contain("older head")
        .and.contain("command 5 (")
        .and.contain("is left out");
      expect(kinds(at(secondsOf(6), 1))).to.deep.equal([]);
      expect(kinds(at(secondsOf(4) - 300))).to.deep.equal([]);
      expect(kinds(at(secondsOf(4) - 301))).to.deep.equal(["epoch-head"]);
      expect(sentences(at(secondsOf(4) - 301)))
        .to.contain("newer head")
        .and.contain("command 4 (")
        .and.contain("is in it");
      expect(kinds(at(secondsOf(4) - 301, 1))).to.deep.equal([]);
    });

    it("a journal that is served without its beginning although it says that it has it", () => {
      const verdict = audit({
        held: [],
        digests: { ...servedOf(honest), previousHead: 5n },
        published: { epochs: [], batches: [] },
      });
      expect(kinds(verdict)).to.deep.equal(["rewritten"]);
    });
  });

  describe("of a cancelled order", () => {
    /** The order of command 2 is cancelled by command 6. */
    const cancelling = (message: Instruction) => {
      const history = changed((envelopes) => envelopes.with(5, { message: signed(message), settle: false }));
      const cancel = held(history, 6);
      const found = (orders: Partial<PublishedOrder>, at: number, change: Partial<AuditInput> = {}) => {
        const row = {
          account: 1,
          slot: 1,
          sequence: 128,
          market: 0,
          side: "buy",
          quantityLots: 10,
          filledAfterLots: 10,
        } as const;
        const published = publishedOf(history);
        const batches = published.batches.with(at, { ...published.batches[at]!, orders: [{ ...row, ...orders }] });
        return audit({ held: [cancel], published: { ...published, batches }, digests: servedOf(history), ...change });
      };
      return { history, cancel, found };
    };
    const { history, cancel, found } = cancelling({ kind: "cancel", account: 1, slot: 1, sequence: 128 });

    it("finds a fill in a batch of an epoch that was opened after the cancel", () => {
      const verdict = found({}, 3);
      expect(kinds(verdict)).to.deep.equal(["fill-after-cancel"]);
      expect(sentences(verdict)).to.equal(
        "Batch 4 (transaction 0xb4) fills 10 lots of account 1's order in slot 1, sequence 128, which was cancelled: command 6 (account 1's cancel of slot 1, sequence 128; acknowledged for 2027-01-15T08:00:05.000Z) came before everything in that batch, for epoch 3, which it belongs to, was opened after command 8.",
      );
      expect(verdict.findings[0]?.published.map(({ number }) => number)).to.deep.equal([4]);
      expect(verdict.findings[0]?.receipts).to.deep.equal([cancel]);
    });

    it("finds one behind a batch that already covered the cancel, in the same epoch", () => {
      const published = publishedOf(history);
      const batches = published.batches
        .with(1, { ...published.batches[1]!, journalHead: history.heads[6]! })
        .with(2, { ...published.batches[2]!, orders: publishedRow() });
      const verdict = audit({ held: [cancel], published: { ...published, batches }, digests: servedOf(history) });
      expect(kinds(verdict)).to.deep.equal(["fill-after-cancel"]);
      expect(sentences(verdict)).to.contain("the batch before it already covered command 6");
    });

    it("says that it cannot tell when the batch covers the cancel, and nothing of fills before it", () => {
      const among = found({}, 2);
      expect(among.findings).to.deep.equal([]);
      expect(among.notes.join())
        .to.contain("it covers commands from 5 to command 8")
        .and.contain("cannot be told from L1");
      expect(found({}, 1)).to.deep.include({ findings: [], notes: [] });
    });

    it("blames no fill of another order: another slot, account, or a later sequence", () => {
      for (const other of [{ slot: 2 }, { account: 2 }, { sequence: 129 }]) {
        expect(kinds(found(other, 3)), JSON.stringify(other)).to.deep.equal([]);
      }
      expect(kinds(found({ sequence: 64 }, 3))).to.deep.equal(["fill-after-cancel"]);
    });

    it("counts a cancel of everything below a sequence as one of each", () => {
      const all = cancelling({ kind: "cancelAll", account: 1, sequence: 128 });
      expect(kinds(all.found({ sequence: 127, slot: 9 }, 3))).to.deep.equal(["fill-after-cancel"]);
      expect(kinds(all.found({ sequence: 128, slot: 9 }, 3))).to.deep.equal([]);
    });

    it("finds it from L1 alone when the receipts lead to the heads there", () => {
      const around = [held(history, 5, 8), cancel, held(history, 7, 10)];
      const verdict = found({}, 3, { digests: null, held: around });
      expect(kinds(verdict)).to.deep.equal(["fill-after-cancel"]);
      const alone = found({}, 3, { digests: null, held: [cancel] });
      expect(alone.findings).to.deep.equal([]);
      expect(alone.notes.join()).to.contain("a head whose place is not known");
    });
  });

  describe("when the operator is gone", () => {
    it("confirms receipts that lead to a head on L1, by themselves or through others, and no more", () => {
      const confirmed = (...commands: [number, number][]) => {
        const verdict = audit({ held: commands.map(([command, last]) => held(honest, command, last)), digests: null });
        expect(verdict.findings).to.deep.equal([]);
        return countOf(verdict, "receipts that L1 alone confirms");
      };
      expect(confirmed([3, 3])).to.equal(1);
      expect(confirmed([1, 3], [2, 4], [5, 5])).to.equal(3);
      expect(confirmed([6, 6])).to.equal(0);
      expect(confirmed([6, 7])).to.equal(0);
      expect(confirmed([6, 7], [8, 8])).to.equal(2);
      expect(confirmed([11, 12])).to.equal(0);
      expect(confirmed([6, 9], [11, 12])).to.equal(1);
    });

    it("still finds heads that go back among those that receipts place", () => {
      const published = publishedOf(honest);
      const batches = published.batches.with(3, { ...published.batches[3]!, journalHead: honest.heads[4]! });
      const verdict = audit({ held: receipts, published: { ...published, batches }, digests: null });
      expect(kinds(verdict)).to.deep.equal(["head-order", "head-order"]);
    });

    it("counts, and does not blame, what is older than digests that were kept", () => {
      const digests = { firstCommand: 5, previousHead: honest.heads[4]!, digests: honest.digests.slice(4) };
      const verdict = audit({ held: receipts, digests });
      expect(verdict.findings).to.deep.equal([]);
      expect(verdict.notes.join())
        .to.contain("4 receipts are older than the digests")
        .and.contain("1 heads on L1 are older");
    });
  });

  it("tells each kind in words, and gives the evidence as JSON", () => {
    const verdict = audit({ held: receipts, digests: { ...servedOf(honest), digests: honest.digests.slice(0, 10) } });
    const lines = findingLines(verdict.findings);
    expect(lines.length).to.equal(2);
    expect(lines[0]).to.match(/^✗ Command 11 /);
    expect(summaryTable(verdict)).to.match(/missing from the journal +2 {2}✗/);
    const evidence = JSON.parse(evidenceText(PLACE, verdict.findings));
    expect(evidence).to.deep.include(PLACE);
    expect(evidence.findings[0].receipts[0].receipt.command).to.equal(11);
    const many = new Array(60).fill(verdict.findings[0]!);
    expect(findingLines(many).at(-1)).to.equal("✗ … and 10 more of this kind.");
  });

  function publishedRow(): PublishedOrder[] {
    const { account, market, side } = order();
    return [{ account, market, side, slot: 1, sequence: 128, quantityLots: 10, filledAfterLots: 10 }];
  }
});
