import { expect } from "chai";
import { orderAt } from "../../matcher/book/book-view.ts";
import type { Slicing } from "../../matcher/protocol/conditional.ts";
import { ConditionalRun, leg, stop } from "./conditional-fixture.ts";
import { accepted, BTC_TICKS, codeOf } from "./exchange-fixture.ts";

const IOC = { timeInForce: "IOC" } as const;
const ENTRY = { slot: 1, sequence: 64, quantityLots: 1_000, limitPriceTicks: BTC_TICKS + 10 } as const;
const EXIT = { side: "sell", reduceOnly: true, slot: 2, sequence: 64, quantityLots: 1_000 } as const;
const LOSS = leg({ ...EXIT, ...IOC, limitPriceTicks: 600_000 }, stop(640_000));
const GAIN = leg({ ...EXIT, limitPriceTicks: 660_000 });

const resting = (run: ConditionalRun, account: number, slot: number) => orderAt(run.state.engine.book, account, slot);

describe("one cancels the other", () => {
  function longRun(): ConditionalRun {
    const run = new ConditionalRun();
    run.makers(BTC_TICKS, 20_000, 64);
    run.order({ ...ENTRY, slot: 0 });
    run.events.length = 0;
    return run;
  }

  it("the limit rests, the stop takes its place with what is left, and together they fill no more than one of them", () => {
    const run = longRun();
    accepted(run.place([GAIN, LOSS]));
    expect(resting(run, 1, 2)?.remainingLots).to.equal(1_000);
    run.order({ account: 4, slot: 0, sequence: 64, limitPriceTicks: 660_000, quantityLots: 20_000 - 1_000 + 300 });
    expect(run.lots(1)).to.equal(700);
    run.price("64000");
    expect(run.lots(1)).to.equal(0);
    expect(run.state.ledger.slotOf(1, 2)).to.deep.equal({ sequence: 64, filledLots: 1_000 });
    expect(run.said()).to.deep.equal([
      [0, "active", null],
      [1, "waiting", null],
      [1, "triggered", null],
      [0, "cancelled", "other-order"],
      [1, "active", null],
      [1, "done", "filled"],
    ]);
    expect(run.state.conditionals.store.size).to.equal(0);
  });

  it("a limit that is filled ends the stop", () => {
    const run = longRun();
    accepted(run.place([LOSS, GAIN]));
    run.order({ account: 4, slot: 0, sequence: 64, limitPriceTicks: 660_000, quantityLots: 30_000 });
    expect(run.said().slice(-2)).to.deep.equal([
      [1, "done", "filled"],
      [0, "cancelled", "other-order"],
    ]);
    run.price("63000");
    expect(run.lots(1)).to.equal(0);
  });

  it("two stops around the price: the first that is reached is executed, the other never", () => {
    const run = longRun();
    const up = leg({ ...IOC, slot: 2, sequence: 64, limitPriceTicks: 670_000 }, stop(655_000));
    const down = leg({ ...IOC, slot: 2, sequence: 64, side: "sell", limitPriceTicks: 600_000 }, stop(645_000));
    accepted(run.place([up, down]));
    run.price("65500");
    run.price("64400");
    expect(run.said().slice(-3)).to.deep.equal([
      [0, "active", null],
      [0, "done", "filled"],
      [1, "cancelled", "other-order"],
    ]);
  });

  it("a cancel takes both, and so does a cancel of everything in the market", () => {
    const run = longRun();
    accepted(run.place([GAIN, LOSS]));
    accepted(run.send({ kind: "cancel", account: 1, slot: 2, sequence: 64 }));
    expect(run.state.conditionals.store.size).to.equal(0);
    expect(resting(run, 1, 2)).to.equal(null);
    accepted(
      run.place([
        leg({ ...EXIT, sequence: 128, limitPriceTicks: 660_000 }),
        leg({ ...EXIT, ...IOC, sequence: 128, limitPriceTicks: 600_000 }, stop(640_000)),
      ]),
    );
    accepted(run.execute({ type: "cancelAllApi", account: 1, market: 0 }));
    expect(run.state.conditionals.store.size).to.equal(0);
    expect(resting(run, 1, 2)).to.equal(null);
  });

  it("a limit that may not come in refuses both, and nothing has changed", () => {
    const run = longRun();
    const tooFar = leg({ ...EXIT, limitPriceTicks: 100_000 });
    expect(codeOf(run.place([tooFar, LOSS]))).to.equal("OUTSIDE_PRICE_BAND");
    expect(run.state.conditionals.store.size).to.equal(0);
    accepted(run.place([GAIN, LOSS]));
  });
});

describe("a bracket", () => {
  it("gives its exits as much as its entry has filled, and no more of the entry once one of them is executed", () => {
    const run = new ConditionalRun();
    run.makers(BTC_TICKS, 400, 64);
    accepted(run.place([leg(ENTRY), GAIN, LOSS], true));
    expect(run.lots(1)).to.equal(400);
    expect(resting(run, 1, 1)?.remainingLots).to.equal(600);
    expect(resting(run, 1, 2)?.remainingLots).to.equal(400);
    run.order({ account: 2, slot: 5, sequence: 64, side: "sell", limitPriceTicks: BTC_TICKS + 10, quantityLots: 500 });
    expect(run.lots(1)).to.equal(900);
    expect(resting(run, 1, 2)?.remainingLots).to.equal(900);
    run.order({ account: 3, slot: 5, sequence: 64, side: "buy", limitPriceTicks: 635_000, quantityLots: 5_000 });
    run.price("64000");
    expect(run.lots(1)).to.equal(0);
    expect(resting(run, 1, 1)).to.equal(null);
    expect(run.state.conditionals.store.size).to.equal(0);
    expect(run.said().slice(-5)).to.deep.equal([
      [2, "triggered", null],
      [1, "cancelled", "other-order"],
      [0, "cancelled", "exit-executed"],
      [2, "active", null],
      [2, "done", "filled"],
    ]);
  });

  it("ends with an entry that ended without a fill", () => {
    const run = new ConditionalRun();
    accepted(run.place([leg({ ...ENTRY, limitPriceTicks: 640_000 }), GAIN, LOSS], true));
    accepted(run.send({ kind: "cancel", account: 1, slot: 1, sequence: 64 }));
    expect(run.state.conditionals.store.size).to.equal(0);
    expect(run.said().slice(-3)).to.deep.equal([
      [0, "cancelled", "cancelled"],
      [1, "cancelled", "entry-ended"],
      [2, "cancelled", "entry-ended"],
    ]);
  });

  it("keeps its exits when the rest of a partly filled entry is cancelled", () => {
    const run = new ConditionalRun();
    run.makers(BTC_TICKS, 400, 64);
    accepted(run.place([leg(ENTRY), GAIN, LOSS], true));
    accepted(run.send({ kind: "cancel", account: 1, slot: 1, sequence: 64 }));
    expect(run.state.conditionals.store.size).to.equal(1);
    run.order({ account: 3, slot: 5, sequence: 64, side: "buy", limitPriceTicks: 640_000, quantityLots: 5_000 });
    run.price("63900");
    expect(run.lots(1)).to.equal(0);
  });

  it("waits with a triggered entry, and fires at once where its stop is passed already", () => {
    const run = new ConditionalRun();
    const entry = leg({ ...ENTRY, ...IOC, limitPriceTicks: 670_000 }, stop(655_000));
    const loss = leg({ ...EXIT, ...IOC, limitPriceTicks: 600_000 }, stop(656_000));
    accepted(run.place([entry, loss], true));
    run.makers(BTC_TICKS + 5_000, 5_000, 64);
    run.price("65500");
    expect(run.lots(1)).to.equal(0);
    expect(run.events.filter(({ type }) => type === "fill")).to.have.length(2);
  });
});

describe("an iceberg", () => {
  const iceberg = (shownLots: number): Slicing => ({ kind: "iceberg", shownLots });
  const HIDDEN = { side: "sell", slot: 1, sequence: 64, quantityLots: 1_000, limitPriceTicks: BTC_TICKS } as const;

  it("shows a part at a time, at the back of the queue, and gives a taker all of itself", () => {
    const run = new ConditionalRun();
    accepted(run.place([leg(HIDDEN, null, iceberg(100))]));
    run.order({ account: 2, side: "sell", sequence: 64, quantityLots: 50 });
    expect(resting(run, 1, 1)?.remainingLots).to.equal(100);
    run.order({ account: 3, sequence: 64, quantityLots: 120 });
    expect(resting(run, 1, 1)?.remainingLots).to.equal(100);
    const fills = () =>
      run.events.flatMap((event) => (event.type === "fill" ? [[event.makerAccount, event.quantityLots]] : []));
    expect(fills()).to.deep.equal([
      [1, 100],
      [2, 20],
    ]);
    run.order({ account: 3, sequence: 128, quantityLots: 2_000 });
    expect(run.lots(1)).to.equal(-1_000);
    expect(resting(run, 3, 0)?.remainingLots).to.equal(2_000 - 30 - 900);
    expect(run.said().at(-1)).to.deep.equal([0, "done", "filled"]);
    expect(run.state.ledger.slotOf(1, 1).filledLots).to.equal(1_000);
  });

  it("takes with all of itself when it comes in, and its parts are cancelled with one cancel", () => {
    const run = new ConditionalRun();
    run.order({ account: 2, sequence: 64, quantityLots: 700 });
    accepted(run.place([leg(HIDDEN, null, iceberg(100))]));
    expect(run.lots(1)).to.equal(-700);
    expect(resting(run, 1, 1)?.remainingLots).to.equal(100);
    accepted(run.send({ kind: "cancel", account: 1, slot: 1, sequence: 64 }));
    run.order({ account: 3, sequence: 64, quantityLots: 500 });
    expect(run.lots(1)).to.equal(-700);
  });

  it("must show at least a hundredth, at least the market's smallest order, and less than all", () => {
    const run = new ConditionalRun();
    for (const shown of [0, 9, 1_000]) {
      expect(codeOf(run.place([leg(HIDDEN, null, iceberg(shown))])), `${shown}`).to.equal("INVALID_CONDITION");
    }
    expect(codeOf(run.place([leg({ ...HIDDEN, ...IOC }, null, iceberg(100))]))).to.equal("INVALID_CONDITION");
    expect(codeOf(run.place([leg(HIDDEN, null, iceberg(10))]))).to.equal("accepted");
  });
});

describe("a TWAP", () => {
  const twap = (change: Partial<Extract<Slicing, { kind: "twap" }>> = {}): Slicing => {
    return { kind: "twap", startMs: 0, parts: 4, intervalSeconds: 10, jitterPpm: 0, tolerancePpm: 0, ...change };
  };
  const SLICED = { ...IOC, slot: 1, sequence: 64, quantityLots: 1_000, limitPriceTicks: BTC_TICKS + 100 } as const;

  it("fills even parts at its times and is done when they are filled", () => {
    const run = new ConditionalRun();
    run.makers(BTC_TICKS, 5_000, 64);
    accepted(run.place([leg(SLICED, null, twap())]));
    expect(run.lots(1)).to.equal(250);
    run.sweep(9_999);
    expect(run.lots(1)).to.equal(250);
    run.sweep(1);
    expect(run.lots(1)).to.equal(500);
    run.sweep(10_000);
    run.sweep(10_000);
    expect(run.lots(1)).to.equal(1_000);
    expect(run.said()).to.deep.equal([
      [0, "active", null],
      [0, "done", "filled"],
    ]);
    expect(run.state.conditionals.isDue(run.nowMs + 1_000_000)).to.equal(false);
  });

  it("makes up for what a part did not get, with at most three parts at once, and ends with its last part", () => {
    const run = new ConditionalRun();
    accepted(run.place([leg(SLICED, null, twap())]));
    run.sweep(10_000);
    run.sweep(10_000);
    run.makers(BTC_TICKS, 5_000, 64);
    run.sweep(10_000);
    expect(run.lots(1)).to.equal(750);
    expect(run.said().at(-1)).to.deep.equal([0, "done", "ioc-remainder"]);
  });

  it("starts when it is told to, leaves out parts that were missed, and keeps to its price bound", () => {
    const run = new ConditionalRun();
    const startMs = run.nowMs + 60_000;
    run.makers(BTC_TICKS, 5_000, 64, 50);
    accepted(
      run.place([leg({ ...SLICED, limitPriceTicks: BTC_TICKS + 1_000 }, null, twap({ startMs, tolerancePpm: 50 }))]),
    );
    run.sweep(59_999);
    expect(run.said()).to.deep.equal([[0, "waiting", null]]);
    run.sweep(15_001);
    expect(run.said().at(-1)).to.deep.equal([0, "active", null]);
    // 50 ppm of the price are 33 ticks, the offer is 50 away.
    expect(run.lots(1)).to.equal(0);
    run.order({
      account: 2,
      slot: 3,
      side: "sell",
      sequence: 64,
      limitPriceTicks: BTC_TICKS + 33,
      quantityLots: 5_000,
    });
    run.sweep(10_000);
    expect(run.lots(1)).to.equal(500);
  });

  it("passes over a part that is refused for the moment, and says so", () => {
    const run = new ConditionalRun();
    run.makers(BTC_TICKS, 5_000, 64);
    const reduce = { ...SLICED, reduceOnly: true, side: "sell", limitPriceTicks: BTC_TICKS - 100 } as const;
    accepted(run.place([leg(reduce, null, twap({ startMs: run.nowMs + 1 }))]));
    run.sweep(1);
    expect(run.said().at(-1)).to.deep.equal([0, "active", "REDUCE_ONLY_WOULD_INCREASE"]);
    run.order({ slot: 0, sequence: 64, quantityLots: 1_000, limitPriceTicks: BTC_TICKS + 10 });
    run.sweep(10_000);
    expect(run.lots(1)).to.equal(1_000 - 334);
  });

  it("has times that its order's hash shifts by less than the jitter, the same on every run", () => {
    const times = (jitterPpm: number) => {
      const run = new ConditionalRun();
      accepted(run.place([leg(SLICED, null, twap({ parts: 20, startMs: run.nowMs + 1_000, jitterPpm }))]));
      const found: number[] = [];
      for (let i = 0; i < 20; i++) {
        const next = run.state.conditionals.store.groups()[0]?.first.nextPartMs ?? 0;
        found.push(next - 1_001_000);
        run.sweep(next - run.nowMs);
      }
      return found;
    };
    expect(times(0)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i * 10_000));
    const shifted = times(500_000);
    expect(shifted).to.deep.equal(times(500_000));
    const off = shifted.map((at, i) => at - i * 10_000);
    expect(Math.min(...off)).to.be.within(0, 2_500);
    expect(Math.max(...off)).to.be.within(2_500, 5_000);
  });

  it("is refused where its terms make no sense", () => {
    const run = new ConditionalRun();
    const refused = (change: Parameters<typeof twap>[0], order = {}) =>
      codeOf(run.place([leg({ ...SLICED, ...order }, null, twap(change))]));
    for (const change of [{ parts: 1 }, { parts: 1_001 }, { intervalSeconds: 4 }, { intervalSeconds: 3_601 }]) {
      expect(refused(change), JSON.stringify(change)).to.equal("INVALID_CONDITION");
    }
    for (const change of [{ jitterPpm: 1_000_000 }, { tolerancePpm: 1_000_000 }, { startMs: 2 ** 42 }]) {
      expect(refused(change), JSON.stringify(change)).to.equal("INVALID_CONDITION");
    }
    expect(refused({}, { timeInForce: "GTT" })).to.equal("INVALID_CONDITION");
    expect(refused({ parts: 1_000 }, { quantityLots: 999 })).to.equal("INVALID_CONDITION");
  });
});

describe("a time at which an order is cancelled", () => {
  it("takes it out, whether it rests or waits, and is forgotten with it", () => {
    const run = new ConditionalRun();
    run.order({ slot: 0, sequence: 64, limitPriceTicks: 640_000 });
    accepted(run.place([leg({ ...EXIT, ...IOC, reduceOnly: false, limitPriceTicks: 600_000 }, stop(640_000))]));
    const at = (slot: number, atMs: number, sequence = 64) =>
      codeOf(run.execute({ type: "cancelAt", account: 1, slot, sequence, atMs }));
    expect(at(0, 1_000_500)).to.equal("accepted");
    expect(at(2, 1_001_000)).to.equal("accepted");
    expect(at(3, 1_000_000)).to.equal("ORDER_NOT_FOUND");
    expect(at(0, 1_000_000, 128)).to.equal("ORDER_NOT_FOUND");
    expect(run.state.conditionals.isDue(1_000_499)).to.equal(false);
    expect(run.state.conditionals.isDue(1_000_500, true)).to.equal(true);
    run.sweep(500);
    expect(resting(run, 1, 0)).to.equal(null);
    expect(run.state.conditionals.store.size).to.equal(1);
    run.sweep(500);
    expect(run.state.conditionals.store.size).to.equal(0);
    run.order({ slot: 0, sequence: 192, limitPriceTicks: 640_000 });
    expect(at(0, 1_002_000, 192)).to.equal("accepted");
    expect(at(0, 0, 192)).to.equal("accepted");
    expect(at(0, 1_002_000, 192)).to.equal("accepted");
    accepted(run.send({ kind: "cancel", account: 1, slot: 0, sequence: 192 }));
    expect(run.state.conditionals.timedCancels.size).to.equal(0);
  });
});
