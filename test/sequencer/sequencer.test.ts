import { expect } from "chai";
import { Backlog } from "../../matcher/sequencer/backlog.ts";
import { MemoryLog } from "../../matcher/sequencer/command-log.ts";
import { Finality } from "../../matcher/sequencer/finality.ts";
import { Sequencer, SequencerHalted } from "../../matcher/sequencer/sequencer.ts";
import type { Verification } from "../../matcher/sequencer/verify-message.ts";
import { checkSignature, verifyMessage } from "../../matcher/sequencer/verify-message.ts";
import { type SignatureVerifier, VerifyPool } from "../../matcher/sequencer/verify-pool.ts";
import {
  BTC_TICKS,
  codeOf,
  DOMAIN,
  epochOf,
  immediately,
  keyOf,
  openedState,
  order,
  signed,
} from "./exchange-fixture.ts";
import { stateText } from "./state-digest.ts";

/** Answers when it is told to, in the order that it is told. */
class HeldVerifier implements SignatureVerifier {
  readonly held: (() => void)[] = [];

  verify(
    message: Parameters<SignatureVerifier["verify"]>[0],
    key: Parameters<SignatureVerifier["verify"]>[1],
  ): Promise<Verification> {
    return new Promise((resolve) => this.held.push(() => resolve(checkSignature(message, key, DOMAIN))));
  }

  async close(): Promise<void> {}
}

describe("the sequencer", () => {
  it("orders by when signatures were found good, not by when messages came", async () => {
    const verifier = new HeldVerifier();
    const sequencer = new Sequencer({ state: openedState(2), verifier });
    const first = sequencer.submit(signed(order({ account: 1, slot: 0 })));
    const second = sequencer.submit(signed(order({ account: 2, slot: 0 })));
    verifier.held[1]?.();
    await second;
    verifier.held[0]?.();
    await first;
    const [a, b] = [(await first).outcome, (await second).outcome];
    if (!a.accepted || !b.accepted) throw new Error("refused");
    expect(b.command).to.be.below(a.command);
  });

  it("judges by the state at the end of verification: what was free at first may be taken then", async () => {
    const verifier = new HeldVerifier();
    const sequencer = new Sequencer({ state: openedState(1), verifier });
    const twice = [sequencer.submit(signed(order())), sequencer.submit(signed(order()))];
    for (const answer of verifier.held) answer();
    const codes = (await Promise.all(twice)).map(({ outcome }) => codeOf(outcome));
    expect(codes).to.deep.equal(["accepted", "DUPLICATE_SEQUENCE"]);
  });

  it("WRONG_SIGNATURE: every field of every message is signed", async () => {
    const sequencer = new Sequencer({ state: openedState(2), verifier: immediately });
    const before = stateText(sequencer.state);
    const good = signed(order());
    for (const change of [
      { limitPriceTicks: BTC_TICKS - 1 },
      { quantityLots: 999 },
      { side: "sell" },
      { slot: 1 },
      { sequence: 2 },
      { market: 1 },
      { reduceOnly: false, postOnly: true },
      { keepFilled: true },
      { selfTrade: "decrement" },
      { timeInForce: "IOC" },
      { maxFeePpm: 999 },
      { expirySeconds: good.expirySeconds + 1 },
      { account: 2 },
    ] as const) {
      const { outcome } = await sequencer.submit({ ...good, ...change });
      expect(codeOf(outcome), JSON.stringify(change)).to.be.oneOf(["WRONG_SIGNATURE", "OUTSIDE_PRICE_BAND"]);
    }
    const withdrawal = signed({
      kind: "withdrawal",
      account: 1,
      sequence: 0,
      expirySeconds: 2 ** 32 - 1,
      amountMicroUsd: 5n,
    });
    expect(codeOf((await sequencer.submit({ ...withdrawal, amountMicroUsd: 6n })).outcome)).to.equal("WRONG_SIGNATURE");
    const elsewhere = signed(order(), DOMAIN + 1n);
    expect(codeOf((await sequencer.submit(elsewhere)).outcome)).to.equal("WRONG_SIGNATURE");
    expect(stateText(sequencer.state)).to.equal(before);
    expect(codeOf((await sequencer.submit(good)).outcome)).to.equal("accepted");
  });

  it("RATE_LIMIT: more signatures at once than it checks", async () => {
    const verifier = new HeldVerifier();
    const sequencer = new Sequencer({ state: openedState(1), verifier, verifyingMax: 2 });
    const waiting = [1, 2].map((slot) => sequencer.submit(signed(order({ slot }))));
    expect(codeOf((await sequencer.submit(signed(order({ slot: 3 })))).outcome)).to.equal("RATE_LIMIT");
    for (const answer of verifier.held) answer();
    expect((await Promise.all(waiting)).map(({ outcome }) => codeOf(outcome))).to.deep.equal(["accepted", "accepted"]);
  });

  it("asks for no signature of what is wrong anyway", async () => {
    const verifier = new HeldVerifier();
    const sequencer = new Sequencer({ state: openedState(1), verifier });
    expect(codeOf((await sequencer.submit(signed(order({ quantityLots: 0 })))).outcome)).to.equal("QUANTITY_ZERO");
    expect(codeOf((await sequencer.submit(signed(order({ account: 9 })))).outcome)).to.equal("UNKNOWN_ACCOUNT");
    expect(verifier.held.length).to.equal(0);
  });

  it("tells its listeners of every accepted command in order, and writes the same to its log", async () => {
    const log = new MemoryLog();
    const sequencer = new Sequencer({ state: openedState(2), verifier: immediately, log });
    const told: number[] = [];
    const durable: number[] = [];
    sequencer.onAccepted(({ command }) => told.push(command));
    sequencer.onDurable(({ command }) => durable.push(command));
    sequencer.apply({ type: "epoch", epoch: epochOf(2) });
    await Promise.all([0, 1, 2].map((slot) => sequencer.submit(signed(order({ slot })))));
    await sequencer.submit(signed(order({ slot: 2 })));
    expect(told).to.deep.equal([6, 7, 8, 9]);
    expect(durable).to.deep.equal(told);
    expect(log.records.length).to.equal(4);
  });

  it("acknowledges only what is durable, and stops for good when it cannot be", async () => {
    let fail: (error: Error) => void = () => {};
    const log = { append: () => new Promise<void>((_, reject) => (fail = reject)), close: async () => {} };
    const sequencer = new Sequencer({ state: openedState(1), verifier: immediately, log });
    const submitted = sequencer.submit(signed(order()));
    await new Promise((resolve) => setImmediate(resolve));
    fail(new Error("disk full"));
    const error = await submitted.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(SequencerHalted);
    expect(() => sequencer.apply({ type: "epoch", epoch: epochOf(2) })).to.throw(SequencerHalted, "disk full");
    expect(sequencer.halt?.message).to.contain("disk full");
  });

  it("dates commands by its clock, which never goes back in the journal", async () => {
    let nowMs = 5_000;
    const sequencer = new Sequencer({ state: openedState(1), verifier: immediately, nowMs: () => nowMs });
    const times: number[] = [];
    sequencer.onDurable(({ acceptedAtMs }) => times.push(acceptedAtMs));
    for (const [slot, atMs] of [5_000, 4_000, 6_000].entries()) {
      nowMs = atMs;
      await sequencer.submit(signed(order({ slot })));
    }
    expect(times).to.deep.equal([5_000, 5_000, 6_000]);
  });

  it("tells nobody of what is not durable yet, and refuses nothing because of it before it is", async () => {
    const writes: (() => void)[] = [];
    const log = { append: () => new Promise<void>((resolve) => writes.push(resolve)), close: async () => {} };
    const sequencer = new Sequencer({ state: openedState(1), verifier: immediately, log });
    const told: number[] = [];
    sequencer.onDurable(({ command }) => told.push(command));
    const ended: string[] = [];
    const first = sequencer.submit(signed(order()), { clientId: "a" }).then(() => ended.push("first"));
    const again = sequencer.submit(signed(order({ slot: 1 })), { clientId: "a" }).then(() => ended.push("again"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(writes.length).to.equal(1);
    expect([told, ended]).to.deep.equal([[], []]);
    writes[0]?.();
    await Promise.all([first, again]);
    expect(told.length).to.equal(1);
    expect(ended.length).to.equal(2);
  });

  it("goes on after an epoch that cannot follow, for nothing has changed", () => {
    const sequencer = new Sequencer({ state: openedState(1), verifier: immediately });
    expect(() => sequencer.apply({ type: "epoch", epoch: epochOf(5) })).to.throw(RangeError);
    expect(sequencer.halt).to.equal(null);
    expect(sequencer.apply({ type: "epoch", epoch: epochOf(2) }).accepted).to.equal(true);
  });
});

describe("the pool of verifying threads", () => {
  it("answers as verification on this thread does, in order per account, and fails when closed", async () => {
    const pool = new VerifyPool({ domain: DOMAIN, threads: 2 });
    const messages = Array.from({ length: 60 }, (_, n) => {
      const message = signed(order({ account: 1 + (n % 3), sequence: n + 1 }));
      return n % 5 === 0 ? { ...message, quantityLots: 7 } : message;
    });
    const answered: number[] = [];
    const answers = await Promise.all(
      messages.map(async (message) => {
        const verification = await pool.verify(message, keyOf(message.account));
        answered.push(message.sequence);
        return verification;
      }),
    );
    messages.forEach((message, n) => {
      const expected = checkSignature(message, keyOf(message.account), DOMAIN);
      expect(answers[n]).to.deep.equal(expected);
      expect(expected.signed).to.equal(n % 5 !== 0);
      expect(verifyMessage(message, keyOf(message.account), DOMAIN)).to.equal(expected.signed);
    });
    for (let account = 1; account <= 3; account++) {
      const own = answered.filter((sequence) => (sequence - 1) % 3 === account - 1);
      expect(own).to.deep.equal([...own].sort((a, b) => a - b));
    }
    expect(pool.pendingCount).to.equal(0);
    await pool.close();
    const [message] = messages;
    if (message === undefined) throw new Error("no message");
    expect(await pool.verify(message, keyOf(1)).catch((e: Error) => e.message)).to.equal(
      "the signature verifier is closed",
    );
  });
});

describe("finality and backlog", () => {
  it("refuses batches out of order, gaps and overlaps, and finds the batch of a step", () => {
    const finality = new Finality(() => 5);
    finality.markProven(1, "0xa", { first: 1, last: 4 });
    expect(() => finality.markProven(3, "0xc", { first: 5, last: 6 })).to.throw(RangeError, "batch 3 follows batch 1");
    expect(() => finality.markProven(2, "0xb", { first: 6, last: 7 })).to.throw(RangeError, "step 5 is next");
    expect(() => finality.markProven(2, "0xb", { first: 4, last: 7 })).to.throw(RangeError, "step 5 is next");
    finality.markProven(2, "0xb", { first: 5, last: 4 });
    finality.markProven(3, "0xc", { first: 5, last: 9 });
    const batches = [0, 1, 4, 5, 9, 10].map((step) => finality.batchOf(step)?.batchNumber ?? null);
    expect(batches).to.deep.equal([null, 1, 1, 3, 3, null]);
    expect(finality.latest(2).map(({ txHash }) => txHash)).to.deep.equal(["0xc", "0xb"]);
  });

  it("counts rows up with steps and down with proofs, over thousands", () => {
    const backlog = new Backlog({ unprovenRowsMax: 10 });
    const message = signed({ kind: "cancel", account: 1, slot: 0, sequence: 1 });
    const numbered = (number: number) => ({ number, step: { kind: "cancel", message } as const, journalHead: 0n });
    for (let number = 1; number <= 5_000; number++) {
      backlog.emitted([numbered(number)]);
      if (number > 12) backlog.provenThrough(number - 12);
      expect(backlog.unprovenRows).to.equal(Math.min(number, 12));
    }
    expect(backlog.isFull).to.equal(true);
    backlog.provenThrough(10_000);
    expect(backlog.unprovenRows).to.equal(0);
  });
});
