import { expect } from "chai";
import { bankruptcyQuotePicoUsdSafeSide, closingAmounts } from "../../matcher/risk/bankruptcy.ts";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { liquidationRefusal } from "../../matcher/risk/liquidation-rules.ts";
import { marginOf } from "../../matcher/risk/margin.ts";
import type cases from "../vectors/v4_insurance_fund_delta.json";
import { exactVectors } from "./exact-json.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const vectors = exactVectors<typeof cases>("v4_insurance_fund_delta");
type Case = (typeof vectors.cases)[number];

/** value · 10^exponent, rounded down. */
function scaled(value: bigint, exponent: bigint): bigint {
  return exponent < 0n ? value / 10n ** -exponent : value * 10n ** exponent;
}

/** A case in Clearbook's units: a lot is a quantum, and the index price is what a quantum is worth in micro-USD. */
function closingOf({ perps, positions, quoteBalance, isBuy, maxLiquidationFeePpm, ...fill }: Case) {
  const [perp] = perps;
  const [held] = positions;
  if (perp === undefined || held === undefined) throw new Error("a case has a perpetual and a position");
  const priceTicks = Number(scaled(perp.oraclePrice, perp.priceExponent + perp.atomicResolution + 6n));
  const mmfPpm = Number((perp.initialMarginPpm * perp.maintenanceFractionPpm) / MICRO);
  const liquidation = {
    feeCapPpm: Number(maxLiquidationFeePpm),
    spreadPpm: 0,
    bankruptcyAdjustmentPpm: 0,
    insuranceCapMicroUsd: 0n,
  };
  const terms = compileEpoch(
    sampleEpoch([{ priceTicks, imfPpm: Number(perp.initialMarginPpm), mmfPpm }], { liquidation }),
  );
  const position = { collateralPicoUsd: quoteBalance * MICRO, sizesLots: sizes(held.quantums) };
  const quantityLots = fill.fillBaseQuantums;
  const quoteMicroUsd = scaled(quantityLots * fill.fillSubticks, fill.quantumConversionExponent);
  const side = isBuy ? ("buy" as const) : ("sell" as const);
  return { terms, position, closing: { market: 0, side, quantityLots, quoteMicroUsd } };
}

describe("what passes between an account and the fund, against v4's insurance fund deltas", () => {
  for (const given of vectors.cases) {
    const { terms, position, closing } = closingOf(given);
    if (given.expectedError !== null) {
      it(`${given.name}: here the row is refused, because the page of rules asks for q ≥ 1 and not its amounts`, () => {
        const amounts = closingAmounts(terms, position, closing);
        expect(amounts).to.deep.equal({ feePicoUsd: 0n, payoutPicoUsd: 0n });
        const insurance = { capPicoUsd: 0n, spentPicoUsd: 0n, fundPicoUsd: 0n };
        const row = { ...closing, ...amounts, coveredPicoUsd: 0n };
        expect(liquidationRefusal(terms, { start: position, final: position }, row, insurance)).to.equal("quantity");
      });
      continue;
    }
    it(given.name, () => {
      const { feePicoUsd, payoutPicoUsd } = closingAmounts(terms, position, closing);
      expect(feePicoUsd - payoutPicoUsd).to.equal(BigInt(given.expectedInsuranceDelta ?? 0) * MICRO);
    });

    it(`${given.name}: the bankruptcy quote is −DNNV − ⌊TNC·|DMMR| / TMMR⌋`, () => {
      const { valuePicoUsd, maintenancePicoUsd } = marginOf(terms, position);
      const [market] = terms.markets;
      if (market === undefined) throw new Error("no market");
      const sells = closing.side === "sell";
      const changeOfValue = (sells ? -1n : 1n) * closing.quantityLots * market.lotValuePicoUsd;
      const change = valuePicoUsd * closing.quantityLots * market.lotMaintenancePicoUsd;
      const floor = change / maintenancePicoUsd - (change % maintenancePicoUsd < 0n ? 1n : 0n);
      const quote = bankruptcyQuotePicoUsdSafeSide(terms, position, closing) ?? 0n;
      expect(sells ? quote : -quote).to.equal(-changeOfValue - floor);
    });
  }

  it("rounds a fee down to the pico-USD, where v4 rounds to the micro-USD", () => {
    const given = vectors.cases.find(({ maxLiquidationFeePpm }) => maxLiquidationFeePpm === 5_000n);
    if (given === undefined) throw new Error("no case with a fee of 5,000 ppm");
    const { terms, position, closing } = closingOf(given);
    // Far above the bankruptcy quote, so that the cap bounds: 5,000 ppm of a quote that 200 does not divide.
    const quoteMicroUsd = 9_000_000_001n;
    const { feePicoUsd } = closingAmounts(terms, position, { ...closing, quoteMicroUsd });
    expect(feePicoUsd).to.equal(5_000n * quoteMicroUsd);
    expect(feePicoUsd % MICRO).to.equal(5_000n);
  });
});
