import { expect } from "chai";
import { type EscapeSources, escapeTerms, lowerMedian } from "../../matcher/escape/escape-terms.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { sampleEpoch } from "../risk/sample-epoch.ts";

const WINDOW = 3_600;
const NEVER = new Array<number>(MARKETS).fill(0);

/** Epochs a minute apart from number 1, market 0 at these prices; a negative one is that of a restricted market. */
function epochsAt(prices: readonly number[], gapSeconds = 60): OpenedEpoch[] {
  return prices.map((price, i) => {
    const epoch = sampleEpoch([{ priceTicks: Math.abs(price), restricted: price < 0 }]);
    return { ...epoch, number: i + 1, timeSeconds: 1_000_000 + i * gapSeconds, paramVersion: 1, journalHead: 0n };
  });
}

function sources(epochs: readonly OpenedEpoch[], changes: Partial<EscapeSources> = {}): EscapeSources {
  return {
    ...{ epochs, lastEpoch: epochs.length, priceWindowSeconds: WINDOW },
    ...{ sinceSeconds: NEVER, settledSinceEpoch: NEVER, ...changes },
  };
}

const price = (given: EscapeSources) => escapeTerms(given).pricesTicks[0];

describe("escapeTerms", () => {
  it("takes the lower of two in the middle", () => {
    expect([[5], [5, 6], [9, 5, 6], [9, 5, 6, 7]].map(lowerMedian)).to.deep.equal([5, 5, 6, 6]);
    expect(price(sources(epochsAt([50, 10, 40, 20])))).to.equal(20);
  });

  it("looks back as far as the window reaches, to the second", () => {
    const epochs = epochsAt([90, 10, 30, 30, 20], WINDOW / 3);
    // The second one lies at the window's very edge.
    expect(escapeTerms(sources(epochs)).pinned.map(({ number }) => number)).to.deep.equal([5, 4, 3, 2, 1]);
    expect(price(sources(epochs))).to.equal(20);
    expect(price(sources(epochs, { priceWindowSeconds: WINDOW - 1 }))).to.equal(30);
    expect(price(sources(epochs, { priceWindowSeconds: 0 }))).to.equal(20);
  });

  it("looks at epochs up to the last settled one, and needs all of the window", () => {
    const epochs = epochsAt([10, 20, 30, 90, 90, 90]);
    expect(price(sources(epochs, { lastEpoch: 3 }))).to.equal(20);
    expect(() => escapeTerms(sources(epochs.slice(1), { lastEpoch: 3 }))).to.throw(RangeError, "epoch 1");
    expect(() => escapeTerms(sources(epochs, { lastEpoch: 7 }))).to.throw(RangeError, "epoch 7");
  });

  it("leaves restricted epochs out, and takes the last one's own price when all of them were", () => {
    expect(price(sources(epochsAt([10, 20, -90, -90, -90])))).to.equal(10);
    expect(price(sources(epochsAt([-10, -20, -30])))).to.equal(30);
  });

  it("takes a settlement price as it is, from the epoch that found it on", () => {
    const epochs = epochsAt([10, 10, 10, 70]);
    const settled = (number: number) => [number, ...NEVER.slice(1)];
    expect(price(sources(epochs, { settledSinceEpoch: settled(4) }))).to.equal(70);
    // Found after the last settled epoch: nobody is settled at it yet.
    expect(price(sources(epochs, { settledSinceEpoch: settled(5) }))).to.equal(10);
  });

  it("leaves out what another market was worth under the same index", () => {
    const epochs = epochsAt([500, 500, 500, 7, 9]);
    const since = (epoch: number) => [epochs[epoch - 1]?.timeSeconds ?? 0, ...NEVER.slice(1)];
    expect(price(sources(epochs, { sinceSeconds: since(3) }))).to.equal(7);
    // Given away later than anything that is settled: nobody holds a position, and the old prices stand.
    const later = [(epochs.at(-1)?.timeSeconds ?? 0) + 1, ...NEVER.slice(1)];
    expect(price(sources(epochs, { sinceSeconds: later }))).to.equal(500);
  });

  it("has nothing to value before the first batch", () => {
    expect(escapeTerms(sources([], { lastEpoch: 0 }))).to.deep.equal({
      pricesTicks: NEVER,
      fundingIndexPicoUsd: new Array(MARKETS).fill(0n),
      pinned: [],
    });
  });
});
