import { expect } from "chai";
import { FIELD_ORDER, MARKETS } from "../../matcher/protocol/spec.ts";
import { Gadget, type GadgetInput } from "./lib-gadget.ts";

const field = (x: bigint) => ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
const two = (bits: number) => 1n << BigInt(bits);
const only = (index: number, value: bigint, length = MARKETS) => new Array<bigint>(length).fill(0n).with(index, value);

type Signals = Record<string, bigint | readonly bigint[]>;
/** Signed numbers in, field elements out. */
const input = (signals: Signals): GadgetInput =>
  Object.fromEntries(
    Object.entries(signals).map(([name, x]) => [name, typeof x === "bigint" ? field(x) : x.map(field)]),
  );

/** The templates of liquidations by themselves: each bound at equality, one beyond, at the widest, and by a wrap around r. */
describe("circuit gadgets: liquidations", function () {
  this.timeout(240_000);

  describe("LiquidationTerms", () => {
    it("has every field within its width, so that no two divide the word differently", async () => {
      const terms = await Gadget.build("rows/liquidation-terms.circom", "LiquidationTerms()");
      const widths = { feeCap: 20, spread: 22, bankruptcyAdjustment: 24, insuranceCap: 64 };
      const widest = Object.fromEntries(Object.entries(widths).map(([name, bits]) => [name, two(bits) - 1n]));
      const words = terms.solutions(widest).map((solution) => terms.read(solution, "word")[0]);
      expect(words).to.deep.equal([two(130) - 1n]);
      for (const [name, bits] of Object.entries(widths)) {
        for (const value of [two(bits), field(-1n)]) {
          expect(terms.solutions({ ...widest, [name]: value }), `${name} ${value}`).to.have.length(0);
        }
      }
    });
  });

  describe("LiquidationRow", () => {
    let row: Gadget;
    before(async () => {
      row = await Gadget.build("rows/liquidation-row.circom", "LiquidationRow(3)");
    });
    const prices = {
      price: only(5, 1_000n),
      priceMmf: only(5, 50_000_000n),
      priceMin: only(5, 950n),
      priceMax: only(5, 1_050n),
      haircut: only(5, 25_000n),
      ...{ isExitFill: 0n, isForcedClose: 0n, request: [0n, 0n] },
    };
    const amounts = { quantity: 400n, quote: 380_000n, fee: 7n, payout: 0n, covered: 0n };
    /** Of three slots: the first is the fund's, whose choice is no wire at all. */
    const slot = (position: number, value = 1n) => only(position - 1, value, 2);
    const nobody = [0n, 0n];
    const liquidation = {
      ...prices,
      ...{ isLiquidation: 1n, isDeleveraging: 0n, account: slot(1), counterparty: nobody },
      ...{ market: [1n, 0n, 1n], side: 1n },
      ...amounts,
    };
    const deleveraging = {
      ...liquidation,
      ...{ isLiquidation: 0n, isDeleveraging: 1n, counterparty: slot(2) },
      ...{ fee: 0n, payout: 11n, covered: 4n },
    };
    const none = {
      ...liquidation,
      ...{ isLiquidation: 0n, account: nobody },
      ...{ market: [0n, 0n, 0n], side: 0n, quantity: 0n, quote: 0n, fee: 0n },
    };
    const witnesses = (signals: Signals) => row.solutions(input(signals)).length;
    const outputs = (signals: Signals, name: string) => {
      const solutions = row.solutions(input(signals));
      expect(solutions).to.have.length(1);
      return row.read(solutions[0] as (typeof solutions)[number], name);
    };

    it("sells a long into the pool, the fee and the payout beside it", () => {
      const signals = { ...liquidation, fee: 7n, payout: 5n };
      expect(outputs(signals, "poolDelta")).to.deep.equal(only(5, field(-380_000n - (400n << 100n))));
      expect(outputs(signals, "sizeWordDelta")).to.deep.equal([0n, field(-(400n << 48n))]);
      expect(outputs(signals, "collateralDelta")).to.deep.equal([380_000_000_000n - 7n + 5n]);
      expect(outputs(signals, "indexQuote")).to.deep.equal([400_000n]);
      expect(outputs(signals, "maintenance")).to.deep.equal([400n * 50_000_000n]);
    });
    it("buys a short back", () => {
      const signals = { ...liquidation, side: 0n };
      expect(outputs(signals, "poolDelta")).to.deep.equal(only(5, 380_000n + (400n << 100n)));
      expect(outputs(signals, "sizeWordDelta")).to.deep.equal([0n, 400n << 48n]);
      expect(outputs(signals, "collateralDelta")).to.deep.equal([field(-380_000_000_000n - 7n)]);
    });
    it("mirrors a deleveraging outside the pool; the counterparty bears what is not covered", () => {
      expect(outputs(deleveraging, "poolDelta")).to.deep.equal(only(0, 0n));
      expect(outputs(deleveraging, "sizeWordDelta")).to.deep.equal([0n, field(-(400n << 48n))]);
      expect(outputs(deleveraging, "collateralDelta")).to.deep.equal([380_000_000_000n + 11n]);
      expect(outputs(deleveraging, "counterpartyCollateralDelta")).to.deep.equal([field(-380_000_000_000n - 11n + 4n)]);
    });
    it("publishes kind, slots, market, side, quantity and quote, and zero for an unused place", () => {
      const tail = (5n << 16n) + (1n << 19n) + (400n << 20n) + (380_000n << 60n);
      expect(outputs(liquidation, "word")).to.deep.equal([6n + (1n << 4n) + tail]);
      expect(outputs(deleveraging, "word")).to.deep.equal([7n + (1n << 4n) + (2n << 10n) + tail]);
      expect(outputs(none, "word")).to.deep.equal([0n]);
    });
    it("an unused place moves nothing, and has neither market nor side", () => {
      for (const name of ["poolDelta", "sizeWordDelta", "collateralDelta", "counterpartyCollateralDelta", "active"]) {
        expect(
          outputs(none, name).every((value) => value === 0n),
          name,
        ).to.equal(true);
      }
      expect(witnesses(none)).to.equal(1);
      expect(witnesses({ ...none, side: 1n })).to.equal(0);
      expect(witnesses({ ...none, market: [0n, 0n, 1n] })).to.equal(0);
    });
    it("an unused place has no amount", () => {
      for (const [name, value] of Object.entries({ quantity: 1n, quote: 1n, fee: 1n, payout: 1n, covered: 1n })) {
        expect(witnesses({ ...none, [name]: value }), name).to.equal(0);
      }
      expect(witnesses({ ...none, quantity: 1n, quote: 1_000n })).to.equal(0);
    });
    it("names one account, and one counterparty only to deleverage, and never the fund", () => {
      // Left to the prover: every choice in the whole field is looked at.
      const names = ({ account: _, counterparty: __, ...signals }: typeof liquidation) =>
        row
          .solutions(input(signals))
          .map((s) => `${row.read(s, "account").join("")} ${row.read(s, "counterparty").join("")}`)
          .sort();
      expect(names(none)).to.deep.equal(["00 00"]);
      expect(names(liquidation)).to.deep.equal(["01 00", "10 00"]);
      expect(names(deleveraging)).to.deep.equal(["01 01", "01 10", "10 01", "10 10"]);
    });
    it("has one kind or none", () => {
      for (const [isLiquidation, isDeleveraging] of [
        [1n, 1n],
        [2n, -1n],
        [-1n, 2n],
        [0n, 2n],
        [2n, 0n],
        [-1n, 1n],
        [1n, -1n],
      ] as const) {
        const kinds = { isLiquidation, isDeleveraging };
        for (const signals of [liquidation, deleveraging, none]) {
          for (const counterparty of [nobody, slot(2, isDeleveraging)]) {
            expect(witnesses({ ...signals, fee: 0n, ...kinds, counterparty })).to.equal(0);
          }
        }
      }
    });
    it("has bits for its market and side", () => {
      for (const value of [2n, -1n]) {
        for (const signals of [liquidation, none]) {
          expect(witnesses({ ...signals, side: value })).to.equal(0);
          for (let bit = 0; bit < 3; bit++) {
            expect(witnesses({ ...signals, market: signals.market.with(bit, value) }), `bit ${bit}`).to.equal(0);
          }
        }
      }
    });
    it("takes at least a lot and at most 2^40 − 1: one more would be another quote in its word", () => {
      const free = { ...liquidation, priceMin: only(5, 0n), priceMax: only(5, two(32) - 1n) };
      expect(witnesses({ ...free, quantity: 1n, quote: 1_000n })).to.equal(1);
      expect(witnesses({ ...free, quantity: 0n, quote: 0n })).to.equal(0);
      expect(witnesses({ ...free, quantity: -1n, quote: 0n })).to.equal(0);
      const most = two(40) - 1n;
      expect(witnesses({ ...free, quantity: most, quote: most * (two(32) - 1n) })).to.equal(1);
      expect(witnesses({ ...free, quantity: most + 1n, quote: most })).to.equal(0);
    });
    it("keeps to the band of its market, to the micro-USD", () => {
      for (const signals of [liquidation, { ...liquidation, side: 0n }, deleveraging]) {
        expect(witnesses({ ...signals, quote: 380_000n })).to.equal(1);
        expect(witnesses({ ...signals, quote: 379_999n })).to.equal(0);
        expect(witnesses({ ...signals, quote: 420_000n })).to.equal(1);
        expect(witnesses({ ...signals, quote: 420_001n })).to.equal(0);
        expect(witnesses({ ...signals, quote: -1n, priceMin: only(5, 0n) })).to.equal(0);
      }
    });
    it("has no place in a market with an empty band", () => {
      const closed = { priceMin: only(5, 1n), priceMax: only(5, 0n) };
      for (const quote of [0n, 400n, 400_000n]) expect(witnesses({ ...liquidation, ...closed, quote })).to.equal(0);
      expect(witnesses({ ...none, ...closed })).to.equal(1);
    });
    it("has amounts within their widths, and no fee for a deleveraging", () => {
      for (const [name, bits] of [
        ["fee", 93],
        ["payout", 97],
        ["covered", 97],
      ] as const) {
        expect(witnesses({ ...liquidation, [name]: two(bits) - 1n }), name).to.equal(1);
        for (const value of [two(bits), -1n]) {
          expect(witnesses({ ...liquidation, [name]: value }), `${name} = ${value}`).to.equal(0);
        }
      }
      expect(witnesses({ ...deleveraging, fee: 1n })).to.equal(0);
    });
  });

  describe("LiquidationBounds", () => {
    let bounds: Gadget;
    before(async () => {
      bounds = await Gadget.build("risk/liquidation-bounds.circom", "LiquidationBounds(2)");
    });
    interface Margins {
      tv: bigint;
      tr: bigint;
      tv0: bigint;
      tr0: bigint;
    }
    /** The second slot is the row's; the first has what would satisfy no rule. */
    const slots = ({ tv, tr, tv0, tr0 }: Margins): Signals => ({
      account: [0n, 1n],
      slotTv: [1n, tv],
      slotTrMaintenance: [2n, tr],
      slotTv0: [10n ** 9n, tv0],
      slotTrMaintenance0: [3n, tr0],
      slotMaintenanceProduct: [10n ** 9n, tv * tr0],
      slotMaintenanceProduct0: [0n, tv0 * tr],
    });
    /** 10 of 100 lots at 10^6 pico-USD of maintenance each, half of which the account has; a lot is 1,000 micro-USD. */
    const margins: Margins = { tv: 50_000_000n, tr: 90_000_000n, tv0: 50_000_000n, tr0: 100_000_000n };
    const row = {
      ...{ isLiquidation: 1n, isDeleveraging: 0n, side: 1n },
      ...{ quantity: 10n, quote: 10_000n, fee: 0n, payout: 0n, covered: 0n },
      ...{ indexQuote: 10_000n, maintenance: 10_000_000n },
      ...{ feeCap: 5_000n, spread: 1_500_000n, bankruptcyAdjustment: 1_000_000n },
      ...{ capLeft: 10n ** 12n, fund: 10n ** 12n },
      ...{ isExitFill: 0n, isForcedClose: 0n, isForcedExit: 0n, isLiquidationRequest: 0n, haircut: 0n },
    };
    const bankrupt: Margins = { tv: 0n, tr: 0n, tv0: -50_000_000n, tr0: 100_000_000n };
    const closed = { ...row, quantity: 100n, quote: 100_000n, indexQuote: 100_000n, maintenance: 100_000_000n };
    const paid = { ...closed, payout: 50_000_000n, covered: 50_000_000n };
    const deleveraging = { ...paid, isLiquidation: 0n, isDeleveraging: 1n };
    const padding = Object.fromEntries(Object.keys(row).map((name) => [name, 0n])) as typeof row;

    /** What the prover may choose with these signals: pays and capped. */
    function choices(signals: Signals, at: Margins): string[] {
      const given = input({ ...signals, ...slots(at) });
      return bounds.solutions(given).map((s) => `${bounds.read(s, "pays")[0]}${bounds.read(s, "capped")[0]}`);
    }
    const allowed = (signals: Signals, at: Margins = margins) => expect(choices(signals, at)).to.not.deep.equal([]);
    const refused = (signals: Signals, at: Margins = margins) => expect(choices(signals, at)).to.deep.equal([]);

    it("lets the prover choose where nothing depends on it, and nowhere else", () => {
      // Without a payout "pays" only adds a bound; here the account ends far above the bankruptcy quote, so that the bound fails.
      expect(choices(row, margins)).to.deep.equal(["00"]);
      expect(choices(paid, bankrupt)).to.deep.equal(["11"]);
      for (const name of ["pays", "capped"]) {
        for (const value of [2n, -1n, 1n]) refused({ ...row, [name]: value });
        for (const value of [2n, -1n, 0n]) refused({ ...paid, [name]: value }, bankrupt);
      }
    });
    it("an unused place holds nothing back and moves neither fund nor cap", () => {
      const unused = input({ ...padding, ...slots(margins), account: [0n, 0n], capLeft: 7n, fund: 9n, feeCap: 5n });
      const after = bounds.solutions({ ...unused, pays: 0n, capped: 0n });
      expect(after.map((s) => [bounds.read(s, "capLeftAfter")[0], bounds.read(s, "fundAfter")[0]])).to.deep.equal([
        [7n, 9n],
      ]);
    });
    it("rule 2: pays a micro-USD above the bankruptcy quote at most, less one pico-USD", () => {
      const ends = (tv: bigint) => ({ ...bankrupt, tv });
      allowed(paid, ends(0n));
      allowed(paid, ends(999_999n));
      refused(paid, ends(1_000_000n));
      // Cross-multiplied: of 100 lots 10 are left, whose share of −50 is −5.
      const part = (tv: bigint) => ({ ...bankrupt, tr: 10_000_000n, tv });
      allowed(paid, part(-4_000_001n));
      refused(paid, part(-4_000_000n));
      // The widest products.
      const poor = { tv: -two(96), tr: two(95) - 1n, tv0: -two(109) + 1n, tr0: two(95) - 1n };
      refused(paid, poor);
      allowed(paid, { ...poor, tv: poor.tv0 + 999_999n });
    });
    it("rule 2: not with a fee", () => {
      allowed({ ...paid, fee: 0n }, bankrupt);
      refused({ ...paid, fee: 1n }, bankrupt);
      allowed({ ...closed, fee: 1n }, bankrupt);
    });
    it("rule 3: the fund first, and never less than nothing", () => {
      allowed(deleveraging, bankrupt);
      refused({ ...deleveraging, covered: 49_999_999n }, bankrupt);
      refused({ ...deleveraging, covered: 50_000_001n }, bankrupt);
      refused({ ...deleveraging, covered: -1n }, bankrupt);
      for (const [name, other] of [
        ["fund", "capLeft"],
        ["capLeft", "fund"],
      ] as const) {
        const short = { ...deleveraging, [name]: 20_000_000n, [other]: 20_000_001n };
        allowed({ ...short, covered: 20_000_000n }, bankrupt);
        refused({ ...short, covered: 19_999_999n }, bankrupt);
        refused({ ...short, covered: 20_000_001n }, bankrupt);
      }
      allowed({ ...deleveraging, fund: 0n, covered: 0n }, bankrupt);
      refused({ ...deleveraging, fund: -1n, covered: 0n }, bankrupt);
      refused({ ...deleveraging, capLeft: -1n, covered: 0n }, bankrupt);
      refused({ ...deleveraging, capLeft: two(84) + 50_000_000n }, bankrupt);
      allowed({ ...deleveraging, capLeft: two(84) + 49_999_999n }, bankrupt);
      allowed({ ...deleveraging, fund: two(108) }, bankrupt);
    });
    it("rule 3: what is left is what there was, less what is covered, and the fee is the fund's", () => {
      const left = (signals: Signals, at: Margins) =>
        bounds
          .solutions(input({ ...signals, ...slots(at) }))
          .map((s) => [bounds.read(s, "capLeftAfter")[0], bounds.read(s, "fundAfter")[0]]);
      const rest = 10n ** 12n - 50_000_000n;
      expect(left(paid, bankrupt)).to.deep.equal([[rest, rest]]);
      expect(left({ ...row, fee: 3n }, margins)).to.deep.equal([[10n ** 12n, 10n ** 12n + 3n]]);
    });
    it("rule 4: below maintenance at S₀, by a pico-USD", () => {
      const weak = { ...margins, tv0: 99_999_999n, tv: 99_999_999n };
      const lot = { ...row, quantity: 1n, quote: 1_000n, indexQuote: 1_000n, maintenance: 1_000_000n };
      allowed(lot, weak);
      refused(lot, { ...weak, tv0: 100_000_000n });
      allowed(lot, { ...weak, tv0: -two(109) + 1n, tr0: two(95) - 1n });
      refused(lot, { ...weak, tv0: two(109) - 1n, tr0: 0n });
    });
    it("rule 9: below zero at S₀, by a pico-USD", () => {
      const free = { ...deleveraging, payout: 0n, covered: 0n };
      allowed(free, { ...bankrupt, tv0: -1n, tv: -1n });
      refused(free, { ...bankrupt, tv0: 0n });
      refused(free, { ...bankrupt, tv0: 1n });
      allowed(free, { ...bankrupt, tv0: -two(109) + 1n });
    });
    it("rule 5: a liquidation's payout is covered whole", () => {
      refused({ ...paid, covered: 49_999_999n }, bankrupt);
      refused({ ...paid, fund: 0n, covered: 0n }, bankrupt);
    });
    it("rule 10: a deleveraging stands at the index price", () => {
      refused({ ...deleveraging, quote: 100_001n }, bankrupt);
      refused({ ...deleveraging, quote: 99_999n }, bankrupt);
    });
    it("rule 6: a fee within its cap, at the widest too", () => {
      allowed({ ...row, fee: 5_000n * 10_000n });
      refused({ ...row, fee: 5_000n * 10_000n + 1n });
      const widest = { feeCap: two(20) - 1n, quote: two(72) - 1n };
      allowed({ ...row, ...widest, fee: (two(20) - 1n) * (two(72) - 1n) });
      refused({ ...row, ...widest, fee: (two(20) - 1n) * (two(72) - 1n) + 1n });
      refused({ ...row, fee: two(93) - 1n });
    });
    describe("rule 7", () => {
      // Half of the way to zero: half of 1.5 times 10 micro-USD of maintenance is 7.5 for the ten lots.
      const at = (side: bigint, distance: bigint, change: Signals = {}) => ({
        ...row,
        side,
        indexQuote: 10_000n,
        quote: side === 1n ? 10_000n - distance : 10_000n + distance,
        ...change,
      });
      for (const side of [0n, 1n]) {
        const what = side === 1n ? "a sale no lower" : "a purchase no higher";
        it(`${what} than the fillable price, in proportion`, () => {
          allowed(at(side, 7n));
          refused(at(side, 8n));
          allowed(at(side, -1_000n));
          // Twice the adjustment: all of the spread.
          allowed(at(side, 15n, { bankruptcyAdjustment: 2_000_000n }));
          refused(at(side, 16n, { bankruptcyAdjustment: 2_000_000n }));
          refused(at(side, 16n, { bankruptcyAdjustment: two(24) - 1n }));
          // No adjustment, no distance.
          allowed(at(side, 0n, { bankruptcyAdjustment: 0n }));
          refused(at(side, 1n, { bankruptcyAdjustment: 0n }));
        });
      }
      it("to one part of 10^18: distance and allowance that are equal", () => {
        allowed(at(1n, 6n, { spread: 1_200_000n }));
        refused(at(1n, 6n, { spread: 1_199_999n }));
      });
      it("both choices where both ends are one, and only the lower end elsewhere", () => {
        const pays = { pays: 0n };
        expect(choices({ ...row, ...pays, bankruptcyAdjustment: 2_000_000n }, margins)).to.deep.equal(["01", "00"]);
        expect(choices({ ...row, ...pays, bankruptcyAdjustment: 1_999_999n }, margins)).to.deep.equal(["00"]);
        expect(choices({ ...row, ...pays, bankruptcyAdjustment: 2_000_001n }, margins)).to.deep.equal(["01"]);
      });
      it("at the widest, on either side of it", () => {
        const tr0 = two(95) - 1n;
        const widest = { ...margins, tv: 0n, tr: 0n, tr0 };
        const rate = { spread: two(22) - 1n, maintenance: two(92) - 1n, bankruptcyAdjustment: two(24) - 1n };
        for (const tv0 of [-two(109) + 1n, 0n]) {
          allowed(at(1n, 0n, { indexQuote: two(72) - 1n, quote: 0n, fee: 0n, ...rate }), { ...widest, tv0 });
          refused(at(1n, 0n, { indexQuote: two(72) - 1n, quote: 0n, ...rate, spread: 1n }), { ...widest, tv0 });
          allowed(at(0n, 0n, { indexQuote: 0n, quote: two(72) - 1n, ...rate }), { ...widest, tv0 });
          refused(at(0n, 0n, { indexQuote: 0n, quote: two(72) - 1n, ...rate, spread: 1n }), { ...widest, tv0 });
        }
      });
    });
    it("rule 8: with one lot less it would still be below maintenance", () => {
      // From −50 upwards; nine lots of ten at (tv − tr) / 10 each.
      const ends = (excess: bigint) => ({ ...margins, tv: margins.tr + excess });
      const nine = { ...row, quantity: 10n };
      allowed(nine, ends(5_555_555n));
      refused(nine, ends(5_555_556n));
      // At exactly the bound there is a choice of the lot before: −50 + 9·x = 0 is no longer below.
      const lots = { ...row, quantity: 11n };
      allowed(lots, ends(4_999_999n));
      refused(lots, ends(5_000_000n));
      // One lot is the least there is, however much better it makes things.
      allowed({ ...row, quantity: 1n }, ends(two(97) - 1n - margins.tr));
      const most = { ...row, quantity: two(40) - 1n };
      refused(most, ends(two(97) - 1n - margins.tr));
      allowed(most, { ...margins, tv: -two(97) + 1n, tr: two(95) - 1n, tv0: -two(109) + 1n });
      // Not a rule for deleveraging.
      allowed(deleveraging, { ...bankrupt, tv: 999_999n });
    });
  });
});
