import { expect } from "chai";
import fc from "fast-check";
import { entryAfterFill, entryReducedTo, NO_POSITION, type PositionEntry } from "../../matcher/risk/entry.ts";
import {
  meanPriceTicksAgainst,
  reducedEntryMicroUsdAgainst,
  unrealisedProfitMicroUsd,
} from "../../matcher/risk/profit.ts";

const entryOf = (...fills: [lots: bigint, priceTicks: bigint][]): PositionEntry =>
  fills.reduce((entry, [lots, ticks]) => entryAfterFill(entry, lots, ticks), NO_POSITION);

describe("what a position was opened for", () => {
  it("adds up while it grows, on either side", () => {
    expect(entryOf([10n, 100n], [5n, 130n])).to.deep.equal({ sizeLots: 15n, entryMicroUsd: 1_650n });
    expect(entryOf([-10n, 100n], [-5n, 130n])).to.deep.equal({ sizeLots: -15n, entryMicroUsd: 1_650n });
  });

  it("keeps its mean price when it shrinks, whatever it shrinks at, and is nothing once it is closed", () => {
    expect(entryOf([10n, 100n], [-4n, 500n])).to.deep.equal({ sizeLots: 6n, entryMicroUsd: 600n });
    expect(entryOf([10n, 100n], [-10n, 500n])).to.deep.equal({ sizeLots: 0n, entryMicroUsd: 0n });
    expect(entryReducedTo({ sizeLots: -10n, entryMicroUsd: 1_000n }, -3n)).to.deep.equal({
      sizeLots: -3n,
      entryMicroUsd: 300n,
    });
  });

  it("starts anew on the other side, with what goes beyond", () => {
    expect(entryOf([10n, 100n], [-14n, 120n])).to.deep.equal({ sizeLots: -4n, entryMicroUsd: 480n });
    expect(entryOf([-10n, 100n], [11n, 120n])).to.deep.equal({ sizeLots: 1n, entryMicroUsd: 120n });
  });

  it("rounds what is left against the trader: up for a long, down for a short", () => {
    expect(reducedEntryMicroUsdAgainst(3n, 100n, 1n)).to.equal(34n);
    expect(reducedEntryMicroUsdAgainst(-3n, 100n, 1n)).to.equal(33n);
    expect(reducedEntryMicroUsdAgainst(0n, 0n, 0n)).to.equal(0n);
    expect(meanPriceTicksAgainst(100n, 3n, true)).to.equal(34n);
    expect(meanPriceTicksAgainst(100n, 3n, false)).to.equal(33n);
  });

  it("never shows more profit by shrinking than there was", () => {
    fc.assert(
      fc.property(
        fc.bigInt(-1_000n, 1_000n),
        fc.bigInt(0n, 10n ** 9n),
        fc.bigInt(0n, 1_000n),
        fc.bigInt(1n, 10n ** 6n),
        (sizeLots, entryMicroUsd, left, price) => {
          const magnitude = sizeLots < 0n ? -sizeLots : sizeLots;
          if (magnitude === 0n || left > magnitude) return;
          const leftLots = sizeLots < 0n ? -left : left;
          const rest = entryReducedTo({ sizeLots, entryMicroUsd }, leftLots);
          const whole = unrealisedProfitMicroUsd(sizeLots, entryMicroUsd, price);
          const part = unrealisedProfitMicroUsd(rest.sizeLots, rest.entryMicroUsd, price);
          // part ≤ whole · left / size, and less than one micro-USD below it.
          expect(part * magnitude <= whole * left).to.equal(true);
          expect((part + 1n) * magnitude > whole * left).to.equal(true);
        },
      ),
      { numRuns: 2_000, seed: 22 },
    );
  });
});

describe("unrealised profit", () => {
  it("of a long rises with the price, of a short falls", () => {
    expect(unrealisedProfitMicroUsd(10n, 1_000n, 110n)).to.equal(100n);
    expect(unrealisedProfitMicroUsd(10n, 1_000n, 90n)).to.equal(-100n);
    expect(unrealisedProfitMicroUsd(-10n, 1_000n, 110n)).to.equal(-100n);
    expect(unrealisedProfitMicroUsd(-10n, 1_000n, 90n)).to.equal(100n);
    expect(unrealisedProfitMicroUsd(0n, 0n, 90n)).to.equal(0n);
  });
});
