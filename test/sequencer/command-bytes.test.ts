import { expect } from "chai";
import { nextJournalHead, recordDigest } from "../../matcher/protocol/journal-head.ts";
import { splitRecord } from "../../matcher/protocol/journal-record.ts";
import type { Command, MessageCommand } from "../../matcher/sequencer/command.ts";
import {
  commandBytes,
  commandFromBytes,
  journalRecordBytes,
  journalRecordFromBytes,
} from "../../matcher/sequencer/command-bytes.ts";
import { conditional, leg } from "./conditional-fixture.ts";

import { epochOf, openingCommands, order, unsigned } from "./exchange-fixture.ts";

const COMMANDS: Command[] = [
  ...openingCommands(2),
  { type: "epoch", epoch: { ...epochOf(2, {}, { fundingIndexPicoUsd: -5n }), journalHead: (1n << 248n) - 1n } },
  { type: "message", message: unsigned(order()), settle: false },
  {
    type: "message",
    message: unsigned(order({ side: "sell", maxFeePpm: -7, timeInForce: "FOK", selfTrade: "decrement" })),
    settle: false,
  },
  {
    type: "message",
    message: unsigned({ kind: "cancel", account: 3, slot: 4_095, sequence: 2 ** 48 - 1 }),
    settle: true,
  },
  {
    type: "message",
    message: unsigned({ kind: "cancel", account: 3, slot: 4_095, sequence: 2 ** 48 - 1 }),
    settle: false,
  },
  { type: "message", message: unsigned({ kind: "cancelAll", account: 3, sequence: 9 }), settle: true },
  {
    type: "message",
    message: unsigned({
      kind: "withdrawal",
      account: 3,
      sequence: 0,
      expirySeconds: 5,
      amountMicroUsd: (1n << 72n) - 1n,
    }),
    settle: false,
  },
  {
    type: "message",
    message: unsigned({
      kind: "transfer",
      account: 3,
      to: 2 ** 18 - 1,
      sequence: 0,
      expirySeconds: 5,
      amountMicroUsd: (1n << 72n) - 1n,
    }),
    settle: false,
  },
  {
    type: "message",
    message: unsigned({ kind: "marginMode", account: 3, isolatedMarket: null, sequence: 9 }),
    settle: false,
  },
  {
    type: "message",
    message: unsigned({ kind: "marginMode", account: 3, isolatedMarket: 0, sequence: 9 }),
    settle: false,
  },
  {
    type: "message",
    message: unsigned({ kind: "marginMode", account: 3, isolatedMarket: 7, sequence: 2 ** 48 - 1 }),
    settle: false,
  },
  { type: "cancelAllApi", account: 2, market: null },
  { type: "cancelAllApi", account: 2, market: 3 },
  { type: "cancelApi", account: 2, slot: 4_095, sequence: 2 ** 48 - 1 },
  { type: "deadMansSwitch", account: 2, timeoutMs: 0 },
  { type: "deadMansSwitch", account: 2, timeoutMs: 86_400_000 },
  { type: "feeTier", account: 2, tier: 1 },
  { type: "fundingSample", timeSeconds: 2 ** 32 - 1 },
  { type: "liquidationSweep" },
  { type: "conditionalSweep" },
  { type: "cancelAt", account: 2, slot: 4_095, sequence: 2 ** 48 - 1, atMs: 2 ** 42 },
  conditional([leg({}, { kind: "stop", value: 2 ** 32 - 1 })]),
  conditional([leg({}, { kind: "takeProfit", value: 1 }), leg({}, { kind: "trailingTicks", value: 5 })], false, "~"),
  conditional([leg({}), leg({ slot: 2 }, { kind: "trailingPpm", value: 5 }), leg({ slot: 2 })], true),
  conditional([leg({}, null, { kind: "iceberg", shownLots: 2 ** 40 - 1 })]),
  conditional([
    leg({}, null, {
      kind: "twap",
      startMs: 2 ** 42,
      parts: 1_000,
      intervalSeconds: 3_600,
      jitterPpm: 999_999,
      tolerancePpm: 1,
    }),
  ]),
];

describe("canonical bytes of commands", () => {
  it("give every command back, and no two commands the same bytes", () => {
    const seen = new Set<string>();
    for (const command of COMMANDS) {
      const bytes = commandBytes(command);
      expect(commandFromBytes(bytes)).to.deep.equal(command);
      seen.add(Buffer.from(bytes).toString("hex"));
    }
    expect(seen.size).to.equal(COMMANDS.length);
  });

  it("refuse bytes that are cut, lengthened or of no command", () => {
    for (const command of COMMANDS) {
      const bytes = commandBytes(command);
      expect(() => commandFromBytes(bytes.subarray(0, -1))).to.throw(RangeError);
      expect(() => commandFromBytes(Uint8Array.of(...bytes, 0))).to.throw(RangeError, "left over");
    }
    expect(() => commandFromBytes(Uint8Array.of(99))).to.throw(RangeError, "no command has the tag 99");
  });

  it("refuse a cancel whose word has fields of an order", () => {
    const bytes = commandBytes(COMMANDS.find((c) => c.type === "message" && c.message.kind === "cancel") as Command);
    bytes[3 + 6] = 1;
    expect(() => commandFromBytes(bytes)).to.throw(RangeError, "fields that a cancel does not use");
  });

  it("carry a client id of an order, printable and at most 64 characters long, and of nothing else", () => {
    const order = COMMANDS.find((c) => c.type === "message" && c.message.kind === "order") as MessageCommand;
    const named = { ...order, clientId: "~".repeat(64) };
    expect(commandFromBytes(commandBytes(named))).to.deep.equal(named);
    for (const clientId of ["~".repeat(65), "line\nbreak", "größer"])
      expect(() => commandBytes({ ...order, clientId })).to.throw(RangeError, "not printable");
    const bytes = commandBytes(named);
    bytes[bytes.length - 1] = 0x7f;
    expect(() => commandFromBytes(bytes)).to.throw(RangeError, "not printable");
    const cancel = COMMANDS.find((c) => c.type === "message" && c.message.kind === "cancel") as MessageCommand;
    expect(() => commandFromBytes(commandBytes({ ...cancel, clientId: "x" }))).to.throw(RangeError, "a client id");
  });

  it("refuse a conditional command with no order, four of them, an unknown trigger or slicing, or a flag that is none", () => {
    const bytes = commandBytes(conditional([leg({}, { kind: "stop", value: 7 })]));
    const changed = (at: number, value: number) => Uint8Array.from(bytes, (byte, i) => (i === at ? value : byte));
    const word = 3 + 32 + 96;
    expect(() => commandFromBytes(changed(1, 2))).to.throw(RangeError, "2 is no flag");
    expect(() => commandFromBytes(changed(2, 0))).to.throw(RangeError, "0 orders");
    expect(() => commandFromBytes(changed(2, 4))).to.throw(RangeError, "4 orders");
    expect(() => commandFromBytes(changed(word, 0))).to.throw(RangeError, "no trigger has the number 0");
    expect(() => commandFromBytes(changed(word, 5))).to.throw(RangeError, "no trigger has the number 5");
    expect(() => commandFromBytes(changed(word + 5, 3))).to.throw(RangeError, "no slicing has the number 3");
    expect(() => commandBytes(conditional([leg({})], false, "größer"))).to.throw(RangeError, "not printable");
  });

  it("stand in a record behind the time of acceptance", () => {
    for (const command of COMMANDS) {
      const record = { acceptedAtMs: 1_800_000_000_123, command };
      const bytes = journalRecordBytes(record);
      expect(journalRecordFromBytes(bytes)).to.deep.equal(record);
      expect(splitRecord(bytes).commandBytes).to.deep.equal(commandBytes(command));
    }
    expect(() => journalRecordFromBytes(new Uint8Array(7))).to.throw(RangeError, "end too early");
  });

  it("give heads of at most 248 bits that depend on every earlier command", () => {
    const heads = (commands: Command[]) =>
      commands.reduce((head, command) => nextJournalHead(head, recordDigest(commandBytes(command))), 0n);
    const head = heads(COMMANDS);
    expect(head >> 248n).to.equal(0n);
    expect(heads(COMMANDS)).to.equal(head);
    const swapped = COMMANDS.slice();
    [swapped[1], swapped[2]] = [swapped[2] as Command, swapped[1] as Command];
    expect(heads(swapped)).to.not.equal(head);
  });
});
