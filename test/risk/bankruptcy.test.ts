import { expect } from "chai";
import fc from "fast-check";
import type { Side } from "../../matcher/protocol/message.ts";
import {
  bankruptcyQuotePicoUsdSafeSide,
  type Closing,
  closedPosition,
  closingAmounts,
} from "../../matcher/risk/bankruptcy.ts";
import { compileEpoch } from "../../matcher/risk/epoch-terms.ts";
import { marginOf, type Position } from "../../matcher/risk/margin.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const terms = compileEpoch(sampleEpoch([{}, { priceTicks: 50, mmfPpm: 100_000 }]));

function position(collateralPicoUsd: bigint, ...lots: number[]): Position {
  return { collateralPicoUsd, sizesLots: sizes(...lots) };
}

const lots = (side: Side, quantityLots: bigint, market = 0) => ({ market, side, quantityLots });
const closing = (side: Side, quantityLots: bigint, quoteMicroUsd: bigint): Closing => ({
  ...lots(side, quantityLots),
  quoteMicroUsd,
});

describe("bankruptcy quote", () => {
  it("leaves nothing when the last position goes", () => {
    expect(bankruptcyQuotePicoUsdSafeSide(terms, position(-960n * MICRO, 10), lots("sell", 10n))).to.equal(
      960n * MICRO,
    );
    expect(bankruptcyQuotePicoUsdSafeSide(terms, position(1040n * MICRO, -10), lots("buy", 10n))).to.equal(
      1040n * MICRO,
    );
  });

  it("leaves the maintenance ratio as it is when a part goes, rounded in the account's favour", () => {
    // TV 40 of 50: half of the position leaves 20 of 25.
    expect(bankruptcyQuotePicoUsdSafeSide(terms, position(-960n * MICRO, 10), lots("sell", 5n))).to.equal(480n * MICRO);
    // One pico-USD more of value: half of it is owed, and nobody owes the account half a pico-USD less.
    const richer = position(-960n * MICRO + 1n, 10);
    expect(bankruptcyQuotePicoUsdSafeSide(terms, richer, lots("sell", 5n))).to.equal(480n * MICRO);
    const poorer = position(-960n * MICRO - 1n, 10);
    expect(bankruptcyQuotePicoUsdSafeSide(terms, poorer, lots("sell", 5n))).to.equal(480n * MICRO + 1n);
    expect(bankruptcyQuotePicoUsdSafeSide(terms, position(1040n * MICRO + 1n, -10), lots("buy", 5n))).to.equal(
      520n * MICRO,
    );
    expect(bankruptcyQuotePicoUsdSafeSide(terms, position(1040n * MICRO - 1n, -10), lots("buy", 5n))).to.equal(
      520n * MICRO - 1n,
    );
  });

  it("of a bankrupt account is worse than the index price by its share of the loss", () => {
    expect(bankruptcyQuotePicoUsdSafeSide(terms, position(-1010n * MICRO, 10), lots("sell", 10n))).to.equal(
      1010n * MICRO,
    );
    expect(bankruptcyQuotePicoUsdSafeSide(terms, position(-1010n * MICRO, 10), lots("sell", 2n))).to.equal(
      202n * MICRO,
    );
  });

  it("counts requirements of other markets", () => {
    // 10 lots ask for 50, 20 of the other for 100. TV 60 of 150; 40 of 100 are to stay.
    const both = position(-1940n * MICRO, 10, 20);
    expect(bankruptcyQuotePicoUsdSafeSide(terms, both, lots("sell", 10n))).to.equal(980n * MICRO);
  });

  it("does not exist without a requirement", () => {
    expect(bankruptcyQuotePicoUsdSafeSide(terms, position(-5n), lots("sell", 1n))).to.equal(undefined);
  });
});

describe("what a closing entails", () => {
  const start = position(-960n * MICRO, 10);

  it("above the bankruptcy quote: a fee of all of it, up to the cap of half a percent, and no payout", () => {
    expect(closingAmounts(terms, start, closing("sell", 5n, 480n))).to.deep.equal({
      feePicoUsd: 0n,
      payoutPicoUsd: 0n,
    });
    expect(closingAmounts(terms, start, closing("sell", 5n, 482n))).to.deep.equal({
      feePicoUsd: 2n * MICRO,
      payoutPicoUsd: 0n,
    });
    expect(closingAmounts(terms, start, closing("sell", 5n, 483n))).to.deep.equal({
      feePicoUsd: 2_415_000n,
      payoutPicoUsd: 0n,
    });
  });

  it("below it: a payout of what is missing, to the pico-USD, and no fee", () => {
    expect(closingAmounts(terms, start, closing("sell", 5n, 479n))).to.deep.equal({
      feePicoUsd: 0n,
      payoutPicoUsd: MICRO,
    });
    const poorer = position(-960n * MICRO - 1n, 10);
    expect(closingAmounts(terms, poorer, closing("sell", 5n, 480n))).to.deep.equal({
      feePicoUsd: 0n,
      payoutPicoUsd: 1n,
    });
    expect(closingAmounts(terms, position(1040n * MICRO, -10), closing("buy", 5n, 521n))).to.deep.equal({
      feePicoUsd: 0n,
      payoutPicoUsd: MICRO,
    });
  });

  it("without a requirement: the cap's fee, and never a payout", () => {
    const free = compileEpoch(sampleEpoch([{ mmfPpm: 0 }]));
    expect(closingAmounts(free, position(-2_000n * MICRO, 10), closing("sell", 5n, 1_000n))).to.deep.equal({
      feePicoUsd: 5n * MICRO,
      payoutPicoUsd: 0n,
    });
  });

  it("is the greatest fee and the least payout that keep the maintenance ratio, for any account and quote", () => {
    const holding = fc.record({
      collateral: fc.bigInt(-3_000n * MICRO, 3_000n * MICRO),
      lots: fc.integer({ min: -20, max: 20 }).filter((size) => size !== 0),
      other: fc.integer({ min: -20, max: 20 }),
    });
    const part = fc.record({ share: fc.integer({ min: 1, max: 20 }), quote: fc.bigInt(0n, 4_000n) });
    // A fee of up to the whole quote, so that the bankruptcy quote is what bounds it as often as not.
    const liquidation = { ...terms.liquidation, feeCapPpm: 1_000_000 };
    const generous = { ...terms, liquidation };
    let fees = 0;
    let payouts = 0;
    fc.assert(
      fc.property(holding, part, ({ collateral, lots: size, other }, { share, quote }) => {
        const account = position(collateral, size, other);
        const row = closing(size > 0 ? "sell" : "buy", BigInt(Math.min(share, Math.abs(size))), quote);
        const { feePicoUsd, payoutPicoUsd } = closingAmounts(generous, account, row);
        const before = marginOf(terms, account);
        const keeps = (received: bigint) => {
          const after = marginOf(terms, closedPosition(account, row, received));
          return after.valuePicoUsd * before.maintenancePicoUsd >= before.valuePicoUsd * after.maintenancePicoUsd;
        };
        expect(keeps(payoutPicoUsd - feePicoUsd)).to.equal(true);
        expect(payoutPicoUsd === 0n || feePicoUsd === 0n).to.equal(true);
        if (payoutPicoUsd > 0n) {
          payouts++;
          expect(keeps(payoutPicoUsd - 1n)).to.equal(false);
        } else if (feePicoUsd < MICRO * quote) {
          fees++;
          expect(keeps(-feePicoUsd - 1n)).to.equal(false);
        } else expect(feePicoUsd).to.equal(MICRO * quote);
      }),
      { numRuns: 3_000, seed: 11 },
    );
    expect(Math.min(fees, payouts)).to.be.above(20);
  });
});
