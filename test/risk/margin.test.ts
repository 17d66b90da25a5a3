import { expect } from "chai";
import fc from "fast-check";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { fundingOwedPicoUsd } from "../../matcher/risk/funding.ts";
import { marginOf, meetsInitialMargin } from "../../matcher/risk/margin.ts";
import { openInterestScaledImfPpmCeil } from "../../matcher/risk/open-interest.ts";
import type cases from "../vectors/v4_margin_requirements.json";
import { exactVectors } from "./exact-json.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const vectors = exactVectors<typeof cases>("v4_margin_requirements");

const terms = compileEpoch(sampleEpoch([{}, { priceTicks: 7, imfPpm: 333_333, mmfPpm: 111_111 }]));

describe("margin", () => {
  it("values positions at the epoch's prices and asks for both fractions of |size|, exactly", () => {
    expect(marginOf(terms, { collateralPicoUsd: -5n, sizesLots: sizes(3, -2) })).to.deep.equal({
      valuePicoUsd: -5n + 300_000_000n - 14_000_000n,
      initialPicoUsd: 30_000_000n + 2n * 7n * 333_333n,
      maintenancePicoUsd: 15_000_000n + 2n * 7n * 111_111n,
    });
  });

  it("asks for nothing without positions, and values a market without a price at nothing", () => {
    expect(marginOf(terms, { collateralPicoUsd: 9n, sizesLots: sizes(0, 0, 5) })).to.deep.equal({
      valuePicoUsd: 9n,
      initialPicoUsd: 0n,
      maintenancePicoUsd: 0n,
    });
  });

  it("meets initial margin exactly when TV ≥ TR_i, to the pico-USD", () => {
    for (const [long, needed] of [
      [1, 10_000_000n - 100_000_000n],
      [-1, 10_000_000n + 100_000_000n],
    ] as const) {
      expect(meetsInitialMargin(terms, { collateralPicoUsd: needed, sizesLots: sizes(long) })).to.equal(true);
      expect(meetsInitialMargin(terms, { collateralPicoUsd: needed - 1n, sizesLots: sizes(long) })).to.equal(false);
    }
  });

  it("answers the short question as the long one, at the edge, over random positions", () => {
    const size = fc.bigInt(-(2n ** 40n) + 1n, 2n ** 40n - 1n);
    fc.assert(
      fc.property(fc.array(size, { minLength: 8, maxLength: 8 }), fc.integer({ min: -2, max: 2 }), (lots, slack) => {
        const free = marginOf(terms, { collateralPicoUsd: 0n, sizesLots: lots });
        const collateralPicoUsd = free.initialPicoUsd - free.valuePicoUsd + BigInt(slack);
        expect(meetsInitialMargin(terms, { collateralPicoUsd, sizesLots: lots })).to.equal(slack >= 0);
      }),
    );
  });

  it("settles funding as Σ size · Δindex, paid by longs when the index rises", () => {
    expect(fundingOwedPicoUsd(sizes(3, -2), sizes(10, 10), sizes(11, 15))).to.equal(3n - 10n);
    expect(fundingOwedPicoUsd(sizes(3, -2), sizes(10, 10), sizes(10, 10))).to.equal(0n);
  });
});

const ceilDivide = (x: bigint, y: bigint) => (x + y - 1n) / y;

/** A v4 case in Clearbook's units: lots and ticks whose product is 10^k micro-USD; negative k is left as a divisor. */
function adapted({ quantums, price, priceExponent, atomicResolution }: (typeof vectors.cases)[number]) {
  const exponent = priceExponent + atomicResolution + 6n;
  const lift = exponent > 0n ? 10n ** exponent : 1n;
  const divisor = exponent < 0n ? 10n ** -exponent : 1n;
  return { lots: quantums * price * lift, divisor };
}

/** marginOf with one tick as price, for numbers beyond the protocol's widths: the formulas have no bounds of their own. */
function requirements(lots: bigint, imfPpm: number, mmfPpm: number) {
  const terms = compileEpoch(sampleEpoch([{ priceTicks: 1, imfPpm, mmfPpm }]));
  return marginOf(terms, { collateralPicoUsd: 0n, sizesLots: sizes(lots) });
}

describe("margin against v4's requirements", () => {
  for (const given of vectors.cases) {
    const { lots, divisor } = adapted(given);
    const imfPpm = Number(given.initialMarginPpm);
    const mmfPpm = Number((given.initialMarginPpm * given.maintenanceFractionPpm) / 1_000_000n);
    const openNotional = (given.openInterest * given.price * 10n) / divisor / 10n;
    const scaling = { baseImfPpm: imfPpm, lowerCapMicroUsd: given.lowerCap, upperCapMicroUsd: given.upperCap };
    const scaledPpm = openInterestScaledImfPpmCeil(scaling, openNotional);
    const found = requirements(lots, scaledPpm, mmfPpm);

    it(`${given.name}: the exact maintenance requirement, rounded up once, is v4's`, () => {
      expect(ceilDivide(found.maintenancePicoUsd, 1_000_000n * divisor)).to.equal(given.expectedMMR);
    });

    if (scaledPpm === imfPpm || scaledPpm === 1_000_000) {
      it(`${given.name}: the exact initial requirement, rounded up, is v4's`, () => {
        expect(ceilDivide(found.initialPicoUsd, 1_000_000n * divisor)).to.equal(given.expectedIMR);
      });
    } else {
      it(`${given.name}: the initial requirement is one ppm above v4's, whose scaled fraction rounds for the trader`, () => {
        const below = requirements(lots, scaledPpm - 1, mmfPpm);
        expect(ceilDivide(below.initialPicoUsd, 1_000_000n * divisor)).to.equal(given.expectedIMR);
      });
    }
  }
});
