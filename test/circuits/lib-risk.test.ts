import { expect } from "chai";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { Gadget } from "./lib-gadget.ts";

const field = (x: bigint) => ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
const two = (bits: number) => 1n << BigInt(bits);
const ZERO = new Array<bigint>(8).fill(0n);
const NO_CAP = new Array<bigint>(8).fill(two(40) - 1n);

/** A state as ValidTransition sees it; sizes of the first markets, in lots. */
interface State {
  tv: bigint;
  initial: bigint;
  maintenance: bigint;
  sizes: bigint[];
}

describe("circuit gadgets: risk", function () {
  this.timeout(120_000);

  describe("ValidTransition", () => {
    let rule: Gadget;
    before(async () => {
      rule = await Gadget.build("risk/valid-transition.circom", "ValidTransition()");
    });
    const of = (tv: bigint, initial: bigint, maintenance: bigint, ...sizes: bigint[]): State => ({
      tv,
      initial,
      maintenance,
      sizes,
    });
    const magnitudes = ({ sizes }: State) => ZERO.map((_, m) => ((x) => (x < 0n ? -x : x))(sizes[m] ?? 0n));
    const signs = ({ sizes }: State) => ZERO.map((_, m) => ((sizes[m] ?? 0n) >= 0n ? 1n : 0n));
    /**
     * Which of the two rules a transition meets, over every witness. Which sizes grow is given: where that is a choice, it changes nothing, and
     * there are 2^8 of them.
     */
    function rules(
      before: State,
      after: State,
      outgoing = 0n,
      healthy?: bigint,
      named: { liquidated?: bigint; counterparty?: bigint } = {},
    ): ("healthy" | "not less safe")[] {
      const solutions = rule.solutions({
        tv: field(after.tv),
        trInitial: after.initial,
        trMaintenance: after.maintenance,
        tv0: field(before.tv),
        trInitial0: before.initial,
        trMaintenance0: before.maintenance,
        positive: signs(after),
        magnitude: magnitudes(after),
        positive0: signs(before),
        magnitude0: magnitudes(before),
        restricted: ZERO,
        isolatedOnly: ZERO,
        positionCap: NO_CAP,
        grows: magnitudes(after).map((lots, m) => (lots > (magnitudes(before)[m] as bigint) ? 1n : 0n)),
        outgoing,
        liquidated: named.liquidated ?? 0n,
        counterparty: named.counterparty ?? 0n,
        ...(healthy === undefined ? {} : { healthy }),
      });
      const chosen = solutions.map((solution) => rule.read(solution, "healthy")[0]);
      return chosen.sort().map((choice) => (choice === 1n ? "healthy" : "not less safe"));
    }
    const flat = of(0n, 0n, 0n);

    it("healthy: value at the requirement, not one below", () => {
      expect(rules(flat, of(100n, 100n, 50n, 5n))).to.deep.equal(["healthy"]);
      expect(rules(flat, of(99n, 100n, 50n, 5n))).to.deep.equal([]);
      expect(rules(flat, of(-1n, 100n, 50n, 5n))).to.deep.equal([]);
    });
    it("healthy at the widest, and never by wrapping around r", () => {
      const widest = two(97) - 1n;
      expect(rules(of(-two(108), two(95) - 1n, 1n, 1n), of(widest, 0n, 0n, -1n))).to.deep.equal(["healthy"]);
      expect(rules(flat, of(-widest, two(95) - 1n, 0n, 1n))).to.deep.equal([]);
    });
    it("an outgoing row needs health", () => {
      expect(rules(of(60n, 100n, 50n, 10n), of(60n, 100n, 50n, 10n))).to.deep.equal(["not less safe"]);
      expect(rules(of(60n, 100n, 50n, 10n), of(60n, 100n, 50n, 10n), 1n)).to.deep.equal([]);
      expect(rules(of(100n, 100n, 50n, 10n), of(100n, 100n, 50n, 10n), 1n)).to.deep.equal(["healthy"]);
    });
    it("a reduction keeps both ratios, to the unit", () => {
      const before = of(60_000n, 100_000n, 50_000n, 10n);
      expect(rules(before, of(54_000n, 90_000n, 45_000n, 9n))).to.deep.equal(["not less safe"]);
      expect(rules(before, of(53_999n, 90_000n, 45_000n, 9n))).to.deep.equal([]);
    });
    it("each ratio by itself", () => {
      // Two markets of different ratios between the requirements: closing one shifts them against each other.
      expect(rules(of(10n, 100n, 40n, 5n, 5n), of(9n, 90n, 40n, 4n, 5n))).to.deep.equal([]);
      expect(rules(of(10n, 100n, 40n, 5n, 5n), of(9n, 90n, 36n, 4n, 5n))).to.deep.equal(["not less safe"]);
      expect(rules(of(10n, 100n, 40n, 5n, 5n), of(9n, 100n, 36n, 4n, 5n))).to.deep.equal([]);
    });
    it("a negative value: its ratio may rise but not fall", () => {
      expect(rules(of(-10n, 100n, 50n, 10n), of(-9n, 90n, 45n, 9n))).to.deep.equal(["not less safe"]);
      expect(rules(of(-10n, 100n, 50n, 10n), of(-10n, 90n, 45n, 9n))).to.deep.equal([]);
    });
    it("closing everything needs a value that is not negative", () => {
      expect(rules(of(1n, 100n, 50n, -10n), of(0n, 0n, 0n, 0n))).to.deep.equal(["not less safe", "healthy"]);
      expect(rules(of(1n, 100n, 50n, -10n), of(-1n, 0n, 0n, 0n))).to.deep.equal([]);
      expect(rules(of(-1n, 100n, 50n, -10n), of(-1n, 0n, 0n, 0n))).to.deep.equal([]);
    });
    it("without a requirement the value itself may not fall", () => {
      expect(rules(of(-5n, 0n, 0n), of(-5n, 0n, 0n))).to.deep.equal(["not less safe"]);
      expect(rules(of(-5n, 0n, 0n), of(-4n, 0n, 0n))).to.deep.equal(["not less safe"]);
      expect(rules(of(-5n, 0n, 0n), of(-6n, 0n, 0n))).to.deep.equal([]);
    });
    it("no size may grow or change its sign, in any market, however safe the rest becomes", () => {
      const before = of(10n, 100n, 50n, 10n, -10n, 10n, -10n, 10n, -10n, 10n, -10n);
      const safer = (sizes: bigint[]): State => ({ tv: 89n, initial: 90n, maintenance: 45n, sizes });
      // The second rule alone: none of these states is healthy.
      const unsafe = (sizes: bigint[]) => rules(before, safer(sizes), 0n, 0n);
      expect(unsafe(before.sizes)).to.deep.equal(["not less safe"]);
      for (let market = 0; market < 8; market++) {
        const own = before.sizes[market] as bigint;
        for (const size of [0n, own / 2n]) {
          expect(unsafe(before.sizes.with(market, size))).to.deep.equal(["not less safe"]);
        }
        for (const size of [(own * 11n) / 10n, -own, own > 0n ? -1n : 1n]) {
          expect(unsafe(before.sizes.with(market, size)), `market ${market}: ${size}`).to.deep.equal([]);
        }
      }
      // A flat market grows by opening on either side.
      expect(rules(of(10n, 100n, 50n, 10n), of(89n, 90n, 45n, 9n, 1n))).to.deep.equal([]);
      expect(rules(of(10n, 100n, 50n, 10n), of(89n, 90n, 45n, 9n, -1n))).to.deep.equal([]);
    });
    it("the widest products do not wrap", () => {
      const requirement = two(95) - 1n;
      const poor = -two(109) + 1n;
      const before = of(poor, requirement, requirement, 1n);
      expect(rules(before, of(-two(97) + 1n, requirement, requirement, 1n))).to.deep.equal(["not less safe"]);
      expect(rules(before, of(poor - 1n, requirement, requirement, 1n))).to.deep.equal([]);
    });
    it("a liquidated account keeps its maintenance ratio, to the unit, and nothing else", () => {
      const named = { liquidated: 1n };
      const before = of(40_000n, 100_000n, 50_000n, 10n);
      const liquidated = (after: State, healthy?: bigint) => rules(before, after, 0n, healthy, named);
      expect(liquidated(of(36_000n, 90_000n, 45_000n, 9n))).to.deep.equal(["not less safe"]);
      expect(liquidated(of(35_999n, 90_000n, 45_000n, 9n))).to.deep.equal([]);
      // The initial ratio may fall, a requirement of zero or not.
      expect(liquidated(of(36_000n, 95_000n, 45_000n, 9n))).to.deep.equal(["not less safe"]);
      expect(rules(of(1n, 0n, 50n, 9n), of(0n, 0n, 0n), 0n, undefined, named)).to.deep.equal(["not less safe"]);
      // Judged by the liquidation's rules however well it ends; it cannot grow by being healthy.
      expect(liquidated(of(99_000n, 90_000n, 45_000n, 9n))).to.deep.equal(["not less safe"]);
      expect(liquidated(of(99_000n, 90_000n, 45_000n, 9n), 1n)).to.deep.equal([]);
      expect(liquidated(of(99_000n, 90_000n, 45_000n, 11n))).to.deep.equal([]);
      expect(liquidated(of(99_000n, 90_000n, 45_000n, -9n))).to.deep.equal([]);
      expect(rules(before, of(99_000n, 90_000n, 45_000n, 9n), 1n, undefined, named)).to.deep.equal([]);
    });
    it("a counterparty ends with maintenance margin, to the unit, whatever its ratios do", () => {
      const named = { counterparty: 1n };
      const before = of(99_000n, 100_000n, 50_000n, 10n);
      const counterparty = (after: State, healthy?: bigint) => rules(before, after, 0n, healthy, named);
      expect(counterparty(of(45_000n, 90_000n, 45_000n, 9n))).to.deep.equal(["not less safe"]);
      expect(counterparty(of(44_999n, 90_000n, 45_000n, 9n))).to.deep.equal([]);
      expect(counterparty(of(-1n, 0n, 0n))).to.deep.equal([]);
      expect(counterparty(of(99_000n, 90_000n, 45_000n, 9n))).to.deep.equal(["not less safe"]);
      expect(counterparty(of(99_000n, 90_000n, 45_000n, 9n), 1n)).to.deep.equal([]);
      expect(counterparty(of(99_000n, 90_000n, 45_000n, 11n))).to.deep.equal([]);
      expect(counterparty(of(99_000n, 90_000n, 45_000n, -9n))).to.deep.equal([]);
      // At the widest, and never by wrapping around r.
      const widest = two(97) - 1n;
      expect(rules(before, of(widest, 0n, 0n), 0n, undefined, named)).to.deep.equal(["not less safe"]);
      expect(rules(before, of(-widest, 0n, two(95) - 1n, 9n), 0n, undefined, named)).to.deep.equal([]);
    });
    it("gives the two products that liquidations compare", () => {
      const products = rule.solutions({
        tv: field(-7n),
        trInitial: 0n,
        trMaintenance: 11n,
        tv0: field(-17n),
        trInitial0: 0n,
        trMaintenance0: 19n,
        ...{ positive: signs(flat), magnitude: ZERO, positive0: signs(flat), magnitude0: ZERO },
        ...{ restricted: ZERO, isolatedOnly: ZERO, positionCap: NO_CAP, grows: ZERO },
        ...{ outgoing: 0n, liquidated: 1n, counterparty: 0n },
      });
      const read = (name: string) => products.map((solution) => rule.read(solution, name)[0]);
      expect(read("maintenanceProduct")).to.deep.equal([field(-7n * 19n)]);
      expect(read("maintenanceProduct0")).to.deep.equal([field(-17n * 11n)]);
    });
    it("the choice of the rule is a choice", () => {
      for (const healthy of [2n, field(-1n), field(1n - two(40))]) {
        expect(rules(of(100n, 100n, 50n, 5n), of(100n, 100n, 50n, 5n), 0n, healthy)).to.deep.equal([]);
        expect(rules(of(0n, 0n, 0n), of(0n, 0n, 0n), 0n, healthy)).to.deep.equal([]);
      }
    });
  });

  describe("OpenInterest", () => {
    let interest: Gadget;
    before(async () => {
      interest = await Gadget.build("rows/open-interest.circom", "OpenInterest()");
    });
    /** The open interest after, once however many of the two bounds hold. */
    const openAfter = (before: bigint, change: bigint, cap: bigint) => {
      const solutions = interest.solutions({ before: field(before), change: field(change), cap: field(cap) });
      return [...new Set(solutions.map((solution) => interest.read(solution, "after")[0]))];
    };
    it("grows up to its cap, not one lot beyond", () => {
      expect(openAfter(600n, 200n, 800n)).to.deep.equal([800n]);
      expect(openAfter(600n, 201n, 800n)).to.deep.equal([]);
    });
    it("shrinks or stays above a lowered cap", () => {
      expect(openAfter(900n, -1n, 800n)).to.deep.equal([899n]);
      expect(openAfter(900n, 0n, 800n)).to.deep.equal([900n]);
      expect(openAfter(900n, 1n, 800n)).to.deep.equal([]);
    });
    it("keeps to 48 bits on every side", () => {
      const most = two(48) - 1n;
      expect(openAfter(most - 1n, 1n, most)).to.deep.equal([most]);
      expect(openAfter(most, 1n, most)).to.deep.equal([]);
      expect(openAfter(5n, -6n, most)).to.deep.equal([]);
      for (const [before, cap] of [
        [two(48), most],
        [-1n, most],
        [0n, two(48)],
        [0n, -1n],
      ] as const) {
        expect(openAfter(before, 0n, cap), `${before}, ${cap}`).to.deep.equal([]);
      }
    });
    it("refuses a wider start although the end fits", () => {
      const most = two(48) - 1n;
      expect(openAfter(two(48), -1n, most)).to.deep.equal([]);
      expect(openAfter(-1n, 1n, most)).to.deep.equal([]);
    });
    it("has no third bound between the two", () => {
      const choice = (withinCap: bigint) =>
        interest.solutions({ before: 900n, change: field(-1n), cap: 800n, withinCap }).length;
      expect([choice(0n), choice(1n), choice(2n), choice(field(-1n))]).to.deep.equal([1, 0, 0, 0]);
    });
  });

  describe("MarketTerms", () => {
    it("has every field within its width, so that no two divide a word differently", async () => {
      const terms = await Gadget.build("rows/market-terms.circom", "MarketTerms()");
      const prices = { price: 32, imf: 20, mmf: 20, priceMin: 32, priceMax: 32, fundingIndexOffset: 64 };
      const widths = { ...prices, restricted: 1, retired: 1, isolatedOnly: 1, positionCap: 40 };
      const widest = Object.fromEntries(Object.entries(widths).map(([name, bits]) => [name, two(bits) - 1n]));
      const [solution, ...others] = terms.solutions(widest);
      expect(others).to.deep.equal([]);
      expect(terms.read(solution as NonNullable<typeof solution>, "word")).to.deep.equal([two(243) - 1n]);
      for (const [name, bits] of Object.entries(widths)) {
        for (const value of [two(bits), field(-1n)]) {
          expect(terms.solutions({ ...widest, [name]: value }), `${name} ${value}`).to.have.length(0);
        }
      }
    });
  });
});
