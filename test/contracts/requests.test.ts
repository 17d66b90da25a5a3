import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { Point } from "../../matcher/protocol/curve.ts";
import { linkQueueEntry, queueEntryWords, type RequestKind } from "../../matcher/protocol/queue-chain.ts";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { torsionPoints } from "../protocol/torsion-points.ts";
import { type Callable, ethers, mined } from "./chain.ts";
import {
  as,
  deployWorld,
  type ExchangeContract,
  REQUEST_FEE_WEI,
  readQueue,
  useWorld,
  type World,
} from "./exchange-world.ts";

const FEE = { value: REQUEST_FEE_WEI };
const KEY = Point.BASE.multiply(77n).toAffine();
const ALICE = 1;
const BOB = 2;

async function prepare(): Promise<World> {
  const w = await deployWorld();
  const { x, y } = Point.BASE.multiply(5n).toAffine();
  await mined(as(w, w.alice).register(x, y));
  await mined(as(w, w.bob).register(x, y));
  await readQueue(w);
  return w;
}

/** What each kind is asked for with, and by whom. */
const ASK: Record<RequestKind, (exchange: ExchangeContract, account: number) => Promise<unknown>> = {
  forcedExit: (exchange, account) => exchange.requestForcedExit(account, 7, FEE),
  keyRotation: (exchange, account) => exchange.requestKeyRotation(account, KEY.x, KEY.y, 7, FEE),
  liquidationRequest: (exchange, account) => exchange.requestLiquidation(account, FEE),
  cancelAll: (exchange, account) => exchange.requestCancelAll(account, 7, FEE),
};
const KINDS = Object.keys(ASK) as RequestKind[];

describe("Exchange: requests", () => {
  const world = useWorld(prepare);
  const refusal = (sent: Promise<unknown>, error: string) =>
    expect(sent).to.be.revertedWithCustomError(world().exchange, error);

  for (const kind of KINDS) {
    it(`puts a ${kind} into the queue, with all that a batch needs of it`, async () => {
      const w = world();
      const previous = w.model.queueHashes.at(-1) ?? "0x";
      const sent = ASK[kind](as(w, w.alice), ALICE);
      const key = Point.BASE.multiply(8n * 77n).toAffine();
      const entry = {
        kind,
        account: ALICE,
        amountMicroUsd: 0n,
        minSequence: kind === "liquidationRequest" ? 0 : 7,
        owner: 0n,
        ax: kind === "keyRotation" ? key.x : 0n,
        ay: kind === "keyRotation" ? key.y : 0n,
      };
      const [head] = queueEntryWords(entry);
      const hash = linkQueueEntry(previous as `0x${string}`, entry);
      await expect(sent)
        .to.emit(w.exchange, "QueueEntryAdded")
        .withArgs(3n, head, ZeroAddress, entry.ax, entry.ay, hash);
      await readQueue(w);
      expect(w.model.queue.at(-1)).to.deep.equal(entry);
      expect(await w.exchange.queueHashAt(4)).to.equal(hash);
      expect(await w.exchange.waitingRequests()).to.equal(1n);
    });

    it(`takes a ${kind} of no account that is not registered, and none of the insurance fund's`, async () => {
      const w = world();
      const error = kind === "liquidationRequest" ? "UnknownAccount" : "NotAccountOwner";
      await refusal(ASK[kind](as(w, w.alice), 3), error);
      await refusal(ASK[kind](as(w, w.alice), 2 ** 18), error);
      await refusal(ASK[kind](as(w, w.insuranceOwner), 0), "RequestOfInsuranceAccount");
    });
  }

  it("lets anybody ask for a liquidation, and only the L1 owner for the others", async () => {
    const w = world();
    await mined(as(w, w.stranger).requestLiquidation(ALICE, FEE));
    for (const kind of KINDS.filter((name) => name !== "liquidationRequest")) {
      await refusal(ASK[kind](as(w, w.bob), ALICE), "NotAccountOwner").withArgs(BigInt(ALICE), w.bob.address);
    }
  });

  it("checks a new key as a registration does", async () => {
    const w = world();
    const asked = (x: bigint, y: bigint) => as(w, w.alice).requestKeyRotation(ALICE, x, y, 0, FEE);
    await refusal(asked(FIELD_ORDER, KEY.y), "KeyNotInField").withArgs(FIELD_ORDER, KEY.y);
    await refusal(asked(KEY.x, FIELD_ORDER), "KeyNotInField").withArgs(KEY.x, FIELD_ORDER);
    await refusal(asked(KEY.x, KEY.y + 1n), "KeyNotOnCurve").withArgs(KEY.x, KEY.y + 1n);
    for (const point of torsionPoints()) {
      const { x, y } = point.toAffine();
      await refusal(asked(x, y), "KeyIsIdentity").withArgs(x, y);
    }
  });

  it("takes a minimum sequence of 48 bits, and no larger one", async () => {
    const w = world();
    const exchange = as(w, w.alice);
    const end = 2n ** 48n;
    await refusal(exchange.requestForcedExit(ALICE, end, FEE), "SequenceOutOfRange").withArgs(end);
    await refusal(exchange.requestCancelAll(ALICE, end, FEE), "SequenceOutOfRange").withArgs(end);
    await refusal(exchange.requestKeyRotation(ALICE, KEY.x, KEY.y, end, FEE), "SequenceOutOfRange").withArgs(end);
    await mined(exchange.requestCancelAll(ALICE, end - 1n, FEE));
    await readQueue(w);
    expect(w.model.queue.at(-1)?.minSequence).to.equal(2 ** 48 - 1);
  });

  describe("one at a time", () => {
    it("of the owner's for an account, whatever kind", async () => {
      const w = world();
      await mined(as(w, w.alice).requestCancelAll(ALICE, 7, FEE));
      for (const kind of KINDS.filter((name) => name !== "liquidationRequest")) {
        await refusal(ASK[kind](as(w, w.alice), ALICE), "RequestAlreadyWaiting").withArgs(BigInt(ALICE), 3n);
      }
      await mined(as(w, w.bob).requestForcedExit(BOB, 0, { value: 2n * REQUEST_FEE_WEI }));
    });

    it("of a liquidation, which keeps no owner from leaving", async () => {
      const w = world();
      await mined(as(w, w.stranger).requestLiquidation(ALICE, FEE));
      const again = as(w, w.bob).requestLiquidation(ALICE, { value: 2n * REQUEST_FEE_WEI });
      await refusal(again, "RequestAlreadyWaiting").withArgs(BigInt(ALICE), 3n);
      await mined(as(w, w.alice).requestForcedExit(ALICE, 0, { value: 2n * REQUEST_FEE_WEI }));
    });
  });

  describe("the fee", () => {
    const priced = async (w: World) => (await w.exchange.requestFeeNowWei()) as bigint;

    it("grows by itself with every request that waits", async () => {
      const w = world();
      expect(await w.exchange.requestFeeWei()).to.equal(REQUEST_FEE_WEI);
      expect(await priced(w)).to.equal(REQUEST_FEE_WEI);
      await mined(as(w, w.alice).requestCancelAll(ALICE, 7, FEE));
      expect(await priced(w)).to.equal(2n * REQUEST_FEE_WEI);
      await mined(as(w, w.alice).requestLiquidation(ALICE, { value: 2n * REQUEST_FEE_WEI }));
      expect(await priced(w)).to.equal(3n * REQUEST_FEE_WEI);
    });

    it("is needed to the wei", async () => {
      const w = world();
      const short = REQUEST_FEE_WEI - 1n;
      const sent = as(w, w.alice).requestForcedExit(ALICE, 0, { value: short });
      await refusal(sent, "RequestFeeTooLow").withArgs(REQUEST_FEE_WEI, short);
    });

    it("comes back as far as it is more", async () => {
      const w = world();
      const sent = as(w, w.alice).requestForcedExit(ALICE, 0, { value: 5n * REQUEST_FEE_WEI + 1n });
      await expect(sent).to.changeEtherBalances(ethers, [w.alice, w.exchange], [-REQUEST_FEE_WEI, REQUEST_FEE_WEI]);
    });

    it("that cannot be given back is not taken", async () => {
      const w = world();
      const owner = (await ethers.deployContract("StubbornOwner")) as unknown as Callable<"act" | "setAnswer">;
      const { interface: calls } = w.exchange;
      await mined(owner.act(w.address, calls.encodeFunctionData("register", [KEY.x, KEY.y])));
      const exit = calls.encodeFunctionData("requestForcedExit", [3, 0]);
      await refusal(owner.act(w.address, exit, { value: REQUEST_FEE_WEI + 1n }), "EtherRefused").withArgs(
        await owner.getAddress(),
        1n,
      );
      // Nor does an answer in the middle of it get a second request in.
      await mined(owner.setAnswer(calls.encodeFunctionData("requestLiquidation", [3])));
      await refusal(owner.act(w.address, exit, { value: 9n * REQUEST_FEE_WEI }), "EtherRefused");
      await mined(owner.act(w.address, exit, FEE));
      expect(await w.exchange.waitingRequests()).to.equal(1n);
    });

    it("goes to whom the owner says, all of it, and to nobody twice", async () => {
      const w = world();
      await mined(as(w, w.alice).requestCancelAll(ALICE, 7, FEE));
      await mined(as(w, w.bob).requestCancelAll(BOB, 7, { value: 2n * REQUEST_FEE_WEI }));
      await refusal(as(w, w.operator).collectRequestFees(w.operator.address), "OwnableUnauthorizedAccount");
      await refusal(as(w, w.owner).collectRequestFees(ZeroAddress), "ZeroAddress");
      const refused = await (await ethers.deployContract("StubbornOwner")).getAddress();
      await refusal(as(w, w.owner).collectRequestFees(refused), "EtherRefused").withArgs(refused, 3n * REQUEST_FEE_WEI);
      const sent = as(w, w.owner).collectRequestFees(w.stranger.address);
      await expect(sent).to.changeEtherBalance(ethers, w.stranger, 3n * REQUEST_FEE_WEI);
      await expect(sent)
        .to.emit(w.exchange, "RequestFeesCollected")
        .withArgs(w.stranger.address, 3n * REQUEST_FEE_WEI);
      await refusal(as(w, w.owner).collectRequestFees(w.stranger.address), "NothingToCollect");
    });

    it("has nothing to do with collateral", async () => {
      const w = world();
      const before = await w.exchange.vault();
      await mined(as(w, w.alice).requestForcedExit(ALICE, 0, FEE));
      expect(await w.exchange.vault()).to.deep.equal(before);
    });
  });

  it("grows no dearer than 257 fees, and takes owners' requests on when no liquidation can be asked for", async function () {
    this.timeout(60_000);
    const w = world();
    const { x, y } = KEY;
    const exchange = as(w, w.bob);
    const ask = async (account: number, waiting: number) =>
      mined(exchange.requestLiquidation(account, { value: BigInt(waiting + 1) * REQUEST_FEE_WEI }));
    for (let i = 0; i < 256; i++) {
      await mined(exchange.register(x, y));
      await ask(3 + i, i);
    }
    const most = { value: 257n * REQUEST_FEE_WEI };
    expect(await w.exchange.waitingRequests()).to.equal(256n);
    expect(await w.exchange.requestFeeNowWei()).to.equal(most.value);
    await refusal(exchange.requestLiquidation(ALICE, most), "TooManyRequests").withArgs(256n);
    await mined(as(w, w.alice).requestForcedExit(ALICE, 0, most));
    expect(await w.exchange.requestFeeNowWei()).to.equal(most.value);
    await mined(exchange.requestForcedExit(BOB, 0, most));
    expect(await w.exchange.waitingRequests()).to.equal(258n);
  });
});
