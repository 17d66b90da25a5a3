import { expect } from "chai";
import type { LiquidationTerms } from "../../matcher/protocol/epoch.ts";
import { closedPosition, closingAmounts } from "../../matcher/risk/bankruptcy.ts";
import { compileEpoch, type EpochTerms } from "../../matcher/risk/epoch-terms.ts";
import {
  coveredPicoUsd,
  deleveragingRefusal,
  type ForcedRow,
  type Insurance,
  insuranceAfter,
  insuranceRefusal,
  liquidationRefusal,
} from "../../matcher/risk/liquidation-rules.ts";
import type { Position } from "../../matcher/risk/margin.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const LIQUIDATION: LiquidationTerms = {
  feeCapPpm: 5_000,
  spreadPpm: 1_500_000,
  bankruptcyAdjustmentPpm: 1_000_000,
  insuranceCapMicroUsd: 1_000n,
};
const RICH: Insurance = { capPicoUsd: 1_000n * MICRO, spentPicoUsd: 0n, fundPicoUsd: 500n * MICRO };

/** The same account on either side of the market: 10 lots at 100, whose maintenance margin is 50, and a value in pico-USD. */
const SIDES = [
  { name: "a long", side: "sell", sign: 1n },
  { name: "a short", side: "buy", sign: -1n },
] as const;

for (const { name, side, sign } of SIDES) {
  const held = (valuePicoUsd: bigint, lots = 10, other = 0): Position => ({
    collateralPicoUsd: valuePicoUsd - sign * BigInt(lots) * 100n * MICRO - BigInt(other) * 50n * MICRO,
    sizesLots: sizes(Number(sign) * lots, other),
  });
  const termsWith = (
    liquidation: Partial<LiquidationTerms> = {},
    market: object = {},
    other: object = {},
  ): EpochTerms =>
    compileEpoch(
      sampleEpoch([market, { priceTicks: 50, ...other }], { liquidation: { ...LIQUIDATION, ...liquidation } }),
    );
  /** A row at so many micro-USD a row better than the index price. */
  const row = (quantityLots: bigint, betterMicroUsd: bigint, fields: Partial<ForcedRow> = {}): ForcedRow => ({
    market: 0,
    side,
    quantityLots,
    quoteMicroUsd: quantityLots * 100n + sign * betterMicroUsd,
    feePicoUsd: 0n,
    payoutPicoUsd: 0n,
    coveredPicoUsd: 0n,
    ...fields,
  });
  const paid = (quantityLots: bigint, betterMicroUsd: bigint, payoutPicoUsd: bigint, covered = payoutPicoUsd) =>
    row(quantityLots, betterMicroUsd, { payoutPicoUsd, coveredPicoUsd: covered });

  describe(`liquidation rules on ${name}`, () => {
    const judge = (start: Position, forced: ForcedRow, terms = termsWith(), insurance = RICH) => {
      const final = closedPosition(start, forced, forced.payoutPicoUsd - forced.feePicoUsd);
      return liquidationRefusal(terms, { start, final }, forced, insurance);
    };

    it("4: only below maintenance margin, to the pico-USD", () => {
      expect(judge(held(50n * MICRO - 1n), row(1n, 0n))).to.equal(undefined);
      expect(judge(held(50n * MICRO), row(1n, 0n))).to.equal("maintenance-met");
    });

    it("one lot at least", () => {
      expect(judge(held(40n * MICRO), row(0n, 0n))).to.equal("quantity");
    });

    it("no negative amount, and none beyond 97 bits", () => {
      expect(judge(held(40n * MICRO), row(1n, 0n, { feePicoUsd: -1n }))).to.equal("amounts");
      expect(judge(held(40n * MICRO), row(1n, 0n, { coveredPicoUsd: 1n }))).to.equal("amounts");
      expect(judge(held(40n * MICRO), paid(1n, 0n, -1n))).to.equal("amounts");
      expect(judge(held(40n * MICRO), paid(1n, 0n, 2n ** 97n))).to.equal("amounts");
    });

    it("only what reduces: not beyond the position, not the other way", () => {
      expect(judge(held(-10n * MICRO), paid(10n, 0n, 10n * MICRO))).to.equal(undefined);
      expect(judge(held(-10n * MICRO), paid(11n, 0n, 10n * MICRO))).to.equal("not-a-reduction");
      expect(judge(held(40n * MICRO, 10, 5), { ...row(1n, 0n), market: 2 })).to.equal("not-a-reduction");
      const other = side === "sell" ? ("buy" as const) : ("sell" as const);
      expect(judge(held(40n * MICRO), { ...row(1n, 0n), side: other })).to.equal("not-a-reduction");
    });

    it("no position in a restricted market, this or another", () => {
      expect(judge(held(40n * MICRO), row(1n, 0n), termsWith({}, { restricted: true }))).to.equal(
        "restricted-position",
      );
      const elsewhere = termsWith({}, {}, { restricted: true });
      expect(judge(held(40n * MICRO), row(1n, 0n), elsewhere)).to.equal(undefined);
      expect(judge(held(40n * MICRO, 10, 1), row(1n, 0n), elsewhere)).to.equal("restricted-position");
    });

    it("1: never less than the bankruptcy quote, to the pico-USD", () => {
      // TV 40 of 50. Two lots leave a requirement of 40, for which 32 must stay: eight may go.
      const terms = termsWith({ feeCapPpm: 100_000 });
      expect(judge(held(40n * MICRO), row(2n, 0n, { feePicoUsd: 8n * MICRO }), terms)).to.equal(undefined);
      expect(judge(held(40n * MICRO), row(2n, 0n, { feePicoUsd: 8n * MICRO + 1n }), terms)).to.equal(
        "below-bankruptcy",
      );
      expect(judge(held(-10n * MICRO), paid(10n, 0n, 10n * MICRO))).to.equal(undefined);
      expect(judge(held(-10n * MICRO), paid(10n, 0n, 10n * MICRO - 1n))).to.equal("below-bankruptcy");
    });

    it("2: never a micro-USD more than that, and no fee beside it", () => {
      expect(judge(held(-10n * MICRO), paid(10n, 0n, 11n * MICRO - 1n))).to.equal(undefined);
      expect(judge(held(-10n * MICRO), paid(10n, 0n, 11n * MICRO))).to.equal("payout-not-least");
      // A part: −8 of 40 must stay.
      expect(judge(held(-10n * MICRO), paid(2n, 0n, 2n * MICRO))).to.equal(undefined);
      expect(judge(held(-10n * MICRO), paid(2n, 0n, 3n * MICRO - 1n))).to.equal(undefined);
      expect(judge(held(-10n * MICRO), paid(2n, 0n, 3n * MICRO))).to.equal("payout-not-least");
      const both = { ...paid(10n, 0n, 10n * MICRO + 1n), feePicoUsd: 1n };
      expect(judge(held(-10n * MICRO), both)).to.equal("payout-with-fee");
      // Where nothing is missing nothing is paid.
      expect(judge(held(0n), paid(10n, 0n, 1n * MICRO))).to.equal("payout-not-least");
    });

    it("3: within what is left of the cap and of the fund, to the pico-USD", () => {
      const terms = termsWith();
      const forced = paid(10n, 0n, 10n * MICRO);
      const left = (change: Partial<Insurance>) => judge(held(-10n * MICRO), forced, terms, { ...RICH, ...change });
      expect(left({ spentPicoUsd: 990n * MICRO })).to.equal(undefined);
      expect(left({ spentPicoUsd: 990n * MICRO + 1n })).to.equal("insurance-cap");
      expect(left({ fundPicoUsd: 10n * MICRO })).to.equal(undefined);
      expect(left({ fundPicoUsd: 10n * MICRO - 1n })).to.equal("insurance-fund");
    });

    it("5: nothing that the fund does not pay in full", () => {
      const forced = paid(10n, 0n, 10n * MICRO, 9n * MICRO);
      const short = { ...RICH, fundPicoUsd: 9n * MICRO };
      expect(judge(held(-10n * MICRO), forced, termsWith(), short)).to.equal("payout-not-covered");
    });

    it("6: a fee within its cap, to the pico-USD", () => {
      expect(judge(held(40n * MICRO), row(2n, 0n, { feePicoUsd: 1n * MICRO }))).to.equal(undefined);
      expect(judge(held(40n * MICRO), row(2n, 0n, { feePicoUsd: 1n * MICRO + 1n }))).to.equal("liquidation-fee");
      expect(judge(held(40n * MICRO), row(2n, 0n, { feePicoUsd: 1n }), termsWith({ feeCapPpm: 0 }))).to.equal(
        "liquidation-fee",
      );
    });

    it("7: a fillable price, to the micro-USD: a fifth below maintenance opens a fifth of the spread", () => {
      // 0.2 × 1.5 × 5 % = 1.5 % of 200.
      expect(judge(held(40n * MICRO), row(2n, -3n))).to.equal(undefined);
      expect(judge(held(40n * MICRO), row(2n, -4n))).to.equal("fillable-price");
      expect(judge(held(40n * MICRO), row(2n, -6n), termsWith({ bankruptcyAdjustmentPpm: 2_000_000 }))).to.equal(
        undefined,
      );
      expect(judge(held(40n * MICRO), row(2n, -7n), termsWith({ bankruptcyAdjustmentPpm: 2_000_000 }))).to.equal(
        "fillable-price",
      );
      const none = termsWith({ spreadPpm: 0 });
      expect(judge(held(40n * MICRO), row(2n, 0n), none)).to.equal(undefined);
      expect(judge(held(40n * MICRO), row(2n, -1n), none)).to.equal("fillable-price");
    });

    it("7: all of the spread for who is bankrupt, and not more the deeper", () => {
      // 1.5 × 5 % = 7.5 % of 1,000.
      expect(judge(held(-10n * MICRO), paid(10n, -75n, 85n * MICRO))).to.equal(undefined);
      expect(judge(held(-10n * MICRO), paid(10n, -76n, 86n * MICRO))).to.equal("fillable-price");
      expect(judge(held(-90n * MICRO), paid(10n, -76n, 166n * MICRO))).to.equal("fillable-price");
    });

    it("8: the least quantity that restores maintenance margin at the row's price, to the pico-USD", () => {
      // Ten are missing, and each lot at the index price frees five.
      expect(judge(held(40n * MICRO), row(2n, 0n))).to.equal(undefined);
      expect(judge(held(40n * MICRO), row(3n, 0n))).to.equal("least-quantity");
      // With a pico-USD less in the end, two lots would just not have been enough.
      expect(judge(held(40n * MICRO), row(3n, 0n, { feePicoUsd: 1n }))).to.equal(undefined);
      // At worse prices it takes more.
      expect(judge(held(40n * MICRO), row(3n, -3n))).to.equal(undefined);
      expect(judge(held(40n * MICRO), row(4n, -4n))).to.equal("least-quantity");
    });

    it("8: all of it for who is bankrupt", () => {
      expect(judge(held(-1n), paid(10n, 0n, 1n))).to.equal(undefined);
      // Three lots elsewhere bear 75 of the 575 parts of the loss.
      const payoutCeil = 10n * MICRO - (10n * MICRO * 75n) / 575n;
      expect(judge(held(-10n * MICRO, 10, 3), paid(10n, 0n, payoutCeil))).to.equal(undefined);
    });

    it("take what the greatest fee or the least payout makes of any price that can be filled", () => {
      for (const value of [45n, 30n, 1n, -1n, -20n]) {
        for (let better = -10n; better <= 10n; better++) {
          const start = held(value * MICRO);
          const closing = row(1n, better);
          const amounts = closingAmounts(termsWith(), start, closing);
          const forced = { ...closing, ...amounts, coveredPicoUsd: amounts.payoutPicoUsd };
          expect(judge(start, forced)).to.be.oneOf([undefined, "fillable-price"]);
        }
      }
    });
  });

  describe(`deleveraging rules on ${name}`, () => {
    /** The counterparty: so many lots of the opposite side, and a value. */
    const against = (valuePicoUsd: bigint, lots = 10): Position => ({
      collateralPicoUsd: valuePicoUsd + sign * BigInt(lots) * 100n * MICRO,
      sizesLots: sizes(-Number(sign) * lots),
    });
    const judge = (
      start: Position,
      other: Position,
      forced: ForcedRow,
      { terms = termsWith(), insurance = RICH }: { terms?: EpochTerms; insurance?: Insurance } = {},
    ) => {
      const final = closedPosition(start, forced, forced.payoutPicoUsd - forced.feePicoUsd);
      const mirrored = { ...forced, side: forced.side === "sell" ? ("buy" as const) : ("sell" as const) };
      const otherFinal = closedPosition(other, mirrored, forced.coveredPicoUsd - forced.payoutPicoUsd);
      return deleveragingRefusal(terms, { start, final }, { start: other, final: otherFinal }, forced, insurance);
    };
    const bankrupt = held(-10n * MICRO);
    const safe = against(500n * MICRO);

    it("9: only of who is bankrupt, to the pico-USD", () => {
      expect(judge(held(-1n), safe, paid(10n, 0n, 1n))).to.equal(undefined);
      expect(judge(held(0n), safe, row(10n, 0n))).to.equal("not-bankrupt");
    });

    it("1 to 3 as for liquidations", () => {
      expect(judge(bankrupt, safe, paid(10n, 0n, 10n * MICRO))).to.equal(undefined);
      expect(judge(bankrupt, safe, paid(10n, 0n, 10n * MICRO - 1n))).to.equal("below-bankruptcy");
      expect(judge(bankrupt, safe, paid(10n, 0n, 11n * MICRO - 1n))).to.equal(undefined);
      expect(judge(bankrupt, safe, paid(10n, 0n, 11n * MICRO))).to.equal("payout-not-least");
      expect(judge(bankrupt, safe, paid(11n, 0n, 10n * MICRO))).to.equal("not-a-reduction");
      expect(judge(bankrupt, safe, row(0n, 0n))).to.equal("quantity");
    });

    it("3: the fund first, to the pico-USD, then the counterparty", () => {
      const forced = (covered: bigint) => paid(10n, 0n, 10n * MICRO, covered);
      const poor = { ...RICH, fundPicoUsd: 4n * MICRO };
      expect(judge(bankrupt, safe, forced(4n * MICRO), { insurance: poor })).to.equal(undefined);
      expect(judge(bankrupt, safe, forced(4n * MICRO - 1n), { insurance: poor })).to.equal("insurance-not-first");
      expect(judge(bankrupt, safe, forced(4n * MICRO + 1n), { insurance: poor })).to.equal("insurance-fund");
      const capped = { ...RICH, spentPicoUsd: 997n * MICRO };
      expect(judge(bankrupt, safe, forced(3n * MICRO), { insurance: capped })).to.equal(undefined);
      expect(judge(bankrupt, safe, forced(3n * MICRO - 1n), { insurance: capped })).to.equal("insurance-not-first");
      expect(judge(bankrupt, safe, forced(3n * MICRO + 1n), { insurance: capped })).to.equal("insurance-cap");
      expect(judge(bankrupt, safe, forced(0n))).to.equal("insurance-not-first");
      expect(judge(bankrupt, safe, forced(0n), { insurance: { ...RICH, fundPicoUsd: 0n } })).to.equal(undefined);
    });

    it("10: at the index price, to the micro-USD, and without a fee", () => {
      expect(judge(bankrupt, safe, paid(10n, 1n, 9n * MICRO))).to.equal("deleveraging-price");
      expect(judge(bankrupt, safe, paid(10n, -1n, 11n * MICRO))).to.equal("deleveraging-price");
      expect(judge(bankrupt, safe, { ...paid(10n, 0n, 10n * MICRO + 1n), feePicoUsd: 1n })).to.equal("payout-with-fee");
      const free = termsWith({}, { mmfPpm: 0 });
      expect(judge(bankrupt, safe, row(10n, 0n), { terms: free })).to.equal(undefined);
      expect(judge(bankrupt, safe, row(10n, 0n, { feePicoUsd: 1n }), { terms: free })).to.equal("deleveraging-fee");
    });

    it("11: against a holder of the opposite side, of as many lots", () => {
      const whole = paid(10n, 0n, 10n * MICRO);
      expect(judge(bankrupt, against(500n * MICRO, 11), whole)).to.equal(undefined);
      expect(judge(bankrupt, against(500n * MICRO, 9), whole)).to.equal("counterparty-not-a-reduction");
      expect(judge(bankrupt, against(500n * MICRO, 0), whole)).to.equal("counterparty-not-a-reduction");
      expect(judge(bankrupt, held(500n * MICRO), whole)).to.equal("counterparty-not-a-reduction");
    });

    it("11: who meets maintenance margin in the end, to the pico-USD", () => {
      const part = paid(5n, 0n, 5n * MICRO, 1n * MICRO);
      const insurance = { ...RICH, fundPicoUsd: 1n * MICRO };
      // Five lots stay, which ask for 25; four are paid.
      expect(judge(bankrupt, against(29n * MICRO), part, { insurance })).to.equal(undefined);
      expect(judge(bankrupt, against(29n * MICRO - 1n), part, { insurance })).to.equal("counterparty-margin");
    });

    it("no restricted position of either", () => {
      const elsewhere = termsWith({}, {}, { restricted: true });
      const whole = paid(10n, 0n, 10n * MICRO);
      expect(judge(bankrupt, safe, whole, { terms: elsewhere })).to.equal(undefined);
      const mixed = { ...safe, sizesLots: safe.sizesLots.with(1, 1n) };
      expect(judge(bankrupt, mixed, whole, { terms: elsewhere })).to.equal("counterparty-restricted");
      expect(judge(held(-10n * MICRO, 10, 1), safe, whole, { terms: elsewhere })).to.equal("restricted-position");
    });
  });
}

describe("what is left of the insurance", () => {
  const row = { market: 0, side: "sell", quantityLots: 1n, quoteMicroUsd: 100n } as const;

  it("follows fees and payouts from row to row", () => {
    const start: Insurance = { capPicoUsd: 10n, spentPicoUsd: 1n, fundPicoUsd: 5n };
    const fee = { ...row, feePicoUsd: 3n, payoutPicoUsd: 0n, coveredPicoUsd: 0n };
    expect(insuranceAfter(fee, start)).to.deep.equal({ capPicoUsd: 10n, spentPicoUsd: 1n, fundPicoUsd: 8n });
    const payout = { ...row, feePicoUsd: 0n, payoutPicoUsd: 7n, coveredPicoUsd: 5n };
    expect(insuranceAfter(payout, start)).to.deep.equal({ capPicoUsd: 10n, spentPicoUsd: 6n, fundPicoUsd: 0n });
  });

  it("pays the whole payout, or all that either bound leaves", () => {
    for (const [payout, spent, fund, covered] of [
      [7n, 0n, 9n, 7n],
      [7n, 0n, 6n, 6n],
      [7n, 4n, 9n, 6n],
      [7n, 10n, 9n, 0n],
      [0n, 0n, 0n, 0n],
    ] as const) {
      const insurance = { capPicoUsd: 10n, spentPicoUsd: spent, fundPicoUsd: fund };
      expect(coveredPicoUsd(payout, insurance)).to.equal(covered);
      const made = { ...row, feePicoUsd: 0n, payoutPicoUsd: payout, coveredPicoUsd: covered };
      expect(insuranceRefusal(made, insurance)).to.equal(undefined);
      if (covered > 0n && covered < payout) {
        expect(insuranceRefusal({ ...made, coveredPicoUsd: covered - 1n }, insurance)).to.equal("insurance-not-first");
      }
    }
  });
});
