import { expect } from "chai";
import { OnchainRefusal, OnchainWallet } from "../../matcher/sdk/onchain.ts";
import { deriveTradingKey } from "../../matcher/sdk/wallet.ts";
import { deployWorld, type World } from "../contracts/exchange-world.ts";

describe("a wallet's side of the Exchange", () => {
  let world: World;
  let wallet: OnchainWallet;

  before(async function () {
    this.timeout(300_000);
    world = await deployWorld();
    wallet = await OnchainWallet.of(world.alice, world.address);
  });

  it("finds the token, mints test dollars, registers the wallet's derived key", async () => {
    expect(wallet.token.target).to.equal(await world.token.getAddress());
    await wallet.mintTestDollars(5_000_000n);
    expect(await wallet.balanceMicroUsd()).to.equal(5_000_000n);
    const key = await deriveTradingKey(world.alice, { chainId: world.chainId, exchange: world.address });
    const { account } = await wallet.register(key);
    expect(account).to.equal(1);
    expect(await world.exchange.accountOwner(1)).to.equal(world.alice.address);
    const [log] = await world.exchange.queryFilter("AccountRegistered", 0).then((logs) => logs.slice(-1));
    if (log === undefined || !("args" in log)) throw new Error("no event");
    expect([log.args.ax, log.args.ay]).to.deep.equal([key.ax, key.ay]);
  });

  it("deposits by approval and by permit, exactly the amount", async () => {
    await wallet.deposit(1, 1_500_000n);
    await wallet.depositWithPermit(1, 2_000_000n);
    expect(await wallet.balanceMicroUsd()).to.equal(1_500_000n);
    expect(await world.token.allowance(world.alice.address, world.address)).to.equal(0n);
    const { queuedMicroUsd } = await world.exchange.vault();
    expect(queuedMicroUsd).to.equal(3_500_000n);
  });

  it("names the contract's error with its values", async () => {
    const refusal = async (doing: Promise<unknown>) => doing.then(() => null).catch((error: unknown) => error);
    const unknown = await refusal(wallet.depositWithPermit(99, 1_000_000n));
    if (!(unknown instanceof OnchainRefusal)) throw unknown;
    expect([unknown.errorName, unknown.message]).to.deep.equal([
      "UnknownAccount",
      "depositWithPermit was refused: UnknownAccount(99)",
    ]);
    const nothing = await refusal(wallet.claim());
    expect((nothing as OnchainRefusal).errorName).to.equal("NothingClaimable");
    const offCurve = await refusal(wallet.register({ qx: 1n, qy: 1n }));
    expect((offCurve as OnchainRefusal).errorName).to.equal("KeyNotOnCurve");
    const poor = await refusal(wallet.deposit(1, 10n ** 12n));
    expect((poor as OnchainRefusal).errorName).to.be.oneOf(["ERC20InsufficientBalance", "DepositCapExceeded"]);
    expect(await wallet.claimableMicroUsd()).to.equal(0n);
  });
});
