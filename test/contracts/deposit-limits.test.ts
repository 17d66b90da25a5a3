import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { settle } from "./batches.ts";
import { mined } from "./chain.ts";
import { openEpoch } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld, type World } from "./exchange-world.ts";
import { skipWhenInstrumented } from "./instrumented.ts";

const PICO = 1_000_000n;

/** 500 USD of Alice are settled, 100 more wait in the queue. */
async function prepare(): Promise<World> {
  const w = await deployWorld();
  const { x, y } = Point.BASE.toAffine();
  await mined(as(w, w.alice).register(x, y));
  await fund(w, w.alice, 2_000_000_000n);
  await mined(as(w, w.alice).deposit(1, 500_000_000n));
  await readQueue(w);
  await openEpoch(w);
  await settle(w, { tier: 2, queueCount: 3, feeDeltaPicoUsd: 7n * PICO });
  await mined(as(w, w.alice).deposit(1, 100_000_000n));
  await readQueue(w);
  return w;
}

describe("Exchange.setDepositLimits", () => {
  const world = useWorld(prepare);

  it("with a cap below what is in, stops deposits and nothing else", async () => {
    const w = world();
    await mined(as(w, w.owner).setDepositLimits(1_000_000n, 50_000_000n));
    // Nobody gets more in …
    await expect(as(w, w.alice).deposit(1, 1_000_000n))
      .to.be.revertedWithCustomError(w.exchange, "DepositCapExceeded")
      .withArgs(50_000_000n, 601_000_000n);
    // … but what waits is settled, accounts are registered, money is withdrawn and paid, fees are collected.
    await settle(w, { tier: 2, queueCount: 1, feeDeltaPicoUsd: 0n });
    expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 600_000_000n, 0n, 0n]);
    const { x, y } = Point.BASE.multiply(7n).toAffine();
    await mined(as(w, w.bob).register(x, y));
    await settle(w, { feeDeltaPicoUsd: 0n, withdrawals: [{ owner: w.alice.address, amountMicroUsd: 599_999_993n }] });
    const before = await w.token.balanceOf(w.alice.address);
    await mined(as(w, w.alice).claim(w.alice.address));
    expect((await w.token.balanceOf(w.alice.address)) - before).to.equal(599_999_993n);
    await mined(as(w, w.owner).collectFees(w.model.sharedState, w.bob.address));
    await mined(as(w, w.bob).claim(w.bob.address));
    expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 0n, 0n, 7n]);
  });

  it("with a cap below what is in, takes deposits again once enough has left, up to the cap exactly", async () => {
    const w = world();
    await mined(as(w, w.owner).setDepositLimits(1_000_000n, 300_000_000n));
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 302_000_000n }] });
    // 298 are in: 198 of the pool and 100 of the queue. What can be claimed is not in any more, paid or not.
    await expect(as(w, w.alice).deposit(1, 2_000_001n))
      .to.be.revertedWithCustomError(w.exchange, "DepositCapExceeded")
      .withArgs(300_000_000n, 300_000_001n);
    await mined(as(w, w.alice).deposit(1, 2_000_000n));
    expect((await w.exchange.vault()).toArray()).to.deep.equal([102_000_000n, 198_000_000n, 302_000_000n, 0n]);
    await expect(as(w, w.alice).deposit(1, 1_000_000n)).to.be.revertedWithCustomError(w.exchange, "DepositCapExceeded");
  });

  it("with a higher least deposit, lets in what was queued before, and withdrawals be as small as they like", async () => {
    const w = world();
    await mined(as(w, w.owner).setDepositLimits(200_000_000n, 10_000_000_000n));
    await expect(as(w, w.alice).deposit(1, 199_999_999n))
      .to.be.revertedWithCustomError(w.exchange, "DepositTooSmall")
      .withArgs(200_000_000n, 199_999_999n);
    await settle(w, { tier: 2, queueCount: 1, withdrawals: [{ owner: w.alice.address, amountMicroUsd: 1n }] });
    await mined(as(w, w.alice).claim(w.alice.address));
    await mined(as(w, w.alice).deposit(1, 200_000_000n));
  });

  it("takes effect at once, and again when it is set back", async () => {
    const w = world();
    await mined(as(w, w.owner).setDepositLimits(1n, 600_000_000n));
    await expect(as(w, w.alice).deposit(1, 1n))
      .to.be.revertedWithCustomError(w.exchange, "DepositCapExceeded")
      .withArgs(600_000_000n, 600_000_001n);
    await mined(as(w, w.owner).setDepositLimits(1n, 600_000_001n));
    await mined(as(w, w.alice).deposit(1, 1n));
  });

  it("leaves a contract within the size that L1 deploys", async function () {
    skipWhenInstrumented(this);
    const w = world();
    const code = await w.alice.provider?.getCode(w.address);
    expect(((code?.length ?? 0) - 2) / 2)
      .to.be.above(10_000)
      .and.at.most(24_576);
  });
});
