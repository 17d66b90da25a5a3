import { expect } from "chai";
import fc from "fast-check";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { AtRiskSearch, compareMaintenanceRatio, type WrittenAccount } from "../../matcher/risk/at-risk.ts";
import { compileEpoch, type EpochTerms } from "../../matcher/risk/epoch-terms.ts";
import { fundingOwedPicoUsd } from "../../matcher/risk/funding.ts";
import { type Margin, marginOf } from "../../matcher/risk/margin.ts";
import { sampleEpoch, sizes } from "./sample-epoch.ts";

const MICRO = 1_000_000n;
const NO_FUNDING = new Array<bigint>(MARKETS).fill(0n);

/** TV − TR_m the slow way: funding settled, positions of retired markets turned into money, then the margin. */
function excessPicoUsd(terms: EpochTerms, account: WrittenAccount): bigint {
  const { sizesLots, fundingIndexPicoUsd } = account;
  let collateralPicoUsd =
    account.collateralPicoUsd - fundingOwedPicoUsd(sizesLots, fundingIndexPicoUsd, terms.fundingIndexPicoUsd);
  const held = sizesLots.map((size, market) => {
    if (terms.markets[market]?.retired !== true) return size;
    collateralPicoUsd += size * (terms.markets[market]?.lotValuePicoUsd ?? 0n);
    return 0n;
  });
  const { valuePicoUsd, maintenancePicoUsd } = marginOf(terms, { collateralPicoUsd, sizesLots: held });
  return valuePicoUsd - maintenancePicoUsd;
}

function searchOver(accounts: readonly (WrittenAccount | undefined)[]): AtRiskSearch {
  const search = new AtRiskSearch((account) => accounts[account]);
  for (let account = 0; account < accounts.length; account++) search.noteWritten(account);
  return search;
}

function held(collateralMicroUsd: bigint, ...lots: number[]): WrittenAccount {
  return { collateralPicoUsd: collateralMicroUsd * MICRO, sizesLots: sizes(...lots), fundingIndexPicoUsd: NO_FUNDING };
}

describe("accounts at risk", () => {
  const terms = compileEpoch(sampleEpoch([{}, { priceTicks: 50 }]));

  it("are those whose value is below maintenance margin, ascending; an equal one is not", () => {
    // Ten lots at 100: 50 of maintenance.
    const at = (slackPicoUsd: bigint): WrittenAccount => {
      const exact = held(-950n, 10);
      return { ...exact, collateralPicoUsd: exact.collateralPicoUsd + slackPicoUsd };
    };
    expect(
      searchOver([at(0n), at(-1n), at(1n), undefined, held(1050n, -10), held(1049n, -10)]).find(terms),
    ).to.deep.equal([1, 5]);
  });

  it("have no place for an account that owns nothing, and one for an account that only owes", () => {
    expect(searchOver([held(0n), held(5n), held(-1n)]).find(terms)).to.deep.equal([2]);
  });

  it("owe funding since they were last written", () => {
    const later = compileEpoch(sampleEpoch([{ fundingIndexPicoUsd: 7n }]));
    const one = held(-950n, 10);
    const exact = { ...one, collateralPicoUsd: one.collateralPicoUsd + 70n };
    const short = { ...one, collateralPicoUsd: one.collateralPicoUsd + 69n };
    const settled = { ...one, fundingIndexPicoUsd: later.fundingIndexPicoUsd };
    expect(searchOver([exact, short, settled]).find(later)).to.deep.equal([1]);
  });

  it("need no margin in a retired market, only the value", () => {
    const retired = compileEpoch(sampleEpoch([{ retired: true, priceMinTicks: 1, priceMaxTicks: 0 }]));
    expect(searchOver([held(-1000n, 10), held(-1001n, 10)]).find(retired)).to.deep.equal([1]);
  });

  it("are looked up again only after they were written", () => {
    const accounts = [held(-940n, 10), held(-940n, 10)];
    const search = searchOver(accounts);
    expect(search.find(terms)).to.deep.equal([]);
    accounts[0] = held(-951n, 10);
    accounts[1] = held(-951n, 10);
    search.noteWritten(1);
    expect(search.find(terms)).to.deep.equal([1]);
    search.noteWritten(0);
    search.noteWritten(0);
    expect(search.find(terms)).to.deep.equal([0, 1]);
  });

  it("may have any index of the account tree", () => {
    const search = new AtRiskSearch((account) => (account === 200_000 ? held(-951n, 10) : undefined));
    search.noteWritten(200_000);
    search.noteWritten(3);
    expect(search.find(terms)).to.deep.equal([200_000]);
  });

  it("are looked at with exact integers only where doubles cannot tell", () => {
    const one = held(-950n, 10);
    const search = searchOver([held(-900n, 10), { ...one, collateralPicoUsd: one.collateralPicoUsd - 1n }]);
    // 950·10^6 pico-USD are far below 2^53, so that a double sees one pico-USD of them.
    expect(search.find(terms)).to.deep.equal([1]);
    expect(search.recheckedCount).to.equal(0);
    const equal = searchOver([one]);
    expect(equal.find(terms)).to.deep.equal([]);
    expect(equal.recheckedCount).to.equal(1);
  });

  const market = fc.record<Partial<EpochMarket>>({
    priceTicks: fc.oneof(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 1_000 })),
    mmfPpm: fc.oneof(fc.integer({ min: 0, max: 2 ** 20 - 1 }), fc.constant(30_000)),
    fundingIndexPicoUsd: fc.oneof(
      fc.bigInt(-(2n ** 63n) + 1n, 2n ** 63n - 1n),
      fc.bigInt(-(10n ** 9n), 10n ** 9n),
      fc.constantFrom(0n, 2n ** 63n - 1n, -(2n ** 63n) + 1n),
    ),
    retired: fc.boolean(),
  });
  const lots = fc.oneof(
    fc.bigInt(-(2n ** 40n) + 1n, 2n ** 40n - 1n),
    fc.bigInt(-1_000n, 1_000n),
    fc.constantFrom(0n, 2n ** 40n - 1n, -(2n ** 40n) + 1n),
  );
  const index = fc.bigInt(-(2n ** 63n) + 1n, 2n ** 63n - 1n);
  const eight = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: MARKETS, maxLength: MARKETS });

  it("are exactly those of the margin rule, over random accounts whose collateral is near the bound", () => {
    const slack = fc.oneof(
      fc.bigInt(-3n, 3n),
      fc.bigInt(-(2n ** 70n), 2n ** 70n),
      fc.bigInt(-(2n ** 60n), 2n ** 60n),
      fc.bigInt(-(2n ** 95n), 2n ** 95n),
    );
    const account = fc.record({ sizesLots: eight(lots), fundingIndexPicoUsd: eight(index), slack });
    let found = 0;
    let rechecked = 0;
    fc.assert(
      fc.property(eight(market), fc.array(account, { minLength: 1, maxLength: 20 }), (markets, drawn) => {
        const terms = compileEpoch(sampleEpoch(markets));
        const accounts = drawn.map(({ slack, ...rest }): WrittenAccount => {
          // So much that exactly the slack is left.
          const bare = { ...rest, collateralPicoUsd: 0n };
          return { ...rest, collateralPicoUsd: slack - excessPicoUsd(terms, bare) };
        });
        const search = searchOver(accounts);
        const expected = drawn.flatMap(({ slack }, account) => (slack < 0n ? [account] : []));
        expect(accounts.map((account) => excessPicoUsd(terms, account))).to.deep.equal(drawn.map(({ slack }) => slack));
        expect(search.find(terms)).to.deep.equal(expected);
        found += expected.length;
        rechecked += search.recheckedCount;
      }),
      { numRuns: 3_000, seed: 21 },
    );
    expect(found).to.be.greaterThan(5_000);
    expect(rechecked).to.be.greaterThan(5_000);
  });

  it("are exactly those of the margin rule, over random accounts that nothing is known of", () => {
    const account = fc.record<WrittenAccount>({
      collateralPicoUsd: fc.bigInt(-(2n ** 96n) + 1n, 2n ** 96n - 1n),
      sizesLots: eight(lots),
      fundingIndexPicoUsd: eight(index),
    });
    fc.assert(
      fc.property(eight(market), fc.array(account, { minLength: 1, maxLength: 20 }), (markets, accounts) => {
        const terms = compileEpoch(sampleEpoch(markets));
        const below = accounts.flatMap((account, at) => (excessPicoUsd(terms, account) < 0n ? [at] : []));
        expect(searchOver(accounts).find(terms)).to.deep.equal(below);
      }),
      { numRuns: 1_000, seed: 22 },
    );
  });

  it("come by rising TV / TR_m, those that owe without a position before all", () => {
    const margin = (valuePicoUsd: bigint, maintenancePicoUsd: bigint): Margin => ({
      valuePicoUsd,
      initialPicoUsd: 0n,
      maintenancePicoUsd,
    });
    const rising = [margin(-1n, 0n), margin(-9n, 3n), margin(-2n, 1n), margin(-1n, 9n), margin(0n, 5n), margin(1n, 3n)];
    for (const [i, a] of rising.entries()) {
      for (const [j, b] of rising.entries()) expect(compareMaintenanceRatio(a, b)).to.equal(Math.sign(i - j));
    }
    expect(compareMaintenanceRatio(margin(-2n, 4n), margin(-1n, 2n))).to.equal(0);
  });
});
