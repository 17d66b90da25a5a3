import { expect } from "chai";
import { FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import { Gadget } from "./lib-gadget.ts";

const field = (x: bigint) => ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
const two = (bits: number) => 1n << BigInt(bits);
const ZERO = new Array<bigint>(8).fill(0n);

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
    /** Which of the two rules a transition meets, over every witness. */
    function rules(before: State, after: State, outgoing = 0n, healthy?: bigint): ("healthy" | "not less safe")[] {
      return judged(before, after, { outgoing, ...(healthy === undefined ? {} : { healthy }) });
    }
    /** The same with anything else given, too. `grows` says what grew unless told otherwise: that choice has tests of its own. */
    function judged(
      before: State,
      after: State,
      given: Record<string, bigint | bigint[]>,
    ): ("healthy" | "not less safe")[] {
      const magnitudes = ({ sizes }: State) => ZERO.map((_, m) => ((x) => (x < 0n ? -x : x))(sizes[m] ?? 0n));
      const signs = ({ sizes }: State) => ZERO.map((_, m) => ((sizes[m] ?? 0n) >= 0n ? 1n : 0n));
      const grows = magnitudes(after).map((size, m) => (size > (magnitudes(before)[m] as bigint) ? 1n : 0n));
      const solutions = rule.solutions({
        ...{ restricted: ZERO, isolatedOnly: ZERO, positionCap: ZERO.map(() => two(40) - 1n), grows },
        ...{ outgoing: 0n, liquidated: 0n, counterparty: 0n, yielding: 0n, exempt: 0n },
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
        ...given,
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
    it("a counterparty of a deleveraging keeps maintenance margin, whatever its ratios do", () => {
      const named = { counterparty: 1n };
      expect(judged(of(900n, 100n, 50n, 10n), of(45n, 90n, 45n, 9n), named)).to.deep.equal(["not less safe"]);
      expect(judged(of(900n, 100n, 50n, 10n), of(44n, 90n, 45n, 9n), named)).to.deep.equal([]);
      expect(judged(of(900n, 100n, 50n, 10n), of(900n, 110n, 55n, 11n), named)).to.deep.equal([]);
      expect(judged(of(900n, 100n, 50n, 10n), of(900n, 90n, 45n, -9n), named)).to.deep.equal([]);
    });
    it("a liquidated account keeps its maintenance ratio, and only that", () => {
      const named = { liquidated: 1n };
      // Of two markets the one with the lower initial requirement is closed: that ratio falls.
      expect(judged(of(20n, 100n, 50n, 5n, 5n), of(18n, 95n, 45n, 4n, 5n), named)).to.deep.equal(["not less safe"]);
      expect(judged(of(20n, 100n, 50n, 5n, 5n), of(18n, 95n, 45n, 4n, 5n), {})).to.deep.equal([]);
      expect(judged(of(20n, 100n, 50n, 5n, 5n), of(17n, 95n, 45n, 4n, 5n), named)).to.deep.equal([]);
      expect(judged(of(-20n, 100n, 50n, 10n), of(-1n, 0n, 0n, 0n), named)).to.deep.equal([]);
      expect(judged(of(-20n, 100n, 50n, 10n), of(0n, 0n, 0n, 0n), named)).to.deep.equal(["not less safe"]);
    });
    it("a forced close's counterparty keeps its maintenance ratio and only shrinks, exempt it only shrinks", () => {
      const yielding = { yielding: 1n };
      const exempt = { yielding: 1n, exempt: 1n };
      const before = of(-20n, 100n, 50n, 10n);
      expect(judged(before, of(-18n, 90n, 45n, 9n), yielding)).to.deep.equal(["not less safe"]);
      expect(judged(before, of(-19n, 90n, 45n, 9n), yielding)).to.deep.equal([]);
      expect(judged(before, of(-19n, 90n, 45n, 9n), exempt)).to.deep.equal(["not less safe"]);
      for (const named of [yielding, exempt]) {
        expect(judged(of(900n, 100n, 50n, 10n), of(900n, 110n, 55n, 11n), named)).to.deep.equal([]);
        expect(judged(of(900n, 100n, 50n, 10n), of(900n, 90n, 45n, -9n), named)).to.deep.equal([]);
      }
      // It need not meet any requirement, and may hold what has no fresh price.
      expect(judged(of(1n, 100n, 50n, 10n), of(1n, 90n, 45n, 9n), yielding)).to.deep.equal(["not less safe"]);
      const restricted = ZERO.with(1, 1n);
      const holding = of(1n, 100n, 50n, 10n, 5n);
      expect(judged(holding, of(1n, 90n, 45n, 9n, 5n), { ...yielding, restricted })).to.deep.equal(["not less safe"]);
      expect(judged(holding, of(1n, 90n, 45n, 9n, 6n), { ...yielding, restricted })).to.deep.equal([]);
    });
    it("whoever is named is not judged by its health, however good it is", () => {
      for (const name of ["liquidated", "counterparty"]) {
        const named = { [name]: 1n };
        expect(judged(of(900n, 100n, 50n, 10n), of(900n, 110n, 55n, 11n), { ...named, healthy: 1n })).to.deep.equal([]);
        expect(judged(of(900n, 100n, 50n, 10n), of(900n, 90n, 45n, 9n), { ...named, outgoing: 1n })).to.deep.equal([]);
      }
    });
    it("the choice of the rule is a choice", () => {
      for (const healthy of [2n, field(-1n), field(1n - two(40))]) {
        expect(rules(of(100n, 100n, 50n, 5n), of(100n, 100n, 50n, 5n), 0n, healthy)).to.deep.equal([]);
        expect(rules(of(0n, 0n, 0n), of(0n, 0n, 0n), 0n, healthy)).to.deep.equal([]);
      }
    });
  });

  describe("SizeGrowth", () => {
    let growth: Gadget;
    before(async () => {
      growth = await Gadget.build("risk/size-growth.circom", "SizeGrowth()");
    });
    /** Whether some choice of bounds lets sizes go from one to the other. */
    function may(before: bigint[], after: bigint[], given: Record<string, bigint | bigint[]> = {}): boolean {
      const eight = (sizes: bigint[]) => ZERO.map((_, m) => sizes[m] ?? 0n);
      const magnitude = (sizes: bigint[]) => eight(sizes).map((x) => (x < 0n ? -x : x));
      const positive = (sizes: bigint[]) => eight(sizes).map((x) => (x >= 0n ? 1n : 0n));
      const choices = eight([]).map((_, m) => (m < 2 ? [0n, 1n] : [0n]));
      return (choices[0] as bigint[]).some((first) =>
        (choices[1] as bigint[]).some((second) => {
          const solutions = growth.solutions({
            ...{ positive: positive(after), magnitude: magnitude(after) },
            ...{ positive0: positive(before), magnitude0: magnitude(before) },
            ...{ restricted: ZERO, isolatedOnly: ZERO, positionCap: ZERO.map(() => 100n) },
            ...{ grows: eight([first, second]), healthy: 1n, outgoing: 0n, priced: 0n },
            ...given,
          });
          return solutions.length > 0;
        }),
      );
    }
    const first = (flag: bigint) => [flag, ...new Array<bigint>(7).fill(0n)];

    it("grows to the market's cap, not one lot beyond; above a lowered cap it may only shrink", () => {
      expect(may([90n], [100n])).to.equal(true);
      expect(may([90n], [101n])).to.equal(false);
      expect(may([-90n], [-101n])).to.equal(false);
      expect(may([150n], [150n])).to.equal(true);
      expect(may([150n], [149n])).to.equal(true);
      expect(may([150n], [151n])).to.equal(false);
    });
    it("flips when healthy, within the larger of cap and old size", () => {
      expect(may([90n], [-100n])).to.equal(true);
      expect(may([90n], [-101n])).to.equal(false);
      expect(may([150n], [-150n])).to.equal(true);
    });
    it("without health it neither grows nor flips", () => {
      expect(may([90n], [90n], { healthy: 0n })).to.equal(true);
      expect(may([90n], [91n], { healthy: 0n })).to.equal(false);
      expect(may([90n], [-1n], { healthy: 0n })).to.equal(false);
      expect(may([90n], [0n], { healthy: 0n })).to.equal(true);
    });
    it("a restricted market stops growth and flips there and nowhere else", () => {
      const restricted = { restricted: first(1n) };
      expect(may([90n, 5n], [90n, 6n], restricted)).to.equal(true);
      expect(may([90n, 5n], [89n, 5n], restricted)).to.equal(true);
      expect(may([90n, 5n], [91n, 5n], restricted)).to.equal(false);
      expect(may([0n, 5n], [-1n, 5n], restricted)).to.equal(false);
      expect(may([90n, 5n], [-1n, 5n], restricted)).to.equal(false);
    });
    it("an outgoing payment leaves nothing in a restricted market; a liquidation finds nothing there", () => {
      const restricted = { restricted: first(1n) };
      expect(may([1n, 5n], [0n, 5n], { ...restricted, outgoing: 1n })).to.equal(true);
      expect(may([1n, 5n], [1n, 5n], { ...restricted, outgoing: 1n })).to.equal(false);
      expect(may([0n, 5n], [0n, 4n], { ...restricted, priced: 1n })).to.equal(true);
      expect(may([1n, 5n], [0n, 4n], { ...restricted, priced: 1n })).to.equal(false);
      expect(may([-1n, 5n], [-1n, 4n], { ...restricted, priced: 1n })).to.equal(false);
    });
    it("an isolated-only market stands alone as soon as anything grows", () => {
      const isolatedOnly = { isolatedOnly: first(1n) };
      expect(may([5n], [6n], isolatedOnly)).to.equal(true);
      expect(may([0n, 5n], [0n, 6n], isolatedOnly)).to.equal(true);
      expect(may([5n, 5n], [5n, 4n], isolatedOnly)).to.equal(true);
      expect(may([5n, 5n], [6n, 5n], isolatedOnly)).to.equal(false);
      expect(may([5n, 5n], [4n, 6n], isolatedOnly)).to.equal(false);
      expect(may([5n], [5n, -1n], isolatedOnly)).to.equal(false);
      expect(may([0n, 5n], [1n, 5n], isolatedOnly)).to.equal(false);
      expect(may([0n, 5n], [1n, 0n], isolatedOnly)).to.equal(true);
      expect(may([5n, 5n], [5n, 6n])).to.equal(true);
    });
    it("the choice of the bound is a choice", () => {
      for (const choice of [2n, field(-1n)]) expect(may([5n], [5n], { grows: first(choice) })).to.equal(false);
    });
  });

  describe("LiquidationTerms", () => {
    it("has every field within its width, so that no two divide a word differently", async () => {
      const terms = await Gadget.build("rows/liquidation-terms.circom", "LiquidationTerms()");
      const widths = { feeCap: 20, spread: 22, bankruptcyAdjustment: 24, insuranceCap: 64 };
      const widest = Object.fromEntries(Object.entries(widths).map(([name, bits]) => [name, two(bits) - 1n]));
      const [solution, ...others] = terms.solutions(widest);
      expect(others).to.deep.equal([]);
      expect(terms.read(solution as NonNullable<typeof solution>, "word")).to.deep.equal([two(130) - 1n]);
      for (const [name, bits] of Object.entries(widths)) {
        for (const value of [two(bits), field(-1n)]) {
          expect(terms.solutions({ ...widest, [name]: value }), `${name} ${value}`).to.have.length(0);
        }
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
      const widths = { ...prices, restricted: 1, retired: 1, isolatedOnly: 1, positionCap: 40, exitHaircut: 20 };
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
