import { expect } from "chai";
import { DEVNET_LIQUIDATION } from "../../matcher/protocol/devnet-markets.ts";
import { epochHash, epochRecord, liquidationTermsWord, marketFromWord } from "../../matcher/protocol/epoch-record.ts";
import { exitHaircutsWord } from "../../matcher/protocol/lane-words.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { closedMarket } from "../../matcher/risk/epoch-terms.ts";
import { devnetParameters } from "../../scripts/devnet/risk-parameters.ts";
import { blockTimeSeconds, ethers, mined, setNextBlockTime } from "./chain.ts";
import { deployEpochSources } from "./epoch-sources.ts";
import { type OpeningTerms, openEpoch, openingOf, SEED_PRICES_TICKS, sendOpening } from "./epochs.ts";
import { as, deployWorld, type Setup, useWorld, type World } from "./exchange-world.ts";
import { deployExchange } from "./linked-exchange.ts";

const none = () => new Array<bigint>(MARKETS).fill(0n);

function onlyMarket(market: number, delta: bigint): bigint[] {
  const deltas = none();
  deltas[market] = delta;
  return deltas;
}

/** Sends an opening for the epoch `elapsed` seconds after the last one, in a block of that very time. */
async function sendAfter(w: World, elapsed: number, terms: OpeningTerms = {}) {
  const last = w.model.epochs.at(-1)?.timeSeconds ?? (await blockTimeSeconds());
  const timeSeconds = last + elapsed;
  await setNextBlockTime(timeSeconds);
  return sendOpening(w, { ...terms, timeSeconds });
}

describe("Exchange.openEpoch", () => {
  const world = useWorld(() => deployWorld());
  const refusal = (sent: Promise<unknown>, error: string) =>
    expect(sent).to.be.revertedWithCustomError(world().exchange, error);

  describe("what it fixes", () => {
    it("prices, margin fractions, bands, caps, time, version and journal head, under their hash", async () => {
      const w = world();
      const epoch = await openEpoch(w, { journalHead: 77n });
      expect(epoch).to.deep.include({ number: 1, paramVersion: 1, rebateCapPpm: 100, journalHead: 77n });
      expect(epoch.markets[0]).to.deep.equal({
        priceTicks: 650_000,
        imfPpm: 50_000,
        mmfPpm: 30_000,
        priceMinTicks: 617_500,
        priceMaxTicks: 682_500,
        fundingIndexPicoUsd: 0n,
        grossOpenInterestCapLots: 400_000_000n,
        restricted: false,
        retired: false,
        isolatedOnly: false,
        positionCapLots: 100_000_000n,
        exitHaircutPpm: 15_000,
      });
      expect(epoch.liquidation).to.deep.equal(DEVNET_LIQUIDATION);
      expect(await w.exchange.epochHash(1)).to.equal(epochHash(epochRecord(epoch)));
      expect(await w.exchange.epochHash(2)).to.equal(`0x${"0".repeat(64)}`);
    });

    it("gives a market that is not live an empty band and no price", async () => {
      const w = world();
      const prices = SEED_PRICES_TICKS.map((price) => price || 999);
      const epoch = await openEpoch(w, { prices });
      for (const market of [4, 5, 6, 7]) {
        expect(epoch.markets[market]).to.deep.equal(closedMarket());
      }
    });

    it("rounds bands inward, and ends them with the width of a price", async () => {
      const w = world();
      const prices = [...SEED_PRICES_TICKS];
      prices.splice(0, 4, 1, 19, 2 ** 32 - 1, 21);
      const epoch = await openEpoch(w, { prices });
      const bands = epoch.markets.slice(0, 4).map(({ priceMinTicks, priceMaxTicks }) => [priceMinTicks, priceMaxTicks]);
      // ±5 %: 0.95 … 1.05, 18.05 … 19.95, …, 19.95 … 22.05.
      expect(bands).to.deep.equal([
        [1, 1],
        [19, 19],
        [4080218931, 2 ** 32 - 1],
        [20, 22],
      ]);
    });

    it("counts from 1 and takes the newest parameters", async () => {
      const w = world();
      await openEpoch(w);
      const parameters = devnetParameters();
      parameters.rebateCapPpm = 55;
      const [market] = parameters.markets;
      if (market === undefined) throw new Error("no market");
      market.imfPpm = 100_000;
      await mined(w.registry.appendParameters(parameters));
      const epoch = await openEpoch(w);
      expect(epoch).to.deep.include({ number: 2, paramVersion: 2, rebateCapPpm: 55 });
      expect(epoch.markets[0]?.imfPpm).to.equal(100_000);
      const latest = await w.exchange.latestEpoch();
      expect(latest.number).to.equal(2n);
      expect(latest.timeSeconds).to.equal(BigInt(epoch.timeSeconds));
      expect(latest.paramVersion).to.equal(2n);
      expect(latest.roundNumber).to.equal(2n);
    });

    it("submits the round in the same transaction, and says which in its event", async () => {
      const w = world();
      const opening = await openingOf(w);
      const { abiHash } = await import("../../matcher/protocol/abi-hash.ts");
      const words = [opening.round.number, opening.round.timeSeconds, ...SEED_PRICES_TICKS].map(BigInt);
      const roundHash = abiHash(words);
      const sent = as(w, w.operator).openEpoch(opening);
      await expect(sent).to.emit(w.oracle, "RoundVerified");
      await expect(sent)
        .to.emit(w.exchange, "EpochOpened")
        .withArgs(
          1n,
          opening.timeSeconds,
          1n,
          100n,
          0xabcn,
          liquidationTermsWord(DEVNET_LIQUIDATION),
          roundHash,
          (words: bigint[]) => marketFromWord(words[1] ?? 0n, 0n, 0).priceTicks === 300_000,
          () => true,
          exitHaircutsWord([15_000, 15_000, 25_000, 25_000]),
        );
      expect(await w.oracle.isVerified(roundHash)).to.equal(true);
    });

    it("takes a round that the oracle already has", async () => {
      const w = world();
      const opening = await openingOf(w);
      await mined(w.oracle.submitRound(opening.round));
      await mined(as(w, w.operator).openEpoch(opening));
      expect(await w.exchange.epochHash(1)).to.not.equal(`0x${"0".repeat(64)}`);
    });

    it("may use the last epoch's round again while it is fresh", async () => {
      const w = world();
      const first = await openEpoch(w);
      const again = await openEpoch(w, {
        roundNumber: 1,
        roundTimeSeconds: first.timeSeconds,
        timeSeconds: first.timeSeconds + 5,
      });
      expect(again.number).to.equal(2);
      expect((await w.exchange.latestEpoch()).roundNumber).to.equal(1n);
    });
  });

  describe("time", () => {
    it("takes the block's time and five minutes before it", async () => {
      const w = world();
      const now = (await blockTimeSeconds()) + 1000;
      await setNextBlockTime(now);
      await mined(sendOpening(w, { timeSeconds: now - 300, roundTimeSeconds: now }));
      await setNextBlockTime(now + 1);
      w.model.nextRound++;
      await mined(sendOpening(w, { timeSeconds: now + 1 }));
    });

    it("refuses a second more, on both sides", async () => {
      const w = world();
      const now = (await blockTimeSeconds()) + 1000;
      for (const timeSeconds of [now - 301, now + 1]) {
        await setNextBlockTime(now);
        await refusal(sendOpening(w, { timeSeconds, roundTimeSeconds: now }), "EpochTimeOutOfBounds").withArgs(
          timeSeconds,
          now,
        );
      }
    });

    it("refuses the last epoch's time, and an earlier one", async () => {
      const w = world();
      const { timeSeconds } = await openEpoch(w);
      for (const given of [timeSeconds, timeSeconds - 10]) {
        await setNextBlockTime(timeSeconds + 5);
        await refusal(
          sendOpening(w, { timeSeconds: given, roundTimeSeconds: timeSeconds + 5 }),
          "EpochTimeNotIncreasing",
        ).withArgs(timeSeconds, given);
      }
    });
  });

  describe("who and what", () => {
    it("refuses anybody but the operator", async () => {
      const w = world();
      const opening = await openingOf(w);
      await refusal(as(w, w.owner).openEpoch(opening), "NotOperator").withArgs(w.owner.address);
    });

    it("refuses any parameter version but the newest", async () => {
      const w = world();
      await mined(w.registry.appendParameters(devnetParameters()));
      for (const paramVersion of [0, 1, 3]) {
        await refusal(sendOpening(w, { paramVersion }), "StaleParameterVersion").withArgs(2n, paramVersion);
      }
    });

    it("refuses to open without any parameters", async () => {
      const w = world();
      const { addresses } = await deployEpochSources(w.owner, (name, args) => ethers.deployContract(name, args), [
        w.reporter.address,
      ]);
      const setup: Setup = {
        token: await w.token.getAddress(),
        ...addresses,
        owner: w.owner.address,
        operator: w.operator.address,
        insuranceOwner: w.insuranceOwner.address,
        minimumDepositMicroUsd: 1n,
        depositCapMicroUsd: 1n,
        requestFeeWei: 0n,
        verifiers: [],
      };
      const bare = await deployExchange(ethers, setup);
      const opening = await openingOf(w, { paramVersion: 0 });
      await expect(bare.connect(w.operator).getFunction("openEpoch")(opening))
        .to.be.revertedWithCustomError(w.registry, "UnknownParameterVersion")
        .withArgs(0n, 0n);
    });

    it("refuses an older round than the oracle's newest", async () => {
      const w = world();
      const first = await openEpoch(w);
      const second = await openEpoch(w);
      await refusal(
        sendAfter(w, 5, { roundNumber: 1, roundTimeSeconds: first.timeSeconds }),
        "RoundOutOfOrder",
      ).withArgs(2n, 1n);
      expect(second.number).to.equal(2);
    });

    it("refuses to go without a round that has come to the oracle meanwhile", async () => {
      const w = world();
      const { timeSeconds } = await openEpoch(w);
      await refusal(sendAfter(w, 5, { withoutRound: true, roundNumber: 0 }), "RoundOutOfOrder").withArgs(1n, 0n);
      await refusal(sendAfter(w, 5, { withoutRound: true, roundNumber: 2 }), "RoundOutOfOrder").withArgs(1n, 2n);
      await mined(sendAfter(w, 5, { withoutRound: true, roundNumber: 1 }));
      expect((await w.exchange.latestEpoch()).timeSeconds).to.equal(BigInt(timeSeconds + 5));
    });

    it("refuses what the oracle refuses", async () => {
      const w = world();
      const now = await blockTimeSeconds();
      await expect(sendOpening(w, { roundTimeSeconds: now - 1000 })).to.be.revertedWithCustomError(
        w.oracle,
        "RoundTooOld",
      );
    });
  });

  describe("funding", () => {
    it("adds to the indices within rate · price · elapsed, in both directions", async () => {
      const w = world();
      await openEpoch(w);
      // 15,000 ppm an hour, 650,000 ticks, 60 s: 15,000 · 650,000 / 60 = 162,500,000 pico-USD a lot.
      const deltas = [162_500_000n, -75_000_000n, 0n, 1n, 0n, 0n, 0n, 0n];
      await mined(sendAfter(w, 60, { fundingDeltas: deltas }));
      w.model.nextRound++;
      const latest = await w.exchange.latestEpoch();
      expect([...latest.fundingIndicesPicoUsd]).to.deep.equal(deltas);
      const epoch = await openEpoch(w, { timeSeconds: Number(latest.timeSeconds) + 60, fundingDeltas: deltas });
      expect(epoch.markets.map((market) => market.fundingIndexPicoUsd)).to.deep.equal(
        deltas.map((delta) => 2n * delta),
      );
    });

    it("refuses one pico-USD more, in both directions", async () => {
      const w = world();
      await openEpoch(w);
      const bound = 162_500_000n;
      for (const delta of [bound + 1n, -bound - 1n]) {
        await refusal(sendAfter(w, 60, { fundingDeltas: onlyMarket(0, delta) }), "FundingDeltaOutOfBounds").withArgs(
          0n,
          delta,
          bound,
        );
      }
    });

    it("does not round the bound in the operator's favour", async () => {
      const w = world();
      await openEpoch(w);
      // Market 3: 15,000 ticks, 7 s: 15,000 · 15,000 · 7 / 3600 = 437,500 exactly; 1 s: 62,500.
      await refusal(sendAfter(w, 1, { fundingDeltas: onlyMarket(3, 62_501n) }), "FundingDeltaOutOfBounds");
      const prices = [...SEED_PRICES_TICKS];
      prices[3] = 15_001;
      // 15,000 · 15,001 / 3600 = 62,504.1…
      await refusal(sendAfter(w, 1, { prices, fundingDeltas: onlyMarket(3, 62_505n) }), "FundingDeltaOutOfBounds");
      await mined(sendAfter(w, 1, { prices, fundingDeltas: onlyMarket(3, 62_504n) }));
    });

    it("refuses any before time has passed, and for a market that is not live", async () => {
      const w = world();
      await refusal(sendOpening(w, { fundingDeltas: onlyMarket(0, 1n) }), "FundingDeltaOutOfBounds").withArgs(
        0n,
        1n,
        0n,
      );
      const prices = SEED_PRICES_TICKS.map((price) => price || 1000);
      await openEpoch(w, { prices });
      await refusal(
        sendAfter(w, 60, { prices, fundingDeltas: onlyMarket(6, -1n) }),
        "FundingWithoutFreshPrice",
      ).withArgs(6n, -1n);
    });

    it("refuses an index that leaves its 63 bits, by one unit", async () => {
      const w = world();
      const parameters = devnetParameters();
      parameters.maxFundingRatePpmPerHour = 1_000_000;
      await mined(w.registry.appendParameters(parameters));
      const prices = [...SEED_PRICES_TICKS];
      prices[0] = 2 ** 32 - 1;
      await openEpoch(w, { prices });
      // A long silence: 2^63 pico-USD a lot need 2,148 hours at 100 % an hour of the greatest price.
      const elapsed = 2200 * 3600;
      const greatest = 2n ** 63n - 1n;
      await mined(sendAfter(w, elapsed, { prices, fundingDeltas: onlyMarket(0, greatest) }));
      w.model.nextRound++;
      const latest = await w.exchange.latestEpoch();
      const timeSeconds = Number(latest.timeSeconds) + 60;
      await setNextBlockTime(timeSeconds);
      await refusal(
        sendOpening(w, { timeSeconds, prices, fundingDeltas: onlyMarket(0, 1n) }),
        "FundingIndexOutOfRange",
      ).withArgs(0n, greatest + 1n);
      await setNextBlockTime(timeSeconds + elapsed * 3);
      const down = openEpoch(w, {
        timeSeconds: timeSeconds + elapsed * 3,
        prices,
        fundingDeltas: onlyMarket(0, -greatest),
      });
      expect((await down).markets[0]?.fundingIndexPicoUsd).to.equal(0n);
      const last = timeSeconds + elapsed * 6;
      await setNextBlockTime(last);
      await refusal(
        sendOpening(w, { timeSeconds: last, prices, fundingDeltas: onlyMarket(0, -(2n ** 63n)) }),
        "FundingIndexOutOfRange",
      ).withArgs(0n, -(2n ** 63n));
    });
  });
});
