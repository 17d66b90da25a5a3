import { expect } from "chai";
import { snapshot } from "../../matcher/book/book-snapshot.ts";
import { bestPrices } from "../../matcher/book/book-view.ts";
import type { RejectCode } from "../../matcher/protocol/reject.ts";
import {
  type CancelCase,
  LARGEST_PRICE_TICKS,
  type MatchCase,
  orderOf,
  readCases,
  runCase,
  slotOf,
  VECTOR_NOW_SECONDS,
} from "./match-vectors.ts";
import { newEngine } from "./sample-orders.ts";

/** How their errors and ends are called here. */
const ERRORS: Record<string, readonly RejectCode[]> = {
  ErrInvalidReplacement: ["DUPLICATE_SEQUENCE", "STALE_SEQUENCE"],
  ErrOrderIsCanceled: ["DUPLICATE_SEQUENCE", "STALE_SEQUENCE"],
  ErrReduceOnlyWouldIncreasePositionSize: ["REDUCE_ONLY_WOULD_INCREASE"],
};
const ENDS: Record<string, readonly string[]> = {
  Success: ["booked", "filled"],
  ReduceOnlyResized: ["reduce-only"],
  Undercollateralized: ["taker-margin"],
  ImmediateOrCancelWouldRestOnBook: ["ioc-remainder"],
};

/**
 * Cases in which Clearbook decides otherwise, with what it does and why.
 *
 * | case                                          | there                | here                                            |
 * |-----------------------------------------------|----------------------|-------------------------------------------------|
 * | same version, greater hash                    | replaces             | rejected: only a higher sequence replaces       |
 * | replacement that changes sides                | rejected             | replaces: an order is a whole, whatever changes |
 */
const DIFFERENCES: Record<string, string> = {
  "Replacing an order succeeds if OrderHash is greater than existing order but GoodTilBlock is the same":
    "rejects an equal sequence whatever the hash: the sender's own counter orders versions, not chance",
  "Replacing an order fails if GoodTilBlock is greater than existing order and changes sides":
    "lets a replacement change side: it is a fresh order, and the circuit asks only for a higher sequence",
};

function byId<Entry extends { id: string }>(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function expectCase(vector: MatchCase): void {
  const { expected } = vector;
  const got = runCase(vector);
  if (expected.error === null) expect(got.rejected, "rejected").to.equal(null);
  else expect(ERRORS[expected.error], expected.error).to.include(got.rejected);
  if (expected.status !== null) expect(ENDS[expected.status], `end for ${expected.status}`).to.include(got.end);
  if (expected.fills !== undefined) {
    const fills = (expected.fills ?? []).map((fill) => ({ ...fill, price: Math.min(fill.price, LARGEST_PRICE_TICKS) }));
    expect(got.fills, "fills").to.deep.equal(fills);
    const lots = fills.reduce((sum, fill) => sum + fill.qty, 0);
    // Of a liquidation the vectors count no filled quantity, because it has no order that could hold one.
    expect(got.filledLots, "filled").to.equal(vector.order.liquidation === true ? lots : expected.filled);
  }
  if (expected.bids !== undefined) expect(got.bids, "bids").to.deep.equal(byId(expected.bids));
  if (expected.asks !== undefined) expect(got.asks, "asks").to.deep.equal(byId(expected.asks));
  if (expected.restingIds !== undefined) {
    expect([...got.bids, ...got.asks].map(({ id }) => id).sort()).to.deep.equal([...expected.restingIds].sort());
  }
  if (expected.replaces !== undefined) {
    expect(got.replaced, "replaced").to.deep.equal(expected.replaces ? [vector.order.id] : []);
  }
  if (expected.replaces === true) {
    const left = [...got.bids, ...got.asks].find(({ id }) => id === vector.order.id);
    expect(left?.remaining).to.equal(vector.order.qty);
  }
  if (expected.cancelledReduceOnly !== undefined) {
    expect(got.cancelledReduceOnly).to.deep.equal([...expected.cancelledReduceOnly].sort());
  }
}

describe("book: matching vectors of another exchange", () => {
  for (const file of ["basic", "ioc", "reduce_only", "liquidation", "add"]) {
    describe(`v4_match_${file}`, () => {
      const cases = readCases<MatchCase>(`v4_match_${file}.json`);
      for (const vector of cases) {
        if (DIFFERENCES[vector.name] === undefined) it(vector.name, () => expectCase(vector));
      }
    });
  }

  describe("v4_match_add, where Clearbook differs", () => {
    const cases = readCases<MatchCase>("v4_match_add.json");
    const named = (name: string): MatchCase => {
      const vector = cases.find((candidate) => candidate.name === name);
      if (vector === undefined || DIFFERENCES[name] === undefined) throw new Error(`no case ${name}`);
      return vector;
    };
    const hash = "Replacing an order succeeds if OrderHash is greater than existing order but GoodTilBlock is the same";
    const side = "Replacing an order fails if GoodTilBlock is greater than existing order and changes sides";

    it(`${hash}: Clearbook ${DIFFERENCES[hash]}`, () => {
      const vector = named(hash);
      const got = runCase(vector);
      expect(got.rejected).to.equal("DUPLICATE_SEQUENCE");
      expect(got.bids).to.deep.equal([{ id: vector.order.id, remaining: vector.resting[0]?.qty }]);
      const higher = { ...vector, order: { ...vector.order, goodTilBlock: (vector.order.goodTilBlock ?? 0) + 1 } };
      expect(runCase(higher).bids).to.deep.equal([{ id: vector.order.id, remaining: vector.order.qty }]);
    });

    it(`${side}: Clearbook ${DIFFERENCES[side]}`, () => {
      const vector = named(side);
      const got = runCase(vector);
      expect(got.rejected).to.equal(null);
      expect(got.replaced).to.deep.equal([vector.order.id]);
      expect(got.bids).to.deep.equal([]);
      expect(got.asks).to.deep.equal([{ id: vector.order.id, remaining: vector.order.qty }]);
    });
  });

  it("a price of 2^64 - 1, which the vectors use as the largest, is PRICE_TOO_LARGE here", () => {
    const { engine } = newEngine();
    const [vector] = readCases<MatchCase>("v4_match_basic.json").filter((candidate) => candidate.order.price > 2 ** 32);
    if (vector === undefined) throw new Error("no case with such a price");
    const events = engine.place({ ...orderOf(vector.order), limitPriceTicks: vector.order.price }, VECTOR_NOW_SECONDS);
    expect(events[0]).to.include({ type: "rejected", code: "PRICE_TOO_LARGE" });
  });

  describe("v4_match_cancel: a sequence is remembered for ever, where they remember a cancel until it expires", () => {
    for (const vector of readCases<CancelCase>("v4_match_cancel.json")) {
      it(vector.name, () => {
        const { engine } = newEngine();
        for (const resting of vector.resting) engine.place(orderOf(resting), VECTOR_NOW_SECONDS);
        for (const prior of vector.priorCancels) {
          const { account, slot } = slotOf(prior.id);
          engine.cancel(account, slot, prior.goodTilBlock);
        }
        const { account, slot, market } = slotOf(vector.cancel.id);
        const events = engine.cancel(account, slot, vector.cancel.goodTilBlock);
        expect(events.map(({ type }) => type)).to.not.include("rejected");

        const { bidTicks, askTicks } = bestPrices(engine.book, market);
        expect(bidTicks ?? 0).to.equal(vector.expected.bestBid);
        expect(askTicks).to.equal(vector.expected.bestAsk);

        // Their memory of cancels is per market; slots of one market stand together in this translation.
        const remembered = snapshot(engine).slots.filter(
          ([, rememberedSlot]) => Math.floor(rememberedSlot / 64) === market,
        );
        const sequences = remembered.map(([, , sequence]) => sequence);
        expect(remembered.length).to.equal(vector.expected.cancelsRemembered);
        expect(new Set(sequences).size).to.equal(vector.expected.distinctCancelExpiries);
        expect(sequences.filter((sequence) => sequence === vector.cancel.goodTilBlock).length).to.equal(
          vector.expected.cancelsAtThisExpiry,
        );

        // And what the memory is for.
        const again = {
          id: vector.cancel.id,
          account: "",
          market,
          side: "buy" as const,
          qty: 1,
          price: 1,
          goodTilBlock: vector.cancel.goodTilBlock,
        };
        expect(engine.place(orderOf(again), VECTOR_NOW_SECONDS)[0]?.type).to.equal("rejected");
        const later = { ...again, goodTilBlock: vector.cancel.goodTilBlock + 1 };
        expect(engine.place(orderOf(later), VECTOR_NOW_SECONDS)[0]?.type).to.equal("accepted");
      });
    }
  });
});
