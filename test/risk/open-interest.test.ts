import { expect } from "chai";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { marginOf } from "../../matcher/risk/margin.ts";
import {
  openInterestAllowed,
  openInterestScaledImfPpmCeil,
  openNotionalMicroUsd,
} from "../../matcher/risk/open-interest.ts";
import type cases from "../vectors/v4_margin_fractions_oimf.json";
import { exactVectors } from "./exact-json.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const scaling = { baseImfPpm: 200_000, lowerCapMicroUsd: 1_000_000n, upperCapMicroUsd: 2_000_000n };

describe("open-interest scaling", () => {
  it("leaves the base fraction up to the lower bound, to the micro-USD", () => {
    expect(openInterestScaledImfPpmCeil(scaling, 0n)).to.equal(200_000);
    expect(openInterestScaledImfPpmCeil(scaling, 1_000_000n)).to.equal(200_000);
    expect(openInterestScaledImfPpmCeil(scaling, 1_000_001n)).to.equal(200_001);
  });

  it("reaches 100 % at the upper bound, and not before it but for the rounding", () => {
    expect(openInterestScaledImfPpmCeil(scaling, 1_999_998n)).to.equal(999_999);
    expect(openInterestScaledImfPpmCeil(scaling, 1_999_999n)).to.equal(1_000_000);
    expect(openInterestScaledImfPpmCeil(scaling, 2_000_000n)).to.equal(1_000_000);
    expect(openInterestScaledImfPpmCeil(scaling, 10n ** 30n)).to.equal(1_000_000);
  });

  it("steps at equal bounds and never lowers a base above 100 %", () => {
    const step = { ...scaling, upperCapMicroUsd: 1_000_000n };
    expect(openInterestScaledImfPpmCeil(step, 1_000_000n)).to.equal(200_000);
    expect(openInterestScaledImfPpmCeil(step, 1_000_001n)).to.equal(1_000_000);
    expect(openInterestScaledImfPpmCeil({ ...scaling, baseImfPpm: 1_040_000 }, 1_500_000n)).to.equal(1_040_000);
    expect(openInterestScaledImfPpmCeil({ ...scaling, baseImfPpm: 1_040_000 }, 2_500_000n)).to.equal(1_040_000);
  });

  it("refuses bounds in the wrong order", () => {
    expect(() => openInterestScaledImfPpmCeil({ ...scaling, upperCapMicroUsd: 999_999n }, 0n)).to.throw(
      RangeError,
      "order",
    );
  });

  it("counts one side of the gross open interest", () => {
    expect(openNotionalMicroUsd(6n, 7)).to.equal(21n);
  });

  it("allows what ends at the cap or did not grow", () => {
    expect(openInterestAllowed(4n, 10n, 10n)).to.equal(true);
    expect(openInterestAllowed(4n, 11n, 10n)).to.equal(false);
    expect(openInterestAllowed(12n, 12n, 10n)).to.equal(true);
    expect(openInterestAllowed(12n, 13n, 10n)).to.equal(false);
  });
});

interface ScaledCase {
  name: string;
  kind: string;
  initialMarginPpm: bigint;
  lowerCap: bigint;
  upperCap: bigint;
  openNotional: bigint;
  notional: bigint;
  expected: bigint;
}

const vectors = exactVectors<typeof cases>("v4_margin_fractions_oimf").cases as unknown as ScaledCase[];

/** v4's fraction, rounded down, to show that rounding is all that differs. */
function scaledFloor(given: ScaledCase): bigint {
  const { initialMarginPpm: base, lowerCap, upperCap, openNotional } = given;
  if (upperCap === 0n || openNotional <= lowerCap) return base;
  if (openNotional >= upperCap) return 1_000_000n;
  return base + ((1_000_000n - base) * (openNotional - lowerCap)) / (upperCap - lowerCap);
}

describe("open-interest scaling against v4's fractions", () => {
  for (const given of vectors.filter(({ kind }) => kind === "oiScaledImfPpm" || kind === "initialMarginQuote")) {
    const terms = {
      baseImfPpm: Number(given.initialMarginPpm),
      lowerCapMicroUsd: given.lowerCap,
      upperCapMicroUsd: given.upperCap,
    };
    const found = openInterestScaledImfPpmCeil(terms, given.openNotional);
    const floor = scaledFloor(given);
    const rounds = BigInt(found) !== floor;
    it(`${given.name}: ${rounds ? "one ppm above v4, which rounds for the trader" : "the same"}`, () => {
      expect(BigInt(found) - floor).to.equal(rounds ? 1n : 0n);
      // With v4's own rounding the expected value comes out, so nothing else differs.
      const imfPpm = Number(floor);
      if (given.kind === "oiScaledImfPpm") expect(BigInt(imfPpm)).to.equal(given.expected);
      else expect(initialMicroUsdCeil(given.notional, imfPpm)).to.equal(given.expected);
    });
  }

  it("derives no maintenance fraction from the initial one: mmfPpm is a parameter of its own", () => {
    const derived = vectors.filter(({ kind }) => kind === "maintenanceMarginPpm");
    expect(derived).to.have.length(7);
    for (const { initialMarginPpm, expected } of derived) {
      const market = { priceTicks: 1, imfPpm: Number(initialMarginPpm), mmfPpm: Number(expected) };
      const { maintenancePicoUsd } = marginOf(compileEpoch(sampleEpoch([market])), {
        collateralPicoUsd: 0n,
        sizesLots: sizes(-3),
      });
      expect(maintenancePicoUsd).to.equal(3n * expected);
    }
  });

  it("leaves v4's funding clamps to the funding rules: they are no margin", () => {
    expect(vectors.filter(({ kind }) => kind === "maxAbsFundingClampPpm")).to.have.length(7);
    expect(new Set(vectors.map(({ kind }) => kind))).to.have.keys([
      "maintenanceMarginPpm",
      "maxAbsFundingClampPpm",
      "oiScaledImfPpm",
      "initialMarginQuote",
    ]);
  });
});

/** Initial margin of a notional through the margin sums, rounded up as v4 does. */
function initialMicroUsdCeil(notional: bigint, imfPpm: number): bigint {
  const terms = compileEpoch(sampleEpoch([{ priceTicks: 1, imfPpm }]));
  return (
    (marginOf(terms, { collateralPicoUsd: 0n, sizesLots: sizes(notional) }).initialPicoUsd + 999_999n) / 1_000_000n
  );
}
