import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { impactAskTicksQ20Ceil, impactBidTicksQ20Floor } from "../../matcher/book/impact.ts";
import { premiumPpmTowardZero } from "../../matcher/risk/premium.ts";
import { NOW_SECONDS, newEngine, order } from "./sample-orders.ts";

interface PremiumCase {
  name: string;
  indexPrice?: number;
  indexExponent: number;
  baseAtomicResolution: number;
  quantumConversionExponent: number;
  impactNotional: number;
  maxAbsPremiumPpm: number;
  bids: [subticks: number, baseQuantums: number][];
  asks: [subticks: number, baseQuantums: number][];
  expectedPremiumPpm: number;
  note?: string;
}

const path = new URL("../vectors/v4_premium_from_book.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: PremiumCase[] };

const noPosition = () => 0;

/** A book with these levels, one order each: accounts 1, 2, … */
function bookOf(bids: readonly [number, number][], asks: readonly [number, number][]) {
  const { engine, gate } = newEngine();
  let account = 0;
  for (const [side, levels] of [["buy", bids] as const, ["sell", asks] as const]) {
    for (const [limitPriceTicks, quantityLots] of levels) {
      const events = engine.place(order({ account: ++account, side, limitPriceTicks, quantityLots }), NOW_SECONDS);
      expect(events.at(-1)?.type).to.equal("booked");
    }
  }
  return { book: engine.book, engine, gate };
}

/** Their premium with our book: subticks are ticks, base quantums lots; a tick times a lot is worth 10^qce of their quote quantums. */
function premiumOf(vector: PremiumCase, notional: bigint): number {
  const { book } = bookOf(vector.bids, vector.asks);
  const exponent = vector.indexExponent - vector.quantumConversionExponent + vector.baseAtomicResolution + 6;
  expect(exponent).to.equal(-1);
  const impact = {
    impactBidTicksQ20: impactBidTicksQ20Floor(book, 0, notional, noPosition),
    impactAskTicksQ20: impactAskTicksQ20Ceil(book, 0, notional, noPosition),
  };
  return premiumPpmTowardZero((vector.indexPrice ?? 0) / 10, impact, vector.maxAbsPremiumPpm);
}

describe("impact prices", () => {
  const ZERO_NOTIONAL = "Zero impact amount, positive premium, use best bid as impact price";
  const OTHERWISE = new Map([
    [ZERO_NOTIONAL, "differs: a notional of zero is refused; the least one has the best price and gives their result"],
    ["error: clob pair is not a perpetual", "differs: every market of Clearbook is a perpetual"],
    ["error: index price is zero", "is the same: an index of zero is refused"],
    [
      "error: maxAbsPremiumVotePpm overflow int32",
      "differs: the bound is 60 times a margin fraction, which always fits",
    ],
  ]);

  for (const vector of cases.filter(({ name }) => !OTHERWISE.has(name))) {
    it(`give the premium of dYdX v4: ${vector.name}`, () => {
      const notional = BigInt(vector.impactNotional) * 10n ** BigInt(-vector.quantumConversionExponent);
      expect(premiumOf(vector, notional)).to.equal(vector.expectedPremiumPpm);
    });
  }

  for (const [name, why] of OTHERWISE) {
    it(`where dYdX v4 says "${name}", Clearbook ${why}`, () => {
      const vector = cases.find((candidate) => candidate.name === name) as PremiumCase;
      expect(vector, name).to.not.equal(undefined);
      if (name === ZERO_NOTIONAL) {
        expect(() => premiumOf(vector, 0n)).to.throw(RangeError, "notional of 0");
        expect(premiumOf(vector, 1n)).to.equal(vector.expectedPremiumPpm);
      } else {
        expect(vector.note).to.equal("error/panic case in the source");
        const impact = { impactBidTicksQ20: 1, impactAskTicksQ20: 1 };
        expect(() => premiumPpmTowardZero(0, impact, 1)).to.throw(RangeError, "index of 0");
      }
    });
  }

  it("take all of the dYdX v4 cases", () => {
    expect(cases).to.have.length(18);
    expect(cases.filter(({ name }) => OTHERWISE.has(name))).to.have.length(OTHERWISE.size);
  });

  const Q20 = 2 ** 20;
  const bid = (book: ReturnType<typeof bookOf>["book"], notional: bigint) =>
    impactBidTicksQ20Floor(book, 0, notional, noPosition);

  it("are means over what is taken of each level, in fractions of lots, away from a premium by less than 2^−20 ticks", () => {
    const { book } = bookOf([[100, 3]], [[101, 3]]);
    for (const notional of [1n, 150n, 300n]) expect(bid(book, notional)).to.equal(100 * Q20);
    expect(bid(book, 301n)).to.equal(0);
    const deeper = bookOf(
      [
        [100, 3],
        [90, 5],
      ],
      [
        [110, 3],
        [120, 5],
      ],
    ).book;
    // 300 for 3 lots, and 1 for the 90th part of one.
    expect(bid(deeper, 301n)).to.equal(Math.floor((301 / (3 + 1 / 90)) * Q20));
    expect(bid(deeper, 750n)).to.equal(Math.floor((750 / 8) * Q20));
    expect(bid(deeper, 751n)).to.equal(0);
    expect(impactAskTicksQ20Ceil(deeper, 0, 331n, noPosition)).to.equal(Math.ceil((331 / (3 + 1 / 120)) * Q20));
    expect(impactAskTicksQ20Ceil(deeper, 0, 930n, noPosition)).to.equal(Math.ceil((930 / 8) * Q20));
    expect(impactAskTicksQ20Ceil(deeper, 0, 931n, noPosition)).to.equal(0);
  });

  it("are exact at the ends of the widths", () => {
    const top = 2 ** 32 - 1;
    const { book } = bookOf([[top, 2 ** 40 - 1]], []);
    expect(bid(book, 2n ** 53n - 1n)).to.equal(top * Q20);
    expect(impactAskTicksQ20Ceil(bookOf([], [[top, 2 ** 40 - 1]]).book, 0, 1n, noPosition)).to.equal(top * Q20);
  });

  it("count reduce-only orders up to their account's position, all of them together", () => {
    const { book, engine, gate } = bookOf([], [[110, 100]]);
    const account = 9;
    gate.setPositionLots(account, 0, 5);
    for (const [slot, limitPriceTicks] of [
      [0, 101],
      [1, 102],
    ] as const) {
      const resting = order({ account, slot, side: "sell", reduceOnly: true, limitPriceTicks, quantityLots: 4 });
      expect(engine.place(resting, NOW_SECONDS).at(-1)?.type).to.equal("booked");
    }
    const ask = (notional: bigint) =>
      impactAskTicksQ20Ceil(book, 0, notional, (who, market) => gate.positionLots(who, market));
    // 4 at 101 and 1 of the 4 at 102, then the other account's at 110.
    expect(ask(506n)).to.equal(Math.ceil((506 / 5) * Q20));
    expect(ask(506n + 110n)).to.equal(Math.ceil((616 / 6) * Q20));
    expect(ask(506n + 11_000n)).to.equal(Math.ceil((11_506 / 105) * Q20));
    expect(ask(506n + 11_001n)).to.equal(0);
    // Without a position nothing stands behind them.
    expect(impactAskTicksQ20Ceil(book, 0, 110n, noPosition)).to.equal(110 * Q20);
  });

  it("are what trading through the levels one after the other would give", () => {
    const level = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 9 }));
    const levels = fc.array(level, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(levels, fc.integer({ min: 1, max: 2_000 }), fc.boolean(), (all, notional, buys) => {
        const { book } = buys ? bookOf(all, []) : bookOf([], all);
        let [rest, lots] = [notional, 0];
        for (const [ticks, depth] of [...all].sort(([a], [b]) => (buys ? b - a : a - b))) {
          const taken = Math.min(depth, rest / ticks);
          rest = taken < depth ? 0 : rest - ticks * depth;
          lots += taken;
          if (rest === 0) break;
        }
        const found = buys ? bid(book, BigInt(notional)) : impactAskTicksQ20Ceil(book, 0, BigInt(notional), noPosition);
        if (rest > 0) expect(found).to.equal(0);
        else expect(found / Q20).to.be.within(notional / lots - 1.01 / Q20, notional / lots + 1.01 / Q20);
      }),
      { numRuns: 500 },
    );
  });
});
