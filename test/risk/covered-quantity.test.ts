import { expect } from "chai";
import fc from "fast-check";
import { closingAmounts } from "../../matcher/risk/bankruptcy.ts";
import { mostCoveredLots } from "../../matcher/risk/covered-quantity.ts";
import { compileEpoch, type EpochTerms } from "../../matcher/risk/epoch-terms.ts";
import { insuranceAvailablePicoUsd } from "../../matcher/risk/insurance-available.ts";
import { marginOf, type Position } from "../../matcher/risk/margin.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;

function held(collateralPicoUsd: bigint, ...lots: (number | bigint)[]): Position {
  return { collateralPicoUsd, sizesLots: sizes(...lots) };
}

function most(terms: EpochTerms, position: Position, priceTicks: bigint | number, leftPicoUsd: bigint): bigint {
  const sizeLots = position.sizesLots[0] as bigint;
  const reduction = { market: 0, sizeLots, priceTicks: BigInt(priceTicks) };
  return mostCoveredLots(terms, marginOf(terms, position), reduction, leftPicoUsd);
}

describe("covered quantity", () => {
  // Price 1,000; 5 % maintenance: 50 a lot.
  const terms = compileEpoch(sampleEpoch([{ priceTicks: 1_000 }, { priceTicks: 50 }]));

  it("is the whole position at the bankruptcy price and above it, whatever the fund holds", () => {
    // TV 100 for twenty lots: 5 a lot.
    expect(most(terms, held(-19_900n * MICRO, 20), 995, 0n)).to.equal(20n);
    expect(most(terms, held(20_100n * MICRO, -20), 1_005, 0n)).to.equal(20n);
    expect(most(terms, held(-19_900n * MICRO, 20), 1_000, -5n)).to.equal(20n);
  });

  it("is what the fund can pay for below it", () => {
    // At 990 a lot is 5 short, to the pico-USD.
    const position = held(-19_900n * MICRO, 20);
    expect(most(terms, position, 990, 100n * MICRO)).to.equal(20n);
    expect(most(terms, position, 990, 100n * MICRO - 1n)).to.equal(19n);
    expect(most(terms, position, 990, 5n * MICRO)).to.equal(1n);
    expect(most(terms, position, 990, 5n * MICRO - 1n)).to.equal(0n);
    expect(most(terms, held(20_100n * MICRO, -20), 1_010, 10n * MICRO)).to.equal(2n);
  });

  it("is nothing below it when the fund has nothing, or owes", () => {
    expect(most(terms, held(-19_900n * MICRO, 20), 994, 0n)).to.equal(0n);
    expect(most(terms, held(-19_900n * MICRO, 20), 994, -1n)).to.equal(0n);
  });

  it("is the whole position where nothing is required, for then nothing is paid", () => {
    const free = compileEpoch(sampleEpoch([{ priceTicks: 1_000, mmfPpm: 0 }]));
    expect(most(free, held(-20_001n * MICRO, 20), 900, 0n)).to.equal(20n);
  });

  it("is the most whose payout the fund holds, over random accounts and prices", () => {
    let cut = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        fc.integer({ min: -20, max: 20 }),
        fc.bigInt(1n, 2_000n * MICRO),
        fc.integer({ min: -100, max: 50 }),
        fc.bigInt(0n, 2_000n * MICRO),
        fc.constantFrom(0, 1, 333, 50_000, 300_000),
        (lots, long, other, missing, ahead, left, mmfPpm) => {
          const given = compileEpoch(sampleEpoch([{ priceTicks: 1_000, mmfPpm }, { priceTicks: 50 }]));
          const bare = held(0n, long ? lots : -lots, other);
          const { valuePicoUsd, maintenancePicoUsd } = marginOf(given, bare);
          const position = { ...bare, collateralPicoUsd: maintenancePicoUsd - valuePicoUsd - missing };
          const price = BigInt(long ? 1_000 + ahead : 1_000 - ahead);
          let expected = 0n;
          for (let q = 1n; q <= BigInt(lots); q++) {
            const side = long ? ("sell" as const) : ("buy" as const);
            const closing = { market: 0, side, quantityLots: q, quoteMicroUsd: q * price };
            if (closingAmounts(given, position, closing).payoutPicoUsd <= left) expected = q;
          }
          expect(most(given, position, price, left)).to.equal(expected);
          if (expected > 0n && expected < BigInt(lots)) cut++;
        },
      ),
      { numRuns: 2_000, seed: 71 },
    );
    expect(cut).to.be.greaterThan(100);
  });

  it("depends on the lesser of what is left of the cap and what the fund holds", () => {
    expect(insuranceAvailablePicoUsd({ capPicoUsd: 100n, spentPicoUsd: 30n, fundPicoUsd: 80n })).to.equal(70n);
    expect(insuranceAvailablePicoUsd({ capPicoUsd: 100n, spentPicoUsd: 10n, fundPicoUsd: 80n })).to.equal(80n);
    expect(insuranceAvailablePicoUsd({ capPicoUsd: 100n, spentPicoUsd: 100n, fundPicoUsd: 80n })).to.equal(0n);
  });
});
