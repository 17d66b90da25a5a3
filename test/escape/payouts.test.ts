import { expect } from "chai";
import fc from "fast-check";
import { claimMicroUsdFloor, equityPicoUsd } from "../../matcher/escape/equity.ts";
import { type EscapeClaim, escapePayouts, shareMicroUsdFloor } from "../../matcher/escape/payouts.ts";
import { INSURANCE_ACCOUNT, MARKETS } from "../../matcher/protocol/spec.ts";

const claims = fc.uniqueArray(
  fc.record({ account: fc.integer({ min: 0, max: 60 }), equityMicroUsd: fc.bigInt({ min: -5n, max: 1n << 70n }) }),
  { selector: ({ account }) => account, maxLength: 30 },
);
const pools = fc.oneof(fc.bigInt({ min: 0n, max: 1n << 64n }), fc.bigInt({ min: 0n, max: 1_000n }));
const sum = (amounts: Iterable<bigint>) => [...amounts].reduce((total, amount) => total + amount, 0n);

describe("escapePayouts", () => {
  it("never pays more than the pool, nor anybody more than the equity, and loses not a unit", () => {
    fc.assert(
      fc.property(pools, claims, claims, (poolMicroUsd, inTime, late) => {
        const { paidMicroUsd, leftMicroUsd, filedMicroUsd } = escapePayouts({ poolMicroUsd, inTime, late });
        expect(sum(paidMicroUsd.values()) + leftMicroUsd).to.equal(poolMicroUsd);
        expect(leftMicroUsd >= 0n).to.equal(true);
        for (const { account, equityMicroUsd } of [...late, ...inTime].reverse()) {
          const paid = paidMicroUsd.get(account);
          if (paid === undefined) expect(equityMicroUsd <= 0n).to.equal(true);
          const first = inTime.find((claim) => claim.account === account && claim.equityMicroUsd > 0n);
          const most = (first ?? late.find((claim) => claim.account === account))?.equityMicroUsd ?? 0n;
          const share = account === INSURANCE_ACCOUNT ? most : shareMicroUsdFloor(most, poolMicroUsd, filedMicroUsd);
          if (paid !== undefined) expect(paid <= share).to.equal(true);
          if (first !== undefined && account !== INSURANCE_ACCOUNT) expect(paid).to.equal(share);
        }
      }),
    );
  });

  it("pays the same in any order of those in time", () => {
    fc.assert(
      fc.property(pools, claims, (poolMicroUsd, inTime) => {
        const there = escapePayouts({ poolMicroUsd, inTime });
        const back = escapePayouts({ poolMicroUsd, inTime: [...inTime].reverse() });
        for (const [account, amount] of there.paidMicroUsd) expect(back.paidMicroUsd.get(account)).to.equal(amount);
      }),
    );
  });

  it("pays in full at the very pool that suffices, and shares with one unit less", () => {
    const inTime: EscapeClaim[] = [1, 2, 3].map((account) => ({ account, equityMicroUsd: BigInt(account) * 10n }));
    expect([...escapePayouts({ poolMicroUsd: 60n, inTime }).paidMicroUsd.values()]).to.deep.equal([10n, 20n, 30n]);
    const short = escapePayouts({ poolMicroUsd: 59n, inTime });
    expect([...short.paidMicroUsd.values()]).to.deep.equal([9n, 19n, 29n]);
    // What rounding leaves is nobody's: late ones and the fund begin behind the whole sum.
    const late = [{ account: 4, equityMicroUsd: 5n }];
    expect(escapePayouts({ poolMicroUsd: 59n, inTime, late }).paidMicroUsd.get(4)).to.equal(0n);
    expect(short.leftMicroUsd).to.equal(2n);
  });

  it("puts the insurance fund behind everybody, whenever it is filed", () => {
    const fund = { account: INSURANCE_ACCOUNT, equityMicroUsd: 100n };
    const trader = { account: 1, equityMicroUsd: 70n };
    for (const given of [
      { inTime: [fund, trader] },
      { inTime: [fund], late: [trader] },
      { inTime: [trader], late: [fund] },
      { inTime: [], late: [fund, trader] },
    ]) {
      const { paidMicroUsd } = escapePayouts({ poolMicroUsd: 100n, ...given });
      expect([paidMicroUsd.get(1), paidMicroUsd.get(0)]).to.deep.equal([70n, 30n]);
    }
  });
});

describe("equity at the freeze", () => {
  const terms = {
    pricesTicks: [100, 7, ...new Array<number>(MARKETS - 2).fill(0)],
    fundingIndexPicoUsd: [5n, -3n, ...new Array<bigint>(MARKETS - 2).fill(0n)],
  };
  const leaf = (collateralPicoUsd: bigint, sizesLots: bigint[], thenPicoUsd: bigint[]) => ({
    collateralPicoUsd,
    sizesLots: [...sizesLots, ...new Array<bigint>(MARKETS - sizesLots.length).fill(0n)],
    fundingIndexPicoUsd: [...thenPicoUsd, ...new Array<bigint>(MARKETS - thenPicoUsd.length).fill(0n)],
  });

  it("is collateral, positions at the price, and funding since the last touch", () => {
    expect(equityPicoUsd(leaf(1n, [], []), terms)).to.equal(1n);
    expect(equityPicoUsd(leaf(0n, [2n], [5n]), terms)).to.equal(200_000_000n);
    expect(equityPicoUsd(leaf(0n, [2n], [1n]), terms)).to.equal(200_000_000n - 8n);
    expect(equityPicoUsd(leaf(9n, [-2n, 3n], [1n, 0n]), terms)).to.equal(9n - 200_000_000n + 8n + 21_000_000n + 9n);
  });

  it("is rounded down to a micro-USD, and nothing for who owes", () => {
    for (const [pico, micro] of [
      [-1n, 0n],
      [0n, 0n],
      [999_999n, 0n],
      [1_000_000n, 1n],
      [-1_000_000n, 0n],
      [1_999_999n, 1n],
    ] as const) {
      expect(claimMicroUsdFloor(leaf(pico, [], []), terms)).to.equal(micro);
    }
  });
});
