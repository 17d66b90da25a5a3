import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { Point } from "../../matcher/protocol/curve.ts";
import { queueEntryWords } from "../../matcher/protocol/queue-chain.ts";
import { type Batch, batchOf, follow, provenInput, settle } from "./batches.ts";
import { blockTimeSeconds, ethers, mined, setNextBlockTime } from "./chain.ts";
import { REQUEST_DEADLINE_SECONDS } from "./epoch-sources.ts";
import { openEpoch, openingOf } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld, type World } from "./exchange-world.ts";

const { x, y } = Point.BASE.toAffine();

async function at(timeSeconds: number): Promise<void> {
  await setNextBlockTime(timeSeconds);
}

async function deposit(w: World, amountMicroUsd = 5_000_000n): Promise<number> {
  await fund(w, w.alice, amountMicroUsd);
  await mined(as(w, w.alice).deposit(0, amountMicroUsd));
  return blockTimeSeconds();
}

const deadline = async (w: World) => Number(await w.exchange.headDeadline());
const refused = (w: World, sent: Promise<unknown>, error: string) =>
  expect(sent).to.be.revertedWithCustomError(w.exchange, error);

/** The insurance fund's registration is settled, and nothing waits. */
async function prepare(): Promise<World> {
  const w = await deployWorld();
  await openEpoch(w);
  await settle(w, { queueCount: 1 });
  return w;
}

describe("Exchange: deadline of the queue", () => {
  const world = useWorld(prepare);

  it("is none while nothing waits", async () => {
    const w = world();
    expect(await w.exchange.headDeadline()).to.equal(MaxUint256);
    await refused(w, as(w, w.stranger).freeze(), "NotOverdue");
  });

  it("begins with the block that adds an entry, and is the head's alone", async () => {
    const w = world();
    const first = await deposit(w);
    await at(first + 100);
    await mined(as(w, w.alice).register(x, y));
    await at(first + 300);
    await deposit(w);
    expect(await deadline(w)).to.equal(first + REQUEST_DEADLINE_SECONDS);
    await readQueue(w);
    await settle(w, { queueCount: 1 });
    expect(await w.exchange.queueCursor()).to.equal(2n);
    expect(await deadline(w)).to.equal(first + 100 + REQUEST_DEADLINE_SECONDS);
    await settle(w, { queueCount: 2 });
    expect(await w.exchange.headDeadline()).to.equal(MaxUint256);
  });

  it("is kept apart for entries beyond those of one word", async () => {
    const w = world();
    const times: number[] = [];
    for (let i = 0; i < 11; i++) {
      await at((await blockTimeSeconds()) + 7 + i);
      await mined(as(w, w.alice).register(x, y));
      times.push(await blockTimeSeconds());
    }
    await readQueue(w);
    for (const time of times) {
      expect(await deadline(w)).to.equal(time + REQUEST_DEADLINE_SECONDS);
      await settle(w, { queueCount: 1 });
    }
  });

  it("is judged to the second: nobody freezes in its last one, anybody in the next", async () => {
    const w = world();
    const end = (await deposit(w)) + REQUEST_DEADLINE_SECONDS;
    await at(end);
    await refused(w, as(w, w.stranger).freeze(), "NotOverdue");
    await at(end + 1);
    await expect(as(w, w.stranger).freeze()).to.emit(w.exchange, "Frozen").withArgs(1n, end);
    expect(await w.exchange.frozen()).to.equal(true);
    await refused(w, as(w, w.stranger).freeze(), "ExchangeFrozen");
  });

  describe("once it has passed", () => {
    /** Batches that consume one entry each, or none, as they follow each other. */
    async function batches(w: World, queueCounts: readonly number[]) {
      const given: Batch[] = [];
      for (const [i, queueCount] of queueCounts.entries()) {
        // Of different tiers, as each verifier of these tests accepts one batch.
        const batch = batchOf(w, { tier: i, queueCount, seed: `late ${i}`, grossOpenInterestAfterLots: lots });
        given.push(batch);
        follow(w, batch);
      }
      return Promise.all(given.map((batch) => provenInput(w, batch)));
    }
    const lots = new Array<bigint>(8).fill(0n);

    async function late(w: World): Promise<number> {
      const end = (await deposit(w)) + REQUEST_DEADLINE_SECONDS;
      await readQueue(w);
      return end;
    }

    it("refuses batches that leave the head overdue, in the very next second, all of them", async () => {
      const w = world();
      const end = await late(w);
      const before = await w.exchange.sharedStateHash();
      const inputs = await batches(w, [0, 0]);
      await at(end + 1);
      await refused(w, as(w, w.operator).settleBatches(inputs), "HeadOverdue");
      expect(await w.exchange.sharedStateHash()).to.equal(before);
    });

    it("takes them in its last second", async () => {
      const w = world();
      const end = await late(w);
      const inputs = await batches(w, [0, 0]);
      await at(end);
      await mined(as(w, w.operator).settleBatches(inputs));
      expect(await w.exchange.queueCursor()).to.equal(1n);
    });

    it("takes batches of which the last one serves the head: it is judged after all of them", async () => {
      const w = world();
      const end = await late(w);
      const inputs = await batches(w, [0, 0, 1]);
      await at(end + 1_000);
      await refused(w, as(w, w.operator).settleBatches(inputs.slice(0, 2)), "HeadOverdue");
      await mined(as(w, w.operator).settleBatches(inputs));
      expect(await w.exchange.queueCursor()).to.equal(2n);
      expect(await w.exchange.headDeadline()).to.equal(MaxUint256);
    });

    it("refuses batches that serve the head and leave the next entry overdue", async () => {
      const w = world();
      await late(w);
      const second = (await deposit(w)) + REQUEST_DEADLINE_SECONDS;
      await readQueue(w);
      const inputs = await batches(w, [1]);
      await at(second + 1);
      await refused(w, as(w, w.operator).settleBatches(inputs), "HeadOverdue");
    });

    it("still opens epochs and takes deposits: only settlements are refused, until somebody freezes", async () => {
      const w = world();
      const end = await late(w);
      await at(end + 1);
      await deposit(w);
      await openEpoch(w);
    });
  });

  describe("when frozen", () => {
    async function freeze(w: World): Promise<void> {
      const end = (await deposit(w)) + REQUEST_DEADLINE_SECONDS;
      await at(end + 1);
      await mined(as(w, w.stranger).freeze());
      await readQueue(w);
    }

    it("refuses everything that would change the state", async () => {
      const w = world();
      await settle(w, { feeDeltaPicoUsd: 5_000_000n });
      const input = await provenInput(w, batchOf(w));
      await fund(w, w.bob, 10_000_000n);
      await freeze(w);
      const before = await w.exchange.sharedStateHash();
      const { sharedState } = input;
      for (const [name, sent] of [
        ["settleBatches", () => as(w, w.operator).settleBatches([input])],
        ["no batch at all", () => as(w, w.operator).settleBatches([])],
        ["openEpoch", async () => as(w, w.operator).openEpoch(await openingOf(w))],
        ["register", () => as(w, w.bob).register(x, y)],
        ["deposit", () => as(w, w.bob).deposit(0, 10_000_000n)],
        ["depositWithPermit", () => as(w, w.bob).depositWithPermit(0, 1n, 0n, 27, before, before)],
        ["collectFees", () => as(w, w.owner).collectFees(sharedState, w.owner.address)],
        ["freeze", () => as(w, w.stranger).freeze()],
      ] as const) {
        await expect(sent(), name).to.be.revertedWithCustomError(w.exchange, "ExchangeFrozen");
      }
      expect(await w.exchange.sharedStateHash()).to.equal(before);
    });

    it("pays what was credited before", async () => {
      const w = world();
      await deposit(w);
      await readQueue(w);
      await settle(w, { queueCount: 1, withdrawals: [{ owner: w.bob.address, amountMicroUsd: 77n }] });
      await freeze(w);
      await mined(as(w, w.stranger).claim(w.bob.address));
      expect(await w.token.balanceOf(w.bob.address)).to.equal(77n);
    });

    it("gives deposits that no batch took over back to the account's L1 owner, each once", async () => {
      const w = world();
      await mined(as(w, w.bob).register(x, y));
      await fund(w, w.alice, 9_000_000n);
      await mined(as(w, w.alice).deposit(1, 9_000_000n));
      await readQueue(w);
      const entries = provenQueue(w);
      await refused(w, as(w, w.bob).reclaimDeposit(2, entries[2]), "ExchangeNotFrozen");
      const first = Number(await w.exchange.headDeadline());
      await at(first + 1);
      await mined(as(w, w.stranger).freeze());
      await expect(as(w, w.stranger).reclaimDeposit(2, entries[2]))
        .to.emit(w.exchange, "DepositReclaimed")
        .withArgs(2n, 1n, 9_000_000n);
      expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 0n, 9_000_000n, 0n]);
      await refused(w, as(w, w.stranger).reclaimDeposit(2, entries[2]), "NothingToReclaim");
      // The other entries: a registration is no deposit, a consumed one is in the pool, and none is anybody's to make up.
      await refused(w, as(w, w.stranger).reclaimDeposit(1, entries[1]), "NothingToReclaim");
      await refused(w, as(w, w.stranger).reclaimDeposit(0, entries[0]), "EntryConsumed");
      const { head } = entries[2] as { head: bigint };
      await refused(
        w,
        as(w, w.stranger).reclaimDeposit(2, { ...entries[2], head: head + (1n << 22n) }),
        "QueueMismatch",
      );
      await refused(w, as(w, w.stranger).reclaimDeposit(1, entries[2]), "QueueMismatch");
      await refused(w, as(w, w.stranger).reclaimDeposit(3, entries[2]), "QueueMismatch");
      await mined(as(w, w.stranger).claim(w.bob.address));
      expect(await w.token.balanceOf(w.bob.address)).to.equal(9_000_000n);
      expect(await w.token.balanceOf(w.address)).to.equal(0n);
    });

    it("lets nobody but the escape credit money of the pool, and that only when frozen", async () => {
      const w = world();
      const payer = await ethers.getImpersonatedSigner(await w.escape.getAddress());
      await ethers.provider.send("hardhat_setBalance", [payer.address, "0xde0b6b3a7640000"]);
      await deposit(w);
      await readQueue(w);
      await settle(w, { queueCount: 1 });
      await refused(w, as(w, w.owner).creditEscape(w.owner.address, 1n), "NotEscape");
      await refused(w, as(w, payer).creditEscape(w.owner.address, 1n), "ExchangeNotFrozen");
      await freeze(w);
      await refused(w, as(w, w.owner).creditEscape(w.owner.address, 1n), "NotEscape");
      // The pool has what is settled; what waits in the queue is out of its reach.
      await refused(w, as(w, payer).creditEscape(w.bob.address, 5_000_001n), "InsufficientVault");
      await mined(as(w, payer).creditEscape(w.bob.address, 5_000_000n));
      expect((await w.exchange.vault()).toArray()).to.deep.equal([5_000_000n, 0n, 5_000_000n, 0n]);
    });
  });
});

/** The queue's entries as the contract takes them. */
function provenQueue(w: World) {
  return w.model.queue.map((entry) => {
    const [head, owner = 0n, ax, ay] = queueEntryWords(entry);
    return { head, owner: `0x${owner.toString(16).padStart(40, "0")}`, ax, ay };
  });
}
