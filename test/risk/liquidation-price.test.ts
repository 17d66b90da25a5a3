import { expect } from "chai";
import fc from "fast-check";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { liquidationPriceTicksSafeSide } from "../../matcher/risk/liquidation-price.ts";
import { marginOf, type Position } from "../../matcher/risk/margin.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const terms = compileEpoch(sampleEpoch([{}, { priceTicks: 50 }]));
const price = (position: Position, market = 0) => liquidationPriceTicksSafeSide(terms, position, market);

describe("liquidation price", () => {
  it("of a long is rounded up: 95 % of the price covers 5 % maintenance", () => {
    // (equity − s·p₀ − 0) / (|s|·MMF − s) = −(−475) / 4.75 = 100
    expect(price({ collateralPicoUsd: -475n * MICRO, sizesLots: sizes(5) })).to.equal(100n);
    expect(price({ collateralPicoUsd: -475n * MICRO - 1n, sizesLots: sizes(5) })).to.equal(101n);
  });

  it("of a short is rounded down", () => {
    expect(price({ collateralPicoUsd: 525n * MICRO, sizesLots: sizes(-5) })).to.equal(100n);
    expect(price({ collateralPicoUsd: 525n * MICRO - 1n, sizesLots: sizes(-5) })).to.equal(99n);
  });

  it("does not exist without a position, or for a long that no fall endangers", () => {
    expect(price({ collateralPicoUsd: 0n, sizesLots: sizes(0, 5) })).to.equal(undefined);
    expect(price({ collateralPicoUsd: 0n, sizesLots: sizes(5) })).to.equal(undefined);
    expect(price({ collateralPicoUsd: 1n, sizesLots: sizes(5) })).to.equal(undefined);
  });

  it("is zero for a short that no price can save", () => {
    expect(price({ collateralPicoUsd: -1n, sizesLots: sizes(-5) })).to.equal(0n);
  });

  it("counts the other markets' value and maintenance at their prices", () => {
    const alone = price({ collateralPicoUsd: 0n, sizesLots: sizes(-5, 12) });
    expect(alone).to.equal((12n * 50n * MICRO - 12n * 50n * 50_000n) / (5n * (MICRO + 50_000n)));
  });

  it("does not exist for a long whose maintenance is its whole value", () => {
    const full = compileEpoch(sampleEpoch([{ mmfPpm: 1_000_000 }]));
    const position = { collateralPicoUsd: 0n, sizesLots: sizes(5) };
    expect(liquidationPriceTicksSafeSide(full, position, 0)).to.equal(undefined);
  });

  it("is the last price that meets maintenance, over random accounts", () => {
    const lots = fc.bigInt(-(10n ** 6n), 10n ** 6n);
    fc.assert(
      fc.property(
        fc.bigInt(-(10n ** 15n), 10n ** 15n),
        lots,
        lots,
        fc.integer({ min: 0, max: 2 ** 20 - 1 }),
        (collateralPicoUsd, a, b, mmfPpm) => {
          const meets = (priceTicks: bigint) => {
            const epoch = compileEpoch(sampleEpoch([{ priceTicks: Number(priceTicks), mmfPpm }, { priceTicks: 50 }]));
            const { valuePicoUsd, maintenancePicoUsd } = marginOf(epoch, { collateralPicoUsd, sizesLots: sizes(a, b) });
            return valuePicoUsd >= maintenancePicoUsd;
          };
          const now = compileEpoch(sampleEpoch([{ priceTicks: 100, mmfPpm }, { priceTicks: 50 }]));
          const found = liquidationPriceTicksSafeSide(now, { collateralPicoUsd, sizesLots: sizes(a, b) }, 0);
          const rises = a > 0n && mmfPpm < 1_000_000;
          if (found === undefined) {
            // Every price or none: the answer does not depend on it.
            if (a !== 0n && !rises && mmfPpm !== 1_000_000) expect.fail("a short always has a price");
            if (rises) expect(meets(0n)).to.equal(true);
            return;
          }
          if (found > 2n ** 32n - 2n) return;
          if (rises) {
            expect(meets(found)).to.equal(true);
            expect(meets(found - 1n)).to.equal(false);
          } else {
            if (found > 0n) expect(meets(found)).to.equal(true);
            expect(meets(found + 1n)).to.equal(false);
          }
        },
      ),
      { numRuns: 2_000, seed: 11 },
    );
  });
});
