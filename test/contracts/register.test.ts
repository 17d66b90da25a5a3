import { expect } from "chai";
import { buildBabyjub } from "circomlibjs";
import { Point } from "../../matcher/protocol/curve.ts";
import { GENESIS_ACCOUNT_ROOT } from "../../matcher/protocol/derived.ts";
import { linkQueueEntry, queueEntryWords } from "../../matcher/protocol/queue-chain.ts";
import { ACCOUNTS, FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";
import { FULL_GENERATOR, torsionPoints } from "../protocol/torsion-points.ts";
import { ethers, mined } from "./chain.ts";
import { as, deployWorld, readQueue, useWorld } from "./exchange-world.ts";

describe("Exchange.register", () => {
  const world = useWorld(() => deployWorld());

  it("has registered account 0 for the insurance fund, as the queue's first entry", async () => {
    const w = world();
    const base8 = Point.BASE.toAffine();
    const key = Point.BASE.multiply(8n).toAffine();
    const [entry] = w.model.queue;
    const owner = BigInt(w.insuranceOwner.address);
    expect(entry).to.deep.equal({
      kind: "registration",
      account: 0,
      amountMicroUsd: 0n,
      minSequence: 0,
      owner,
      ax: key.x,
      ay: key.y,
    });
    expect(base8.x).to.not.equal(key.x);
    expect(await w.exchange.accountOwner(0)).to.equal(w.insuranceOwner.address);
    expect(await w.exchange.accountCount()).to.equal(1n);
    expect(await w.exchange.queueLength()).to.equal(1n);
    expect((await w.exchange.genesisSharedState()).accountRoot).to.equal(GENESIS_ACCOUNT_ROOT);
  });

  it("gives the next index, remembers the owner, and enqueues the key 8·Q", async () => {
    const w = world();
    const q = Point.BASE.multiply(123456789n).toAffine();
    const key = Point.BASE.multiply(8n * 123456789n).toAffine();
    const sent = as(w, w.alice).register(q.x, q.y);
    await expect(sent).to.emit(w.exchange, "AccountRegistered").withArgs(1n, w.alice.address, key.x, key.y);
    const previous = w.model.queueHashes[1];
    await readQueue(w);
    const entry = w.model.queue[1];
    if (entry === undefined || previous === undefined) throw new Error("no entry");
    expect(entry).to.deep.include({ kind: "registration", account: 1, owner: BigInt(w.alice.address), ax: key.x });
    const hash = linkQueueEntry(previous, entry);
    const [head] = queueEntryWords(entry);
    await expect(sent).to.emit(w.exchange, "QueueEntryAdded").withArgs(1n, head, w.alice.address, key.x, key.y, hash);
    expect(await w.exchange.queueHashAt(2)).to.equal(hash);
    expect(await w.exchange.queueHashAt(3)).to.equal(`0x${"0".repeat(64)}`);
    expect(await w.exchange.accountOwner(1)).to.equal(w.alice.address);
  });

  it("lets one owner have several accounts", async () => {
    const w = world();
    const q = Point.BASE.toAffine();
    await mined(as(w, w.alice).register(q.x, q.y));
    await mined(as(w, w.alice).register(q.x, q.y));
    expect(await w.exchange.accountCount()).to.equal(3n);
    expect(await w.exchange.accountOwner(2)).to.equal(w.alice.address);
  });

  it("computes 8·Q as circomlibjs does, for points of every coset of the subgroup", async () => {
    const w = world();
    const babyjub = await buildBabyjub();
    const random = new Seeded("points to be multiplied by eight");
    const generator = Point.fromAffine(FULL_GENERATOR);
    const points = Array.from({ length: 56 }, () => generator.multiplyUnsafe(random.scalar()).toAffine());
    for (const { x, y } of points) {
      const [ax, ay] = babyjub
        .mulPointEscalar([babyjub.F.e(x), babyjub.F.e(y)], 8n)
        .map((coordinate) => babyjub.F.toObject(coordinate));
      const receipt = await mined(as(w, w.alice).register(x, y));
      const [log] = receipt.logs.map((each) => w.exchange.interface.parseLog(each));
      expect([log?.args.ax, log?.args.ay]).to.deep.equal([ax, ay]);
    }
  });

  it("refuses every point whose order divides eight", async () => {
    const w = world();
    const points = torsionPoints();
    expect(points.length).to.equal(8);
    for (const point of points) {
      const { x, y } = point.toAffine();
      await expect(as(w, w.alice).register(x, y))
        .to.be.revertedWithCustomError(w.exchange, "KeyIsIdentity")
        .withArgs(x, y);
    }
  });

  it("takes a point with a torsion part, and clears that part", async () => {
    const w = world();
    const expected = Point.BASE.multiply(8n * 77n).toAffine();
    for (const torsion of torsionPoints()) {
      const { x, y } = Point.BASE.multiply(77n).add(torsion).toAffine();
      const receipt = await mined(as(w, w.alice).register(x, y));
      const [log] = receipt.logs.map((each) => w.exchange.interface.parseLog(each));
      expect([log?.args.ax, log?.args.ay]).to.deep.equal([expected.x, expected.y]);
    }
  });

  it("refuses points beside the curve", async () => {
    const w = world();
    const { x, y } = Point.BASE.toAffine();
    for (const [qx, qy] of [
      [x + 1n, y],
      [x, y + 1n],
      [y, x],
      [0n, 0n],
      [1n, 1n],
    ] as const) {
      await expect(as(w, w.alice).register(qx, qy))
        .to.be.revertedWithCustomError(w.exchange, "KeyNotOnCurve")
        .withArgs(qx, qy);
    }
  });

  it("refuses coordinates that are not below the field order, also those of a point on the curve", async () => {
    const w = world();
    const { x, y } = Point.BASE.toAffine();
    for (const [qx, qy] of [
      [x + FIELD_ORDER, y],
      [x, y + FIELD_ORDER],
      [FIELD_ORDER, 1n],
      [2n ** 256n - 1n, y],
    ] as const) {
      await expect(as(w, w.alice).register(qx, qy))
        .to.be.revertedWithCustomError(w.exchange, "KeyNotInField")
        .withArgs(qx, qy);
    }
  });

  it("refuses to go beyond the last account index", async () => {
    const w = world();
    const { x, y } = Point.BASE.toAffine();
    await setAccountCount(w.address, BigInt(ACCOUNTS) - 1n);
    expect(await w.exchange.accountCount()).to.equal(BigInt(ACCOUNTS) - 1n);
    await mined(as(w, w.alice).register(x, y));
    await expect(as(w, w.alice).register(x, y))
      .to.be.revertedWithCustomError(w.exchange, "AccountsExhausted")
      .withArgs(BigInt(ACCOUNTS));
  });
});

/** Writes the account count into its place: 2^18 registrations would take hours. */
async function setAccountCount(exchange: string, count: bigint): Promise<void> {
  const mask = (1n << 64n) - 1n;
  for (let slot = 0; slot < 12; slot++) {
    const word = BigInt(await ethers.provider.getStorage(exchange, slot));
    // The slot that holds queue length 1, account count 1 and the deposit limits.
    if ((word & mask) !== 1n || ((word >> 64n) & mask) !== 1n || word >> 128n === 0n) continue;
    const changed = (word & ~(mask << 64n)) | (count << 64n);
    await ethers.provider.send("hardhat_setStorageAt", [
      exchange,
      `0x${slot.toString(16)}`,
      `0x${changed.toString(16).padStart(64, "0")}`,
    ]);
    return;
  }
  throw new Error("no such slot");
}
