import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { epochRecord, type OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { devnetParameters, MARKET_STATUS } from "../../scripts/devnet/risk-parameters.ts";
import { settle } from "./batches.ts";
import { blockTimeSeconds, mined } from "./chain.ts";
import { ESCAPE_WINDOWS } from "./epoch-sources.ts";
import { type OpeningTerms, openEpoch, SEED_PRICES_TICKS } from "./epochs.ts";
import { escapeOf, fillExchange, freeze, pin, pinState, termsOf } from "./escape-world.ts";
import { deployWorld, useWorld, type World } from "./exchange-world.ts";
import { LeafForest } from "./leaf-forest.ts";

const WINDOW = ESCAPE_WINDOWS.priceWindowSeconds;
const MARKET = 2;
const SEED = SEED_PRICES_TICKS[MARKET] as number;
const priced = (priceTicks: number) => SEED_PRICES_TICKS.map((price, i) => (i === MARKET ? priceTicks : price));

const refused = (w: World, sent: Promise<unknown>, error: string) =>
  expect(sent).to.be.revertedWithCustomError(w.escape, error);

/** An epoch so many seconds after the last one, and a batch of it, so that it is the last settled one. */
async function live(w: World, elapsed: number, terms: OpeningTerms = {}): Promise<OpenedEpoch> {
  const last = w.model.epochs.at(-1)?.timeSeconds ?? (await blockTimeSeconds());
  const epoch = await openEpoch(w, { ...terms, timeSeconds: Math.max(last + elapsed, await blockTimeSeconds()) });
  await settle(w, { epoch, grossOpenInterestAfterLots: new Array<bigint>(MARKETS).fill(0n) });
  return epoch;
}

async function prepare(): Promise<World> {
  const w = await deployWorld();
  for (let market = 0; market < MARKETS; market++) {
    await mined(
      w.oracle.setBounds(market, { maxAgeSeconds: 60, deviationBasePpm: 900_000, deviationGrowthPpmPerSecond: 1_000 }),
    );
  }
  await fillExchange(w, new LeafForest(), 5_000_000n);
  return w;
}

describe("Escape: pinning", () => {
  const world = useWorld(prepare);

  it("takes nothing while the Exchange runs", async () => {
    const w = world();
    await refused(w, escapeOf(w).pinState(w.model.sharedState), "NotFrozen");
  });

  it("takes the Exchange's last state and no other, once, and what is in the pool", async () => {
    const w = world();
    const earlier = structuredClone(w.model.sharedState);
    await live(w, 10);
    await freeze(w);
    await refused(w, escapeOf(w).pinEpochs([]), "NotYetPinned");
    await refused(w, escapeOf(w).pinPrices(SEED_PRICES_TICKS), "NotYetPinned");
    await refused(w, escapeOf(w).file([], []), "NotYetPinned");
    await refused(w, escapeOf(w).pay([]), "NotYetPinned");
    await refused(w, escapeOf(w).pinState(earlier), "WrongSharedState");
    await refused(w, escapeOf(w).pinState({ ...w.model.sharedState, accountRoot: 1n }), "WrongSharedState");
    const { accountRoot } = w.model.sharedState;
    await expect(escapeOf(w).pinState(w.model.sharedState))
      .to.emit(w.escape, "StatePinned")
      .withArgs(accountRoot, 2n, 5_000_000n);
    await refused(w, escapeOf(w).pinState(w.model.sharedState), "AlreadyPinned");
  });

  it("takes the epochs backwards from the last settled one, in pages, whoever sends which twice", async () => {
    const w = world();
    for (let i = 0; i < 5; i++) await live(w, 10);
    await openEpoch(w); // opened, but nothing of it is settled
    await freeze(w);
    await pinState(w);
    const records = w.model.epochs.map(epochRecord);
    await refused(w, escapeOf(w).pinEpochs([records[4]]), "EpochOutOfOrder");
    await refused(w, escapeOf(w).pinEpochs([records[5], records[3]]), "EpochOutOfOrder");
    await refused(w, escapeOf(w).pinEpochs([{ ...records[5], timeSeconds: 1n }]), "EpochMismatch");
    const words = [...(records[5]?.marketWords ?? [])];
    await refused(
      w,
      escapeOf(w).pinEpochs([{ ...records[5], marketWords: [words[0]! + 1n, ...words.slice(1)] }]),
      "EpochMismatch",
    );
    // The epoch that nothing is settled of is passed over.
    await expect(escapeOf(w).pinEpochs([records[6], records[5], records[4]]))
      .to.emit(w.escape, "EpochsPinned")
      .withArgs(4n);
    await refused(w, escapeOf(w).pinPrices(SEED_PRICES_TICKS), "NotYetPinned");
    await mined(escapeOf(w).pinEpochs([records[4], records[3], records[2]]));
    await mined(escapeOf(w).pinEpochs([...records].reverse()));
    expect((await w.escape.pinning()).toArray().slice(0, 4)).to.deep.equal([true, 0n, 1n, 6n]);
    expect((await w.escape.prices()).map(Number)).to.deep.equal(new Array(MARKETS).fill(0));
    const { pricesTicks } = await termsOf(w);
    await mined(escapeOf(w).pinPrices(pricesTicks));
    expect((await w.escape.prices()).map(Number)).to.deep.equal(pricesTicks);
    await refused(w, escapeOf(w).pinPrices(pricesTicks), "AlreadyPinned");
  });

  it("counts epochs up to the window, to the second, and wants the first one outside to know that none is missing", async () => {
    const w = world();
    await live(w, 100, { prices: priced(SEED + 9) });
    const outside = await live(w, 100, { prices: priced(SEED + 9) });
    const edge = await live(w, 1, { prices: priced(SEED + 1) });
    await live(w, 10, { prices: priced(SEED + 3) });
    const last = await live(w, WINDOW - 10, { prices: priced(SEED + 5) });
    expect([last.timeSeconds - edge.timeSeconds, last.timeSeconds - outside.timeSeconds]).to.deep.equal([
      WINDOW,
      WINDOW + 1,
    ]);
    await freeze(w);
    await pinState(w);
    const { pinned, pricesTicks } = await termsOf(w);
    expect(pinned.map(({ number }) => number)).to.deep.equal([6, 5, 4, 3]);
    expect(pricesTicks[MARKET]).to.equal(SEED + 3);
    await mined(escapeOf(w).pinEpochs(pinned.slice(0, -1).map(epochRecord)));
    await refused(w, escapeOf(w).pinPrices(pricesTicks), "NotYetPinned");
    await mined(escapeOf(w).pinEpochs(pinned.map(epochRecord)));
    for (const wrong of [SEED + 1, SEED + 2, SEED + 4, SEED + 5, SEED + 9, 0]) {
      await refused(
        w,
        escapeOf(w).pinPrices(pricesTicks.map((price, i) => (i === MARKET ? wrong : price))),
        "WrongPrice",
      );
    }
    await mined(escapeOf(w).pinPrices(pricesTicks));
  });

  it("takes the lower of two in the middle, and equal prices as often as they come", async () => {
    const w = world();
    for (const price of [SEED + 7, SEED + 2, SEED + 7, SEED + 2, SEED + 9])
      await live(w, 10, { prices: priced(price) });
    await freeze(w);
    // With the seed of the first epoch: 0 2 2 7 7 9.
    const { pricesTicks } = await termsOf(w);
    expect(pricesTicks[MARKET]).to.equal(SEED + 2);
    await pin(w);
  });

  it("leaves out epochs in which the market was restricted, and takes the last one's own price when it always was", async () => {
    const w = world();
    await live(w, 10, { prices: priced(SEED + 4) });
    await live(w, 10, { prices: priced(SEED + 6) });
    // The price gets too old, and stands: 30 epochs at it would else be the median.
    for (let i = 0; i < 4; i++) await live(w, 70, { prices: priced(0) });
    await freeze(w);
    const found = await termsOf(w);
    expect(found.pinned.filter(({ markets }) => markets[MARKET]?.restricted)).to.have.length(4);
    expect(found.pricesTicks[MARKET]).to.equal(SEED + 4);
    await pin(w);
  });

  it("takes the last epoch's own price of a market that was restricted all along", async () => {
    const w = world();
    await live(w, 10, { prices: priced(SEED + 4) });
    for (const elapsed of [70, WINDOW + 1, 10]) await live(w, elapsed, { prices: priced(0) });
    await freeze(w);
    const { pricesTicks, pinned } = await termsOf(w);
    expect(pinned.slice(0, -1).every(({ markets }) => markets[MARKET]?.restricted)).to.equal(true);
    expect(pricesTicks[MARKET]).to.equal(SEED + 4);
    await pin(w);
  });

  async function append(w: World, change: Record<string, unknown>): Promise<void> {
    const parameters = devnetParameters();
    Object.assign(parameters.markets[MARKET] as object, change);
    await mined(w.registry.appendParameters(parameters));
  }

  it("takes the settlement price of a retired market, in the epoch in which it closes, too", async () => {
    const w = world();
    for (let i = 0; i < 3; i++) await live(w, 10, { prices: priced(SEED + 50) });
    await append(w, { status: MARKET_STATUS.retired });
    const closing = await live(w, 10, { prices: priced(SEED + 5) });
    expect(closing.markets[MARKET]).to.include({ retired: false, positionCapLots: 0n });
    const frozen = async (price: number) => {
      await freeze(w);
      expect((await termsOf(w)).pricesTicks[MARKET]).to.equal(price);
      await refused(w, pinWith(w, SEED + 50), "WrongPrice");
      await mined(escapeOf(w).pinPrices((await termsOf(w)).pricesTicks));
    };
    await frozen(SEED + 5);
  });

  it("takes the settlement price of a market that is retired", async () => {
    const w = world();
    for (let i = 0; i < 3; i++) await live(w, 10, { prices: priced(SEED + 50) });
    await append(w, { status: MARKET_STATUS.retired });
    await live(w, 10, { prices: priced(SEED + 5) });
    await live(w, 10, { prices: priced(SEED + 90) });
    await freeze(w);
    expect((await termsOf(w)).pricesTicks[MARKET]).to.equal(SEED + 5);
    await refused(w, pinWith(w, SEED + 50), "WrongPrice");
    await mined(escapeOf(w).pinPrices((await termsOf(w)).pricesTicks));
  });

  it("never mixes the prices of two markets that an index stood for within the window", async () => {
    const w = world();
    for (let i = 0; i < 6; i++) await live(w, 10, { prices: priced(SEED + 50) });
    await append(w, { status: MARKET_STATUS.retired });
    await live(w, 10, { prices: priced(SEED + 50) });
    await append(w, { symbol: encodeBytes32String("XAU-USD"), tickSizeExponent: -1, lotSizeExponent: -5 });
    // The new market has another price altogether; the oracle has forgotten the old one's.
    for (const price of [11, 13, 12]) await live(w, 10, { prices: priced(price) });
    await freeze(w);
    expect((await termsOf(w)).pricesTicks[MARKET]).to.equal(12);
    await refused(w, pinWith(w, SEED + 50), "WrongPrice");
    await mined(escapeOf(w).pinPrices((await termsOf(w)).pricesTicks));
  });

  it("has nothing to value when no batch was ever settled", async () => {
    const w = await deployWorld();
    await freeze(w);
    await pinState(w);
    await refused(w, escapeOf(w).pinPrices([1, 0, 0, 0, 0, 0, 0, 0]), "WrongPrice");
    await mined(escapeOf(w).pinPrices(new Array(MARKETS).fill(0)));
  });
});

/** Pins everything with one other price. */
async function pinWith(w: World, priceTicks: number): Promise<void> {
  const { hasState, nextEpoch } = await w.escape.pinning();
  const { pinned, pricesTicks } = await termsOf(w);
  if (!hasState) await pinState(w);
  if (!hasState || nextEpoch !== 0n) await mined(escapeOf(w).pinEpochs(pinned.map(epochRecord)));
  await mined(escapeOf(w).pinPrices(pricesTicks.map((price, i) => (i === MARKET ? priceTicks : price))));
}
