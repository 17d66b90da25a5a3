import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import { linkQueueEntry } from "../../matcher/protocol/queue-chain.ts";
import { blockTimeSeconds, mined } from "./chain.ts";
import {
  as,
  DEPOSIT_CAP_MICRO_USD,
  deployWorld,
  fund,
  MINIMUM_DEPOSIT_MICRO_USD,
  readQueue,
  type TokenContract,
  useWorld,
  type World,
} from "./exchange-world.ts";

async function prepare(): Promise<World> {
  const w = await deployWorld();
  const { x, y } = Point.BASE.toAffine();
  await mined(as(w, w.alice).register(x, y));
  await fund(w, w.alice, 2n * DEPOSIT_CAP_MICRO_USD);
  await readQueue(w);
  return w;
}

describe("Exchange.deposit", () => {
  const world = useWorld(prepare);

  it("takes the money and enqueues it behind what is there", async () => {
    const w = world();
    const amountMicroUsd = 123_456_789n;
    const sent = as(w, w.alice).deposit(1, amountMicroUsd);
    await expect(sent).to.emit(w.exchange, "Deposited").withArgs(1n, w.alice.address, amountMicroUsd);
    expect(await w.token.balanceOf(w.address)).to.equal(amountMicroUsd);
    const previous = w.model.queueHashes[2];
    if (previous === undefined) throw new Error("no chain");
    await readQueue(w);
    const entry = { kind: "deposit", minSequence: 0, account: 1, amountMicroUsd, owner: 0n, ax: 0n, ay: 0n } as const;
    expect(w.model.queue[2]).to.deep.equal(entry);
    expect(await w.exchange.queueHashAt(3)).to.equal(linkQueueEntry(previous, entry));
    expect(await w.exchange.queueLength()).to.equal(3n);
    expect((await w.exchange.vault()).toArray()).to.deep.equal([amountMicroUsd, 0n, 0n, 0n]);
  });

  it("takes money for somebody else's account, and for the insurance fund", async () => {
    const w = world();
    await mined(as(w, w.alice).deposit(0, 5_000_000n));
    await fund(w, w.bob, 5_000_000n);
    await mined(as(w, w.bob).deposit(1, 5_000_000n));
    expect((await w.exchange.vault()).queuedMicroUsd).to.equal(10_000_000n);
  });

  it("takes the minimum and refuses less", async () => {
    const w = world();
    await mined(as(w, w.alice).deposit(1, MINIMUM_DEPOSIT_MICRO_USD));
    await expect(as(w, w.alice).deposit(1, MINIMUM_DEPOSIT_MICRO_USD - 1n))
      .to.be.revertedWithCustomError(w.exchange, "DepositTooSmall")
      .withArgs(MINIMUM_DEPOSIT_MICRO_USD, MINIMUM_DEPOSIT_MICRO_USD - 1n);
    await expect(as(w, w.alice).deposit(1, 0n))
      .to.be.revertedWithCustomError(w.exchange, "DepositTooSmall")
      .withArgs(MINIMUM_DEPOSIT_MICRO_USD, 0n);
  });

  it("fills the cap in several deposits and refuses one unit more", async () => {
    const w = world();
    await mined(as(w, w.alice).deposit(1, DEPOSIT_CAP_MICRO_USD - 10_000_000n));
    await expect(as(w, w.alice).deposit(1, 10_000_001n))
      .to.be.revertedWithCustomError(w.exchange, "DepositCapExceeded")
      .withArgs(DEPOSIT_CAP_MICRO_USD, DEPOSIT_CAP_MICRO_USD + 1n);
    await mined(as(w, w.alice).deposit(1, 10_000_000n));
    await expect(as(w, w.alice).deposit(1, MINIMUM_DEPOSIT_MICRO_USD)).to.be.revertedWithCustomError(
      w.exchange,
      "DepositCapExceeded",
    );
  });

  it("refuses an account that nobody registered", async () => {
    const w = world();
    for (const account of [2n, 2n ** 18n, 2n ** 256n - 1n]) {
      await expect(as(w, w.alice).deposit(account, 5_000_000n))
        .to.be.revertedWithCustomError(w.exchange, "UnknownAccount")
        .withArgs(account);
    }
  });

  it("refuses what was not approved, and what is not there", async () => {
    const w = world();
    await expect(as(w, w.bob).deposit(1, 5_000_000n)).to.be.revertedWithCustomError(
      w.token,
      "ERC20InsufficientAllowance",
    );
    const token = w.token.connect(w.bob) as TokenContract;
    await mined(token.approve(w.address, 5_000_000n));
    await expect(as(w, w.bob).deposit(1, 5_000_000n)).to.be.revertedWithCustomError(
      w.token,
      "ERC20InsufficientBalance",
    );
  });

  it("ignores money that was sent without a deposit", async () => {
    const w = world();
    const token = w.token.connect(w.alice) as TokenContract;
    await mined(token.transfer(w.address, 77_000_000n));
    expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 0n, 0n, 0n]);
    await mined(as(w, w.alice).deposit(1, 5_000_000n));
    expect((await w.exchange.vault()).queuedMicroUsd).to.equal(5_000_000n);
  });
});

describe("Exchange.depositWithPermit", () => {
  const world = useWorld(async () => {
    const w = await prepare();
    await mined(w.token.mint(w.bob.address, 10_000_000n));
    return w;
  });

  async function permit(w: World, amountMicroUsd: bigint, deadlineSeconds: number) {
    const domain = {
      name: await w.token.name(),
      version: "1",
      chainId: w.chainId,
      verifyingContract: await w.token.getAddress(),
    };
    const types = {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    };
    const nonce = await w.token.nonces(w.bob.address);
    const message = {
      owner: w.bob.address,
      spender: w.address,
      value: amountMicroUsd,
      nonce,
      deadline: deadlineSeconds,
    };
    const signature = await w.bob.signTypedData(domain, types, message);
    const { Signature } = await import("ethers");
    return Signature.from(signature);
  }

  it("needs no approval before", async () => {
    const w = world();
    const deadline = (await blockTimeSeconds()) + 1000;
    const { v, r, s } = await permit(w, 10_000_000n, deadline);
    await mined(as(w, w.bob).depositWithPermit(1, 10_000_000n, deadline, v, r, s));
    expect((await w.exchange.vault()).queuedMicroUsd).to.equal(10_000_000n);
    expect(await w.token.allowance(w.bob.address, w.address)).to.equal(0n);
  });

  it("goes through when somebody else sent the permit first", async () => {
    const w = world();
    const deadline = (await blockTimeSeconds()) + 1000;
    const { v, r, s } = await permit(w, 10_000_000n, deadline);
    const token = w.token.connect(w.stranger) as TokenContract;
    const send = token.getFunction("permit");
    await mined(send(w.bob.address, w.address, 10_000_000n, deadline, v, r, s));
    await mined(as(w, w.bob).depositWithPermit(1, 10_000_000n, deadline, v, r, s));
    expect((await w.exchange.vault()).queuedMicroUsd).to.equal(10_000_000n);
  });

  it("refuses an expired permit, one for less, and one of somebody else", async () => {
    const w = world();
    const now = await blockTimeSeconds();
    const expired = await permit(w, 10_000_000n, now - 1);
    const sendExpired = as(w, w.bob).depositWithPermit(1, 10_000_000n, now - 1, expired.v, expired.r, expired.s);
    await expect(sendExpired).to.be.revertedWithCustomError(w.token, "ERC20InsufficientAllowance");
    const less = await permit(w, 9_000_000n, now + 1000);
    const sendLess = as(w, w.bob).depositWithPermit(1, 10_000_000n, now + 1000, less.v, less.r, less.s);
    await expect(sendLess).to.be.revertedWithCustomError(w.token, "ERC20InsufficientAllowance");
    const bobs = await permit(w, 10_000_000n, now + 1000);
    const stolen = as(w, w.stranger).depositWithPermit(1, 10_000_000n, now + 1000, bobs.v, bobs.r, bobs.s);
    await expect(stolen).to.be.revertedWithCustomError(w.token, "ERC20InsufficientAllowance");
  });
});
