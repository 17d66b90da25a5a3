import { expect } from "chai";
import { TypedDataEncoder, Wallet } from "ethers";
import { messageCommandBytes } from "../../matcher/protocol/journal-record.ts";
import { RECEIPT_GROUP_MAX, type Receipt, type ReceiptFault, receiptFault } from "../../matcher/protocol/receipt.ts";
import {
  RECEIPT_GROUP_TYPES,
  receiptGroupDomain,
  receiptGroupHash,
  receiptGroupSigner,
  receiptsAddress,
  signReceiptGroup,
} from "../../matcher/protocol/receipt-group.ts";
import { receiptFromWire, wireReceipt } from "../../matcher/protocol/receipt-wire.ts";
import { OTHER_KEY, PLACE, RECEIPTS_KEY, receiptIn, SIGNER, sampleHistory } from "./sample-receipts.ts";

const GROUP = { lastCommand: 77, journalHead: 2n ** 247n + 5n };
/** Order of secp256k1. */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("the signature over a group of commands", () => {
  it("is EIP-712 as ethers has it: hash, signature and signer", async () => {
    const domain = receiptGroupDomain(PLACE);
    const hash = `0x${Buffer.from(receiptGroupHash(PLACE, GROUP)).toString("hex")}`;
    expect(hash).to.equal(TypedDataEncoder.hash(domain, RECEIPT_GROUP_TYPES, GROUP));
    const wallet = new Wallet(RECEIPTS_KEY);
    expect(SIGNER).to.equal(wallet.address.toLowerCase());
    const signature = signReceiptGroup(PLACE, GROUP, RECEIPTS_KEY);
    expect(signature).to.equal(await wallet.signTypedData(domain, RECEIPT_GROUP_TYPES, GROUP));
    expect(receiptGroupSigner(PLACE, GROUP, signature)).to.equal(SIGNER);
  });

  it("says another signer, or none, for any other group, place or bytes", () => {
    const signature = signReceiptGroup(PLACE, GROUP, RECEIPTS_KEY);
    const signer = (change: object, place = PLACE) => receiptGroupSigner(place, { ...GROUP, ...change }, signature);
    expect(signer({ lastCommand: 78 })).to.not.equal(SIGNER);
    expect(signer({ journalHead: GROUP.journalHead + 1n })).to.not.equal(SIGNER);
    expect(signer({}, { ...PLACE, chainId: 1 })).to.not.equal(SIGNER);
    expect(signer({}, { ...PLACE, exchange: `0x${"11".repeat(20)}` })).to.not.equal(SIGNER);
    expect(receiptGroupSigner(PLACE, GROUP, signReceiptGroup(PLACE, GROUP, OTHER_KEY))).to.equal(
      receiptsAddress(OTHER_KEY),
    );
    for (const wrong of [
      "",
      "0x",
      signature.slice(0, -2),
      `${signature}00`,
      signature.toUpperCase(),
      `0x${"0".repeat(130)}`,
    ]) {
      expect(receiptGroupSigner(PLACE, GROUP, wrong), wrong).to.equal(null);
    }
    for (const v of ["00", "01", "1a", "1d"]) {
      expect(receiptGroupSigner(PLACE, GROUP, signature.slice(0, -2) + v), v).to.equal(null);
    }
  });

  it("has one form only: the higher s is refused", () => {
    const signature = signReceiptGroup(PLACE, GROUP, RECEIPTS_KEY);
    const s = BigInt(`0x${signature.slice(66, 130)}`);
    const high = (CURVE_ORDER - s).toString(16).padStart(64, "0");
    const v = signature.endsWith("1b") ? "1c" : "1b";
    expect(receiptGroupSigner(PLACE, GROUP, signature.slice(0, 66) + high + v)).to.equal(null);
  });
});

describe("a receipt", () => {
  const history = sampleHistory(RECEIPT_GROUP_MAX + 2);
  const bytesOf = (command: number) => messageCommandBytes(history.envelopes[command - 1]!);
  const fault = (receipt: Receipt, command = receipt.command): ReceiptFault | null =>
    receiptFault(receipt, { commandBytes: bytesOf(command), place: PLACE, signer: SIGNER });

  it("is good with a path of no digest, of some, and of as many as a group has", () => {
    expect(fault(receiptIn(history, 1, 1))).to.equal(null);
    expect(fault(receiptIn(history, 3, 3))).to.equal(null);
    expect(fault(receiptIn(history, 3, 9))).to.equal(null);
    expect(fault(receiptIn(history, 2, RECEIPT_GROUP_MAX + 1))).to.equal(null);
    expect(fault(receiptIn(history, 1, RECEIPT_GROUP_MAX + 1))).to.equal("broken-path");
  });

  it("is for what was sent, to the bit: another order, name, signature, settle flag or time is another command", () => {
    const receipt = receiptIn(history, 4, 6);
    expect(fault(receipt, 5)).to.equal("another-command");
    const envelope = history.envelopes[3]!;
    const others = [
      { ...envelope, clientId: "mine" },
      { ...envelope, settle: true },
      { ...envelope, message: { ...envelope.message, signature: { ...envelope.message.signature, s: 1n } } },
    ];
    for (const other of others) {
      const found = receiptFault(receipt, { commandBytes: messageCommandBytes(other), place: PLACE, signer: SIGNER });
      expect(found).to.equal("another-command");
    }
    for (const acceptedAtMs of [receipt.acceptedAtMs + 1, receipt.acceptedAtMs - 1, -1, 0.5, Number.NaN]) {
      expect(fault({ ...receipt, acceptedAtMs })).to.equal("another-command");
    }
  });

  it("breaks with any one of its fields", () => {
    const receipt = receiptIn(history, 4, 7);
    const broken: [Partial<Receipt>, ReceiptFault][] = [
      [{ command: 5 }, "broken-path"],
      [{ command: 3 }, "broken-path"],
      [{ digest: receipt.digest + 1n }, "another-command"],
      [{ previousHead: receipt.previousHead + 1n }, "broken-head"],
      [{ previousHead: receipt.previousHead + (1n << 248n) }, "broken-head"],
      [{ previousHead: -1n }, "broken-head"],
      [{ head: receipt.head + 1n }, "broken-head"],
      [{ path: receipt.path.slice(1) }, "broken-path"],
      [{ path: [...receipt.path, 1n] }, "broken-path"],
      [{ path: receipt.path.with(0, 1n << 256n) }, "broken-path"],
      [{ path: [...receipt.path].reverse() }, "broken-path"],
      [{ path: receipt.path.with(1, receipt.path[1]! + 1n) }, "broken-path"],
      [{ lastCommand: 8 }, "broken-path"],
      [{ lastCommand: 6, path: receipt.path.slice(0, 2) }, "broken-path"],
      [{ command: 5, lastCommand: 8 }, "not-signed"],
      [{ command: 0, lastCommand: 3 }, "broken-path"],
      [{ groupHead: receipt.groupHead + 1n }, "broken-path"],
      [{ signature: receiptIn(history, 5, 8).signature }, "not-signed"],
      [{ signature: receiptIn(history, 4, 7, OTHER_KEY).signature }, "not-signed"],
      [{ signature: "0x" }, "not-signed"],
    ];
    expect(fault(receipt)).to.equal(null);
    for (const [change, expected] of broken) {
      expect(fault({ ...receipt, ...change }, 4), Object.keys(change).join()).to.equal(expected);
    }
  });

  it("counts at its exchange and chain, and from its signer only", () => {
    const receipt = receiptIn(history, 4, 7);
    const commandBytes = bytesOf(4);
    const at = (place: object, signer = SIGNER) =>
      receiptFault(receipt, { commandBytes, place: { ...PLACE, ...place }, signer });
    expect(at({}, new Wallet(RECEIPTS_KEY).address)).to.equal(null);
    expect(at({ chainId: 1 })).to.equal("not-signed");
    expect(at({ exchange: `0x${"22".repeat(20)}` })).to.equal("not-signed");
    expect(at({}, receiptsAddress(OTHER_KEY))).to.equal("not-signed");
  });

  it("goes over the wire and back, and nothing in another shape does", () => {
    const receipt = receiptIn(history, 4, 7);
    const wire = wireReceipt(receipt);
    expect(receiptFromWire(JSON.parse(JSON.stringify(wire)))).to.deep.equal(receipt);
    const wrong: unknown[] = [
      null,
      "receipt",
      { ...wire, command: "4" },
      { ...wire, command: 4.5 },
      { ...wire, acceptedAtMs: undefined },
      { ...wire, head: wire.head.slice(0, -1) },
      { ...wire, head: wire.head.toUpperCase() },
      { ...wire, digest: 5 },
      { ...wire, path: "0x" },
      { ...wire, path: ["0x"] },
      { ...wire, path: new Array(RECEIPT_GROUP_MAX).fill(wire.head) },
      { ...wire, signature: null },
    ];
    for (const body of wrong) expect(() => receiptFromWire(body), JSON.stringify(body)).to.throw(RangeError);
  });
});
