import { expect } from "chai";
import { concat, toBeHex } from "ethers";
import { Point } from "../../matcher/protocol/curve.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { publicData } from "../../matcher/protocol/public-data.ts";
import { queueEntryWords } from "../../matcher/protocol/queue-chain.ts";
import { sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import { dataLayout, TIERS, type Tier } from "../../matcher/protocol/spec.ts";
import { batchOf, follow, provenInput, sendBatch, settle } from "./batches.ts";
import { blockTimeSeconds, mined, setNextBlockTime } from "./chain.ts";
import { openEpoch, SEED_PRICES_TICKS } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld } from "./exchange-world.ts";

const ALICE_Q = Point.BASE.multiply(5n).toAffine();

describe("Exchange.settleBatches", () => {
  const world = useWorld(async () => {
    const w = await deployWorld();
    await fund(w, w.alice, 500_000_000n);
    await mined(as(w, w.alice).register(ALICE_Q.x, ALICE_Q.y));
    await mined(as(w, w.alice).deposit(1, 500_000_000n));
    await readQueue(w);
    await openEpoch(w);
    return w;
  });

  it("starts from the hash of the genesis state", async () => {
    const w = world();
    expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
    const genesis = await w.exchange.genesisSharedState();
    expect(genesis.accountRoot).to.equal(w.model.sharedState.accountRoot);
  });

  for (const tier of [0, 1, 2]) {
    it(`settles a batch of tier ${tier} and stores the next state's hash`, async () => {
      const w = world();
      await settle(w, { tier, queueCount: 1 });
      expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
      await settle(w, { tier });
      expect(w.model.sharedState.batchNumber).to.equal(2);
      expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
    });
  }

  it("emits what an indexer needs, and the whole public data", async () => {
    const w = world();
    const batch = batchOf(w, { queueCount: 2 });
    const sent = sendBatch(w, await provenInput(w, batch));
    await sent;
    follow(w, batch);
    const next = w.model.sharedState;
    await expect(sent)
      .to.emit(w.exchange, "BatchSettled")
      .withArgs(
        1n,
        1n,
        1n,
        next.accountRoot,
        2n,
        next.queueHash,
        next.feesPicoUsd,
        batch.journalHead,
        sharedStateHash(next),
      );
    const data = concat(publicData(batch).map((word) => toBeHex(word, 32)));
    await expect(sent).to.emit(w.exchange, "BatchData").withArgs(1n, data);
  });

  it("carries what the insurance fund paid through the epoch, and tells when it pays", async () => {
    const w = world();
    const first = w.model.epochs[0];
    const pays = async (terms: Parameters<typeof batchOf>[1]) => {
      const batch = batchOf(w, terms);
      const sent = sendBatch(w, await provenInput(w, batch));
      await sent;
      follow(w, batch);
      expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
      return sent;
    };
    await expect(pays({ epoch: first })).to.not.emit(w.exchange, "InsuranceSpent");
    const paid = pays({ epoch: first, insuranceSpentAfterPicoUsd: 7_000_000n });
    await expect(paid).to.emit(w.exchange, "InsuranceSpent").withArgs(2n, 1n, 7_000_000n);
    await expect(pays({ epoch: first })).to.not.emit(w.exchange, "InsuranceSpent");
    expect(w.model.sharedState.insuranceSpentPicoUsd).to.equal(7_000_000n);
    // The next epoch starts from 0, so that the same amount is news in it.
    const second = await openEpoch(w);
    const again = pays({ epoch: second, insuranceSpentAfterPicoUsd: 7_000_000n });
    await expect(again).to.emit(w.exchange, "InsuranceSpent").withArgs(4n, 2n, 7_000_000n);
    await expect(pays({ epoch: await openEpoch(w) })).to.not.emit(w.exchange, "InsuranceSpent");
    expect(w.model.sharedState.insuranceSpentPicoUsd).to.equal(0n);
  });

  it("consumes queue entries in several batches, and moves their deposits into the pool", async () => {
    const w = world();
    expect((await w.exchange.vault()).toArray()).to.deep.equal([500_000_000n, 0n, 0n, 0n]);
    await settle(w, { queueCount: 2 });
    expect((await w.exchange.vault()).toArray()).to.deep.equal([500_000_000n, 0n, 0n, 0n]);
    await settle(w, { queueCount: 1 });
    expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 500_000_000n, 0n, 0n]);
    expect(w.model.sharedState.queueCursor).to.equal(3);
    expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
  });

  it("stays in the epoch, then takes the next one, and remembers open interest at its start", async () => {
    const w = world();
    const first = w.model.epochs[0];
    await settle(w, { epoch: first });
    await settle(w, { epoch: first });
    const before = w.model.sharedState.grossOpenInterestLots;
    const second = await openEpoch(w);
    await openEpoch(w);
    await settle(w, { epoch: second });
    expect(w.model.sharedState.epochStartOpenInterestLots).to.deep.equal(before);
    await settle(w, { epoch: second });
    expect(w.model.sharedState.epochStartOpenInterestLots).to.deep.equal(before);
    expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
  });

  it("settles a backlog of hours, every batch at its own epoch's price and time and in that order alone", async () => {
    const w = world();
    const price = (hour: number) => SEED_PRICES_TICKS.map((ticks) => Math.round(ticks * (1 + hour / 100)));
    const backlog = [w.model.epochs[0] as OpenedEpoch];
    for (let hour = 1; hour <= 6; hour++) {
      const timeSeconds = (await blockTimeSeconds()) + 3_600;
      backlog.push(await openEpoch(w, { timeSeconds, prices: price(hour) }));
    }
    await setNextBlockTime((await blockTimeSeconds()) + 7 * 3_600);
    for (const [hour, epoch] of backlog.entries()) {
      expect(epoch.markets[0]?.priceTicks).to.equal(price(hour)[0]);
      // What a late prover would like: the price or the time of a later hour.
      const later = backlog[hour + 1];
      if (later !== undefined) {
        for (const change of [{ markets: later.markets }, { timeSeconds: later.timeSeconds }, { journalHead: 1n }]) {
          const wishful = batchOf(w, { epoch: { ...epoch, ...change } });
          await expect(sendBatch(w, await provenInput(w, wishful))).to.be.revertedWithCustomError(
            w.exchange,
            "EpochMismatch",
          );
        }
      }
      const afterNext = backlog[hour + 2];
      if (hour > 0 && afterNext !== undefined) {
        const skipping = batchOf(w, { epoch: afterNext });
        await expect(sendBatch(w, await provenInput(w, skipping))).to.be.revertedWithCustomError(
          w.exchange,
          "EpochOutOfOrder",
        );
      }
      await settle(w, { epoch });
    }
    expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
  });

  it("keeps the open interest that the last batch left, with that batch's epoch", async () => {
    const w = world();
    const kept = async () => {
      const { epochNumber, grossOpenInterestLots } = await w.exchange.settledOpenInterest();
      return { epochNumber, lots: [...grossOpenInterestLots] };
    };
    expect(await kept()).to.deep.equal({ epochNumber: 0n, lots: new Array(8).fill(0n) });
    const lots = [1n, 2n ** 48n - 1n, 0n, 5n, 2n ** 48n - 1n, 0n, 7n, 2n ** 40n];
    await settle(w, { grossOpenInterestAfterLots: lots });
    expect(await kept()).to.deep.equal({ epochNumber: 1n, lots });
    await settle(w, { epoch: await openEpoch(w), grossOpenInterestAfterLots: new Array(8).fill(0n) });
    expect(await kept()).to.deep.equal({ epochNumber: 2n, lots: new Array(8).fill(0n) });
  });

  it("credits withdrawals to their owners, to be claimed by them", async () => {
    const w = world();
    await settle(w, { queueCount: 2 });
    await settle(w, { queueCount: 1 });
    const withdrawals = [
      { owner: w.alice.address, amountMicroUsd: 100_000_000n },
      { owner: w.bob.address, amountMicroUsd: 7n },
    ];
    const batch = batchOf(w, { withdrawals });
    const sent = sendBatch(w, await provenInput(w, batch));
    await expect(sent).to.emit(w.exchange, "WithdrawalCredited").withArgs(w.alice.address, 3n, 100_000_000n);
    await expect(sent).to.emit(w.exchange, "WithdrawalCredited").withArgs(w.bob.address, 3n, 7n);
    expect(await w.exchange.claimable(w.alice.address)).to.equal(100_000_000n);
    expect(await w.exchange.claimable(w.bob.address)).to.equal(7n);
    expect((await w.exchange.vault()).toArray()).to.deep.equal([0n, 399_999_993n, 100_000_007n, 0n]);
  });

  it("takes the queue words from the chain, whatever order the fields of d come in", () => {
    const w = world();
    const [registration] = w.model.queue.slice(1);
    if (registration === undefined) throw new Error("no registration");
    const data = publicData(batchOf(w, { queueCount: 2 }));
    const { queue } = dataLayout(TIERS[1] as Tier);
    expect(data.slice(queue + 4, queue + 8)).to.deep.equal(queueEntryWords(registration));
  });
});
