import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { impactLotsCeil } from "../../matcher/book/impact.ts";
import { bookSide } from "../../matcher/book/order.ts";
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
    impactBidLots: impactLotsCeil(book, bookSide(0, "buy"), notional, noPosition),
    impactAskLots: impactLotsCeil(book, bookSide(0, "sell"), notional, noPosition),
  };
  return premiumPpmTowardZero((vector.indexPrice ?? 0) / 10, impact, notional, vector.maxAbsPremiumPpm);
}

describe("impact prices", () => {
  const ZERO_NOTIONAL = "Zero impact amount, positive premium, use best bid as impact price";
  const OTHERWISE = new Map([
    [
      ZERO_NOTIONAL,
      "differs: a notional of zero is refused; the least that buys a lot at the best price gives their result",
    ],
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
        expect(premiumOf(vector, BigInt(vector.bids[0]?.[0] ?? 0))).to.equal(vector.expectedPremiumPpm);
      } else {
        expect(vector.note).to.equal("error/panic case in the source");
        const impact = { impactBidLots: 1, impactAskLots: 1 };
        expect(() => premiumPpmTowardZero(0, impact, 1n, 1)).to.throw(RangeError, "index of 0");
      }
    });
  }

  it("take all of the dYdX v4 cases", () => {
    expect(cases).to.have.length(18);
    expect(cases.filter(({ name }) => OTHERWISE.has(name))).to.have.length(OTHERWISE.size);
  });

  it("round lots up, so that a bid is never taken for better than it is", () => {
    const { book } = bookOf([[100, 3]], [[101, 3]]);
    const buy = bookSide(0, "buy");
    expect(impactLotsCeil(book, buy, 1n, noPosition)).to.equal(1);
    expect(impactLotsCeil(book, buy, 200n, noPosition)).to.equal(2);
    expect(impactLotsCeil(book, buy, 201n, noPosition)).to.equal(3);
    expect(impactLotsCeil(book, buy, 300n, noPosition)).to.equal(3);
    expect(impactLotsCeil(book, buy, 301n, noPosition)).to.equal(0);
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
    const sell = bookSide(0, "sell");
    const positionLots = (who: number, market: number) => gate.positionLots(who, market);
    // 4 at 101 and 1 of the 4 at 102, then the other account's at 110.
    const reducible = 4n * 101n + 102n;
    expect(impactLotsCeil(book, sell, reducible, positionLots)).to.equal(5);
    expect(impactLotsCeil(book, sell, reducible + 1n, positionLots)).to.equal(6);
    expect(impactLotsCeil(book, sell, reducible + 11_000n, positionLots)).to.equal(105);
    expect(impactLotsCeil(book, sell, reducible + 11_001n, positionLots)).to.equal(0);
    // Without a position nothing stands behind them.
    expect(impactLotsCeil(book, sell, 110n, noPosition)).to.equal(1);
  });

  it("are what trading lot by lot through the levels would give", () => {
    const level = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(level, { maxLength: 6 }), fc.integer({ min: 1, max: 2_000 }), (levels, notional) => {
        const { book } = bookOf(levels, []);
        const best = [...levels].sort(([a], [b]) => b - a).flatMap(([ticks, lots]) => new Array(lots).fill(ticks));
        let rest = notional;
        let lots = 0;
        while (rest > 0 && lots < best.length) rest -= best[lots++];
        expect(impactLotsCeil(book, bookSide(0, "buy"), BigInt(notional), noPosition)).to.equal(rest > 0 ? 0 : lots);
      }),
      { numRuns: 300 },
    );
  });
});
