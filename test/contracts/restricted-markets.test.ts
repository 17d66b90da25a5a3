import { expect } from "chai";
import { abiHash } from "../../matcher/protocol/abi-hash.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { closedMarket } from "../../matcher/risk/epoch-terms.ts";
import { devnetParameters } from "../../scripts/devnet/risk-parameters.ts";
import { blockTimeSeconds, mined, setNextBlockTime } from "./chain.ts";
import { type OpeningTerms, openEpoch, openingOf, SEED_PRICES_TICKS, sendOpening } from "./epochs.ts";
import { as, deployWorld, useWorld, type World } from "./exchange-world.ts";

const NARROW = { maxAgeSeconds: 60, deviationBasePpm: 100_000, deviationGrowthPpmPerSecond: 1_000 };
const ZERO_HASH = `0x${"0".repeat(64)}`;

function silentIn(market: number): number[] {
  return SEED_PRICES_TICKS.map((price, index) => (index === market ? 0 : price));
}

function only(market: number, delta: bigint): bigint[] {
  return Array.from({ length: MARKETS }, (_, index) => (index === market ? delta : 0n));
}

/** Opens an epoch so many seconds after the last one, in a block of its time. */
async function openAfter(w: World, elapsed: number, terms: OpeningTerms = {}) {
  const timeSeconds = (w.model.epochs.at(-1)?.timeSeconds ?? (await blockTimeSeconds())) + elapsed;
  return openEpoch(w, { ...terms, timeSeconds });
}

async function sendAfter(w: World, elapsed: number, terms: OpeningTerms = {}) {
  const timeSeconds = (w.model.epochs.at(-1)?.timeSeconds ?? (await blockTimeSeconds())) + elapsed;
  await setNextBlockTime(timeSeconds);
  return sendOpening(w, { ...terms, timeSeconds });
}

function restrictedOf(epoch: Awaited<ReturnType<typeof openEpoch>>): number[] {
  return epoch.markets.flatMap(({ restricted }, market) => (restricted ? [market] : []));
}

describe("Exchange.openEpoch: restricted markets", () => {
  const world = useWorld(async () => {
    const w = await deployWorld();
    const parameters = devnetParameters();
    Object.assign(parameters.markets[1] as object, { isolatedOnly: true });
    await mined(w.registry.appendParameters(parameters));
    for (let market = 0; market < MARKETS; market++) await mined(w.oracle.setBounds(market, NARROW));
    return w;
  });

  it("restricts the market that nobody has a price of, and no other", async () => {
    const w = world();
    const first = await openAfter(w, 10);
    const second = await openAfter(w, 61, { prices: silentIn(1) });
    expect(restrictedOf(second)).to.deep.equal([1]);
    // Price, band, fractions and position cap stand; nothing may be added to open interest.
    expect(second.markets[1]).to.deep.equal({ ...first.markets[1], restricted: true, grossOpenInterestCapLots: 0n });
    expect(second.markets[1]).to.include({ isolatedOnly: true, positionCapLots: 200_000_000n, priceTicks: 300_000 });
    expect(second.markets[0]).to.deep.equal(first.markets[0]);
  });

  it("counts a price as fresh up to its market's age, to the second", async () => {
    const w = world();
    await openAfter(w, 10);
    await mined(w.oracle.setBounds(0, { ...NARROW, maxAgeSeconds: 59 }));
    expect(restrictedOf(await openAfter(w, 60, { withoutRound: true }))).to.deep.equal([0]);
    expect(restrictedOf(await openAfter(w, 1, { withoutRound: true }))).to.deep.equal([0, 1, 2, 3]);
  });

  it("judges by the epoch's time, not by the block's", async () => {
    const w = world();
    const first = await openAfter(w, 10);
    const timeSeconds = first.timeSeconds + 60;
    await setNextBlockTime(timeSeconds + 300);
    const epoch = await openEpoch(w, { timeSeconds, withoutRound: true });
    expect(restrictedOf(epoch)).to.deep.equal([]);
  });

  it("goes on without any round, with every market restricted, until there is one again", async () => {
    const w = world();
    const first = await openAfter(w, 10);
    const opening = await openingOf(w, { timeSeconds: first.timeSeconds + 100, withoutRound: true });
    await setNextBlockTime(opening.timeSeconds);
    const sent = as(w, w.operator).openEpoch(opening);
    await expect(sent)
      .to.emit(w.exchange, "EpochOpened")
      .withArgs(
        2n,
        opening.timeSeconds,
        2n,
        100n,
        0xabcn,
        (word: bigint) => word > 0n,
        ZERO_HASH,
        anything,
        anything,
        anything,
      );
    await expect(sent).to.not.emit(w.oracle, "RoundVerified");
    expect((await w.exchange.latestEpoch()).roundNumber).to.equal(1n);
    const third = await openAfter(w, 200, { withoutRound: true });
    expect(third.number).to.equal(3);
    expect(restrictedOf(third)).to.deep.equal([0, 1, 2, 3]);
    expect(third.markets.map(({ priceTicks }) => priceTicks)).to.deep.equal([...SEED_PRICES_TICKS]);
    const fourth = await openAfter(w, 5);
    expect(restrictedOf(fourth)).to.deep.equal([]);
    expect(fourth.markets[0]).to.deep.equal(first.markets[0]);
    expect((await w.exchange.latestEpoch()).roundNumber).to.equal(2n);
  });

  it("restricts a market whose price is held back for too long, at the last accepted price", async () => {
    const w = world();
    await openAfter(w, 10);
    const prices = [...SEED_PRICES_TICKS];
    prices[2] = 3 * (SEED_PRICES_TICKS[2] as number);
    const soon = await openAfter(w, 60, { prices });
    expect(restrictedOf(soon)).to.deep.equal([]);
    expect(soon.markets[2]?.priceTicks).to.equal(SEED_PRICES_TICKS[2]);
    const later = await openAfter(w, 1, { prices });
    expect(restrictedOf(later)).to.deep.equal([2]);
    // 1,900,000 ppm beyond the base take 1,900 seconds.
    expect(restrictedOf(await openAfter(w, 1_838, { prices }))).to.deep.equal([2]);
    const taken = await openAfter(w, 1, { prices });
    expect(restrictedOf(taken)).to.deep.equal([]);
    expect(taken.markets[2]?.priceTicks).to.equal(prices[2]);
  });

  it("gives a live market that never had a price an empty band, and goes on with the others", async () => {
    const w = world();
    const first = await openAfter(w, 10, { prices: silentIn(3) });
    expect(first.markets[3]).to.deep.equal({ ...closedMarket(), restricted: true });
    expect(first.markets[2]?.priceTicks).to.equal(SEED_PRICES_TICKS[2]);
    const second = await openAfter(w, 10);
    expect(second.markets[3]).to.include({ priceTicks: SEED_PRICES_TICKS[3], restricted: false });
  });

  it("opens a first epoch without any round: nothing trades, time passes", async () => {
    const w = world();
    const epoch = await openAfter(w, 10, { withoutRound: true });
    expect(epoch.number).to.equal(1);
    expect(epoch.markets.slice(0, 4)).to.deep.equal(new Array(4).fill({ ...closedMarket(), restricted: true }));
    expect(epoch.markets.slice(4)).to.deep.equal(new Array(4).fill(closedMarket()));
  });

  it("takes no reports under the number 0, which stands for none", async () => {
    const w = world();
    await expect(sendAfter(w, 10, { roundNumber: 0 }))
      .to.be.revertedWithCustomError(w.oracle, "RoundNumberNotIncreasing")
      .withArgs(0n, 0n);
  });

  it("takes a round that somebody else submitted, by its number alone", async () => {
    const w = world();
    const opening = await openingOf(w);
    await mined(w.oracle.submitRound(opening.round));
    const epoch = await openEpoch(w, { withoutRound: true, roundNumber: 1 });
    expect(epoch.markets[0]?.priceTicks).to.equal(SEED_PRICES_TICKS[0]);
    const words = [1, opening.round.timeSeconds, ...SEED_PRICES_TICKS].map(BigInt);
    expect(await w.oracle.isVerified(abiHash(words))).to.equal(true);
  });

  describe("funding", () => {
    it("moves no index of a restricted market, by one pico-USD, and those of the others", async () => {
      const w = world();
      await openAfter(w, 10);
      const prices = silentIn(1);
      for (const delta of [1n, -1n]) {
        await expect(sendAfter(w, 61, { prices, fundingDeltas: only(1, delta) }))
          .to.be.revertedWithCustomError(w.exchange, "FundingWithoutFreshPrice")
          .withArgs(1n, delta);
      }
      const epoch = await openAfter(w, 61, { prices, fundingDeltas: only(0, 1_000n) });
      expect(epoch.markets[0]?.fundingIndexPicoUsd).to.equal(1_000n);
    });

    it("keeps the index that it had, and goes on from there once the price is fresh", async () => {
      const w = world();
      await openAfter(w, 10);
      await openAfter(w, 10, { fundingDeltas: only(1, -77n) });
      const restricted = await openAfter(w, 61, { prices: silentIn(1) });
      expect(restricted.markets[1]).to.include({ restricted: true, fundingIndexPicoUsd: -77n });
      const back = await openAfter(w, 10, { fundingDeltas: only(1, 7n) });
      expect(back.markets[1]).to.include({ restricted: false, fundingIndexPicoUsd: -70n });
    });

    it("is bounded by the time since the last epoch, however long the market was restricted", async () => {
      const w = world();
      await openAfter(w, 10);
      await openAfter(w, 3_600, { prices: silentIn(1) });
      // 15,000 ppm an hour · 300,000 ticks · 2 s.
      const bound = (15_000n * 300_000n * 2n) / 3_600n;
      await expect(sendAfter(w, 2, { fundingDeltas: only(1, bound + 1n) }))
        .to.be.revertedWithCustomError(w.exchange, "FundingDeltaOutOfBounds")
        .withArgs(1n, bound + 1n, bound);
      await openAfter(w, 2, { fundingDeltas: only(1, bound) });
    });

    it("moves no index of a market that never had a price", async () => {
      const w = world();
      await openAfter(w, 10, { prices: silentIn(3) });
      await expect(sendAfter(w, 10, { prices: silentIn(3), fundingDeltas: only(3, 1n) }))
        .to.be.revertedWithCustomError(w.exchange, "FundingWithoutFreshPrice")
        .withArgs(3n, 1n);
    });
  });
});

function anything(): boolean {
  return true;
}
