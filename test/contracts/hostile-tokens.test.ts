import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { batchOf, provenInput, sendBatch, settle } from "./batches.ts";
import { mined } from "./chain.ts";
import { openEpoch } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld, type World } from "./exchange-world.ts";

/** Positions in HostileToken.Habit. */
const HABIT = {
  none: 0,
  feeOnTransfer: 1,
  falseReturn: 2,
  silentNoop: 3,
  blacklist: 4,
  reentrant: 5,
  bonus: 6,
  shrinking: 7,
  noReturn: 8,
  reverting: 9,
};

async function behave(w: World, habit: keyof typeof HABIT): Promise<void> {
  await mined(w.token.getFunction("behave")(HABIT[habit]));
}

/** Alice is account 1 with 100 USD settled, Bob is account 2, and 100 USD more are approved by each. */
async function prepare(): Promise<World> {
  const w = await deployWorld("HostileToken");
  const { x, y } = Point.BASE.toAffine();
  for (const who of [w.alice, w.bob]) await mined(as(w, who).register(x, y));
  await fund(w, w.alice, 200_000_000n);
  await fund(w, w.bob, 100_000_000n);
  await mined(as(w, w.alice).deposit(1, 100_000_000n));
  await readQueue(w);
  await openEpoch(w);
  await settle(w, { tier: 2, queueCount: 4, feeDeltaPicoUsd: 0n });
  return w;
}

/** The token's balance covers all that is owed. */
async function expectCovered(w: World): Promise<void> {
  const { queuedMicroUsd, settledMicroUsd, claimableMicroUsd } = await w.exchange.vault();
  const owed = queuedMicroUsd + settledMicroUsd + claimableMicroUsd;
  expect((await w.token.balanceOf(w.address)) >= owed).to.equal(true);
}

describe("Exchange with a hostile token", () => {
  const world = useWorld(prepare);

  it("that keeps a fee: credits what arrived", async () => {
    const w = world();
    await behave(w, "feeOnTransfer");
    await expect(as(w, w.alice).deposit(1, 100_000_000n))
      .to.emit(w.exchange, "Deposited")
      .withArgs(1n, w.alice.address, 99_000_000n);
    await expectCovered(w);
  });

  it("that keeps a fee: refuses when less than the minimum arrived", async () => {
    const w = world();
    await behave(w, "feeOnTransfer");
    await expect(as(w, w.alice).deposit(1, 1_000_000n))
      .to.be.revertedWithCustomError(w.exchange, "DepositTooSmall")
      .withArgs(1_000_000n, 990_000n);
  });

  it("that answers false: refuses the deposit", async () => {
    const w = world();
    await behave(w, "falseReturn");
    await expect(as(w, w.alice).deposit(1, 100_000_000n))
      .to.be.revertedWithCustomError(w.exchange, "SafeERC20FailedOperation")
      .withArgs(await w.token.getAddress());
  });

  it("that answers false: keeps the claim", async () => {
    const w = world();
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 5n }] });
    await behave(w, "falseReturn");
    await expect(as(w, w.alice).claim(w.alice.address)).to.be.revertedWithCustomError(
      w.exchange,
      "SafeERC20FailedOperation",
    );
    await behave(w, "none");
    expect(await w.exchange.claimable(w.alice.address)).to.equal(5n);
    await mined(as(w, w.alice).claim(w.alice.address));
  });

  for (const habit of ["silentNoop", "shrinking"] as const) {
    it(`whose deposits never arrive (${habit}): credits nothing`, async () => {
      const w = world();
      await behave(w, habit);
      await expect(as(w, w.alice).deposit(1, 100_000_000n))
        .to.be.revertedWithCustomError(w.exchange, "DepositTooSmall")
        .withArgs(1_000_000n, 0n);
    });
  }

  it("that delivers more than was asked for: credits what is there", async () => {
    const w = world();
    await behave(w, "bonus");
    await mined(as(w, w.alice).deposit(1, 100_000_000n));
    expect((await w.exchange.vault()).queuedMicroUsd).to.equal(200_000_000n);
    await expectCovered(w);
  });

  it("that blocks a recipient: never blocks a batch, nor anybody else", async () => {
    const w = world();
    await mined(w.token.getFunction("blockAddress")(w.alice.address));
    await behave(w, "blacklist");
    const withdrawals = [
      { owner: w.alice.address, amountMicroUsd: 5n },
      { owner: w.bob.address, amountMicroUsd: 6n },
    ];
    await mined(sendBatch(w, await provenInput(w, batchOf(w, { withdrawals }))));
    await expect(as(w, w.alice).claim(w.alice.address)).to.be.revertedWithCustomError(w.token, "Blocked");
    await mined(as(w, w.bob).claim(w.bob.address));
    expect(await w.token.balanceOf(w.bob.address)).to.equal(100_000_006n);
    expect(await w.exchange.claimable(w.alice.address)).to.equal(5n);
    await behave(w, "none");
    await mined(as(w, w.stranger).claim(w.alice.address));
    expect(await w.exchange.claimable(w.alice.address)).to.equal(0n);
  });

  it("that answers nothing: takes deposits and pays claims all the same", async () => {
    const w = world();
    await behave(w, "noReturn");
    await mined(as(w, w.alice).deposit(1, 100_000_000n));
    expect((await w.exchange.vault()).queuedMicroUsd).to.equal(100_000_000n);
    await settle(w, { withdrawals: [{ owner: w.bob.address, amountMicroUsd: 5n }] });
    await mined(as(w, w.bob).claim(w.bob.address));
    expect(await w.token.balanceOf(w.bob.address)).to.equal(100_000_005n);
    await expectCovered(w);
  });

  it("that refuses every transfer: batches go on, and what they credit waits", async () => {
    const w = world();
    await behave(w, "reverting");
    await expect(as(w, w.alice).deposit(1, 100_000_000n)).to.be.revertedWithCustomError(w.token, "Stopped");
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 5n }] });
    await expect(as(w, w.alice).claim(w.alice.address)).to.be.revertedWithCustomError(w.token, "Stopped");
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 6n }] });
    await behave(w, "none");
    await expect(as(w, w.alice).claim(w.alice.address)).to.emit(w.exchange, "Claimed").withArgs(w.alice.address, 11n);
    await expectCovered(w);
  });

  it("that blocks the Exchange itself: refuses deposits, and claims go on", async () => {
    const w = world();
    await mined(w.token.getFunction("blockAddress")(w.address));
    await behave(w, "blacklist");
    await expect(as(w, w.alice).deposit(1, 100_000_000n)).to.be.revertedWithCustomError(w.token, "Blocked");
    await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 5n }] });
    await mined(as(w, w.alice).claim(w.alice.address));
    await mined(w.token.getFunction("blockAddress")(w.bob.address));
    await mined(as(w, w.alice).deposit(1, 50_000_000n));
  });

  describe("that rebases", () => {
    const rebase = (w: World, balance: bigint) => w.token.getFunction("rebase")(w.address, balance);
    const vaultOf = async (w: World) => (await w.exchange.vault()).toArray();

    it("up: nobody is credited what nobody brought", async () => {
      const w = world();
      const before = await vaultOf(w);
      await mined(rebase(w, 150_000_000n));
      expect(await vaultOf(w)).to.deep.equal(before);
      // Not by the next deposit, either: what arrived with it counts.
      await mined(as(w, w.bob).deposit(2, 10_000_000n));
      expect((await w.exchange.vault()).queuedMicroUsd).to.equal(10_000_000n);
      await expectCovered(w);
    });

    it("down: batches and deposits go on, and who claims while there is enough is paid in full", async () => {
      const w = world();
      const withdrawals = [
        { owner: w.alice.address, amountMicroUsd: 60_000_000n },
        { owner: w.bob.address, amountMicroUsd: 40_000_000n },
      ];
      await mined(rebase(w, 50_000_000n));
      await settle(w, { withdrawals });
      // 50 are there, 100 are owed.
      await expect(as(w, w.alice).claim(w.alice.address))
        .to.be.revertedWithCustomError(w.token, "ERC20InsufficientBalance")
        .withArgs(w.address, 50_000_000n, 60_000_000n);
      await mined(as(w, w.bob).claim(w.bob.address));
      expect(await w.token.balanceOf(w.bob.address)).to.equal(140_000_000n);
      // The claim stands until somebody makes up for what is missing; a claim is paid whole or not at all.
      expect(await w.exchange.claimable(w.alice.address)).to.equal(60_000_000n);
      await mined(w.token.mint(w.address, 50_000_000n));
      await mined(as(w, w.stranger).claim(w.alice.address));
      expect(await w.token.balanceOf(w.alice.address)).to.equal(160_000_000n);
    });

    it("down: a deposit after it counts for what arrived", async () => {
      const w = world();
      await mined(rebase(w, 40_000_000n));
      await mined(as(w, w.bob).deposit(2, 100_000_000n));
      expect((await w.exchange.vault()).queuedMicroUsd).to.equal(100_000_000n);
      expect(await w.token.balanceOf(w.address)).to.equal(140_000_000n);
    });
  });

  describe("that calls back in the middle of a transfer", () => {
    const REENTERED = "0x3ee5aeb5"; // ReentrancyGuardReentrantCall()

    async function during(w: World, name: string, args: unknown[]): Promise<void> {
      const callData = w.exchange.interface.encodeFunctionData(name, args);
      await mined(w.token.getFunction("callBack")(w.address, callData));
      await behave(w, "reentrant");
    }

    async function expectRefusedInside(w: World): Promise<void> {
      expect(await w.token.getFunction("callSucceeded")()).to.equal(false);
      expect(await w.token.getFunction("callResult")()).to.equal(REENTERED);
    }

    it("names the guard's error rightly", () => {
      expect(world().exchange.interface.getError("ReentrancyGuardReentrantCall")?.selector).to.equal(REENTERED);
    });

    it("cannot claim twice", async () => {
      const w = world();
      await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 5n }] });
      await during(w, "claim", [w.alice.address]);
      await mined(as(w, w.alice).claim(w.alice.address));
      await expectRefusedInside(w);
      expect(await w.token.balanceOf(w.alice.address)).to.equal(100_000_005n);
      await expectCovered(w);
    });

    it("cannot claim inside a deposit, which would count as less", async () => {
      const w = world();
      await settle(w, { withdrawals: [{ owner: w.alice.address, amountMicroUsd: 5n }] });
      await during(w, "claim", [w.alice.address]);
      await mined(as(w, w.bob).deposit(2, 100_000_000n));
      await expectRefusedInside(w);
      expect((await w.exchange.vault()).queuedMicroUsd).to.equal(100_000_000n);
    });

    it("cannot deposit inside a deposit, which would count twice", async () => {
      const w = world();
      await during(w, "deposit", [1, 50_000_000n]);
      await mined(as(w, w.bob).deposit(2, 100_000_000n));
      await expectRefusedInside(w);
      expect((await w.exchange.vault()).queuedMicroUsd).to.equal(100_000_000n);
      await expectCovered(w);
    });

    it("cannot settle or open an epoch, for it is not the operator", async () => {
      const w = world();
      const input = await provenInput(w, batchOf(w));
      await during(w, "settleBatches", [[input]]);
      await mined(as(w, w.bob).deposit(2, 100_000_000n));
      expect(await w.token.getFunction("callSucceeded")()).to.equal(false);
    });

    it("may register inside a deposit, and nothing gets out of order", async () => {
      const w = world();
      const { x, y } = Point.BASE.toAffine();
      await during(w, "register", [x, y]);
      await mined(as(w, w.bob).deposit(2, 100_000_000n));
      expect(await w.token.getFunction("callSucceeded")()).to.equal(true);
      await readQueue(w);
      expect(w.model.queue.slice(4).map(({ kind, account }) => [kind, account])).to.deep.equal([
        ["registration", 3],
        ["deposit", 2],
      ]);
      await settle(w, { tier: 2, queueCount: 2 });
    });
  });
});
