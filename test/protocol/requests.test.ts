import { expect } from "chai";
import { exitHaircutsFromWord, exitHaircutsWord } from "../../matcher/protocol/lane-words.ts";
import {
  type ChainedEntry,
  consumedEntries,
  isRequest,
  queueEntryFromWords,
  queueEntryWords,
  type RequestOutcome,
} from "../../matcher/protocol/queue-chain.ts";
import { QUEUE_KIND } from "../../matcher/protocol/spec.ts";

const ENTRIES: ChainedEntry[] = (
  ["registration", "deposit", "forcedExit", "keyRotation", "liquidationRequest", "cancelAll"] as const
).map((kind) => ({
  kind,
  account: 262_143,
  amountMicroUsd: kind === "deposit" ? 2n ** 64n - 1n : 0n,
  minSequence: ["forcedExit", "keyRotation", "cancelAll"].includes(kind) ? 2 ** 48 - 1 : 0,
  owner: kind === "registration" ? 2n ** 160n - 1n : 0n,
  ax: kind === "registration" || kind === "keyRotation" ? 5n : 0n,
  ay: kind === "registration" || kind === "keyRotation" ? 6n : 0n,
}));

describe("requests in the queue", () => {
  it("come back from their words, the sequence from where a deposit has its amount", () => {
    for (const entry of ENTRIES) {
      const words = queueEntryWords(entry);
      expect(queueEntryFromWords(words)).to.deep.equal(entry);
      expect((words[0] as bigint) % 16n).to.equal(BigInt(QUEUE_KIND[entry.kind]));
      expect((words[0] as bigint) >> 22n).to.equal(entry.amountMicroUsd + BigInt(entry.minSequence));
    }
  });

  it("are of four kinds", () => {
    expect(ENTRIES.filter(isRequest).map(({ kind }) => kind)).to.deep.equal([
      "forcedExit",
      "keyRotation",
      "liquidationRequest",
      "cancelAll",
    ]);
    expect(() => queueEntryFromWords([0n, 0n, 0n, 0n])).to.throw(RangeError, "no queue kind 0");
    expect(() => queueEntryFromWords([7n, 0n, 0n, 0n])).to.throw(RangeError, "no queue kind 7");
  });

  it("are consumed unless they are advanced", () => {
    const [first, second, exit] = ENTRIES as [ChainedEntry, ChainedEntry, ChainedEntry];
    const consumed = (outcome: RequestOutcome) => consumedEntries([first, second], { entry: exit, outcome });
    expect(consumed("done")).to.deep.equal([first, second, exit]);
    expect(consumed("inapplicable")).to.deep.equal([first, second, exit]);
    expect(consumed("advanced")).to.deep.equal([first, second]);
    expect(consumedEntries([first], undefined)).to.deep.equal([first]);
  });
});

describe("exit haircuts", () => {
  const widest = new Array<number>(8).fill(2 ** 20 - 1);

  it("come back from their word", () => {
    for (const haircuts of [[1, 2, 3, 4, 5, 6, 7, 8], widest, new Array<number>(8).fill(0)]) {
      expect(exitHaircutsFromWord(exitHaircutsWord(haircuts))).to.deep.equal(haircuts);
    }
    expect(exitHaircutsWord(widest)).to.equal(2n ** 160n - 1n);
  });

  it("fit their lanes, or are refused", () => {
    for (const bad of [2 ** 20, -1, 0.5]) {
      expect(() => exitHaircutsWord([0, bad]), String(bad)).to.throw(RangeError, "market 1");
    }
    expect(() => exitHaircutsWord(new Array(9).fill(1))).to.throw(RangeError, "market 8");
    expect(() => exitHaircutsFromWord(2n ** 160n)).to.throw(RangeError, "beyond the lanes");
    expect(() => exitHaircutsFromWord(-1n)).to.throw(RangeError, "beyond the lanes");
  });
});
