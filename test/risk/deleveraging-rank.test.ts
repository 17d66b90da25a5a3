import { expect } from "chai";
import fc from "fast-check";
import {
  compareDeleveragingRank,
  DeleveragingRanking,
  type RankedHolder,
} from "../../matcher/risk/deleveraging-rank.ts";

function holder(account: number, lots: bigint | number, valuePicoUsd: bigint | number): RankedHolder {
  return { account, lots: BigInt(lots), valuePicoUsd: BigInt(valuePicoUsd) };
}

function order(ranking: DeleveragingRanking): number[] {
  return Array.from({ length: ranking.size }, (_, place) => (ranking.at(place) as RankedHolder).account);
}

describe("deleveraging rank", () => {
  it("goes down with |size| / TV, by account where it is equal", () => {
    const holders = [holder(1, 1, 10), holder(2, 3, 10), holder(9, 2, 10), holder(4, 4, 20), holder(3, 20, 100)];
    expect(order(new DeleveragingRanking(holders))).to.deep.equal([2, 3, 4, 9, 1]);
  });

  it("tells apart what doubles cannot", () => {
    const value = 2n ** 100n;
    const lots = 2n ** 39n;
    expect(compareDeleveragingRank(holder(7, lots, value), holder(3, lots, value + 1n))).to.equal(-1);
    expect(compareDeleveragingRank(holder(7, lots, value), holder(3, lots, value))).to.be.greaterThan(0);
  });

  it("has no place for accounts without value, or without lots", () => {
    const ranking = new DeleveragingRanking([holder(1, 5, 0), holder(2, 5, -3), holder(3, 0, 9), holder(4, 1, 1)]);
    expect(order(ranking)).to.deep.equal([4]);
    expect(ranking.rankOf(1)).to.equal(undefined);
    expect(ranking.at(1)).to.equal(undefined);
  });

  it("says position, of how many, and the fifth: 5 for those who are first", () => {
    const ranking = new DeleveragingRanking(Array.from({ length: 10 }, (_, i) => holder(i, 100 - i, 100)));
    expect(ranking.rankOf(0)).to.deep.equal({ position: 1, holders: 10, quintile: 5 });
    expect(ranking.rankOf(1)).to.deep.equal({ position: 2, holders: 10, quintile: 5 });
    expect(ranking.rankOf(2)).to.deep.equal({ position: 3, holders: 10, quintile: 4 });
    expect(ranking.rankOf(9)).to.deep.equal({ position: 10, holders: 10, quintile: 1 });
    expect(new DeleveragingRanking([holder(1, 1, 1)]).rankOf(1)?.quintile).to.equal(5);
  });

  it("gives every holder a fifth from 1 to 5, never rising along the order", () => {
    for (let holders = 1; holders <= 23; holders++) {
      const ranking = new DeleveragingRanking(Array.from({ length: holders }, (_, i) => holder(i, holders - i, 50)));
      const quintiles = Array.from({ length: holders }, (_, i) => ranking.rankOf(i)?.quintile ?? 0);
      expect(quintiles).to.deep.equal([...quintiles].sort((a, b) => b - a));
      expect(quintiles[0]).to.equal(5);
      expect(Math.min(...quintiles)).to.be.at.least(1);
      if (holders % 5 === 0) expect(quintiles.filter((quintile) => quintile === 3)).to.have.length(holders / 5);
    }
  });

  it("moves a holder whose position or value has changed, lets new ones in and flat ones go", () => {
    const ranking = new DeleveragingRanking([holder(1, 4, 10), holder(2, 3, 10), holder(3, 2, 10)]);
    ranking.update(holder(1, 1, 10));
    expect(order(ranking)).to.deep.equal([2, 3, 1]);
    ranking.update(holder(1, 1, 2));
    expect(order(ranking)).to.deep.equal([1, 2, 3]);
    ranking.update(holder(2, 0, 10));
    ranking.update(holder(8, 9, 10));
    expect(order(ranking)).to.deep.equal([8, 1, 3]);
    ranking.update(holder(2, 0, 10));
    expect(ranking.rankOf(2)).to.equal(undefined);
    expect(ranking.rankOf(3)?.position).to.equal(3);
  });

  it("is after any changes what a fresh ranking would be", () => {
    const drawn = fc.record({
      account: fc.integer({ min: 1, max: 12 }),
      lots: fc.bigInt(0n, 4n),
      valuePicoUsd: fc.bigInt(-1n, 4n),
    });
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 60 }), (changes) => {
        const ranking = new DeleveragingRanking([]);
        const latest = new Map<number, RankedHolder>();
        for (const change of changes) {
          ranking.update(change);
          latest.set(change.account, change);
        }
        const fresh = new DeleveragingRanking(latest.values());
        expect(order(ranking)).to.deep.equal(order(fresh));
        for (const account of latest.keys()) expect(ranking.rankOf(account)).to.deep.equal(fresh.rankOf(account));
      }),
      { numRuns: 500, seed: 41 },
    );
  });
});
