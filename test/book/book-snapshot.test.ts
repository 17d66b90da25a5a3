import { crc32 } from "node:zlib";
import { expect } from "chai";
import { type BookSnapshot, digest, load, snapshot } from "../../matcher/book/book-snapshot.ts";
import { depth, marketChecksum } from "../../matcher/book/book-view.ts";
import type { MatchingEngine } from "../../matcher/book/matching-engine.ts";
import { depthChecksum } from "../../matcher/protocol/depth-checksum.ts";
import { MemoryGate } from "./memory-gate.ts";
import { brief, NOW_SECONDS, newEngine, order, RULES } from "./sample-orders.ts";

function filledBook(): MatchingEngine {
  const { engine, gate } = newEngine();
  gate.setPositionLots(5, 1, 100);
  for (let i = 0; i < 40; i++) {
    const side = i % 2 === 0 ? "buy" : "sell";
    const limitPriceTicks = side === "buy" ? 100 - (i % 7) : 101 + (i % 5);
    engine.place(order({ account: 1 + (i % 4), slot: i, side, limitPriceTicks, quantityLots: 5 + i }), NOW_SECONDS);
  }
  engine.place(
    order({ account: 5, slot: 4_095, market: 1, side: "sell", reduceOnly: true, postOnly: true }),
    NOW_SECONDS,
  );
  engine.place(order({ account: 9, limitPriceTicks: 102, quantityLots: 60, timeInForce: "IOC" }), NOW_SECONDS);
  engine.cancel(2, 1, 2 ** 48 - 1);
  engine.cancel(7, 7, 2 ** 40);
  return engine;
}

describe("book: snapshot", () => {
  it("survives JSON and gives the same book, views, memory and fingerprint", () => {
    const engine = filledBook();
    const state = snapshot(engine);
    const again = load(JSON.parse(JSON.stringify(state)) as BookSnapshot, new MemoryGate(), RULES);
    expect(snapshot(again)).to.deep.equal(state);
    expect(digest(again)).to.equal(digest(engine));
    expect(depth(again.book, 0)).to.deep.equal(depth(engine.book, 0));
    expect(brief(again.place(order({ account: 7, slot: 7, sequence: 2 ** 40 }), NOW_SECONDS))).to.deep.equal([
      "rejected DUPLICATE_SEQUENCE",
    ]);
    const [fill] = again
      .place(order({ account: 8, limitPriceTicks: 110, quantityLots: 1 }), NOW_SECONDS)
      .filter((e) => e.type === "fill");
    expect(fill).to.include({ tradeId: state.lastTradeId + 1 });
  });

  it("the fingerprint changes with every single number of the state", () => {
    const state = snapshot(filledBook());
    const seen = new Set([digest(filledBook())]);
    let variants = 1;
    const reload = (changed: BookSnapshot): void => {
      seen.add(digest(load(changed, new MemoryGate(), RULES)));
      variants += 1;
    };
    reload({ ...state, lastTradeId: state.lastTradeId + 1 });
    reload({ ...state, orders: state.orders.slice(1) });
    reload({ ...state, slots: state.slots.slice(1) });
    // Account, slot, sequence, and further off quantity, expiry: fields that may change freely without making the book invalid.
    for (const column of [0, 1, 2, 5, 8]) {
      const orders = state.orders.map((row, i) => (i === 3 ? row.with(column, (row[column] as number) + 1_000) : row));
      reload({ ...state, orders: orders as BookSnapshot["orders"] });
    }
    const swapped = [...state.orders];
    const at = swapped.findIndex((row, i) => row[4] === swapped[i + 1]?.[4]);
    [swapped[at], swapped[at + 1]] = [swapped[at + 1] as (typeof swapped)[0], swapped[at] as (typeof swapped)[0]];
    reload({ ...state, orders: swapped });
    expect(seen.size).to.equal(variants);
  });

  it("does not show in which order slots were first used", () => {
    const [upwards, downwards] = [newEngine().engine, newEngine().engine];
    const count = 700;
    for (let i = 0; i < count; i++) {
      upwards.cancel(1 + (i % 97), i, 5);
      downwards.cancel(1 + ((count - 1 - i) % 97), count - 1 - i, 5);
    }
    expect(snapshot(upwards).slots.length).to.equal(count);
    expect(snapshot(upwards)).to.deep.equal(snapshot(downwards));
  });

  const broken: [name: string, change: (state: BookSnapshot) => void, error: string][] = [
    ["an unknown version", (state) => Object.assign(state, { version: 2 }), "version 2"],
    [
      "a slot that stands twice",
      (state) => state.orders.push([...(state.orders[0] as BookSnapshot["orders"][0])]),
      "stands twice",
    ],
    ["a vacant slot that is live", (state) => state.slots.push([1, 0, 1]), "stands twice"],
    ["a crossed market", (state) => state.orders.push([6, 6, 1, 0, 200, 1, 0, 1, 2_000]), "market 0 is crossed"],
    ["more left than the order had", (state) => state.orders.push([6, 6, 1, 0, 1, 5, 3, 3, 2_000]), "remaining 3"],
    ["an order with nothing left", (state) => state.orders.push([6, 6, 1, 0, 1, 5, 3, 0, 2_000]), "remaining 0"],
    ["terms that cannot rest", (state) => state.orders.push([6, 6, 1, 64, 1, 5, 0, 5, 2_000]), "cannot rest"],
    ["a fraction", (state) => state.orders.push([6, 6, 1.5, 0, 1, 5, 0, 5, 2_000]), "sequence 1.5"],
    ["a trade id that is no integer", (state) => Object.assign(state, { lastTradeId: null }), "lastTradeId null"],
  ];
  for (const [name, change, error] of broken) {
    it(`refuses ${name}`, () => {
      const state = JSON.parse(JSON.stringify(snapshot(filledBook()))) as BookSnapshot;
      change(state);
      expect(() => load(state, new MemoryGate(), RULES)).to.throw(RangeError, error);
    });
  }
});

describe("book: depth and checksum", () => {
  it("aggregates levels, best first, as many as asked for", () => {
    const { engine } = newEngine();
    for (const [slot, limitPriceTicks] of [99, 97, 99, 98].entries())
      engine.place(order({ slot, limitPriceTicks }), NOW_SECONDS);
    expect(depth(engine.book, 0, 2)).to.deep.equal({
      bids: [
        { priceTicks: 99, quantityLots: 20, orderCount: 2 },
        { priceTicks: 98, quantityLots: 10, orderCount: 1 },
      ],
      asks: [],
    });
  });

  it("the checksum is zlib's CRC-32 of the documented text", () => {
    const bids = [
      { priceTicks: 99, quantityLots: 20 },
      { priceTicks: 98, quantityLots: 2 ** 40 },
    ];
    const asks = [{ priceTicks: 2 ** 32 - 1, quantityLots: 1 }];
    expect(depthChecksum(bids, asks)).to.equal(crc32("99:20,98:1099511627776|4294967295:1"));
    expect(depthChecksum([], [])).to.equal(crc32("|"));
    const engine = filledBook();
    const shown = depth(engine.book, 0, 3);
    expect(marketChecksum(engine.book, 0, 3)).to.equal(depthChecksum(shown.bids, shown.asks));
  });
});
