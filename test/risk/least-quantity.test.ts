import { expect } from "chai";
import fc from "fast-check";
import { compileEpoch, type EpochTerms } from "../../matcher/risk/epoch-terms.ts";
import { leastRestoringLots } from "../../matcher/risk/least-quantity.ts";
import { marginOf, type Position } from "../../matcher/risk/margin.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;

function held(collateralPicoUsd: bigint, ...lots: (number | bigint)[]): Position {
  return { collateralPicoUsd, sizesLots: sizes(...lots) };
}

function least(terms: EpochTerms, position: Position, priceTicks: bigint | number): bigint {
  const sizeLots = position.sizesLots[0] as bigint;
  return leastRestoringLots(terms, marginOf(terms, position), { market: 0, sizeLots, priceTicks: BigInt(priceTicks) });
}

/** TV − TR_m once q lots are closed at a price, with the fee or payout that the fund settles: the account keeps its TV / TR_m at least. */
function excessAfter(terms: EpochTerms, position: Position, q: bigint, priceTicks: bigint): bigint {
  const start = marginOf(terms, position);
  const size = position.sizesLots[0] as bigint;
  const signed = size > 0n ? -q : q;
  const bare = {
    collateralPicoUsd: position.collateralPicoUsd - signed * priceTicks * MICRO,
    sizesLots: position.sizesLots.with(0, size + signed),
  };
  const after = marginOf(terms, bare);
  const kept = start.valuePicoUsd * after.maintenancePicoUsd;
  const keeps = (value: bigint) => value * start.maintenancePicoUsd >= kept;
  const cap = BigInt(terms.liquidation.feeCapPpm) * q * priceTicks;
  if (keeps(after.valuePicoUsd - cap)) return after.valuePicoUsd - cap - after.maintenancePicoUsd;
  // The least value that keeps the ratio, wherever between the two bounds it is.
  let value = kept / start.maintenancePicoUsd - 1n;
  while (!keeps(value)) value++;
  return value - after.maintenancePicoUsd;
}

describe("least quantity", () => {
  const liquidation = {
    feeCapPpm: 5_000,
    spreadPpm: 1_500_000,
    bankruptcyAdjustmentPpm: 1_000_000,
    insuranceCapMicroUsd: 0n,
  };
  // Price 1,000; 5 % maintenance: 50 a lot, and a fee of 5.
  const terms = compileEpoch(sampleEpoch([{ priceTicks: 1_000 }, { priceTicks: 50 }], { liquidation }));

  it("is what is missing, by what a lot adds: its maintenance less the fee", () => {
    // Twenty lots need 1,000. At the index price a lot adds 50 − 5 = 45.
    expect(least(terms, held(-19_090n * MICRO, 20), 1_000)).to.equal(2n);
    expect(least(terms, held(-19_090n * MICRO - 1n, 20), 1_000)).to.equal(3n);
    expect(least(terms, held(-19_000n * MICRO - 1n, 20), 1_000)).to.equal(1n);
  });

  it("is the same for a short, which buys", () => {
    expect(least(terms, held(20_910n * MICRO, -20), 1_000)).to.equal(2n);
    expect(least(terms, held(20_910n * MICRO - 1n, -20), 1_000)).to.equal(3n);
  });

  it("is less at a better price than the index, more at a worse one", () => {
    // 91 are missing. At 1,010 a lot adds 50 + 10 − 5.05, at 990 it adds 50 − 10 − 4.95.
    const position = held(-19_091n * MICRO, 20);
    expect(least(terms, position, 1_010)).to.equal(2n);
    expect(least(terms, position, 1_000)).to.equal(3n);
    expect(least(terms, position, 990)).to.equal(3n);
    expect(least(terms, position, 980)).to.equal(4n);
  });

  it("is the whole position where the fee takes all that lies above the bankruptcy quote", () => {
    // TV 50 of 1,000: of each lot 2.5 lie above the bankruptcy quote, less than the fee of 5.
    expect(least(terms, held(-19_950n * MICRO, 20), 1_000)).to.equal(20n);
    // TV 100: exactly 5 a lot. The cap bounds, and the ratio stays as well: 900 missing, 45 a lot.
    expect(least(terms, held(-19_900n * MICRO, 20), 1_000)).to.equal(20n);
    expect(least(terms, held(-19_800n * MICRO, 20), 1_000)).to.equal(18n);
  });

  it("is the whole position of a bankrupt account, and where the fund pays for a bad price", () => {
    expect(least(terms, held(-20_001n * MICRO, 20), 1_000)).to.equal(20n);
    expect(least(terms, held(-19_500n * MICRO, 20), 900)).to.equal(20n);
  });

  it("is the whole position if a part of it is not enough, with others to come", () => {
    const position = held(-19_900n * MICRO - 990n * MICRO, 20, 20);
    expect(least(terms, position, 1_000)).to.equal(20n);
  });

  it("stops a lot before the last where a fraction of a pico-USD is rounded to the account", () => {
    // One pico-USD is missing. Whatever is closed at the bankruptcy quote, the rounding makes up for it.
    const fine = compileEpoch(sampleEpoch([{ priceTicks: 1, mmfPpm: 1 }], { liquidation }));
    const position = held(-20n * MICRO + 19n, 20);
    expect(marginOf(fine, position)).to.include({ valuePicoUsd: 19n, maintenancePicoUsd: 20n });
    expect(least(fine, position, 1)).to.equal(1n);
    expect(excessAfter(fine, position, 1n, 1n)).to.equal(0n);
  });

  it("is the whole position where the market asks for no maintenance", () => {
    const free = compileEpoch(sampleEpoch([{ priceTicks: 1_000, mmfPpm: 0 }, { priceTicks: 50 }], { liquidation }));
    expect(least(free, held(-20_001n * MICRO, 20), 1_000)).to.equal(20n);
    expect(least(free, held(-21_000n * MICRO, 20, 20), 1_000)).to.equal(20n);
  });

  it("is refused to an account that meets maintenance, and without a position", () => {
    expect(() => least(terms, held(-19_000n * MICRO, 20), 1_000)).to.throw(RangeError, "meets maintenance");
    expect(() => least(terms, held(-1n, 0), 1_000)).to.throw(RangeError, "no position");
  });

  it("restores at the answer and not with a lot less, over random accounts and prices", () => {
    let parts = 0;
    let wholes = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        fc.integer({ min: -30, max: 30 }),
        fc.oneof(fc.bigInt(1n, 1_500n * MICRO), fc.bigInt(1n, 100n * MICRO), fc.bigInt(1n, 20n)),
        fc.integer({ min: -150, max: 60 }),
        fc.constantFrom(0, 1, 5_000, 20_000, 1_000_000),
        fc.constantFrom(1, 333, 50_000, 300_000),
        (lots, long, other, missing, ahead, feeCapPpm, mmfPpm) => {
          const given = compileEpoch(
            sampleEpoch([{ priceTicks: 1_000, mmfPpm }, { priceTicks: 50 }], {
              liquidation: { ...liquidation, feeCapPpm },
            }),
          );
          const bare = held(0n, long ? lots : -lots, other);
          const { valuePicoUsd, maintenancePicoUsd } = marginOf(given, bare);
          const position = { ...bare, collateralPicoUsd: maintenancePicoUsd - valuePicoUsd - missing };
          const price = BigInt(long ? 1_000 + ahead : 1_000 - ahead);
          const found = least(given, position, price);
          const whole = BigInt(lots);
          for (let q = 1n; q < found; q++) expect(excessAfter(given, position, q, price) < 0n, `${q}`).to.equal(true);
          if (found < whole) {
            expect(excessAfter(given, position, found, price) >= 0n).to.equal(true);
            parts++;
          } else wholes++;
          // Rule 8, which a chain of fills meets lot by lot.
          const short = -missing;
          expect(short + (found - 1n) * excessAfter(given, position, found, price) < 0n).to.equal(true);
        },
      ),
      { numRuns: 2_000, seed: 61 },
    );
    expect(parts).to.be.greaterThan(300);
    expect(wholes).to.be.greaterThan(300);
  });
});
