import { expect } from "chai";
import { getAddress } from "ethers";
import { claimMicroUsdFloor } from "../../matcher/escape/equity.ts";
import { leafProof } from "../../matcher/escape/leaf-proof.ts";
import { escapePayouts } from "../../matcher/escape/payouts.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { ethers, mined, setNextBlockTime } from "./chain.ts";
import { ESCAPE_WINDOWS } from "./epoch-sources.ts";
import { escapeOf, file, fillExchange, freeze, pin, termsOf } from "./escape-world.ts";
import { as, deployWorld, useWorld, type World } from "./exchange-world.ts";
import { LeafForest, plainLeaf } from "./leaf-forest.ts";

const PICO = 1_000_000n;
const USD = 1_000_000n;
const owner = (index: number) => getAddress(`0x${(0xf000 + index).toString(16).padStart(40, "0")}`);
const refused = (w: World, sent: Promise<unknown>, error: string) =>
  expect(sent).to.be.revertedWithCustomError(w.escape, error);

/** What each account may claim at the pinned prices. */
async function equities(w: World, forest: LeafForest): Promise<Map<number, bigint>> {
  const terms = await termsOf(w);
  return new Map(forest.accounts.map((account) => [account, claimMicroUsdFloor(forest.leaf(account), terms)] as const));
}

const claimable = (w: World, index: number): Promise<bigint> => w.exchange.claimable(owner(index));

/**
 * Account 0 is the insurance fund with 40 USD, 1 to 7 are flat with 10 USD each, 8 is long and 9 short by the same, 10 owes, 11 has
 * nothing, 12 has less than a micro-USD, 70 is far away. Who are worth something
 * without it: 70 + 30 + 20 USD.
 */
function forestOf(insuranceOwner: string): LeafForest {
  const forest = new LeafForest();
  const small = plainLeaf(owner(12), 0n);
  small.collateralPicoUsd = PICO - 1n;
  forest.plant([
    [0, plainLeaf(insuranceOwner, 40n * USD)],
    ...[1, 2, 3, 4, 5, 6, 7].map((account) => [account, plainLeaf(owner(account), 10n * USD)] as const),
    [8, plainLeaf(owner(8), 15n * USD, [0n, 0n, 7n])],
    [9, plainLeaf(owner(9), 15n * USD, [0n, 0n, -7n])],
    [10, plainLeaf(owner(10), -5n * USD)],
    [11, plainLeaf(owner(11), 0n)],
    [12, small],
    [70, plainLeaf(owner(70), 20n * USD)],
  ]);
  return forest;
}

const TRADERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 70];

/** The pool holds so much, the Exchange is frozen, prices are pinned. */
async function frozen(poolMicroUsd: bigint): Promise<World & { forest: LeafForest; closes: number }> {
  const w = await deployWorld();
  const forest = forestOf(w.insuranceOwner.address);
  await fillExchange(w, forest, poolMicroUsd);
  await freeze(w);
  const closes = await pin(w);
  return Object.assign(w, { forest, closes });
}

describe("Escape: claims on a pool that suffices", () => {
  let made: Awaited<ReturnType<typeof frozen>>;
  const world = useWorld(async () => {
    made = await frozen(155n * USD);
    return made;
  });
  const late = () => made.closes;
  const last = () => made.closes + ESCAPE_WINDOWS.lateWindowSeconds;

  it("are what accounts are worth, longs and shorts against each other, owing and empty ones passed over", async () => {
    const w = world();
    const worth = await equities(w, made.forest);
    const receipt = await file(w, made.forest, made.forest.accounts);
    const { filedMicroUsd } = await w.escape.totals();
    for (const account of made.forest.accounts) {
      const { owner: to, equityMicroUsd } = await w.escape.claimOf(account);
      expect(equityMicroUsd, `account ${account}`).to.equal(worth.get(account));
      expect(BigInt(to)).to.equal(equityMicroUsd === 0n ? 0n : made.forest.leaf(account).owner);
    }
    const sum = TRADERS.reduce((total, account) => total + (worth.get(account) as bigint), 0n);
    expect(filedMicroUsd).to.equal(sum);
    expect([worth.get(10), worth.get(11), worth.get(12)]).to.deep.equal([0n, 0n, 0n]);
    expect((worth.get(8) as bigint) + (worth.get(9) as bigint)).to.equal(30n * USD);
    expect(receipt.logs).to.have.length(11);
  });

  it("count once, whoever files them again, alone or among others", async () => {
    const w = world();
    await file(w, made.forest, [1, 2]);
    await file(w, made.forest, [2]);
    await file(w, made.forest, [1, 2, 3], w.bob);
    expect((await w.escape.totals()).filedMicroUsd).to.equal(30n * USD);
    await setNextBlockTime(late());
    await mined(escapeOf(w).pay([1, 1, 2, 3]));
    await file(w, made.forest, [1, 2, 3]);
    await mined(escapeOf(w).pay([1, 2, 3]));
    expect(await claimable(w, 1)).to.equal(10n * USD);
    expect((await w.escape.totals()).toArray()).to.deep.equal([155n * USD, 30n * USD, 0n]);
  });

  it("are refused for a leaf, a sibling or an owner of somebody's making", async () => {
    const w = world();
    const { leaves, siblings } = leafProof(made.forest, [3]);
    const [leaf] = leaves;
    await refused(w, escapeOf(w).file([{ ...leaf, owner: w.stranger.address }], siblings), "WrongRoot");
    await refused(
      w,
      escapeOf(w).file([{ ...leaf, adjustedCollateralPicoUsd: 11n * USD * PICO }], siblings),
      "WrongRoot",
    );
    await refused(w, escapeOf(w).file([{ ...leaf, account: 4 }], siblings), "WrongRoot");
    await refused(w, escapeOf(w).file(leaves, [siblings[1], siblings[0], ...siblings.slice(2)]), "WrongRoot");
    await refused(w, escapeOf(w).file(leaves, siblings.slice(1)), "WrongSiblings");
    const aliased = { ...leaf, sizeWords: [(leaf?.sizeWords[0] as bigint) + FIELD_ORDER, leaf?.sizeWords[1]] };
    await refused(w, escapeOf(w).file([aliased], siblings), "LeafNotInField");
    await refused(w, escapeOf(w).file([], siblings), "NoLeaves");
    expect((await w.escape.totals()).filedMicroUsd).to.equal(0n);
  });

  it("are not paid before the window has closed, to the second, and then to the owner only, whoever asks", async () => {
    const w = world();
    await file(w, made.forest, [1, 8]);
    await setNextBlockTime(late() - 1);
    await refused(w, escapeOf(w).pay([1]), "TooEarly");
    expect((await w.exchange.vault()).claimableMicroUsd).to.equal(0n);
    await setNextBlockTime(late());
    await expect(escapeOf(w).pay([1, 8]))
      .to.emit(w.escape, "ClaimPaid")
      .withArgs(1n, owner(1), 10n * USD);
    await mined(as(w, w.stranger).claim(owner(1)));
    expect(await w.token.balanceOf(owner(1))).to.equal(10n * USD);
    expect(await w.token.balanceOf(w.stranger.address)).to.equal(0n);
    const worth = await equities(w, made.forest);
    expect(await claimable(w, 8)).to.equal(worth.get(8));
  });

  it("are in time in the last second of the window and late in the next one", async () => {
    const w = world();
    await setNextBlockTime(late() - 1);
    await file(w, made.forest, [1]);
    expect((await w.escape.totals()).toArray()).to.deep.equal([155n * USD, 10n * USD, 0n]);
    await setNextBlockTime(late());
    await file(w, made.forest, [2]);
    expect((await w.escape.totals()).toArray()).to.deep.equal([155n * USD, 10n * USD, 10n * USD]);
    // Late ones are credited at once, and the share of those in time stays theirs.
    expect([await claimable(w, 1), await claimable(w, 2)]).to.deep.equal([0n, 10n * USD]);
  });

  it("of the insurance fund are paid last, after late ones, when its own window has closed", async () => {
    const w = world();
    await file(w, made.forest, [0, 1, 2, 3]);
    const fund = () => w.exchange.claimable(w.insuranceOwner.address);
    await setNextBlockTime(late());
    await mined(escapeOf(w).pay([0, 1, 2, 3]));
    expect(await fund()).to.equal(0n);
    await setNextBlockTime(last() - 1);
    await refused(w, escapeOf(w).payInsurance(), "TooEarly");
    await file(w, made.forest, [4, 5, 6, 7, 8, 9, 70]);
    await setNextBlockTime(last());
    await mined(escapeOf(w).payInsurance());
    // 155 − 30 in time − 90 late: 35 of its 40.
    expect(await fund()).to.equal(35n * USD);
    await mined(escapeOf(w).payInsurance());
    expect(await fund()).to.equal(35n * USD);
    expect((await w.exchange.vault()).settledMicroUsd).to.equal(0n);
  });

  it("of the insurance fund are at most its equity, and nothing when nobody filed it", async () => {
    const w = world();
    await setNextBlockTime(last());
    await mined(escapeOf(w).payInsurance());
    expect((await w.exchange.vault()).claimableMicroUsd).to.equal(0n);
    await file(w, made.forest, [0, 1]);
    await mined(escapeOf(w).payInsurance());
    expect(await w.exchange.claimable(w.insuranceOwner.address)).to.equal(40n * USD);
    expect(await claimable(w, 1)).to.equal(10n * USD);
  });

  it("of a leaf whose owner is nobody are passed over", async () => {
    const w = await deployWorld();
    const forest = new LeafForest();
    forest.plant([
      [1, plainLeaf(`0x${"0".repeat(40)}`, 10n * USD)],
      [2, plainLeaf(owner(2), 10n * USD)],
    ]);
    await fillExchange(w, forest, 20n * USD);
    await freeze(w);
    const closes = await pin(w);
    await file(w, forest, [1, 2]);
    await setNextBlockTime(closes);
    await mined(escapeOf(w).pay([1, 2]));
    expect((await w.escape.totals()).toArray()).to.deep.equal([20n * USD, 10n * USD, 0n]);
    expect((await w.exchange.vault()).claimableMicroUsd).to.equal(10n * USD);
  });
});

describe("Escape: claims on a pool that is short", () => {
  let made: Awaited<ReturnType<typeof frozen>>;
  const world = useWorld(async () => {
    made = await frozen(100n * USD + 1n);
    return made;
  });

  it("are paid one ratio, rounded down, in whatever order they are filed and paid", async () => {
    const w = world();
    const worth = await equities(w, made.forest);
    const inTime = TRADERS.map((account) => ({ account, equityMicroUsd: worth.get(account) as bigint }));
    const { filedMicroUsd, paidMicroUsd, leftMicroUsd } = escapePayouts({ poolMicroUsd: 100n * USD + 1n, inTime });
    expect(filedMicroUsd).to.equal(120n * USD);
    const snapshot = await ethers.provider.send("evm_snapshot", []);
    let again = snapshot;
    for (const order of [TRADERS, [...TRADERS].reverse(), [70, 3, 9, 1, 8, 2, 7, 6, 5, 4, 12, 11, 10]]) {
      for (const account of order) await file(w, made.forest, [account]);
      await setNextBlockTime(made.closes);
      await mined(escapeOf(w).pay([...order].reverse()));
      for (const account of TRADERS)
        expect(await claimable(w, account), `account ${account}`).to.equal(paidMicroUsd.get(account) ?? 0n);
      expect((await w.exchange.vault()).settledMicroUsd).to.equal(leftMicroUsd);
      await ethers.provider.send("evm_revert", [again]);
      again = await ethers.provider.send("evm_snapshot", []);
    }
  });

  it("leave late ones and the insurance fund what is left behind the whole sum: nothing", async () => {
    const w = world();
    await file(
      w,
      made.forest,
      TRADERS.filter((account) => account !== 7),
    );
    await setNextBlockTime(made.closes);
    await file(w, made.forest, [0, 7]);
    expect(await claimable(w, 7)).to.equal(0n);
    await setNextBlockTime(made.closes + ESCAPE_WINDOWS.lateWindowSeconds);
    await mined(escapeOf(w).payInsurance());
    expect(await w.exchange.claimable(w.insuranceOwner.address)).to.equal(0n);
    await mined(escapeOf(w).pay(TRADERS));
    expect(await claimable(w, 1)).to.equal((10n * USD * (100n * USD + 1n)) / (110n * USD));
  });

  it("in time leave late ones what they do not need, never above the ratio, in their order", async () => {
    const w = world();
    const late = [5, 6, 7, 8, 9, 70];
    await file(w, made.forest, [1, 2, 3, 4]);
    await setNextBlockTime(made.closes);
    for (const account of late) await file(w, made.forest, [account]);
    await mined(escapeOf(w).pay([1, 2, 3, 4]));
    const worth = await equities(w, made.forest);
    const claim = (account: number) => ({ account, equityMicroUsd: worth.get(account) as bigint });
    const model = escapePayouts({
      poolMicroUsd: 100n * USD + 1n,
      inTime: [1, 2, 3, 4].map(claim),
      late: [...late.map(claim), claim(0)],
    });
    for (const [account, amount] of model.paidMicroUsd) {
      if (account !== 0) expect(await claimable(w, account), `account ${account}`).to.equal(amount);
    }
    expect(await claimable(w, 70)).to.equal(1n);
    expect((await w.exchange.vault()).settledMicroUsd).to.equal(model.leftMicroUsd);
  });
});

describe("Escape: a token that blocks a recipient", () => {
  it("hinders nobody else", async () => {
    const w = await deployWorld("HostileToken");
    const forest = forestOf(w.insuranceOwner.address);
    await fillExchange(w, forest, 155n * USD);
    await freeze(w);
    const closes = await pin(w);
    await mined(w.token.getFunction("blockAddress")(owner(1)));
    await mined(w.token.getFunction("behave")(4));
    await file(w, forest, forest.accounts);
    await setNextBlockTime(closes);
    await mined(escapeOf(w).pay(TRADERS));
    await expect(as(w, w.stranger).claim(owner(1))).to.be.revertedWithCustomError(w.token, "Blocked");
    await mined(as(w, w.stranger).claim(owner(2)));
    expect(await w.token.balanceOf(owner(2))).to.equal(10n * USD);
    expect(await claimable(w, 1)).to.equal(10n * USD);
  });

  it("and one that calls back in the middle of a claim gets nothing twice", async () => {
    const w = await deployWorld("HostileToken");
    const forest = forestOf(w.insuranceOwner.address);
    await fillExchange(w, forest, 155n * USD);
    await freeze(w);
    const closes = await pin(w);
    await file(w, forest, [1, 2]);
    await setNextBlockTime(closes);
    await mined(escapeOf(w).pay([1]));
    await mined(w.token.getFunction("behave")(5));
    for (const [target, data] of [
      [await w.escape.getAddress(), w.escape.interface.encodeFunctionData("pay", [[1, 2]])],
      [w.address, w.exchange.interface.encodeFunctionData("claim", [owner(1)])],
    ] as const) {
      const snapshot = await ethers.provider.send("evm_snapshot", []);
      await mined(w.token.getFunction("callBack")(target, data));
      await mined(as(w, w.stranger).claim(owner(1)));
      expect(await w.token.balanceOf(owner(1))).to.equal(10n * USD);
      expect(await claimable(w, 1)).to.equal(0n);
      await ethers.provider.send("evm_revert", [snapshot]);
    }
  });
});

describe("Escape: set-up", () => {
  it("needs an Exchange and time to file claims", async () => {
    const w = await deployWorld();
    const deploy = (change: Record<string, unknown>) =>
      ethers.deployContract("Escape", [{ exchange: w.address, ...ESCAPE_WINDOWS, ...change }]);
    await refused(w, deploy({ exchange: `0x${"0".repeat(40)}` }), "InvalidSetup");
    await refused(w, deploy({ claimWindowSeconds: 0 }), "InvalidSetup");
    const made = await deploy({ priceWindowSeconds: 0, lateWindowSeconds: 0, claimWindowSeconds: 1 });
    expect(await made.getFunction("exchange")()).to.equal(w.address);
    expect((await made.getFunction("windows")()).toArray()).to.deep.equal([0n, 1n, 0n]);
  });
});
