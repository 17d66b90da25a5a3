import { expect } from "chai";
import type { LogDescription } from "ethers";
import { Point } from "../../matcher/protocol/curve.ts";
import { epochFromRecord } from "../../matcher/protocol/epoch-record.ts";
import { openInterestFromWords } from "../../matcher/protocol/lane-words.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { unpack } from "../../matcher/protocol/packing.ts";
import { advanceSharedState, genesisSharedState, sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import { EPOCH_WORD, HEADER, MARKETS, QUEUE_CURSOR_WORD, TIERS } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";
import { settle } from "./batches.ts";
import { mined } from "./chain.ts";
import { openEpoch, SEED_PRICES_TICKS } from "./epochs.ts";
import { as, deployWorld, fund, readQueue, useWorld, type World } from "./exchange-world.ts";

const BATCHES = 40;

/** Registrations, deposits, epochs with moving prices and funding, batches of all tiers, withdrawals, claims and fees. */
async function live(w: World): Promise<void> {
  const random = new Seeded("a life in random batches");
  await fund(w, w.alice, 10_000_000_000n);
  await openEpoch(w);
  for (let i = 0; i < BATCHES; i++) {
    if (random.integer(3) === 0) {
      const { x, y } = Point.BASE.multiply(random.scalar()).toAffine();
      await mined(as(w, w.bob).register(x, y));
    }
    if (random.integer(2) === 0) {
      const account = random.integer(Number(await w.exchange.accountCount()));
      await mined(as(w, w.alice).deposit(account, 100_000_000n + BigInt(random.integer(1_000_000))));
    }
    await readQueue(w);
    const last = w.model.epochs.at(-1);
    const isUsed = last?.number === w.model.sharedState.epochNumber;
    if (isUsed && random.integer(2) === 0) {
      const elapsed = 1 + random.integer(200);
      // Up to three times the last price: as far as the oracle's bounds let one go in a second.
      const prices = SEED_PRICES_TICKS.map((price) => (price === 0 ? 0 : price / 2 + random.integer(price)));
      // 15,000 ppm an hour of the price, a little less.
      const fundingDeltas = prices.map((price) => {
        const boundFloor = Math.floor((15_000 * price * elapsed) / 3600);
        return BigInt(random.integer(2 * boundFloor + 1) - boundFloor);
      });
      await openEpoch(w, {
        timeSeconds: (last?.timeSeconds ?? 0) + elapsed,
        prices,
        fundingDeltas,
        journalHead: random.field(),
      });
    }
    const tier = TIERS[random.integer(TIERS.length)];
    if (tier === undefined) throw new Error("no tier");
    const waiting = w.model.queue.length - w.model.sharedState.queueCursor;
    const queueCount = Math.min(waiting, random.integer(tier.queue + 1));
    const { settledMicroUsd } = await w.exchange.vault();
    const withdrawals =
      settledMicroUsd > 1000n ? [{ owner: w.alice.address, amountMicroUsd: BigInt(1 + random.integer(1000)) }] : [];
    await settle(w, { tier: tier.id, queueCount, withdrawals, seed: `life ${i}` });
    if ((await w.exchange.claimable(w.alice.address)) > 0n && random.integer(3) === 0) {
      await mined(as(w, w.stranger).claim(w.alice.address));
    }
  }
}

describe("Random batches", function () {
  this.timeout(120_000);
  const world = useWorld(async () => {
    const w = await deployWorld();
    await live(w);
    return w;
  });

  it("leave contract and model with the same state, domain and balances", async () => {
    const w = world();
    expect(await w.exchange.sharedStateHash()).to.equal(sharedStateHash(w.model.sharedState));
    expect(w.model.sharedState.batchNumber).to.equal(BATCHES);
    expect(await w.exchange.domain()).to.equal(domainOf(w.chainId, w.address));
    const { queuedMicroUsd, settledMicroUsd, claimableMicroUsd } = await w.exchange.vault();
    expect(await w.token.balanceOf(w.address)).to.equal(queuedMicroUsd + settledMicroUsd + claimableMicroUsd);
    const waiting = w.model.queue.slice(w.model.sharedState.queueCursor);
    expect(queuedMicroUsd).to.equal(waiting.reduce((sum, entry) => sum + entry.amountMicroUsd, 0n));
  });

  it("can be followed from the logs alone, to the very hash that the contract holds", async () => {
    const w = world();
    const logs = await w.exchange.queryFilter("*", 0);
    const events = logs
      .map((log) => w.exchange.interface.parseLog(log))
      .filter((event): event is LogDescription => event !== null);
    const queueHashes = new Map(
      events
        .filter(({ name }) => name === "QueueEntryAdded")
        .map(({ args }) => [Number(args.index) + 1, args.queueHash]),
    );
    queueHashes.set(0, genesisSharedState().queueHash);
    const epochs = new Map(
      events
        .filter(({ name }) => name === "EpochOpened")
        .map(({ args }) => [
          Number(args.number),
          epochFromRecord({
            number: args.number,
            timeSeconds: args.timeSeconds,
            paramVersion: args.paramVersion,
            rebateCapPpm: args.rebateCapPpm,
            journalHead: args.journalHead,
            liquidationTerms: args.liquidationTerms,
            marketWords: [...args.marketWords],
            openInterestCapWords: [...args.openInterestCapWords],
            exitHaircutsWord: args.exitHaircutsWord,
          }),
        ]),
    );
    let state = genesisSharedState();
    for (const { args } of events.filter(({ name }) => name === "BatchData")) {
      const bytes: string = args.data.slice(2);
      const words = Array.from({ length: bytes.length / 64 }, (_, i) =>
        BigInt(`0x${bytes.slice(64 * i, 64 * i + 64)}`),
      );
      const word = (index: number) => words[index] ?? 0n;
      const epochFields = unpack(EPOCH_WORD, word(HEADER.epoch));
      const queue = unpack(QUEUE_CURSOR_WORD, word(HEADER.queueCursor));
      expect(word(HEADER.oldRoot)).to.equal(state.accountRoot);
      expect(epochFields.batchNumber).to.equal(args.batchNumber);
      const epoch = epochs.get(Number(epochFields.epochNumber));
      expect(BigInt(epoch?.timeSeconds ?? 0)).to.equal(epochFields.epochTimeSeconds);
      state = advanceSharedState(state, {
        newRoot: word(HEADER.newRoot),
        epochNumber: Number(epochFields.epochNumber),
        queueCount: Number(queue.queueCount),
        queueHash: queueHashes.get(Number(queue.queueCursor + queue.queueCount)),
        grossOpenInterestAfterLots: openInterestFromWords(
          words.slice(HEADER.grossOpenInterestAfter, HEADER.grossOpenInterestAfter + MARKETS / 4),
        ),
        insuranceSpentAfterPicoUsd: word(HEADER.insuranceSpentAfter),
        feeDeltaPicoUsd: word(HEADER.feeDelta),
      });
    }
    expect(sharedStateHash(state)).to.equal(await w.exchange.sharedStateHash());
  });
});
