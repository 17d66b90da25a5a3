import { expect } from "chai";
import fc from "fast-check";
import { largestDeleveragingLots } from "../../matcher/risk/deleveraging-quantity.ts";
import { compileEpoch, type EpochTerms } from "../../matcher/risk/epoch-terms.ts";
import { marginOf, type Position } from "../../matcher/risk/margin.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;

function held(collateralPicoUsd: bigint, ...lots: (number | bigint)[]): Position {
  return { collateralPicoUsd, sizesLots: sizes(...lots) };
}

function largest(terms: EpochTerms, account: Position, counterparty: Position, leftPicoUsd: bigint): bigint {
  const side = (position: Position) => ({
    margin: marginOf(terms, position),
    sizeLots: position.sizesLots[0] as bigint,
  });
  return largestDeleveragingLots(terms, 0, side(account), side(counterparty), leftPicoUsd);
}

/** Whether the counterparty would end with TV ≥ TR_m, from the positions themselves. */
function works(
  terms: EpochTerms,
  account: Position,
  counterparty: Position,
  leftPicoUsd: bigint,
  lots: bigint,
): boolean {
  const { valuePicoUsd, maintenancePicoUsd } = marginOf(terms, account);
  const market = terms.markets[0];
  if (market === undefined) throw new Error("no market");
  const lotsMaintenance = lots * market.lotMaintenancePicoUsd;
  // The least payout after which TV / TR_m has not fallen, by trial.
  let payout = maintenancePicoUsd === 0n ? 0n : (-valuePicoUsd * lotsMaintenance) / maintenancePicoUsd;
  while ((valuePicoUsd + payout) * maintenancePicoUsd < valuePicoUsd * (maintenancePicoUsd - lotsMaintenance)) payout++;
  const paid = payout > leftPicoUsd ? payout - leftPicoUsd : 0n;
  const size = counterparty.sizesLots[0] as bigint;
  const signed = size > 0n ? -lots : lots;
  const final = {
    collateralPicoUsd: counterparty.collateralPicoUsd - signed * market.lotValuePicoUsd - paid,
    sizesLots: counterparty.sizesLots.with(0, size + signed),
  };
  const after = marginOf(terms, final);
  return after.valuePicoUsd >= after.maintenancePicoUsd;
}

describe("largest deleveraging", () => {
  // Price 100, 5 % maintenance.
  const terms = compileEpoch(sampleEpoch([{}]));
  const bankrupt = held(-1_100n * MICRO, 10); // TV −100, TR_m 50

  it("is all lots that both hold while the fund pays", () => {
    expect(largest(terms, bankrupt, held(1_500n * MICRO, -10), 100n * MICRO)).to.equal(10n);
    expect(largest(terms, bankrupt, held(900n * MICRO, -6), 100n * MICRO)).to.equal(6n);
    expect(largest(terms, bankrupt, held(9_000n * MICRO, -60), 100n * MICRO)).to.equal(10n);
  });

  it("asks nothing of a counterparty's equity as long as the fund pays, down to its maintenance margin", () => {
    // TV 50 and TR_m 50: afterwards 50 and nothing.
    expect(largest(terms, bankrupt, held(1_050n * MICRO, -10), 100n * MICRO)).to.equal(10n);
  });

  it("lets the counterparty pay what the fund cannot, as far as it stays at maintenance", () => {
    // All ten lots: payout 100. With TV 100 of 50 the counterparty can pay 100 and be left with nothing, needing nothing.
    expect(largest(terms, bankrupt, held(1_100n * MICRO, -10), 0n)).to.equal(10n);
    // One pico-USD less and a lot has to stay: 9 lots pay 90, leave 10, and 5 are required.
    expect(largest(terms, bankrupt, held(1_100n * MICRO - 1n, -10), 0n)).to.equal(9n);
    expect(largest(terms, bankrupt, held(1_100n * MICRO - 1n, -10), 1n)).to.equal(10n);
  });

  it("takes a counterparty that is itself below maintenance only if enough lots restore it", () => {
    // TV 40 of 50: two lots less need 40.
    expect(largest(terms, held(-1_100n * MICRO, 10), held(1_040n * MICRO, -10), 10n ** 12n)).to.equal(10n);
    expect(largest(terms, held(-220n * MICRO, 2), held(1_040n * MICRO, -10), 10n ** 12n)).to.equal(2n);
    expect(largest(terms, held(-110n * MICRO, 1), held(1_040n * MICRO, -10), 10n ** 12n)).to.equal(0n);
  });

  it("is nothing against the same side, or no position", () => {
    expect(largest(terms, bankrupt, held(0n, 10), 10n ** 12n)).to.equal(0n);
    expect(largest(terms, bankrupt, held(10n ** 12n), 10n ** 12n)).to.equal(0n);
    expect(largest(terms, held(-5n), held(10n ** 12n, 5), 10n ** 12n)).to.equal(0n);
  });

  it("is nothing against a counterparty that could pay for no lot", () => {
    expect(largest(terms, bankrupt, held(1_050n * MICRO, -10), 0n)).to.equal(0n);
    expect(largest(terms, bankrupt, held(1_000n * MICRO, -10), 0n)).to.equal(0n);
  });

  it("is the most that works, over all quantities of random pairs", () => {
    let some = 0;
    let cut = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        fc.integer({ min: -20, max: 20 }),
        fc.bigInt(1n, 3_000n * MICRO),
        fc.bigInt(-300n * MICRO, 2_000n * MICRO),
        fc.oneof(fc.constant(0n), fc.bigInt(0n, 2_000n * MICRO)),
        fc.integer({ min: 0, max: 300_000 }),
        (a, b, long, other, missing, excess, left, mmfPpm) => {
          const given = compileEpoch(sampleEpoch([{ mmfPpm }, { priceTicks: 50 }]));
          const shift = (position: Position, by: bigint) => ({
            ...position,
            collateralPicoUsd: position.collateralPicoUsd + by,
          });
          const lots = long ? a : -a;
          const bare = held(0n, lots, other);
          const account = shift(bare, -marginOf(given, bare).valuePicoUsd - missing);
          const bareCounter = held(0n, long ? -b : b, -other);
          const { valuePicoUsd, maintenancePicoUsd } = marginOf(given, bareCounter);
          const counterparty = shift(bareCounter, maintenancePicoUsd - valuePicoUsd + excess);
          let expected = 0n;
          for (let q = 1n; q <= BigInt(Math.min(a, b)); q++) {
            if (works(given, account, counterparty, left, q)) expected = q;
          }
          expect(largest(given, account, counterparty, left)).to.equal(expected);
          if (expected > 0n) some++;
          if (expected > 0n && expected < BigInt(Math.min(a, b))) cut++;
        },
      ),
      { numRuns: 3_000, seed: 51 },
    );
    expect(some).to.be.greaterThan(500);
    expect(cut).to.be.greaterThan(50);
  });
});
