import { expect } from "chai";
import fc from "fast-check";
import { compileEpoch, type EpochTerms } from "../../matcher/risk/epoch-terms.ts";
import { fillablePriceTicksSafeSide } from "../../matcher/risk/fillable-price.ts";
import { type Margin, marginOf } from "../../matcher/risk/margin.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const LIQUIDATION = {
  feeCapPpm: 5_000,
  spreadPpm: 1_500_000,
  bankruptcyAdjustmentPpm: 1_000_000,
  insuranceCapMicroUsd: 0n,
};

function margin(valuePicoUsd: bigint, maintenancePicoUsd: bigint): Margin {
  return { valuePicoUsd, initialPicoUsd: 2n * maintenancePicoUsd, maintenancePicoUsd };
}

/** Rule 7 of docs/protocol.md §5a, word for word. */
function holds(terms: EpochTerms, sells: boolean, priceTicks: bigint, lots: bigint, at: Margin): boolean {
  const { spreadPpm, bankruptcyAdjustmentPpm } = terms.liquidation;
  const market = terms.markets[0];
  if (market === undefined) throw new Error("no market");
  const requiredPico = at.maintenancePicoUsd;
  const shortBy = BigInt(bankruptcyAdjustmentPpm) * (requiredPico - at.valuePicoUsd);
  const x = shortBy < MICRO * requiredPico ? shortBy : MICRO * requiredPico;
  const sign = sells ? 1n : -1n;
  const quote = lots * priceTicks;
  const distance = sign * (quote - lots * market.priceTicks) * 10n ** 18n * requiredPico;
  return distance + x * BigInt(spreadPpm) * lots * market.priceTicks * market.maintenancePpm >= 0n;
}

describe("fillable price", () => {
  // A price of 1,000,000 and 5 % maintenance: the whole spread is 75,000 ticks.
  const terms = compileEpoch(sampleEpoch([{ priceTicks: 1_000_000 }], { liquidation: LIQUIDATION }));
  const price = (side: "buy" | "sell", at: Margin, given = terms) =>
    fillablePriceTicksSafeSide(given, { market: 0, side }, at);

  it("is off the index price in proportion to what is missing of maintenance margin", () => {
    expect(price("sell", margin(50n, 100n))).to.equal(962_500n);
    expect(price("buy", margin(50n, 100n))).to.equal(1_037_500n);
    expect(price("sell", margin(99n, 100n))).to.equal(999_250n);
  });

  it("is off by the whole spread for a bankrupt account, and no further", () => {
    expect(price("sell", margin(0n, 100n))).to.equal(925_000n);
    expect(price("sell", margin(-1n, 100n))).to.equal(925_000n);
    expect(price("buy", margin(-10_000n, 100n))).to.equal(1_075_000n);
  });

  it("reaches the whole spread earlier with a greater adjustment", () => {
    const steep = { ...LIQUIDATION, bankruptcyAdjustmentPpm: 4_000_000 };
    const given = compileEpoch(sampleEpoch([{ priceTicks: 1_000_000 }], { liquidation: steep }));
    expect(price("sell", margin(75n, 100n), given)).to.equal(925_000n);
    expect(price("sell", margin(76n, 100n), given)).to.equal(928_000n);
  });

  it("is the index price at maintenance margin and above", () => {
    expect(price("sell", margin(100n, 100n))).to.equal(1_000_000n);
    expect(price("buy", margin(500n, 100n))).to.equal(1_000_000n);
    expect(price("sell", margin(-5n, 0n))).to.equal(1_000_000n);
  });

  it("is rounded in the account's favour", () => {
    // 75,000 / 3 · 2 = 50,000 exactly; one pico-USD less missing is a little less.
    expect(price("sell", margin(1n, 3n))).to.equal(950_000n);
    expect(price("sell", margin(100_000_001n, 300_000_000n))).to.equal(950_001n);
    expect(price("buy", margin(100_000_001n, 300_000_000n))).to.equal(1_049_999n);
  });

  it("is at least one tick, however wide the spread", () => {
    const wide = compileEpoch(
      sampleEpoch([{ priceTicks: 100, mmfPpm: 600_000 }], { liquidation: { ...LIQUIDATION, spreadPpm: 4_000_000 } }),
    );
    expect(price("sell", margin(-1n, 100n), wide)).to.equal(1n);
    expect(price("buy", margin(-1n, 100n), wide)).to.equal(340n);
  });

  it("is (PNNV − ABR·SMMR·PMMR) / PS: the formula of a whole position, over all its sizes", () => {
    for (const size of [7n, -7n, 1n, -123_456n]) {
      const position = { collateralPicoUsd: 0n, sizesLots: sizes(size) };
      const { maintenancePicoUsd, valuePicoUsd } = marginOf(terms, position);
      const at = margin(maintenancePicoUsd / 2n, maintenancePicoUsd);
      // ABR = 1/2; SMMR = 3/2; everything is even enough to be exact.
      const fillable = (valuePicoUsd - (maintenancePicoUsd * 3n) / 4n) / size / MICRO;
      expect(price(size > 0n ? "sell" : "buy", at)).to.equal(fillable);
    }
  });

  it("is the last price that rule 7 allows, for any number of lots", () => {
    const ppm = fc.integer({ min: 0, max: 2 ** 20 - 1 });
    const amount = fc.oneof(fc.bigInt(1n, 10n ** 6n), fc.bigInt(1n, 2n ** 94n));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        ppm,
        fc.integer({ min: 0, max: 2 ** 22 - 1 }),
        fc.oneof(fc.integer({ min: 0, max: 2 ** 24 - 1 }), fc.constant(1_000_000)),
        amount,
        fc.bigInt(-(2n ** 96n), 2n ** 94n),
        fc.bigInt(1n, 2n ** 40n - 1n),
        fc.boolean(),
        (priceTicks, mmfPpm, spreadPpm, bankruptcyAdjustmentPpm, maintenance, excess, lots, sells) => {
          const liquidation = { ...LIQUIDATION, spreadPpm, bankruptcyAdjustmentPpm };
          const given = compileEpoch(sampleEpoch([{ priceTicks, mmfPpm }], { liquidation }));
          const at = margin(excess < maintenance ? excess : maintenance - 1n, maintenance);
          const limit = price(sells ? "sell" : "buy", at, given);
          expect(holds(given, sells, limit, lots, at)).to.equal(true);
          if (!sells) expect(holds(given, sells, limit + 1n, lots, at)).to.equal(false);
          else if (limit > 1n) expect(holds(given, sells, limit - 1n, lots, at)).to.equal(false);
        },
      ),
      { numRuns: 2_000, seed: 31 },
    );
  });
});
