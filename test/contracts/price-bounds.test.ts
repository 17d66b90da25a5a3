import { expect } from "chai";
import type { PriceBounds } from "../../matcher/protocol/devnet-markets.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { Seeded } from "../protocol/seeded.ts";
import { blockTimeSeconds, ethers, mined, setNextBlockTime } from "./chain.ts";
import { signedRound } from "./epochs.ts";
import { deployWorld, type OracleContract, useWorld, type World } from "./exchange-world.ts";
import { oracleSetup, WIDEST_BOUNDS } from "./oracle-setup.ts";

const PPM = 1_000_000n;
const GREATEST_TICKS = 2 ** 32 - 1;
/** 1 % at once, 0.1 % more every second; fresh for a minute. */
const NARROW: PriceBounds = { maxAgeSeconds: 60, deviationBasePpm: 10_000, deviationGrowthPpmPerSecond: 1_000 };

function only(market: number, priceTicks: number): number[] {
  const prices = new Array<number>(MARKETS).fill(0);
  prices[market] = priceTicks;
  return prices;
}

/** Submits a round of this time in a block of this time. Its number is its time: both only grow. */
async function submit(w: World, timeSeconds: number, prices: readonly number[]) {
  const round = await signedRound(w, { number: timeSeconds, timeSeconds, prices: [prices], signers: [w.reporter] });
  await setNextBlockTime(timeSeconds);
  return w.oracle.submitRound(round);
}

async function priceOf(w: World, market: number): Promise<{ ticks: number; seconds: number }> {
  const { pricesTicks, timesSeconds } = await w.oracle.prices();
  return { ticks: Number(pricesTicks[market]), seconds: Number(timesSeconds[market]) };
}

describe("PriceOracle: accepted prices", () => {
  const world = useWorld(async () => {
    const w = await deployWorld();
    for (let market = 0; market < MARKETS; market++) await mined(w.oracle.setBounds(market, NARROW));
    return w;
  });
  const soon = async () => (await blockTimeSeconds()) + 10;

  it("takes a market's first price as it is, the least and the greatest", async () => {
    const w = world();
    const start = await soon();
    await mined(submit(w, start, [1, GREATEST_TICKS, 0, 0, 0, 0, 0, 0]));
    expect(await priceOf(w, 0)).to.deep.equal({ ticks: 1, seconds: start });
    expect(await priceOf(w, 1)).to.deep.equal({ ticks: GREATEST_TICKS, seconds: start });
    expect(await priceOf(w, 2)).to.deep.equal({ ticks: 0, seconds: 0 });
  });

  // 10,000 ppm and 1,000 for each of 5 seconds, of 1,000,000 ticks.
  for (const [what, bound] of [
    ["up", 1_015_000],
    ["down", 985_000],
  ] as const) {
    it(`takes a price at the bound and holds the next tick back, ${what}`, async () => {
      const w = world();
      const start = await soon();
      await mined(submit(w, start, only(3, 1_000_000)));
      const beyond = what === "up" ? bound + 1 : bound - 1;
      const snapshot = await ethers.provider.send("evm_snapshot", []);
      await expect(submit(w, start + 5, only(3, beyond)))
        .to.emit(w.oracle, "PriceHeldBack")
        .withArgs(3n, beyond, 1_000_000, 15_000);
      expect(await priceOf(w, 3)).to.deep.equal({ ticks: 1_000_000, seconds: start });
      await ethers.provider.send("evm_revert", [snapshot]);
      await expect(submit(w, start + 5, only(3, bound))).to.not.emit(w.oracle, "PriceHeldBack");
      expect(await priceOf(w, 3)).to.deep.equal({ ticks: bound, seconds: start + 5 });
    });
  }

  it("does not round the bound in favour of a price", async () => {
    const w = world();
    const start = await soon();
    // 1.1 % of 909 ticks are 9.999 ticks.
    await mined(submit(w, start, only(0, 909)));
    await expect(submit(w, start + 1, only(0, 919)))
      .to.emit(w.oracle, "PriceHeldBack")
      .withArgs(0n, 919, 909, 11_000);
    await mined(submit(w, start + 2, only(0, 919)));
    expect(await priceOf(w, 0)).to.deep.equal({ ticks: 919, seconds: start + 2 });
  });

  it("takes a new level once the last price is old enough, to the second", async () => {
    const w = world();
    const start = await soon();
    await mined(submit(w, start, only(0, 1_000)));
    // Half off: 490,000 ppm beyond the base, 490 s.
    for (const age of [1, 100, 489]) {
      await expect(submit(w, start + age, only(0, 500))).to.emit(w.oracle, "PriceHeldBack");
    }
    await expect(submit(w, start + 490, only(0, 500))).to.not.emit(w.oracle, "PriceHeldBack");
    expect(await priceOf(w, 0)).to.deep.equal({ ticks: 500, seconds: start + 490 });
  });

  it("lets an outlier pass by: the next price near the last one is taken, and ages count from it", async () => {
    const w = world();
    const start = await soon();
    await mined(submit(w, start, only(0, 1_000_000)));
    await mined(submit(w, start + 1, only(0, 1_000_000_000)));
    await mined(submit(w, start + 2, only(0, 1_002_000)));
    expect(await priceOf(w, 0)).to.deep.equal({ ticks: 1_002_000, seconds: start + 2 });
    await expect(submit(w, start + 3, only(0, 1_000_000_000)))
      .to.emit(w.oracle, "PriceHeldBack")
      .withArgs(0n, 1_000_000_000, 1_002_000, 11_000);
  });

  it("holds one market back and takes the others of the same round", async () => {
    const w = world();
    const start = await soon();
    await mined(submit(w, start, [100_000, 200_000, 300_000, 0, 0, 0, 0, 0]));
    const sent = submit(w, start + 1, [100_500, 900_000, 0, 7, 0, 0, 0, 0]);
    await expect(sent).to.emit(w.oracle, "PriceHeldBack").withArgs(1n, 900_000, 200_000, 11_000);
    const { pricesTicks, timesSeconds } = await w.oracle.prices();
    expect(pricesTicks.map(Number)).to.deep.equal([100_500, 200_000, 300_000, 7, 0, 0, 0, 0]);
    expect(timesSeconds.map((seconds: bigint) => Number(seconds) - start)).to.deep.equal([
      1,
      0,
      0,
      1,
      ...new Array(4).fill(-start),
    ]);
  });

  it("takes any price in the end, from the least to the greatest that there are", async () => {
    const w = world();
    await mined(w.oracle.setBounds(0, WIDEST_BOUNDS));
    const start = await soon();
    await mined(submit(w, start, only(0, 1)));
    // A million ppm at once and another for every second: a + 1 ticks after a seconds.
    const age = 2_000_000_000;
    await expect(submit(w, start + age, only(0, age + 3)))
      .to.emit(w.oracle, "PriceHeldBack")
      .withArgs(0n, age + 3, 1, 2_000_000_001_000_000n);
    await mined(submit(w, start + age + 1, only(0, age + 3)));
    expect(await priceOf(w, 0)).to.deep.equal({ ticks: age + 3, seconds: start + age + 1 });
  });

  it("changes nothing when a known round comes again, whatever was accepted since", async () => {
    const w = world();
    const start = await soon();
    const first = await signedRound(w, {
      number: 1,
      timeSeconds: start,
      prices: [only(0, 1_000)],
      signers: [w.reporter],
    });
    await setNextBlockTime(start);
    await mined(w.oracle.submitRound(first));
    await mined(submit(w, start + 10, only(0, 1_010)));
    await expect(w.oracle.submitRound(first)).to.not.emit(w.oracle, "PriceHeldBack");
    expect(await priceOf(w, 0)).to.deep.equal({ ticks: 1_010, seconds: start + 10 });
  });

  describe("freshness", () => {
    it("ends a second after the market's greatest age, by the time asked for", async () => {
      const w = world();
      const start = await soon();
      await mined(w.oracle.setBounds(1, { ...NARROW, maxAgeSeconds: 1 }));
      await mined(submit(w, start, [10, 20, 0, 0, 0, 0, 0, 0]));
      const fresh = async (atSeconds: number) => (await w.oracle.pricesAt(atSeconds)).isFresh.slice(0, 3);
      expect(await fresh(start - 100)).to.deep.equal([true, true, false]);
      expect(await fresh(start + 1)).to.deep.equal([true, true, false]);
      expect(await fresh(start + 2)).to.deep.equal([true, false, false]);
      expect(await fresh(start + 60)).to.deep.equal([true, false, false]);
      expect(await fresh(start + 61)).to.deep.equal([false, false, false]);
      expect(await fresh(2 ** 32 - 1)).to.deep.equal([false, false, false]);
    });

    it("follows changed bounds at once", async () => {
      const w = world();
      const start = await soon();
      await mined(submit(w, start, only(0, 10)));
      expect((await w.oracle.pricesAt(start + 70)).isFresh[0]).to.equal(false);
      await mined(w.oracle.setBounds(0, { ...NARROW, maxAgeSeconds: 70 }));
      expect((await w.oracle.pricesAt(start + 70)).isFresh[0]).to.equal(true);
    });

    it("is not won by a price that is held back", async () => {
      const w = world();
      const start = await soon();
      await mined(submit(w, start, only(0, 1_000)));
      await mined(submit(w, start + 50, only(0, 5_000)));
      expect((await w.oracle.pricesAt(start + 61)).isFresh[0]).to.equal(false);
    });
  });

  describe("preview", () => {
    it("refuses what submitRound refuses", async () => {
      const w = world();
      const now = await blockTimeSeconds();
      const round = { number: 1, timeSeconds: now, prices: [only(0, 1)], signers: [w.stranger] };
      await expect(w.oracle.previewRound(await signedRound(w, round), now))
        .to.be.revertedWithCustomError(w.oracle, "UnknownSigner")
        .withArgs(0n, w.stranger.address);
      const late = { ...round, signers: [w.reporter], timeSeconds: now - 301 };
      await expect(w.oracle.previewRound(await signedRound(w, late), now)).to.be.revertedWithCustomError(
        w.oracle,
        "RoundTooOld",
      );
    });

    it("says what holds once the round is in, and what a model says, over a life of rounds", async () => {
      const w = world();
      const random = new Seeded("a life of rounds");
      const model = Array.from({ length: MARKETS }, () => ({ ticks: 0n, seconds: 0 }));
      let timeSeconds = await soon();
      for (let i = 0; i < 60; i++) {
        timeSeconds += 1 + random.integer(40);
        const prices = model.map(({ ticks }) => {
          if (random.integer(4) === 0) return 0;
          if (ticks === 0n) return 1 + random.integer(10_000);
          const factorPpm = 1_000_000 + random.integer(60_001) - 30_000;
          return Math.max(1, Math.floor((Number(ticks) * factorPpm) / 1_000_000));
        });
        const held: number[] = [];
        for (const [market, price] of prices.entries()) {
          const last = model[market] as (typeof model)[number];
          if (price === 0) continue;
          const boundPpm = 10_000n + 1_000n * BigInt(timeSeconds - last.seconds);
          const distance = BigInt(price) - last.ticks;
          if (last.ticks !== 0n && (distance < 0n ? -distance : distance) * PPM > boundPpm * last.ticks) {
            held.push(market);
          } else {
            Object.assign(last, { ticks: BigInt(price), seconds: timeSeconds });
          }
        }
        const number = i + 1;
        const round = await signedRound(w, { number, timeSeconds, prices: [prices], signers: [w.reporter] });
        await setNextBlockTime(timeSeconds);
        await mined(w.token.mint(w.alice.address, 1n));
        const at = timeSeconds + random.integer(100);
        const preview = (await w.oracle.previewRound(round, at)).toArray();
        const receipt = await mined(w.oracle.submitRound(round));
        expect((await w.oracle.pricesAt(at)).toArray()).to.deep.equal(preview);
        expect((await w.oracle.previewRound(round, at)).toArray()).to.deep.equal(preview);
        const events = receipt.logs.map((log) => w.oracle.interface.parseLog(log));
        const heldBack = events.filter((event) => event?.name === "PriceHeldBack");
        expect(heldBack.map((event) => Number(event?.args.market))).to.deep.equal(held);
        const { pricesTicks, timesSeconds } = await w.oracle.prices();
        expect([...pricesTicks]).to.deep.equal(model.map(({ ticks }) => ticks));
        expect(timesSeconds.map(Number)).to.deep.equal(model.map(({ seconds }) => seconds));
        expect([...preview[1]]).to.deep.equal(model.map(({ ticks, seconds }) => ticks !== 0n && at <= seconds + 60));
      }
    }).timeout(20_000);
  });

  describe("bounds", () => {
    it("are set by who has the role, a market at a time", async () => {
      const w = world();
      const bounds = { maxAgeSeconds: 7, deviationBasePpm: 8, deviationGrowthPpmPerSecond: 9 };
      const sent = w.oracle.setBounds(7, bounds);
      await expect(sent).to.emit(w.oracle, "BoundsChanged");
      expect((await w.oracle.boundsOf(7)).toArray()).to.deep.equal([7n, 8n, 9n]);
      expect((await w.oracle.boundsOf(6)).toArray()).to.deep.equal([60n, 10_000n, 1_000n]);
      await expect((w.oracle.connect(w.stranger) as OracleContract).setBounds(0, bounds))
        .to.be.revertedWithCustomError(w.oracle, "NotAuthorized")
        .withArgs(w.stranger.address, 0n);
    });

    it("are refused outside of their ranges, by one, and taken at their ends", async () => {
      const w = world();
      const { maxAgeSeconds, deviationBasePpm, deviationGrowthPpmPerSecond } = WIDEST_BOUNDS;
      for (const bad of [
        { ...NARROW, maxAgeSeconds: 0 },
        { ...NARROW, maxAgeSeconds: maxAgeSeconds + 1 },
        { ...NARROW, deviationBasePpm: 0 },
        { ...NARROW, deviationBasePpm: deviationBasePpm + 1 },
        { ...NARROW, deviationGrowthPpmPerSecond: 0 },
        { ...NARROW, deviationGrowthPpmPerSecond: deviationGrowthPpmPerSecond + 1 },
      ]) {
        await expect(w.oracle.setBounds(5, bad))
          .to.be.revertedWithCustomError(w.oracle, "InvalidBounds")
          .withArgs(5n, bad.maxAgeSeconds, bad.deviationBasePpm, bad.deviationGrowthPpmPerSecond);
        const bounds = new Array<PriceBounds>(MARKETS).fill(NARROW);
        bounds[6] = bad;
        const setup = oracleSetup(await w.oracle.authority(), w.address, [w.reporter.address], { bounds });
        await expect(ethers.deployContract("PriceOracle", [setup])).to.be.revertedWithCustomError(
          w.oracle,
          "InvalidBounds",
        );
      }
      const least = { maxAgeSeconds: 1, deviationBasePpm: 1, deviationGrowthPpmPerSecond: 1 };
      for (const good of [least, WIDEST_BOUNDS]) await mined(w.oracle.setBounds(5, good));
    });

    it("are for markets that can be", async () => {
      const w = world();
      await expect(w.oracle.setBounds(8, NARROW)).to.be.revertedWithCustomError(w.oracle, "UnknownMarket").withArgs(8n);
      await expect(w.oracle.boundsOf(8)).to.be.revertedWithCustomError(w.oracle, "UnknownMarket").withArgs(8n);
    });
  });
});
