import { expect } from "chai";
import { REVISIONS } from "../../matcher/protocol/message.ts";
import { queueEntryFromWords } from "../../matcher/protocol/queue-chain.ts";
import { OnchainRefusal, OnchainWallet } from "../../matcher/sdk/onchain.ts";
import { deriveTradingKey } from "../../matcher/sdk/wallet.ts";
import {
  DEPOSIT_CAP_MICRO_USD,
  deployWorld,
  MINIMUM_DEPOSIT_MICRO_USD,
  type World,
} from "../contracts/exchange-world.ts";

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
    const poor = await refusal(wallet.deposit(1, 2_000_000n));
    expect((poor as OnchainRefusal).errorName).to.equal("ERC20InsufficientBalance");
    expect(await wallet.claimableMicroUsd()).to.equal(0n);
  });

  it("says what can be deposited, and sends nothing that the limits rule out", async () => {
    const limits = await wallet.depositLimits();
    const roomMicroUsd = DEPOSIT_CAP_MICRO_USD - limits.totalMicroUsd;
    expect(limits).to.deep.equal({
      minimumMicroUsd: MINIMUM_DEPOSIT_MICRO_USD,
      capMicroUsd: DEPOSIT_CAP_MICRO_USD,
      totalMicroUsd: 3_500_000n,
      roomMicroUsd,
    });
    await wallet.mintTestDollars(roomMicroUsd + MINIMUM_DEPOSIT_MICRO_USD);
    const sent = () => world.alice.getNonce();
    const before = await sent();
    const refusal = async (doing: Promise<unknown>) => {
      const error = await doing.then(() => null).catch((thrown: unknown) => thrown);
      if (!(error instanceof OnchainRefusal)) throw error;
      return error.message;
    };
    for (const way of ["deposit", "depositWithPermit"] as const) {
      const least = MINIMUM_DEPOSIT_MICRO_USD;
      expect(await refusal(wallet[way](1, least - 1n))).to.equal(
        `${way} was refused: DepositTooSmall(${least}, ${least - 1n})`,
      );
      expect(await refusal(wallet[way](1, roomMicroUsd + 1n))).to.equal(
        `${way} was refused: DepositCapExceeded(${DEPOSIT_CAP_MICRO_USD}, ${DEPOSIT_CAP_MICRO_USD + 1n})`,
      );
    }
    expect(await sent()).to.equal(before);
    await wallet.depositWithPermit(1, MINIMUM_DEPOSIT_MICRO_USD);
    await wallet.deposit(1, roomMicroUsd - MINIMUM_DEPOSIT_MICRO_USD);
    expect((await wallet.depositLimits()).roomMicroUsd).to.equal(0n);
  });

  it("asks for exits, rotations, liquidations and cancel-alls at the fee of the moment, and gets the rest back", async () => {
    const unit = await wallet.requestFeeWei();
    expect(unit > 0n).to.equal(true);
    const before = Number(await world.exchange.queueLength());
    const key = await deriveTradingKey(world.alice, { chainId: world.chainId, exchange: world.address }, 1);
    const paid = async (asking: Promise<{ txHash: string; queueIndex: number }>) => {
      const had = await world.exchange.runner?.provider?.getBalance(world.address);
      const { queueIndex } = await asking;
      return [
        queueIndex,
        ((await world.exchange.runner?.provider?.getBalance(world.address)) ?? 0n) - (had ?? 0n),
      ] as const;
    };
    expect(await paid(wallet.requestForcedExit(1))).to.deep.equal([before, unit]);
    expect(await paid(wallet.requestLiquidation(1))).to.deep.equal([before + 1, 2n * unit]);
    expect(await wallet.isServed(before)).to.equal(false);
    // An account has one of its owner's waiting at most.
    for (const again of [() => wallet.requestKeyRotation(1, key), () => wallet.requestCancelAll(1)]) {
      const error = await again()
        .then(() => null)
        .catch((thrown: unknown) => thrown);
      expect((error as OnchainRefusal).errorName).to.equal("RequestAlreadyWaiting");
    }
    const [log] = await world.exchange.queryFilter("QueueEntryAdded", 0).then((logs) => logs.slice(-2));
    if (log === undefined || !("args" in log)) throw new Error("no event");
    const { kind, account, minSequence } = queueEntryFromWords([log.args.head, 0n, log.args.ax, log.args.ay]);
    expect([kind, account]).to.deep.equal(["forcedExit", 1]);
    // What was signed with the clock's sequences until now is void.
    expect(minSequence).to.be.closeTo(Date.now() * REVISIONS, 60_000 * REVISIONS);
  });
});
