import { expect } from "chai";
import type { BookEvent } from "../../matcher/book/book-event.ts";
import { snapshot } from "../../matcher/book/book-snapshot.ts";
import { bestPrices, depth, openOrders, orderAt, totals } from "../../matcher/book/book-view.ts";
import type { MatchingEngine } from "../../matcher/book/matching-engine.ts";
import type { BookOrder } from "../../matcher/book/order.ts";
import { brief, NOW_SECONDS, newEngine, order, RULES } from "./sample-orders.ts";

function place(engine: MatchingEngine, changes: Partial<BookOrder>): string[] {
  return brief(engine.place(order(changes), NOW_SECONDS));
}

function state(engine: MatchingEngine): string {
  return JSON.stringify(snapshot(engine));
}

describe("book: resting and crossing", () => {
  it("a maker is hit at its own price, best price first, then the oldest", () => {
    const { engine } = newEngine();
    place(engine, { account: 1, slot: 1, side: "sell", limitPriceTicks: 102, quantityLots: 5 });
    place(engine, { account: 1, slot: 2, side: "sell", limitPriceTicks: 101, quantityLots: 5 });
    place(engine, { account: 2, slot: 1, side: "sell", limitPriceTicks: 101, quantityLots: 5 });
    expect(place(engine, { account: 3, limitPriceTicks: 105, quantityLots: 12 })).to.deep.equal([
      "accepted 3/0",
      "fill 3/0 1/2 5@101",
      "removed 1/2 filled 0",
      "fill 3/0 2/1 5@101",
      "removed 2/1 filled 0",
      "fill 3/0 1/1 2@102",
      "removed 3/0 filled 0",
    ]);
    expect(orderAt(engine.book, 1, 1)).to.include({ remainingLots: 3, filledLots: 2 });
  });

  it("numbers fills from 1 without a gap", () => {
    const { engine } = newEngine();
    place(engine, { side: "sell", quantityLots: 30 });
    const ids = [1, 2, 3].flatMap((slot) =>
      engine
        .place(order({ account: 2, slot, quantityLots: 5 }), NOW_SECONDS)
        .flatMap((e) => (e.type === "fill" ? [e.tradeId] : [])),
    );
    expect(ids).to.deep.equal([1, 2, 3]);
  });

  it("an expired maker is removed when it is met, and no fill happens at its price", () => {
    const { engine } = newEngine();
    place(engine, { side: "sell", expirySeconds: NOW_SECONDS + 1 });
    expect(brief(engine.place(order({ account: 2, expirySeconds: NOW_SECONDS + 9 }), NOW_SECONDS + 2))).to.deep.equal([
      "accepted 2/0",
      "removed 1/0 expired 10",
      "booked 2/0 10@100",
    ]);
  });

  it("a maker still fills in the very second of its expiry", () => {
    const { engine } = newEngine();
    place(engine, { side: "sell", expirySeconds: NOW_SECONDS + 1 });
    expect(brief(engine.place(order({ account: 2 }), NOW_SECONDS + 1))[1]).to.equal("fill 2/0 1/0 10@100");
  });

  it("markets do not touch each other", () => {
    const { engine } = newEngine();
    place(engine, { side: "sell", market: 1 });
    expect(place(engine, { account: 2, market: 2 })).to.deep.equal(["accepted 2/0", "booked 2/0 10@100"]);
    expect(totals(engine.book).byMarket.map(({ orders }) => orders)).to.deep.equal([0, 1, 1, 0, 0, 0, 0, 0]);
  });

  it("a level whose total would not be an exact integer takes no more orders", () => {
    const { engine } = newEngine();
    const quantityLots = 2 ** 40 - 1;
    for (let i = 0; i < 8_192; i++) {
      const events = engine.place(order({ account: 1 + (i >> 12), slot: i & 4_095, quantityLots }), NOW_SECONDS);
      expect(events[1]?.type).to.equal("booked");
    }
    expect(place(engine, { account: 9, quantityLots })).to.deep.equal([
      "accepted 9/0",
      `removed 9/0 level-full ${quantityLots}`,
    ]);
    expect(depth(engine.book, 0).bids).to.deep.equal([
      { priceTicks: 100, quantityLots: 8_192 * quantityLots, orderCount: 8_192 },
    ]);
  });
});

describe("book: time in force", () => {
  it("the remainder of an IOC order is cancelled, never booked", () => {
    const { engine } = newEngine();
    place(engine, { side: "sell", quantityLots: 4 });
    expect(place(engine, { account: 2, timeInForce: "IOC" })).to.deep.equal([
      "accepted 2/0",
      "fill 2/0 1/0 4@100",
      "removed 1/0 filled 0",
      "removed 2/0 ioc-remainder 6",
    ]);
    expect(engine.book.orderCount).to.equal(0);
  });

  it("an IOC order with nothing to fill is no rejection", () => {
    const { engine } = newEngine();
    expect(place(engine, { timeInForce: "IOC" })).to.deep.equal(["accepted 1/0", "removed 1/0 ioc-remainder 10"]);
  });

  it("a market order stops at its protection price", () => {
    const { engine } = newEngine();
    place(engine, { slot: 1, side: "sell", limitPriceTicks: 100, quantityLots: 4 });
    place(engine, { slot: 2, side: "sell", limitPriceTicks: 104, quantityLots: 4 });
    const events = place(engine, { account: 2, limitPriceTicks: 103, timeInForce: "IOC" });
    expect(events.at(-1)).to.equal("removed 2/0 ioc-remainder 6");
  });

  it("a FOK order fills whole", () => {
    const { engine } = newEngine();
    place(engine, { slot: 1, side: "sell", quantityLots: 4 });
    place(engine, { slot: 2, side: "sell", quantityLots: 6 });
    expect(place(engine, { account: 2, timeInForce: "FOK" }).at(-1)).to.equal("removed 2/0 filled 0");
  });

  const obstacles: [
    name: string,
    prepare: (engine: MatchingEngine, gate: ReturnType<typeof newEngine>["gate"]) => void,
  ][] = [
    ["too little rests", () => {}],
    ["the rest lies beyond the limit", (engine) => place(engine, { slot: 2, side: "sell", limitPriceTicks: 101 })],
    [
      "the rest has expired",
      (engine) => engine.place(order({ slot: 2, side: "sell", expirySeconds: NOW_SECONDS - 1 }), NOW_SECONDS - 5),
    ],
    ["the rest is its own", (engine) => place(engine, { account: 2, slot: 2, side: "sell" })],
    [
      "the rest's owner lacks margin",
      (engine, gate) => {
        place(engine, { account: 3, slot: 2, side: "sell" });
        gate.judge = (fill) => (fill.makerAccount === 3 ? "maker-margin" : "ok");
      },
    ],
    [
      "the taker lacks margin for the last lot",
      (engine, gate) => {
        place(engine, { account: 3, slot: 2, side: "sell" });
        gate.judge = (fill) => (gate.positionLots(2, 0) + fill.quantityLots > 9 ? "taker-margin" : "ok");
      },
    ],
    [
      "the rest may only reduce a smaller position",
      (engine, gate) => {
        gate.setPositionLots(3, 0, 2);
        place(engine, { account: 3, slot: 2, side: "sell", reduceOnly: true });
      },
    ],
  ];
  for (const [name, prepare] of obstacles) {
    it(`a FOK order is rejected and nothing changes when ${name}`, () => {
      const { engine, gate } = newEngine();
      place(engine, { slot: 1, side: "sell", quantityLots: 7 });
      prepare(engine, gate);
      const before = state(engine);
      const positions = JSON.stringify([...gate.positions]);
      expect(place(engine, { account: 2, timeInForce: "FOK" })).to.deep.equal(["rejected FOK_NOT_FILLABLE"]);
      expect(state(engine)).to.equal(before);
      expect(JSON.stringify([...gate.positions])).to.equal(positions);
    });
  }

  it("a FOK order does not count the order it would replace", () => {
    const { engine } = newEngine();
    place(engine, { account: 2, slot: 7, side: "sell", limitPriceTicks: 99 });
    place(engine, { account: 1, slot: 1, side: "sell", limitPriceTicks: 100 });
    const events = place(engine, { account: 2, slot: 7, sequence: 2, timeInForce: "FOK", selfTrade: "expire-taker" });
    expect(events).to.include("fill 2/7 1/1 10@100");
  });

  it("a FOK order counts on losing its own reduce-only orders once its position has changed side", () => {
    const { engine, gate } = newEngine();
    gate.setPositionLots(2, 0, 5);
    place(engine, { account: 2, slot: 1, side: "sell", limitPriceTicks: 101, reduceOnly: true });
    gate.setPositionLots(2, 0, -4);
    place(engine, { account: 1, side: "sell", quantityLots: 4 });
    place(engine, { account: 3, side: "sell", limitPriceTicks: 102, quantityLots: 6 });
    const taking = { account: 2, slot: 2, limitPriceTicks: 102, selfTrade: "expire-taker" as const };
    expect(place(engine, { ...taking, timeInForce: "FOK" })).to.deep.equal([
      "accepted 2/2",
      "fill 2/2 1/0 4@100",
      "removed 1/0 filled 0",
      "removed 2/1 reduce-only 10",
      "fill 2/2 3/0 6@102",
      "removed 3/0 filled 0",
      "removed 2/2 filled 0",
    ]);
  });
});

describe("book: post-only", () => {
  it("is rejected whole when any of it would match", () => {
    const { engine } = newEngine();
    place(engine, { side: "sell", quantityLots: 1 });
    const before = state(engine);
    expect(place(engine, { account: 2, postOnly: true })).to.deep.equal(["rejected POST_ONLY_WOULD_CROSS"]);
    expect(state(engine)).to.equal(before);
  });

  it("rests one tick behind", () => {
    const { engine } = newEngine();
    place(engine, { side: "sell", quantityLots: 1 });
    expect(place(engine, { account: 2, postOnly: true, limitPriceTicks: 99 }).at(-1)).to.equal("booked 2/0 10@99");
  });

  it("rests where the only crossing orders are its own, which go by its self-trade rule", () => {
    const { engine } = newEngine();
    place(engine, { slot: 1, side: "sell" });
    expect(place(engine, { slot: 2, postOnly: true })).to.deep.equal([
      "accepted 1/2",
      "removed 1/1 self-trade 10",
      "booked 1/2 10@100",
    ]);
  });

  it("rests where the only crossing order could not have filled", () => {
    const { engine, gate } = newEngine();
    place(engine, { side: "sell" });
    gate.judge = () => "maker-margin";
    expect(place(engine, { account: 2, postOnly: true })).to.deep.equal([
      "accepted 2/0",
      "removed 1/0 maker-margin 10",
      "booked 2/0 10@100",
    ]);
  });
});

describe("book: self-trade prevention", () => {
  const setting = (): MatchingEngine => {
    const { engine } = newEngine();
    place(engine, { account: 1, slot: 1, side: "sell", quantityLots: 6 });
    place(engine, { account: 2, slot: 1, side: "sell", quantityLots: 6 });
    return engine;
  };

  it("expire-maker: the resting order goes, the incoming one goes on", () => {
    expect(place(setting(), { slot: 2, selfTrade: "expire-maker" })).to.deep.equal([
      "accepted 1/2",
      "removed 1/1 self-trade 6",
      "fill 1/2 2/1 6@100",
      "removed 2/1 filled 0",
      "booked 1/2 4@100",
    ]);
  });

  it("expire-taker: the incoming order goes, the resting one stays", () => {
    const engine = setting();
    expect(place(engine, { slot: 2, selfTrade: "expire-taker" })).to.deep.equal([
      "accepted 1/2",
      "removed 1/2 self-trade 10",
    ]);
    expect(orderAt(engine.book, 1, 1)).to.include({ remainingLots: 6 });
  });

  it("expire-both: both go", () => {
    const engine = setting();
    expect(place(engine, { slot: 2, selfTrade: "expire-both" })).to.deep.equal([
      "accepted 1/2",
      "removed 1/1 self-trade 6",
      "removed 1/2 self-trade 10",
    ]);
    expect(engine.book.orderCount).to.equal(1);
  });

  it("decrement: both lose the smaller quantity, the larger goes on", () => {
    expect(place(setting(), { slot: 2, selfTrade: "decrement" })).to.deep.equal([
      "accepted 1/2",
      "removed 1/1 self-trade 6",
      "decremented 1/2 by 6 to 4",
      "fill 1/2 2/1 4@100",
      "removed 1/2 filled 0",
    ]);
  });

  it("decrement: a smaller taker goes and leaves the maker shrunk, its filled quantity untouched", () => {
    const engine = setting();
    expect(place(engine, { slot: 2, quantityLots: 2, selfTrade: "decrement" })).to.deep.equal([
      "accepted 1/2",
      "decremented 1/1 by 2 to 4",
      "removed 1/2 self-trade 2",
    ]);
    expect(orderAt(engine.book, 1, 1)).to.include({ quantityLots: 6, filledLots: 0, remainingLots: 4 });
    expect(depth(engine.book, 0).asks).to.deep.equal([{ priceTicks: 100, quantityLots: 10, orderCount: 2 }]);
  });

  it("decrement: equal quantities remove each other", () => {
    const engine = setting();
    expect(place(engine, { slot: 2, quantityLots: 6, selfTrade: "decrement" })).to.deep.equal([
      "accepted 1/2",
      "removed 1/1 self-trade 6",
      "removed 1/2 self-trade 6",
    ]);
  });

  it("an own order behind the last fill is never looked at", () => {
    const { engine } = newEngine();
    place(engine, { account: 2, slot: 1, side: "sell" });
    place(engine, { account: 1, slot: 1, side: "sell" });
    expect(place(engine, { slot: 2, selfTrade: "expire-both" }).at(-1)).to.equal("removed 1/2 filled 0");
    expect(orderAt(engine.book, 1, 1)).to.include({ remainingLots: 10 });
  });

  it("an own order that does not cross stays", () => {
    const { engine } = newEngine();
    place(engine, { slot: 1, side: "sell", limitPriceTicks: 101 });
    expect(place(engine, { slot: 2, selfTrade: "expire-both" })).to.deep.equal(["accepted 1/2", "booked 1/2 10@100"]);
  });
});

describe("book: margin and provability", () => {
  it("a maker that fails is removed and matching goes on", () => {
    const { engine, gate } = newEngine();
    place(engine, { account: 1, side: "sell" });
    place(engine, { account: 2, side: "sell" });
    gate.judge = (fill) => (fill.makerAccount === 1 ? "maker-unprovable" : "ok");
    expect(place(engine, { account: 3 })).to.deep.equal([
      "accepted 3/0",
      "removed 1/0 maker-unprovable 10",
      "fill 3/0 2/0 10@100",
      "removed 2/0 filled 0",
      "removed 3/0 filled 0",
    ]);
  });

  it("a taker that fails keeps its earlier fills and is not booked", () => {
    const { engine, gate } = newEngine();
    place(engine, { slot: 1, side: "sell", quantityLots: 4 });
    place(engine, { slot: 2, side: "sell", quantityLots: 4 });
    gate.judge = (fill) => (fill.makerSlot === 2 ? "taker-margin" : "ok");
    expect(place(engine, { account: 2 })).to.deep.equal([
      "accepted 2/0",
      "fill 2/0 1/1 4@100",
      "removed 1/1 filled 0",
      "removed 2/0 taker-margin 6",
    ]);
    expect(orderAt(engine.book, 1, 2)).to.include({ remainingLots: 4 });
  });

  it("an order that the ledger does not admit changes nothing", () => {
    const { engine, gate } = newEngine();
    gate.admission = (_, remainingLots) => (remainingLots > 9 ? "INSUFFICIENT_INITIAL_MARGIN" : null);
    expect(place(engine, {})).to.deep.equal(["rejected INSUFFICIENT_INITIAL_MARGIN"]);
    expect(snapshot(engine).slots).to.deep.equal([]);
    expect(place(engine, { quantityLots: 9 }).at(-1)).to.equal("booked 1/0 9@100");
  });
});

describe("book: reduce-only", () => {
  it("removes resting ones after a position changed outside of the book, and only those that no longer reduce", () => {
    const { engine, gate } = newEngine();
    gate.setPositionLots(1, 0, 10);
    gate.setPositionLots(1, 1, 10);
    place(engine, { slot: 1, side: "sell", reduceOnly: true });
    place(engine, { slot: 2, side: "sell", reduceOnly: true, market: 1 });
    place(engine, { slot: 3, side: "sell" });
    gate.setPositionLots(1, 0, 4);
    expect(brief(engine.positionChanged(1, 0))).to.deep.equal([]);
    gate.setPositionLots(1, 0, -4);
    expect(brief(engine.positionChanged(1, 0))).to.deep.equal(["removed 1/1 reduce-only 10"]);
    gate.setPositionLots(1, 1, 0);
    expect(brief(engine.positionChanged(1, 1))).to.deep.equal(["removed 1/2 reduce-only 10"]);
    expect(engine.book.orderCount).to.equal(1);
  });

  it("two resting ones together fill no more than the position", () => {
    const { engine, gate } = newEngine();
    gate.setPositionLots(1, 0, 10);
    place(engine, { slot: 1, side: "sell", reduceOnly: true, quantityLots: 8 });
    place(engine, { slot: 2, side: "sell", reduceOnly: true, quantityLots: 8 });
    expect(place(engine, { account: 2, quantityLots: 20 })).to.deep.equal([
      "accepted 2/0",
      "fill 2/0 1/1 8@100",
      "removed 1/1 filled 0",
      "fill 2/0 1/2 2@100",
      "removed 1/2 reduce-only 6",
      "booked 2/0 10@100",
    ]);
    expect(gate.positionLots(1, 0)).to.equal(0);
  });
});

describe("book: amend, replace, cancel", () => {
  const queue = (): ReturnType<typeof newEngine> => {
    const setting = newEngine();
    place(setting.engine, { account: 1, side: "sell" });
    place(setting.engine, { account: 2, side: "sell" });
    return setting;
  };
  const firstHit = (engine: MatchingEngine): string | undefined => place(engine, { account: 9, quantityLots: 1 })[1];

  it("an amend that lowers the quantity keeps its place", () => {
    const { engine } = queue();
    expect(place(engine, { account: 1, side: "sell", sequence: 2, quantityLots: 7, keepFilled: true })).to.deep.equal([
      "accepted 1/0",
      "removed 1/0 replaced 10",
      "booked 1/0 7@100 in place",
    ]);
    expect(firstHit(engine)).to.equal("fill 9/0 1/0 1@100");
    expect(depth(engine.book, 0).asks).to.deep.equal([{ priceTicks: 100, quantityLots: 16, orderCount: 2 }]);
  });

  it("an amend of the expiry alone keeps its place and moves the expiry", () => {
    const { engine } = queue();
    const expirySeconds = NOW_SECONDS + 5_000;
    place(engine, { account: 1, side: "sell", sequence: 2, expirySeconds, keepFilled: true });
    expect(brief(engine.expire(NOW_SECONDS + 4_999))).to.deep.equal(["removed 2/0 expired 10"]);
    expect(brief(engine.expire(NOW_SECONDS + 5_001))).to.deep.equal(["removed 1/0 expired 10"]);
  });

  const losing: [name: string, changes: Partial<BookOrder>][] = [
    ["raises the quantity", { quantityLots: 11 }],
    ["is no amend but a fresh order", { quantityLots: 7, keepFilled: false }],
    ["changes a flag", { postOnly: true }],
    ["changes the self-trade rule", { selfTrade: "decrement" }],
  ];
  for (const [name, changes] of losing) {
    it(`a replacement that ${name} goes to the back`, () => {
      const { engine } = queue();
      place(engine, { account: 1, side: "sell", sequence: 2, keepFilled: true, ...changes });
      expect(firstHit(engine)).to.equal("fill 9/0 2/0 1@100");
    });
  }

  it("an amend counts what was filled, so that it can never overfill", () => {
    const { engine } = queue();
    place(engine, { account: 9, quantityLots: 4 });
    expect(place(engine, { account: 1, side: "sell", sequence: 2, quantityLots: 6, keepFilled: true })).to.include(
      "booked 1/0 2@100 in place",
    );
    expect(orderAt(engine.book, 1, 0)).to.include({ quantityLots: 6, filledLots: 4, remainingLots: 2 });
  });

  it("an amend to no more than is filled ends the order", () => {
    const { engine } = queue();
    place(engine, { account: 9, quantityLots: 4 });
    expect(place(engine, { account: 1, side: "sell", sequence: 2, quantityLots: 3, keepFilled: true })).to.deep.equal([
      "accepted 1/0",
      "removed 1/0 replaced 6",
      "removed 1/0 filled 0",
    ]);
    expect(place(engine, { account: 1, side: "sell", sequence: 3, quantityLots: 4, keepFilled: true })).to.deep.equal([
      "rejected ALREADY_FILLED",
    ]);
  });

  it("an amend is refused where the slot's settled fills are an earlier order's", () => {
    const { engine } = newEngine();
    place(engine, { account: 2, side: "sell", quantityLots: 4 });
    place(engine, { quantityLots: 4 });
    place(engine, { sequence: 2, quantityLots: 10 });
    expect(place(engine, { sequence: 3, quantityLots: 8, keepFilled: true })).to.deep.equal([
      "rejected KEPT_FILLED_MISMATCH",
    ]);
    expect(place(engine, { sequence: 3, quantityLots: 8 }).at(-1)).to.equal("booked 1/0 8@100");
  });

  it("a replacement that crosses matches; one that is rejected leaves the live order alone", () => {
    const { engine } = queue();
    place(engine, { account: 3, limitPriceTicks: 90 });
    const before = state(engine);
    expect(place(engine, { account: 3, sequence: 2, postOnly: true })).to.deep.equal([
      "rejected POST_ONLY_WOULD_CROSS",
    ]);
    expect(state(engine)).to.equal(before);
    expect(place(engine, { account: 3, sequence: 2, quantityLots: 3 })).to.deep.equal([
      "accepted 3/0",
      "removed 3/0 replaced 10",
      "fill 3/0 1/0 3@100",
      "removed 3/0 filled 0",
    ]);
  });

  it("a replacement may move to another market", () => {
    const { engine } = queue();
    place(engine, { account: 1, sequence: 2, side: "sell", market: 3 });
    expect(bestPrices(engine.book, 3)).to.deep.equal({ bidTicks: null, askTicks: 100 });
    expect(totals(engine.book)).to.include({ orders: 2, levels: 2 });
  });

  it("a sequence is used up by acceptance, not by rejection", () => {
    const { engine } = newEngine();
    expect(place(engine, { sequence: 5, timeInForce: "FOK" })).to.deep.equal(["rejected FOK_NOT_FILLABLE"]);
    expect(place(engine, { sequence: 5, timeInForce: "IOC" })[0]).to.equal("accepted 1/0");
    expect(place(engine, { sequence: 5 })).to.deep.equal(["rejected DUPLICATE_SEQUENCE"]);
    expect(place(engine, { sequence: 4 })).to.deep.equal(["rejected STALE_SEQUENCE"]);
  });

  it("the ledger's floor holds where the book remembers nothing", () => {
    const { engine, gate } = newEngine();
    gate.minSequences.set(1, 50);
    expect(place(engine, { sequence: 49 })).to.deep.equal(["rejected STALE_SEQUENCE"]);
    expect(place(engine, { sequence: 50 })[0]).to.equal("accepted 1/0");
  });

  it("a cancel with a sequence spares a later order, without one takes whatever is live", () => {
    const { engine } = newEngine();
    place(engine, { sequence: 5 });
    expect(brief(engine.cancel(1, 0, 4))).to.deep.equal(["rejected STALE_SEQUENCE"]);
    expect(brief(engine.cancel(1, 0, null))).to.deep.equal(["removed 1/0 cancelled 10"]);
    expect(brief(engine.cancel(1, 0, null))).to.deep.equal(["rejected ORDER_NOT_FOUND"]);
    expect(brief(engine.cancel(1, 0, 5))).to.deep.equal(["rejected ORDER_NOT_FOUND"]);
    expect(brief(engine.cancel(1, 0, 6))).to.deep.equal(["cancel-remembered 1/0#6"]);
    expect(place(engine, { sequence: 6 })).to.deep.equal(["rejected DUPLICATE_SEQUENCE"]);
  });

  it("a cancelled order's signed message cannot be placed again", () => {
    const { engine } = newEngine();
    place(engine, { sequence: 5 });
    engine.cancel(1, 0, null);
    expect(place(engine, { sequence: 5 })).to.deep.equal(["rejected DUPLICATE_SEQUENCE"]);
  });

  it("a cancel names its bad field", () => {
    const { engine } = newEngine();
    expect(brief(engine.cancel(2 ** 18, 0, null))).to.deep.equal(["rejected INVALID_ACCOUNT"]);
    expect(brief(engine.cancel(1, 4_096, null))).to.deep.equal(["rejected INVALID_SLOT"]);
    expect(brief(engine.cancel(1, 0, 0))).to.deep.equal(["rejected INVALID_SEQUENCE"]);
    expect(brief(engine.cancel(1, 0, 1.5))).to.deep.equal(["rejected INVALID_SEQUENCE"]);
  });

  it("cancel-all takes an account's orders by slot, of one market or below a sequence if asked", () => {
    const setting = (): MatchingEngine => {
      const { engine } = newEngine();
      for (const slot of [3, 1, 2]) place(engine, { slot, sequence: slot, market: slot % 2 });
      place(engine, { account: 2 });
      return engine;
    };
    const slots = (events: readonly BookEvent[]): number[] =>
      events.flatMap((e) => (e.type === "removed" ? [e.slot] : []));
    expect(slots(setting().cancelAll(1))).to.deep.equal([1, 2, 3]);
    expect(slots(setting().cancelAll(1, { market: 1 }))).to.deep.equal([1, 3]);
    expect(slots(setting().cancelAll(1, { belowSequence: 3 }))).to.deep.equal([1, 2]);
    expect(slots(setting().cancelAll(7))).to.deep.equal([]);
    expect(slots(setting().cancelAll(200_000))).to.deep.equal([]);
  });

  it("an account has at most as many open orders as the rules say; a replacement needs no place", () => {
    const { engine } = newEngine({ ...RULES, openOrdersPerAccountMax: 2 });
    place(engine, { slot: 1 });
    place(engine, { slot: 2 });
    expect(place(engine, { slot: 3 })).to.deep.equal(["rejected OPEN_ORDERS_LIMIT"]);
    expect(place(engine, { slot: 2, sequence: 2 })[0]).to.equal("accepted 1/2");
    expect(place(engine, { slot: 3, timeInForce: "IOC" })[0]).to.equal("accepted 1/3");
    expect(openOrders(engine.book, 1).map(({ slot }) => slot)).to.deep.equal([1, 2]);
  });
});

describe("book: expiry", () => {
  it("a sweep removes what expired, ascending by expiry, account, slot, and nothing else", () => {
    const { engine } = newEngine();
    place(engine, { account: 2, slot: 1, expirySeconds: NOW_SECONDS + 70 });
    place(engine, { account: 1, slot: 9, expirySeconds: NOW_SECONDS + 70 });
    place(engine, { account: 1, slot: 2, expirySeconds: NOW_SECONDS + 500 });
    place(engine, { account: 3, slot: 1, expirySeconds: NOW_SECONDS + 3 });
    place(engine, { account: 4, slot: 1, expirySeconds: NOW_SECONDS + 71 });
    expect(brief(engine.expire(NOW_SECONDS + 3))).to.deep.equal([]);
    expect(brief(engine.expire(NOW_SECONDS + 71))).to.deep.equal([
      "removed 3/1 expired 10",
      "removed 1/9 expired 10",
      "removed 2/1 expired 10",
    ]);
    expect(engine.book.orderCount).to.equal(2);
  });
});

describe("book: liquidation", () => {
  it("takes what the position allows, never rests, and names what stopped it", () => {
    const { engine, gate } = newEngine();
    gate.setPositionLots(5, 0, 6);
    place(engine, { account: 1, quantityLots: 10 });
    const liquidation = { account: 5, market: 0, side: "sell" as const, quantityLots: 9, limitPriceTicks: 90 };
    expect(brief(engine.liquidate(liquidation, NOW_SECONDS))).to.deep.equal([
      "fill 5/-1 1/0 6@100",
      "liquidation-ended 5 filled 6 left 3 reduce-only",
    ]);
    expect(gate.positionLots(5, 0)).to.equal(0);
    expect(engine.book.orderCount).to.equal(1);
  });

  it("stops where the gate says that enough is liquidated", () => {
    const { engine, gate } = newEngine();
    gate.setPositionLots(5, 0, 6);
    place(engine, { account: 1, quantityLots: 2 });
    place(engine, { account: 2, quantityLots: 2 });
    gate.judge = (fill) => (fill.liquidation && fill.makerAccount === 2 ? "taker-unprovable" : "ok");
    const liquidation = { account: 5, market: 0, side: "sell" as const, quantityLots: 6, limitPriceTicks: 90 };
    expect(brief(engine.liquidate(liquidation, NOW_SECONDS)).at(-1)).to.equal(
      "liquidation-ended 5 filled 2 left 4 taker-unprovable",
    );
  });

  it("takes at every price what the gate says restores the account, and ends where nothing is left to restore", () => {
    const { engine, gate } = newEngine();
    gate.setPositionLots(5, 0, 20);
    place(engine, { account: 1, slot: 1, quantityLots: 2, limitPriceTicks: 100 });
    place(engine, { account: 1, slot: 2, quantityLots: 10, limitPriceTicks: 99 });
    // The worse the price, the more lots it takes.
    gate.liquidationRoom = (account, market, priceTicks, { positions }) =>
      Math.max(0, (positions.get(`${account}/${market}`) ?? 0) - 15 + (100 - priceTicks));
    const liquidation = { account: 5, market: 0, side: "sell" as const, quantityLots: 20, limitPriceTicks: 90 };
    expect(brief(engine.liquidate(liquidation, NOW_SECONDS))).to.deep.equal([
      "fill 5/-1 1/1 2@100",
      "removed 1/1 filled 0",
      "fill 5/-1 1/2 4@99",
      "liquidation-ended 5 filled 6 left 14 null",
    ]);
    expect(engine.book.orderCount).to.equal(1);
  });

  it("meets no maker where the gate leaves it nothing, and asks the gate for no verdict", () => {
    const { engine, gate } = newEngine();
    gate.setPositionLots(5, 0, 6);
    place(engine, { account: 1 });
    gate.liquidationRoom = () => 0;
    gate.checks = 0;
    const liquidation = { account: 5, market: 0, side: "sell" as const, quantityLots: 6, limitPriceTicks: 90 };
    expect(brief(engine.liquidate(liquidation, NOW_SECONDS))).to.deep.equal([
      "liquidation-ended 5 filled 0 left 6 null",
    ]);
    expect(gate.checks).to.equal(0);
  });

  it("goes on behind a maker whose fill is refused, which goes", () => {
    const { engine, gate } = newEngine();
    gate.setPositionLots(5, 0, 6);
    place(engine, { account: 1, quantityLots: 2 });
    place(engine, { account: 2, quantityLots: 2 });
    gate.judge = (fill) => (fill.makerAccount === 1 ? "maker-margin" : "ok");
    const liquidation = { account: 5, market: 0, side: "sell" as const, quantityLots: 6, limitPriceTicks: 90 };
    expect(brief(engine.liquidate(liquidation, NOW_SECONDS))).to.deep.equal([
      "removed 1/0 maker-margin 2",
      "fill 5/-1 2/0 2@100",
      "removed 2/0 filled 0",
      "liquidation-ended 5 filled 2 left 4 null",
    ]);
  });

  it("cancels the account's orders under its own reason", () => {
    const { engine } = newEngine();
    place(engine, {});
    expect(brief(engine.cancelAll(1, {}, [], "liquidation"))).to.deep.equal(["removed 1/0 liquidation 10"]);
  });
});
