import { expect } from "chai";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { openInterestScaledImfPpmCeil, openNotionalMicroUsd } from "../../matcher/risk/open-interest.ts";
import { devnetParameters, MARKET_STATUS } from "../../scripts/devnet/risk-parameters.ts";
import { settle } from "../contracts/batches.ts";
import { blockTimeSeconds, type Callable, ethers, mined } from "../contracts/chain.ts";
import { openEpoch } from "../contracts/epochs.ts";
import { deployWorld } from "../contracts/exchange-world.ts";
import { Seeded } from "../protocol/seeded.ts";
import { exactVectors } from "../risk/exact-json.ts";
import type vectors from "../vectors/v4_margin_fractions_oimf.json";

type ScaledMargin = Callable<"notionalMicroUsd" | "scaledImfPpmCeil">;

interface ScaledCase {
  kind: string;
  name: string;
  initialMarginPpm: bigint;
  lowerCap: bigint;
  upperCap: bigint;
  openNotional: bigint;
}

/** A number of up to so many bits, small ones as often as large ones. */
function anyBelow(random: Seeded, bits: number): bigint {
  return random.field() % 2n ** BigInt(1 + random.integer(bits));
}

describe("Open-interest scaling in the contract and in the matcher", () => {
  let contract: ScaledMargin;
  before(async () => {
    contract = (await ethers.deployContract("ScaledMargin")) as unknown as ScaledMargin;
  });

  async function expectSame(base: number, lower: bigint, upper: bigint, notional: bigint): Promise<void> {
    const scaling = { baseImfPpm: base, lowerCapMicroUsd: lower, upperCapMicroUsd: upper };
    const found = await contract.scaledImfPpmCeil(base, lower, upper, notional);
    expect(Number(found), `${base} ${lower} ${upper} ${notional}`).to.equal(
      openInterestScaledImfPpmCeil(scaling, notional),
    );
  }

  // A base above 100 %, which v4 has for one tier, is refused by the registry.
  const cases = (exactVectors<typeof vectors>("v4_margin_fractions_oimf").cases as unknown as ScaledCase[]).filter(
    ({ kind, initialMarginPpm }) =>
      (kind === "oiScaledImfPpm" || kind === "initialMarginQuote") && initialMarginPpm <= 1_000_000n,
  );
  it("agree on v4's cases", async () => {
    expect(cases.length).to.be.above(8);
    for (const { initialMarginPpm, lowerCap, upperCap, openNotional } of cases) {
      await expectSame(Number(initialMarginPpm), lowerCap, upperCap, openNotional);
    }
  });

  it("agree at the bounds, to the micro-USD, and where they meet", async () => {
    for (const [base, lower, upper] of [
      [50_000, 10n ** 12n, 3n * 10n ** 12n],
      [1, 1n, 2n],
      [999_999, 0n, 7n],
      [1_000_000, 5n, 9n],
      [20_000, 8n, 8n],
      [20_000, 0n, 0n],
      [20_000, 2n ** 96n - 2n, 2n ** 96n - 1n],
    ] as const) {
      for (const bound of [lower, upper]) {
        for (const by of [-1n, 0n, 1n]) if (bound + by >= 0n) await expectSame(base, lower, upper, bound + by);
      }
    }
  });

  it("agree on random cases", async () => {
    const random = new Seeded("open-interest scaling");
    for (let i = 0; i < 500; i++) {
      const [first, second] = [anyBelow(random, 96), anyBelow(random, 96)];
      const [lower, upper] = first < second ? [first, second] : [second, first];
      const between = upper === lower ? lower : lower + (random.field() % (upper - lower));
      const notional = random.integer(3) === 0 ? anyBelow(random, 79) : between;
      await expectSame(random.integer(1_000_001), lower, upper, notional);
    }
    for (let i = 0; i < 50; i++) {
      const [lots, price] = [anyBelow(random, 48), Number(anyBelow(random, 32))];
      expect(await contract.notionalMicroUsd(lots, price)).to.equal(openNotionalMicroUsd(lots, price));
    }
  });

  it("agree in epochs: the last settled batch's open interest at the epoch's price", async () => {
    const w = await deployWorld();
    const random = new Seeded("epochs with open interest");
    for (let i = 0; i < 20; i++) {
      const parameters = devnetParameters();
      for (const [market, terms] of parameters.markets.entries()) {
        if (terms.status !== MARKET_STATUS.live) continue;
        const [first, second] = [anyBelow(random, 70), anyBelow(random, 70)];
        terms.openInterestLowerCapMicroUsd = first < second ? first : second;
        terms.openInterestUpperCapMicroUsd = first < second ? second : first;
        terms.imfPpm = terms.mmfPpm + random.integer(1_000_001 - terms.mmfPpm);
        if (market === 3 && i % 4 === 0) Object.assign(terms, scalingOff);
      }
      await mined(w.registry.appendParameters(parameters));
      const grossLots = Array.from({ length: MARKETS }, () => anyBelow(random, 48));
      if (i > 0) await settle(w, { grossOpenInterestAfterLots: grossLots });
      const before = w.model.sharedState.grossOpenInterestLots;
      const epoch = await openEpoch(w, { timeSeconds: (await blockTimeSeconds()) + 10 });
      for (const [market, terms] of parameters.markets.entries()) {
        if (terms.status !== MARKET_STATUS.live) continue;
        const { priceTicks, imfPpm } = epoch.markets[market] as (typeof epoch.markets)[number];
        const notional = openNotionalMicroUsd(before[market] as bigint, priceTicks);
        const scaling = {
          baseImfPpm: terms.imfPpm,
          lowerCapMicroUsd: terms.openInterestLowerCapMicroUsd,
          upperCapMicroUsd: terms.openInterestUpperCapMicroUsd,
        };
        expect(imfPpm).to.equal(openInterestScaledImfPpmCeil(scaling, notional));
      }
    }
  }).timeout(20_000);
});

const scalingOff = { openInterestLowerCapMicroUsd: 0n, openInterestUpperCapMicroUsd: 0n };
