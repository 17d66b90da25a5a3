import { expect } from "chai";
import type { Instruction, Signed } from "../../matcher/protocol/message.ts";
import { SenderRecords } from "../../matcher/sequencer/sender-records.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { SignatureQueue } from "../../matcher/sequencer/signature-queue.ts";
import { VerifyPool } from "../../matcher/sequencer/verify-pool.ts";
import { codeOf, DOMAIN, keyOf, openedState, order, signed } from "./exchange-fixture.ts";
import { SlotVerifier } from "./slot-verifier.ts";

const KEY = { ax: 0n, ay: 1n };
const right = (account: number): Signed<Instruction> => ({
  ...order({ account }),
  signature: { r8x: 0n, r8y: 0n, s: 1n },
});
const wrong = (account: number): Signed<Instruction> => ({
  ...order({ account }),
  signature: { r8x: 0n, r8y: 0n, s: 0n },
});

interface Flood {
  perTen: number;
  originOf(n: number): string;
  accountOf(n: number): number;
}

/** Slots between arrival and answer of valid orders, three of which arrive together every ten slots. */
async function latencies(flood: Flood | null) {
  const verifier = new SlotVerifier();
  const queue = new SignatureQueue(verifier);
  const slots: number[] = [];
  let refused = 0;
  let bogus = 0;
  for (let slot = 0; slot < 3_000; slot++) {
    const inTen = slot % 10;
    const due =
      flood === null ? 0 : Math.floor(((inTen + 1) * flood.perTen) / 10) - Math.floor((inTen * flood.perTen) / 10);
    for (let i = 0; i < due; i++) {
      if (flood !== null) void queue.check(wrong(flood.accountOf(bogus)), KEY, flood.originOf(bogus));
      bogus += 1;
    }
    for (let i = 0; i < (inTen === 0 ? 3 : 0); i++) {
      const { slot: arrived } = verifier;
      queue.check(right(1), KEY, "trader").then((verification) => {
        if (verification === null) refused += 1;
        else slots.push(verifier.slot - arrived);
      });
    }
    await verifier.pass();
  }
  slots.sort((a, b) => a - b);
  const at = (share: number) => slots[Math.floor(slots.length * share)] as number;
  return { count: slots.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), refused };
}

describe("verification in turns", function () {
  this.timeout(60_000);

  it("keeps valid orders within twice their slots under five times as many bogus ones of the same account, from elsewhere", async () => {
    const calm = await latencies(null);
    const flooded = await latencies({ perTen: 15, originOf: () => "flood", accountOf: () => 1 });
    expect(calm).to.deep.equal({ count: 900, p50: 2, p95: 3, p99: 3, refused: 0 });
    expect(flooded.refused).to.equal(0);
    expect(flooded.count).to.be.at.least(890);
    expect(flooded.p50).to.be.at.most(2 * calm.p50);
    expect(flooded.p99).to.be.at.most(2 * calm.p99);
  });

  it("does so under fifty times as many, from ten origins in the name of a thousand accounts", async () => {
    const calm = await latencies(null);
    const flooded = await latencies({ perTen: 150, originOf: (n) => `flood ${n % 10}`, accountOf: (n) => n % 1_000 });
    expect(flooded.refused).to.equal(0);
    expect(flooded.count).to.be.at.least(890);
    expect(flooded.p50).to.be.at.most(2 * calm.p50);
    expect(flooded.p95).to.be.at.most(2 * calm.p95);
    // Each of the ten is as good as any until its eighth wrong signature.
    expect(flooded.p99).to.be.at.most(8 + 2 * calm.p99);
  });

  it("costs known traders eight slots and a turn when every bogus one comes from an address of its own", async () => {
    const calm = await latencies(null);
    const flooded = await latencies({ perTen: 150, originOf: (n) => `fresh ${n}`, accountOf: () => 1 });
    expect(flooded.refused).to.equal(0);
    expect(flooded.count).to.be.at.least(890);
    expect(flooded.p99).to.be.at.most(8 + 2 * calm.p99);
  });

  it("gives a sender whose signatures are right, and too many, his turn among others and no more", async () => {
    const verifier = new SlotVerifier();
    const queue = new SignatureQueue(verifier);
    const answered = { greedy: 0, modest: 0 };
    let refused = 0;
    for (let slot = 0; slot < 2_000; slot++) {
      for (let i = 0; i < 5; i++) {
        queue.check(right(1), KEY, "greedy").then((verification) => {
          if (verification === null) refused += 1;
          else answered.greedy += 1;
        });
      }
      if (slot % 2 === 0) {
        queue.check(right(2), KEY, "modest").then(() => {
          answered.modest += 1;
        });
      }
      await verifier.pass();
    }
    expect(answered.modest).to.be.at.least(1_000 - 20);
    expect(answered.greedy).to.be.at.least(950);
    expect(refused).to.be.at.least(8_000);
    expect(queue.noRoomCount).to.equal(refused);
  });

  it("without origins, lets accounts take turns: a flood in one name leaves the others alone", async () => {
    const verifier = new SlotVerifier();
    const queue = new SignatureQueue(verifier);
    for (let i = 0; i < 1_000; i++) void queue.check(wrong(1), KEY, "");
    const given = verifier.givenCount;
    expect(queue.verifyingCount).to.equal(given);
    let answeredAt = -1;
    queue.check(right(2), KEY, "").then(() => {
      answeredAt = verifier.slot;
    });
    for (let i = 0; i < given + 2; i++) await verifier.pass();
    expect(answeredAt).to.be.within(given + 1, given + 2);
  });

  it("has room for as many as it says, waiting and being checked", async () => {
    const verifier = new SlotVerifier();
    const queue = new SignatureQueue(verifier, { verifyingMax: 40, perOriginMax: 30, perAccountMax: 20 });
    const results: (boolean | null)[] = [];
    const send = (account: number, origin: string) =>
      queue.check(right(account), KEY, origin).then((v) => results.push(v === null ? null : v.signed));
    // Eight of senders that are not proven go to the thread at once; an account's room is twenty.
    for (let i = 0; i < 28; i++) send(1, "a");
    expect([queue.verifyingCount, queue.waitingCount, queue.noRoomCount]).to.deep.equal([8, 20, 0]);
    send(1, "a");
    expect([queue.verifyingCount, queue.waitingCount, queue.noRoomCount]).to.deep.equal([8, 20, 1]);
    // Full at twenty-four: another origin's takes the place of the longest line's newest.
    for (let i = 0; i < 4; i++) send(2, "a");
    expect([queue.waitingCount, queue.noRoomCount]).to.deep.equal([24, 1]);
    send(3, "b");
    expect([queue.waitingCount, queue.noRoomCount]).to.deep.equal([24, 2]);
    // The first right answer proves "a", and sixteen may be with the thread.
    await verifier.pass();
    expect([queue.verifyingCount, queue.waitingCount]).to.deep.equal([16, 15]);
    while (queue.verifyingCount > 0) await verifier.pass();
    expect(results.filter((result) => result === null).length).to.equal(2);
    expect(results.length).to.equal(28 + 1 + 4 + 1);
  });

  it("passes a verifier's failure on, and goes on", async () => {
    let broken = true;
    const queue = new SignatureQueue({
      verify: async () => {
        if (broken) throw new Error("broken");
        return { signed: true, messageHash: 5n };
      },
      close: async () => {},
    });
    const failures = await Promise.all(
      Array.from({ length: 40 }, () => queue.check(right(1), KEY, "a").catch((error: Error) => error.message)),
    );
    expect(new Set(failures)).to.deep.equal(new Set(["broken"]));
    broken = false;
    expect(await queue.check(right(1), KEY, "a")).to.deep.equal({ signed: true, messageHash: 5n });
    expect([queue.verifyingCount, queue.waitingCount]).to.deep.equal([0, 0]);
  });
});

describe("records of senders", () => {
  it("strike an origin at the eighth wrong signature, and prove it at the first right one", () => {
    const senders = new SenderRecords();
    for (let i = 0; i < 7; i++) senders.note("a", 1, false);
    expect([senders.recordOf("a"), senders.rankOf("a")]).to.deep.equal([-7, "new"]);
    senders.note("a", 2, false);
    expect([senders.recordOf("a"), senders.rankOf("a"), senders.rankOf("b")]).to.deep.equal([-8, "struck", "new"]);
    senders.note("a", 1, true);
    expect(senders.rankOf("a")).to.equal("new");
    senders.note("b", 3, true);
    expect(senders.rankOf("b")).to.equal("proven");
    senders.note("b", 3, false);
    expect(senders.rankOf("b")).to.equal("new");
    expect([senders.wrongOf(1), senders.wrongOf(2), senders.wrongOf(3), senders.wrongOf(4)]).to.deep.equal([
      7, 1, 1, 0,
    ]);
  });

  it("keep neither a worse past than 32 right signatures make good, nor a better one than 8 wrong ones use up", () => {
    const senders = new SenderRecords();
    for (let i = 0; i < 1_000; i++) senders.note("a", 1, false);
    expect(senders.recordOf("a")).to.equal(-32);
    for (let i = 0; i < 32; i++) senders.note("a", 1, true);
    expect(senders.recordOf("a")).to.equal(0);
    for (let i = 0; i < 100; i++) senders.note("a", 1, true);
    expect(senders.recordOf("a")).to.equal(8);
    expect(senders.wrongOf(1)).to.equal(1_000);
  });

  it("never rank senders without an origin, and are forgotten after ten thousand others", () => {
    const senders = new SenderRecords();
    for (let i = 0; i < 100; i++) senders.note("", 1, false);
    expect(senders.rankOf("")).to.equal("new");
    for (let i = 0; i < 200; i++) senders.note("", 1, true);
    expect(senders.rankOf("")).to.equal("new");
    const others = new SenderRecords();
    for (let i = 0; i < 8; i++) others.note("old", 1, false);
    for (let i = 0; i < 10_000; i++) {
      if (i === 9_999) expect(others.rankOf("old")).to.equal("struck");
      others.note(`n${i}`, 2, false);
    }
    expect(others.rankOf("old")).to.equal("new");
  });
});

describe("a flood through the sequencer", function () {
  this.timeout(60_000);

  it("in an account's name, from another address, neither stops nor refuses the account's own orders", async () => {
    const verifier = new VerifyPool({ domain: DOMAIN, threads: 1 });
    const sequencer = new Sequencer({ state: openedState(2), verifier });
    const good = signed(order({ account: 1 }));
    const codes = new Map<string, number>();
    let floodAnswered = 0;
    const flood = Array.from({ length: 2_000 }, async (_, n) => {
      const { outcome } = await sequencer.submit({ ...good, slot: 100 + n }, { origin: "flood" });
      const code = codeOf(outcome);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code === "WRONG_SIGNATURE") floodAnswered += 1;
    });
    const before: number[] = [];
    const own = Array.from({ length: 10 }, async (_, slot) => {
      const { outcome } = await sequencer.submit(signed(order({ account: 1, slot })), { origin: "trader" });
      before.push(floodAnswered);
      return codeOf(outcome);
    });
    expect(await Promise.all(own)).to.deep.equal(Array(10).fill("accepted"));
    // Eight were with the thread before; then each takes turns with at most one of the flood.
    expect(Math.max(...before)).to.be.at.most(8 + 10 + 1);
    await Promise.all(flood);
    expect([...codes.keys()].sort()).to.deep.equal(["RATE_LIMIT", "WRONG_SIGNATURE"]);
    expect(codes.get("WRONG_SIGNATURE")).to.equal(8 + 256);
    const { senders } = sequencer.signatures;
    expect([senders.rankOf("flood"), senders.rankOf("trader")]).to.deep.equal(["struck", "proven"]);
    expect(senders.wrongOf(1)).to.equal(8 + 256);
    expect((await sequencer.submit(signed(order({ account: 2 })), { origin: "other" })).outcome.accepted).to.equal(
      true,
    );
    await verifier.close();
  });

  it("does not slip a number through that is cut to 256 bits on its way to a thread", async () => {
    const pool = new VerifyPool({ domain: DOMAIN, threads: 1 });
    const good = signed(order({ account: 1 }));
    const cut = 1n << 256n;
    const { r8x, r8y, s } = good.signature;
    for (const signature of [
      { r8x: r8x + cut, r8y, s },
      { r8x, r8y: r8y - cut, s },
      { r8x, r8y, s: s + cut },
      { r8x, r8y, s: s - cut },
    ]) {
      expect((await pool.verify({ ...good, signature }, keyOf(1))).signed).to.equal(false);
    }
    const { ax, ay } = keyOf(1);
    expect((await pool.verify(good, { ax: ax + cut, ay })).signed).to.equal(false);
    expect((await pool.verify(good, { ax, ay: ay - cut })).signed).to.equal(false);
    expect((await pool.verify(good, { ax, ay })).signed).to.equal(true);
    const tooWide = await pool.verify({ ...good, slot: 4_096 } as never, keyOf(1)).catch((error: unknown) => error);
    expect(tooWide).to.be.instanceOf(RangeError);
    expect(pool.pendingCount).to.equal(0);
    await pool.close();
  });
});
