import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { closedMarket } from "../../matcher/risk/epoch-terms.ts";
import { devnetParameters, MARKET_STATUS } from "../../scripts/devnet/risk-parameters.ts";
import { settle } from "./batches.ts";
import { blockTimeSeconds, mined, setNextBlockTime } from "./chain.ts";
import { type OpeningTerms, openEpoch, openingOf, SEED_PRICES_TICKS, sendOpening, signedRound } from "./epochs.ts";
import { deployWorld, useWorld, type World } from "./exchange-world.ts";

const MARKET = 2;
const SEED = SEED_PRICES_TICKS[MARKET] as number;
const NEW_SYMBOL = encodeBytes32String("XAU-USD");
const NARROW = { maxAgeSeconds: 60, deviationBasePpm: 100_000, deviationGrowthPpmPerSecond: 1_000 };

function priced(priceTicks: number): number[] {
  return SEED_PRICES_TICKS.map((price, market) => (market === MARKET ? priceTicks : price));
}

function openInterest(lots: bigint): bigint[] {
  return Array.from({ length: MARKETS }, (_, market) => (market === MARKET ? lots : 10n));
}

async function append(w: World, change: Partial<ReturnType<typeof devnetParameters>["markets"][number]>) {
  const parameters = devnetParameters();
  Object.assign(parameters.markets[MARKET] as object, change);
  return w.registry.appendMarkets(parameters);
}

const retire = (w: World) => append(w, { status: MARKET_STATUS.retired });
/** Another market with other units under the same index. */
const replace = (w: World) => append(w, { symbol: NEW_SYMBOL, tickSizeExponent: -1, lotSizeExponent: -5 });

async function openAfter(w: World, elapsed: number, terms: OpeningTerms = {}) {
  const timeSeconds = (w.model.epochs.at(-1)?.timeSeconds ?? (await blockTimeSeconds())) + elapsed;
  return openEpoch(w, { ...terms, timeSeconds: Math.max(timeSeconds, (await blockTimeSeconds()) + 1) });
}

const settlement = async (w: World) => (await w.exchange.settlementOf(MARKET)).toArray();

describe("Exchange.openEpoch: retired markets", () => {
  const world = useWorld(async () => {
    const w = await deployWorld();
    for (let market = 0; market < MARKETS; market++) await mined(w.oracle.setBounds(market, NARROW));
    await openAfter(w, 10);
    return w;
  });

  it("closes a market for one epoch at the first fresh price after the decision: with margin, without growth", async () => {
    const w = world();
    const before = await openAfter(w, 10, { prices: priced(SEED + 1) });
    await mined(retire(w));
    const closing = await openAfter(w, 10, { prices: priced(SEED + 1) });
    expect(closing.markets[MARKET]).to.deep.equal({
      ...before.markets[MARKET],
      grossOpenInterestCapLots: 0n,
      positionCapLots: 0n,
    });
    expect(closing.markets[MARKET]).to.include({ restricted: false, retired: false });
    expect(closing.markets[MARKET]?.mmfPpm).to.be.above(0);
    expect(await settlement(w)).to.deep.equal([BigInt(SEED + 1), 3n]);
    const { markets } = await openAfter(w, 10, { prices: priced(SEED + 1) });
    expect(markets[MARKET]).to.deep.equal({ ...closedMarket(), retired: true, priceTicks: SEED + 1 });
  });

  it("closes it on the terms of the version at the time, its fraction scaled by open interest", async () => {
    const w = world();
    const [epoch] = w.model.epochs;
    await settle(w, { epoch, grossOpenInterestAfterLots: openInterest(2n) });
    await mined(
      append(w, {
        status: MARKET_STATUS.retired,
        isolatedOnly: true,
        imfPpm: 100_000,
        mmfPpm: 70_000,
        openInterestLowerCapMicroUsd: 0n,
        openInterestUpperCapMicroUsd: 2n * BigInt(SEED),
      }),
    );
    const closing = await openAfter(w, 10);
    // Half of the way from 10 % to the whole.
    expect(closing.markets[MARKET]).to.include({ imfPpm: 550_000, mmfPpm: 70_000, isolatedOnly: true });
  });

  it("retires it at that price from the next epoch on, which may be silent", async () => {
    const w = world();
    await mined(retire(w));
    await openAfter(w, 10, { prices: priced(SEED + 1) });
    const silent = await openAfter(w, 1_000, { withoutRound: true });
    expect(silent.markets[MARKET]).to.deep.equal({ ...closedMarket(), retired: true, priceTicks: SEED + 1 });
    expect(await settlement(w)).to.deep.equal([BigInt(SEED + 1), 2n]);
  });

  it("settles a market at the first fresh price after the decision, for good", async () => {
    const w = world();
    await mined(retire(w));
    const settled = { ...closedMarket(), retired: true, priceTicks: SEED + 1 };
    const second = await openAfter(w, 10, { prices: priced(SEED + 1) });
    expect(second.markets[MARKET]).to.include({ retired: false, priceTicks: SEED + 1 });
    expect(await settlement(w)).to.deep.equal([BigInt(SEED + 1), 2n]);
    const third = await openAfter(w, 10, { prices: priced(SEED + 2) });
    expect(third.markets[MARKET]).to.deep.equal(settled);
    const silent = await openAfter(w, 1_000, { withoutRound: true });
    expect(silent.markets[MARKET]).to.deep.equal(settled);
    // A later version does not move it, either.
    const tuned = devnetParameters();
    Object.assign(tuned.markets[MARKET] as object, { status: MARKET_STATUS.retired, bandPpm: 1 });
    await mined(w.registry.appendParameters(tuned));
    expect((await openAfter(w, 10, { prices: priced(SEED + 3) })).markets[MARKET]).to.deep.equal(settled);
    expect(await settlement(w)).to.deep.equal([BigInt(SEED + 1), 2n]);
    expect((await w.exchange.settlementOf(0)).toArray()).to.deep.equal([0n, 0n]);
  });

  it("restricts it until there is a fresh price", async () => {
    const w = world();
    await mined(retire(w));
    const waiting = await openAfter(w, 61, { prices: priced(0) });
    expect(waiting.markets[MARKET]).to.deep.equal({
      ...w.model.epochs[0]?.markets[MARKET],
      restricted: true,
      grossOpenInterestCapLots: 0n,
    });
    expect(await settlement(w)).to.deep.equal([0n, 0n]);
    const closing = await openAfter(w, 10, { prices: priced(SEED - 5) });
    expect(closing.markets[MARKET]).to.include({ retired: false, restricted: false, priceTicks: SEED - 5 });
    expect(await settlement(w)).to.deep.equal([BigInt(SEED - 5), 3n]);
    const ended = await openAfter(w, 10, { prices: priced(SEED - 6) });
    expect(ended.markets[MARKET]).to.include({ retired: true, restricted: false, priceTicks: SEED - 5 });
  });

  it("keeps its funding index as it was, from the epoch that settles it on", async () => {
    const w = world();
    const deltas = (delta: bigint) => Array.from({ length: MARKETS }, (_, market) => (market === MARKET ? delta : 0n));
    await openAfter(w, 10, { fundingDeltas: deltas(55n) });
    await mined(retire(w));
    const refused = async (delta: bigint) => {
      const timeSeconds = (w.model.epochs.at(-1)?.timeSeconds ?? 0) + 20;
      await setNextBlockTime(timeSeconds);
      await expect(sendOpening(w, { timeSeconds, fundingDeltas: deltas(delta) }))
        .to.be.revertedWithCustomError(w.exchange, "FundingWithoutFreshPrice")
        .withArgs(MARKET, delta);
    };
    await refused(1n);
    const closing = await openAfter(w, 30);
    expect(closing.markets[MARKET]).to.include({ retired: false, restricted: false, fundingIndexPicoUsd: 55n });
    await refused(-1n);
    expect((await openAfter(w, 30)).markets[MARKET]).to.include({ retired: true, fundingIndexPicoUsd: 55n });
    await refused(1n);
    expect((await openAfter(w, 30)).markets[MARKET]?.fundingIndexPicoUsd).to.equal(55n);
  });

  it("has nothing to settle in a market that never had a price, and frees its index", async () => {
    const w = world();
    const parameters = devnetParameters();
    Object.assign(parameters.markets[5] as object, parameters.markets[0], { symbol: NEW_SYMBOL });
    await mined(w.registry.appendMarkets(parameters));
    const [, , , , , listed] = (await openAfter(w, 10)).markets;
    expect(listed).to.deep.equal({ ...closedMarket(), restricted: true });
    Object.assign(parameters.markets[5] as object, { status: MARKET_STATUS.retired });
    await mined(w.registry.appendMarkets(parameters));
    const [, , , , , ended] = (await openAfter(w, 10)).markets;
    expect(ended).to.deep.equal({ ...closedMarket(), retired: true });
    expect((await w.exchange.settlementOf(5)).toArray()).to.deep.equal([0n, 3n]);
    await settle(w, { epoch: w.model.epochs[0], grossOpenInterestAfterLots: new Array(8).fill(0n) });
    await settle(w, { epoch: w.model.epochs[1], grossOpenInterestAfterLots: new Array(8).fill(0n) });
    expect(await w.exchange.isVacant(5)).to.equal(false);
    await settle(w, { epoch: w.model.epochs[2], grossOpenInterestAfterLots: new Array(8).fill(0n) });
    expect(await w.exchange.isVacant(5)).to.equal(true);
  });

  describe("is vacant", () => {
    it("only once it is settled, a batch of such an epoch is, and open interest is zero", async () => {
      const w = world();
      const vacant = () => w.exchange.isVacant(MARKET);
      const refused = () =>
        expect(replace(w)).to.be.revertedWithCustomError(w.registry, "MarketNotVacant").withArgs(MARKET);
      const [first] = w.model.epochs;
      await settle(w, { epoch: first, grossOpenInterestAfterLots: openInterest(0n) });
      // A live market never is, however empty.
      expect(await vacant()).to.equal(false);
      await mined(retire(w));
      expect(await vacant()).to.equal(false);
      const second = await openAfter(w, 10);
      // Settled and empty: but batches of the first epoch may still come, and with them positions.
      expect(await vacant()).to.equal(false);
      await refused();
      await settle(w, { epoch: first, grossOpenInterestAfterLots: openInterest(8n) });
      await settle(w, { epoch: second, grossOpenInterestAfterLots: openInterest(2n) });
      expect(await vacant()).to.equal(false);
      await refused();
      await settle(w, { epoch: second, grossOpenInterestAfterLots: openInterest(0n) });
      expect(await vacant()).to.equal(true);
      await mined(replace(w));
    });

    it("already by a batch of the epoch in which it closes, as nobody can come to hold anything in it", async () => {
      const w = world();
      await mined(retire(w));
      await settle(w, { epoch: w.model.epochs[0], grossOpenInterestAfterLots: openInterest(2n) });
      const closing = await openAfter(w, 10);
      expect(closing.markets[MARKET]).to.include({ retired: false, positionCapLots: 0n, grossOpenInterestCapLots: 0n });
      await settle(w, { epoch: closing, grossOpenInterestAfterLots: openInterest(2n) });
      expect(await w.exchange.isVacant(MARKET)).to.equal(false);
      await settle(w, { epoch: closing, grossOpenInterestAfterLots: openInterest(0n) });
      expect(await w.exchange.isVacant(MARKET)).to.equal(true);
      await mined(replace(w));
    });

    it("no market that is none, and no index that cannot be", async () => {
      const w = world();
      await settle(w, { grossOpenInterestAfterLots: new Array(8).fill(0n) });
      for (const market of [7, 8, 2 ** 40]) expect(await w.exchange.isVacant(market)).to.equal(false);
    });
  });

  describe("gives its index to another market", () => {
    async function vacate(w: World): Promise<void> {
      await mined(retire(w));
      await settle(w, { epoch: w.model.epochs[0] });
      await settle(w, { epoch: await openAfter(w, 10), grossOpenInterestAfterLots: openInterest(0n) });
    }

    it("which starts without a price, and takes its first one however far from the old", async () => {
      const w = world();
      await vacate(w);
      await expect(replace(w))
        .to.emit(w.registry, "MarketReplaced")
        .withArgs(MARKET, encodeBytes32String("SOL-USD"), NEW_SYMBOL, (seconds: bigint) => seconds > 0n);
      const replacedSeconds = await blockTimeSeconds();
      expect((await w.registry.sinceSeconds()).map(Number)).to.deep.equal(
        Array.from({ length: MARKETS }, (_, market) => (market === MARKET ? replacedSeconds : 0)),
      );
      expect((await w.oracle.prices()).pricesTicks[MARKET]).to.equal(0n);
      expect((await w.oracle.pricesAt(replacedSeconds)).isFresh[MARKET]).to.equal(false);
      const silent = await openAfter(w, 10, { withoutRound: true });
      expect(silent.markets[MARKET]).to.deep.equal({ ...closedMarket(), restricted: true });
      expect(await settlement(w)).to.deep.equal([0n, 0n]);
      expect(await w.exchange.isVacant(MARKET)).to.equal(false);
      const priced100 = await openAfter(w, 10, { prices: priced(100 * SEED) });
      expect(priced100.markets[MARKET]).to.include({ priceTicks: 100 * SEED, restricted: false, retired: false });
    });

    it("which takes no price of a round up to that time", async () => {
      const w = world();
      await vacate(w);
      const timeSeconds = (await blockTimeSeconds()) + 5;
      await setNextBlockTime(timeSeconds);
      await mined(replace(w));
      const number = w.model.nextRound;
      const round = await signedRound(w, {
        number,
        timeSeconds,
        prices: [priced(SEED + 1)],
        signers: [w.reporter],
      });
      const preview = await w.oracle.previewRound(round, timeSeconds);
      expect(preview.pricesTicks[MARKET]).to.equal(0n);
      await expect(w.oracle.submitRound(round)).to.not.emit(w.oracle, "PriceHeldBack");
      const { pricesTicks, timesSeconds } = await w.oracle.prices();
      expect(pricesTicks[MARKET]).to.equal(0n);
      expect(timesSeconds[0]).to.equal(BigInt(timeSeconds));
      const next = { number: number + 1, timeSeconds: timeSeconds + 1, prices: [priced(7)], signers: [w.reporter] };
      await setNextBlockTime(timeSeconds + 1);
      await mined(w.oracle.submitRound(await signedRound(w, next)));
      expect((await w.oracle.prices()).pricesTicks[MARKET]).to.equal(7n);
    });

    it("which can be retired in turn, at its own price", async () => {
      const w = world();
      await vacate(w);
      await mined(replace(w));
      await openAfter(w, 10, { prices: priced(7) });
      await mined(
        append(w, { symbol: NEW_SYMBOL, tickSizeExponent: -1, lotSizeExponent: -5, status: MARKET_STATUS.retired }),
      );
      const closing = await openAfter(w, 10, { prices: priced(7) });
      expect(closing.markets[MARKET]).to.include({ retired: false, priceTicks: 7, positionCapLots: 0n });
      expect(await settlement(w)).to.deep.equal([7n, 4n]);
      const ended = await openAfter(w, 10, { prices: priced(8) });
      expect(ended.markets[MARKET]).to.include({ retired: true, priceTicks: 7 });
      expect(await settlement(w)).to.deep.equal([7n, 4n]);
    });

    it("in no epoch that was opened with the version before", async () => {
      const w = world();
      await vacate(w);
      const opening = await openingOf(w);
      await mined(replace(w));
      await expect(w.exchange.connect(w.operator).getFunction("openEpoch")(opening))
        .to.be.revertedWithCustomError(w.exchange, "StaleParameterVersion")
        .withArgs(3n, 2n);
    });
  });
});
