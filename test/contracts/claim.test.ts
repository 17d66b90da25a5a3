import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { batchOf, provenInput, sendBatch, settle } from "./batches.ts";
import { mined } from "./chain.ts";
import { openEpoch } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld, type World } from "./exchange-world.ts";

const PICO = 1_000_000n;

/** 500 USD of Alice are settled. */
async function prepare(): Promise<World> {
  const w = await deployWorld();
  const { x, y } = Point.BASE.toAffine();
  await mined(as(w, w.alice).register(x, y));
  await fund(w, w.alice, 500_000_000n);
  await mined(as(w, w.alice).deposit(1, 500_000_000n));
  await readQueue(w);
  await openEpoch(w);
  await settle(w, { tier: 2, queueCount: 3, feeDeltaPicoUsd: 0n });
  return w;
}

describe("Exchange.claim", () => {
  const world = useWorld(prepare);

  it("pays all that is claimable to the owner, whoever calls", async () => {
    const w = world();
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 100n }] });
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 23n }] });
    const sent = as(w, w.stranger).claim(w.alice.address);
    await expect(sent).to.emit(w.exchange, "Claimed").withArgs(w.alice.address, 123n);
    expect(await w.token.balanceOf(w.alice.address)).to.equal(123n);
    expect(await w.token.balanceOf(w.stranger.address)).to.equal(0n);
    expect(await w.exchange.claimable(w.alice.address)).to.equal(0n);
    expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 499_999_877n, 0n, 0n]);
    expect(await w.token.balanceOf(w.address)).to.equal(499_999_877n);
  });

  it("pays once", async () => {
    const w = world();
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 100n }] });
    await mined(as(w, w.alice).claim(w.alice.address));
    await expect(as(w, w.alice).claim(w.alice.address))
      .to.be.revertedWithCustomError(w.exchange, "NothingClaimable")
      .withArgs(w.alice.address);
  });

  it("refuses when nothing is claimable", async () => {
    const w = world();
    await expect(as(w, w.bob).claim(w.bob.address))
      .to.be.revertedWithCustomError(w.exchange, "NothingClaimable")
      .withArgs(w.bob.address);
  });

  it("lets the whole pool go, and makes room under the cap", async () => {
    const w = world();
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 500_000_000n }] });
    await mined(as(w, w.alice).claim(w.alice.address));
    expect(await w.token.balanceOf(w.address)).to.equal(0n);
    expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 0n, 0n, 0n]);
  });
});

describe("Exchange.collectFees", () => {
  const world = useWorld(prepare);

  it("moves whole micro-USD of fees, rounded down, and keeps the rest for the next time", async () => {
    const w = world();
    await settle(w, { feeDeltaPicoUsd: 7n * PICO + 999_999n });
    const sent = as(w, w.owner).collectFees(w.model.sharedState, w.bob.address);
    await expect(sent).to.emit(w.exchange, "FeesCollected").withArgs(w.bob.address, 7n);
    expect(await w.exchange.claimable(w.bob.address)).to.equal(7n);
    expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 499_999_993n, 7n, 7n]);
    await settle(w, { feeDeltaPicoUsd: 1n });
    await mined(as(w, w.owner).collectFees(w.model.sharedState, w.bob.address));
    expect(await w.exchange.claimable(w.bob.address)).to.equal(8n);
    await mined(as(w, w.stranger).claim(w.bob.address));
    expect(await w.token.balanceOf(w.bob.address)).to.equal(8n);
  });

  it("leaves a batch in flight valid", async () => {
    const w = world();
    await settle(w, { feeDeltaPicoUsd: 7n * PICO });
    const input = await provenInput(w, batchOf(w));
    await mined(as(w, w.owner).collectFees(w.model.sharedState, w.bob.address));
    await mined(sendBatch(w, input));
  });

  it("refuses when no whole micro-USD has come together", async () => {
    const w = world();
    await settle(w, { feeDeltaPicoUsd: PICO - 1n });
    await expect(as(w, w.owner).collectFees(w.model.sharedState, w.bob.address)).to.be.revertedWithCustomError(
      w.exchange,
      "NothingToCollect",
    );
  });

  it("refuses a second collection of the same fees", async () => {
    const w = world();
    await settle(w, { feeDeltaPicoUsd: 7n * PICO });
    await mined(as(w, w.owner).collectFees(w.model.sharedState, w.bob.address));
    await expect(as(w, w.owner).collectFees(w.model.sharedState, w.bob.address)).to.be.revertedWithCustomError(
      w.exchange,
      "NothingToCollect",
    );
  });

  it("refuses a state with other fees than the settled ones", async () => {
    const w = world();
    const invented = { ...w.model.sharedState, feesPicoUsd: 100n * PICO };
    await expect(as(w, w.owner).collectFees(invented, w.bob.address)).to.be.revertedWithCustomError(
      w.exchange,
      "StaleSharedState",
    );
  });

  it("refuses whoever has no role, and the zero address", async () => {
    const w = world();
    await settle(w, { feeDeltaPicoUsd: 7n * PICO });
    await expect(as(w, w.operator).collectFees(w.model.sharedState, w.operator.address))
      .to.be.revertedWithCustomError(w.exchange, "NotAuthorized")
      .withArgs(w.operator.address, 0n);
    await expect(as(w, w.owner).collectFees(w.model.sharedState, `0x${"0".repeat(40)}`)).to.be.revertedWithCustomError(
      w.exchange,
      "ZeroAddress",
    );
  });

  it("refuses fees beyond the pool", async () => {
    const w = world();
    await settle(w, { feeDeltaPicoUsd: 500_000_001n * PICO });
    await expect(as(w, w.owner).collectFees(w.model.sharedState, w.bob.address))
      .to.be.revertedWithCustomError(w.exchange, "InsufficientVault")
      .withArgs(500_000_000n, 500_000_001n);
  });
});
