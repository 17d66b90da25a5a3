import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { devnetParameters } from "../../scripts/devnet/risk-parameters.ts";
import { settle } from "./batches.ts";
import { blockTimeSeconds, mined, setNextBlockTime } from "./chain.ts";
import { openEpoch } from "./epochs.ts";
import {
  as,
  DEPOSIT_CAP_MICRO_USD,
  deployWorld,
  fund,
  type RegistryContract,
  readQueue,
  useWorld,
  type World,
} from "./exchange-world.ts";

const PAUSE_SECONDS = 3 * 24 * 3600;
const DEPOSIT_MICRO_USD = 100_000_000n;

/** Alice is account 1 with 100 USD settled, and 100 USD more approved; an epoch is open. */
async function prepare(): Promise<World> {
  const w = await deployWorld();
  const { x, y } = Point.BASE.toAffine();
  await mined(as(w, w.alice).register(x, y));
  await fund(w, w.alice, 2n * DEPOSIT_MICRO_USD);
  await mined(as(w, w.alice).deposit(1, DEPOSIT_MICRO_USD));
  await readQueue(w);
  await openEpoch(w);
  await settle(w, { tier: 2, queueCount: 3, feeDeltaPicoUsd: 0n });
  return w;
}

const capsOf = (epoch: OpenedEpoch) => epoch.markets.map((market) => market.grossOpenInterestCapLots);

async function paused(w: World): Promise<number> {
  const receipt = await mined(w.registry.pause());
  const block = await receipt.getBlock();
  return block.timestamp + PAUSE_SECONDS;
}

describe("The guardian's pause", () => {
  const world = useWorld(prepare);

  it("opens epochs whose open-interest caps are 0, and changes nothing else in them", async () => {
    const w = world();
    const before = await openEpoch(w);
    expect(
      capsOf(before)
        .slice(0, 4)
        .every((cap) => cap > 0n),
    ).to.equal(true);
    const untilSeconds = await paused(w);
    expect(await w.registry.pausedUntilSeconds()).to.equal(BigInt(untilSeconds));
    const during = await openEpoch(w);
    expect(capsOf(during)).to.deep.equal(new Array(8).fill(0n));
    const others = before.markets.map((market) => ({ ...market, grossOpenInterestCapLots: 0n }));
    expect(during.markets).to.deep.equal(others);
    expect(during.paramVersion).to.equal(before.paramVersion);
  });

  it("keeps to it in versions that are appended meanwhile", async () => {
    const w = world();
    await paused(w);
    await mined(w.registry.appendParameters(devnetParameters()));
    const epoch = await openEpoch(w);
    expect(epoch.paramVersion).to.equal(2);
    expect(capsOf(epoch)).to.deep.equal(new Array(8).fill(0n));
  });

  it("takes no deposit up to its last second, and takes them again from then on, by itself", async () => {
    const w = world();
    const untilSeconds = await paused(w);
    const deposit = () => as(w, w.alice).deposit(1, DEPOSIT_MICRO_USD);
    await setNextBlockTime(untilSeconds - 1);
    await expect(deposit()).to.be.revertedWithCustomError(w.exchange, "DepositsPaused").withArgs(BigInt(untilSeconds));
    await setNextBlockTime(untilSeconds);
    await mined(deposit());
    expect(await w.registry.isPaused()).to.equal(false);
    const epoch = await openEpoch(w, { timeSeconds: untilSeconds });
    expect(capsOf(epoch)[0]).to.not.equal(0n);
  });

  it("stops neither registrations, nor settlement, nor withdrawals, nor claims", async () => {
    const w = world();
    await fund(w, w.bob, DEPOSIT_MICRO_USD);
    await paused(w);
    const { x, y } = Point.BASE.toAffine();
    await mined(as(w, w.bob).register(x, y));
    await readQueue(w);
    const epoch = await openEpoch(w);
    await settle(w, { epoch, queueCount: 1, withdrawals: [{ owner: w.alice.address, amountMicroUsd: 70_000_000n }] });
    await mined(as(w, w.stranger).claim(w.alice.address));
    expect(await w.token.balanceOf(w.alice.address)).to.equal(DEPOSIT_MICRO_USD + 70_000_000n);
  });

  it("is there once: not again while it lasts, nor after it, until the admin renews it", async () => {
    const w = world();
    const untilSeconds = await paused(w);
    const again = () => w.registry.pause();
    await expect(again()).to.be.revertedWithCustomError(w.registry, "PauseSpent");
    await setNextBlockTime(untilSeconds);
    await expect(again()).to.be.revertedWithCustomError(w.registry, "PauseSpent");
    await expect(w.registry.renewPause()).to.emit(w.registry, "PauseRenewed");
    expect(await w.registry.isPaused()).to.equal(false);
    await expect(again()).to.emit(w.registry, "Paused");
  });

  it("goes on when it is renewed while it lasts", async () => {
    const w = world();
    const untilSeconds = await paused(w);
    await mined(w.registry.renewPause());
    expect(await w.registry.pausedUntilSeconds()).to.equal(BigInt(untilSeconds));
    expect(await w.registry.isPaused()).to.equal(true);
  });

  it("can be ended early, which gives no second one", async () => {
    const w = world();
    await expect(w.registry.endPause()).to.be.revertedWithCustomError(w.registry, "NotPaused");
    await paused(w);
    await expect(w.registry.endPause()).to.emit(w.registry, "PauseEnded");
    expect(await w.registry.pausedUntilSeconds()).to.equal(BigInt(await blockTimeSeconds()));
    await mined(as(w, w.alice).deposit(1, DEPOSIT_MICRO_USD));
    await expect(w.registry.endPause()).to.be.revertedWithCustomError(w.registry, "NotPaused");
    await expect(w.registry.pause()).to.be.revertedWithCustomError(w.registry, "PauseSpent");
  });

  it("is nobody's without the role", async () => {
    const w = world();
    const strange = w.registry.connect(w.stranger) as RegistryContract;
    for (const name of ["pause", "endPause", "renewPause"] as const) {
      await expect(strange[name](), name)
        .to.be.revertedWithCustomError(w.registry, "NotAuthorized")
        .withArgs(w.stranger.address, 0n);
    }
  });

  it("leaves the deposit limits as they are", async () => {
    const w = world();
    await paused(w);
    expect((await w.exchange.depositLimits()).capMicroUsd).to.equal(DEPOSIT_CAP_MICRO_USD);
  });
});
