import { expect } from "chai";
import { Point } from "../../matcher/protocol/curve.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { poseidon } from "../../matcher/protocol/poseidon.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { batchDataOf, sharedStateAfter } from "../../matcher/prover/batch-data.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import { Ledger } from "../../matcher/state/ledger.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { unsigned } from "../fixtures/random-orders.ts";
import { batchOf, provenInput, sendBatch } from "./batches.ts";
import { mined } from "./chain.ts";
import { openEpoch, SEED_PRICES_TICKS } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld, type World } from "./exchange-world.ts";

const DEPOSIT_MICRO_USD = 1_000_000n;
const LOTS = 30;
const BTC_TICKS = SEED_PRICES_TICKS[0] as number;
/** Of 19.50 USD at 200 and 333 ppm: 10,393.5 micro-USD, of which whole ones can be collected. */
const FEES_PICO_USD = 10_393_500_000n;
const POOL_MICRO_USD = 2n * DEPOSIT_MICRO_USD - 10_394n;

function order(account: number, side: Side) {
  return unsigned({
    kind: "order",
    account,
    market: 0,
    side,
    keepFilled: false,
    reduceOnly: false,
    postOnly: false,
    timeInForce: "GTT",
    selfTrade: "expire-maker",
    slot: 0,
    sequence: 64,
    expirySeconds: 2 ** 32 - 1,
    maxFeePpm: 1_000,
    limitPriceTicks: BTC_TICKS,
    quantityLots: LOTS,
  });
}

/** Alice (1) is short and Bob (2) long; the price doubled, and Alice is worth less than nothing. All but Bob's withdrawal is settled. */
interface ShortPool {
  world: World;
  ledger: Ledger;
  /** Bob's withdrawal as a batch, or undefined when the ledger refuses it. */
  withdraw(amountMicroUsd: bigint): BatchTrace | undefined;
}

async function settleTrace(w: World, trace: BatchTrace): Promise<void> {
  const data = batchDataOf(trace, w.model.epochs[trace.epoch.number - 1] as OpenedEpoch, w.model.sharedState);
  await mined(sendBatch(w, await provenInput(w, data)));
  w.model.sharedState = sharedStateAfter(data);
}

async function shortPool(w: World): Promise<ShortPool> {
  const ledger = new Ledger();
  const batcher = new Batcher({ hash: poseidon, domain: w.domain, tiers: TIERS.filter(({ name }) => name !== "test") });
  const take = async (step: Parameters<Batcher["push"]>[0]) => {
    const trace = batcher.push(step);
    if (trace !== undefined) await settleTrace(w, trace);
  };
  await take(ledger.openEpoch(w.model.epochs[0] as OpenedEpoch)[0]);
  for (const entry of w.model.queue) {
    await take(entry.kind === "deposit" ? ledger.applyDeposit(entry) : ledger.registerAccount(entry));
  }
  const terms = { priceTicks: BTC_TICKS, quantityLots: LOTS, makerFeePpm: 200, takerFeePpm: 333 };
  await take(ledger.applyFill({ maker: order(1, "sell"), taker: order(2, "buy"), ...terms }));
  await take(ledger.openEpoch(w.model.epochs[1] as OpenedEpoch)[0]);
  const withdraw = (amountMicroUsd: bigint): BatchTrace | undefined => {
    const expirySeconds = 2 ** 32 - 1;
    const message = unsigned({ kind: "withdrawal" as const, account: 2, sequence: 0, expirySeconds, amountMicroUsd });
    const verdict = ledger.checkWithdrawal(message);
    if (verdict === "pool-short") return undefined;
    expect(verdict).to.equal("ok");
    batcher.push(ledger.applyWithdrawal(message));
    return batcher.cut();
  };
  return { world: w, ledger, withdraw };
}

describe("A pool that accounts of negative value leave short", () => {
  const world = useWorld(async () => {
    const w = await deployWorld();
    for (const [who, account] of [
      [w.alice, 1],
      [w.bob, 2],
    ] as const) {
      const { x, y } = Point.BASE.multiply(BigInt(account) + 5n).toAffine();
      await mined(as(w, who).register(x, y));
      await fund(w, who, DEPOSIT_MICRO_USD);
      await mined(as(w, who).deposit(account, DEPOSIT_MICRO_USD));
    }
    await readQueue(w);
    await openEpoch(w);
    await openEpoch(w, { prices: SEED_PRICES_TICKS.map((price, market) => (market === 0 ? 2 * price : price)) });
    return w;
  });

  const settledMicroUsd = async () => (await world().exchange.vault()).settledMicroUsd as bigint;

  it("pays whatever the ledger lets through, to the micro-USD, even after the owner has collected all fees", async () => {
    const w = world();
    const { ledger, withdraw } = await shortPool(w);
    expect(ledger.shared.feesPicoUsd).to.equal(FEES_PICO_USD);
    expect(ledger.poolPicoUsd / 1_000_000n).to.equal(POOL_MICRO_USD);
    expect(withdraw(POOL_MICRO_USD + 1n)).to.equal(undefined);
    const trace = withdraw(POOL_MICRO_USD) as BatchTrace;
    await mined(as(w, w.owner).collectFees(w.model.sharedState, w.owner.address));
    // The half micro-USD of fees that cannot be collected rounds the contract's pool up.
    expect(await settledMicroUsd()).to.equal(POOL_MICRO_USD + 1n);
    await settleTrace(w, trace);
    expect(await w.exchange.claimable(w.bob.address)).to.equal(POOL_MICRO_USD);
    expect(await settledMicroUsd()).to.equal(1n);
    expect(await w.exchange.claimable(w.owner.address)).to.equal(FEES_PICO_USD / 1_000_000n);
  });

  it("pays it too while the fees are in the pool, and the owner can still collect them all", async () => {
    const w = world();
    const { withdraw } = await shortPool(w);
    await settleTrace(w, withdraw(POOL_MICRO_USD) as BatchTrace);
    await mined(as(w, w.owner).collectFees(w.model.sharedState, w.owner.address));
    expect(await w.exchange.claimable(w.owner.address)).to.equal(FEES_PICO_USD / 1_000_000n);
    expect(await settledMicroUsd()).to.equal(1n);
  });

  it("refuses a proven batch that takes more than it holds: what the ledger saves every later batch from", async () => {
    const w = world();
    await shortPool(w);
    await mined(as(w, w.owner).collectFees(w.model.sharedState, w.owner.address));
    const held = await settledMicroUsd();
    const batch = batchOf(w, { withdrawals: [{ owner: w.bob.address, amountMicroUsd: held + 1n }] });
    await expect(sendBatch(w, await provenInput(w, batch)))
      .to.be.revertedWithCustomError(w.exchange, "InsufficientVault")
      .withArgs(held, held + 1n);
  });
});
