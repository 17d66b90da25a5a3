import { expect } from "chai";
import { orderAt } from "../../matcher/book/book-view.ts";
import { CONDITIONAL_PER_ACCOUNT_MAX } from "../../matcher/sequencer/conditional-limits.ts";
import { ConditionalRun, leg, stop, takeProfit } from "./conditional-fixture.ts";
import { accepted, BTC_TICKS, codeOf, order, send } from "./exchange-fixture.ts";
import { stateText } from "./state-digest.ts";

const LONG = 1_000;
const IOC = { timeInForce: "IOC" } as const;
const EXIT = { side: "sell", reduceOnly: true, quantityLots: LONG, slot: 1, sequence: 64 } as const;

/** Account 1 is long a thousand lots, and the market has two sides. */
function longRun(): ConditionalRun {
  const run = new ConditionalRun();
  run.makers(BTC_TICKS, 20_000, 64);
  run.order({ quantityLots: LONG, limitPriceTicks: BTC_TICKS + 10, sequence: 64 });
  expect(run.lots(1)).to.equal(LONG);
  run.events.length = 0;
  return run;
}

describe("stop and take-profit orders", () => {
  it("wait outside the book, and are executed when an epoch's price reaches the trigger", () => {
    const run = longRun();
    accepted(run.place([leg({ ...EXIT, ...IOC, limitPriceTicks: 600_000 }, stop(640_000))]));
    expect(orderAt(run.state.engine.book, 1, 1)).to.equal(null);
    run.price("64000.1");
    expect(run.lots(1)).to.equal(LONG);
    run.price("64000");
    expect(run.lots(1)).to.equal(0);
    expect(run.said()).to.deep.equal([
      [0, "waiting", null],
      [0, "triggered", null],
      [0, "active", null],
      [0, "done", "filled"],
    ]);
    expect(run.state.conditionals.store.size).to.equal(0);
  });

  it("rest as limits, when that is what was signed", () => {
    const run = longRun();
    accepted(run.place([leg({ ...EXIT, limitPriceTicks: 660_000 }, takeProfit(655_000))]));
    run.price("65500");
    expect(orderAt(run.state.engine.book, 1, 1)?.remainingLots).to.equal(LONG);
    expect(run.said().at(-1)).to.deep.equal([0, "active", null]);
    run.order({ account: 4, side: "buy", limitPriceTicks: 660_000, quantityLots: 50_000, sequence: 64 });
    expect(run.lots(1)).to.equal(0);
    expect(run.said().at(-1)).to.deep.equal([0, "done", "filled"]);
  });

  it("never fill below the signed limit: with no better price there is no fill", () => {
    const run = longRun();
    accepted(run.place([leg({ ...EXIT, ...IOC, limitPriceTicks: 650_000 }, stop(645_000))]));
    run.price("64400");
    expect(run.lots(1)).to.equal(LONG);
    expect(run.said().at(-1)).to.deep.equal([0, "done", "ioc-remainder"]);
  });

  it("are not refused for a worst price beyond the band: they fill within both", () => {
    const run = longRun();
    accepted(run.place([leg({ ...EXIT, ...IOC, limitPriceTicks: 100_000 }, stop(645_000))]));
    run.price("64500");
    expect(run.lots(1)).to.equal(0);
  });

  it("end with the code of the refusal when their turn comes and they may not trade", () => {
    const run = longRun();
    accepted(
      run.place([leg({ ...EXIT, ...IOC, side: "buy", limitPriceTicks: 700_000, reduceOnly: true }, stop(655_000))]),
    );
    run.price("65600");
    expect(run.said().at(-1)).to.deep.equal([0, "refused", "REDUCE_ONLY_WOULD_INCREASE"]);
    const poor = longRun();
    const growth = { ...EXIT, ...IOC, reduceOnly: false, side: "buy", quantityLots: 10_000_000 } as const;
    accepted(poor.place([leg({ ...growth, limitPriceTicks: 700_000 }, stop(655_000))]));
    poor.price("65600");
    expect(poor.said().at(-1)).to.deep.equal([0, "refused", "INSUFFICIENT_INITIAL_MARGIN"]);
  });

  it("are refused at once, and change nothing, when their price has come already or their conditions make no sense", () => {
    const run = longRun();
    const before = stateText(run.state);
    const sell = { ...EXIT, ...IOC, limitPriceTicks: 600_000 };
    const refused = (legs: Parameters<ConditionalRun["place"]>[0], hasEntry = false) =>
      codeOf(run.place(legs, hasEntry));
    expect(refused([leg(sell, stop(650_000))])).to.equal("TRIGGER_ALREADY_MET");
    expect(refused([leg(sell, takeProfit(650_000))])).to.equal("TRIGGER_ALREADY_MET");
    expect(refused([leg(sell)])).to.equal("INVALID_CONDITION");
    expect(refused([])).to.equal("INVALID_CONDITION");
    expect(refused([leg(sell, stop(0))])).to.equal("INVALID_CONDITION");
    expect(refused([leg({ ...sell, keepFilled: true }, stop(640_000))])).to.equal("INVALID_CONDITION");
    expect(refused([leg({ ...sell, maxFeePpm: 1 }, stop(640_000))])).to.equal("MAX_FEE_TOO_LOW");
    expect(refused([leg({ ...sell, slot: 0 }, stop(640_000))])).to.equal("DUPLICATE_SEQUENCE");
    expect(refused([leg({ ...sell, account: 9 }, stop(640_000))])).to.equal("UNKNOWN_ACCOUNT");
    expect(refused([leg(sell, stop(640_000)), leg({ ...sell, slot: 2 }, takeProfit(660_000))])).to.equal(
      "INVALID_CONDITION",
    );
    expect(refused([leg(sell), leg(sell)])).to.equal("INVALID_CONDITION");
    expect(refused([leg(sell, stop(640_000))], true)).to.equal("INVALID_CONDITION");
    expect(stateText(run.state)).to.equal(before);
    expect(refused([leg(sell, stop(649_999))])).to.equal("accepted");
  });

  it("keep their slot: a higher sequence replaces them, the same is a duplicate, and each kind of cancel takes them out", () => {
    const run = longRun();
    const waiting = (sequence: number) => {
      accepted(run.place([leg({ ...EXIT, ...IOC, sequence, limitPriceTicks: 600_000 }, stop(640_000))]));
    };
    const last = () => run.said().at(-1);
    waiting(128);
    expect(codeOf(send(run.state, order({ slot: 1, sequence: 128 })))).to.equal("DUPLICATE_SEQUENCE");
    run.order({ slot: 1, sequence: 192, limitPriceTicks: 600_000 });
    expect(last()).to.deep.equal([0, "cancelled", "replaced"]);
    waiting(256);
    expect(orderAt(run.state.engine.book, 1, 1)).to.equal(null);
    accepted(run.execute({ type: "message", message: { ...cancelOf(1, 256), signature: NONE }, settle: false }));
    expect(last()).to.deep.equal([0, "cancelled", "cancelled"]);
    expect(codeOf(send(run.state, cancelOf(1, 256)))).to.equal("ORDER_NOT_FOUND");
    waiting(320);
    accepted(run.execute({ type: "cancelApi", account: 1, slot: 1, sequence: 320 }));
    expect(last()).to.deep.equal([0, "cancelled", "cancelled"]);
    waiting(384);
    accepted(run.execute({ type: "cancelAllApi", account: 1, market: 1 }));
    expect(run.state.conditionals.store.size).to.equal(1);
    accepted(run.execute({ type: "cancelAllApi", account: 1, market: 0 }));
    expect(run.state.conditionals.store.size).to.equal(0);
    waiting(448);
    const all = { kind: "cancelAll", account: 1, sequence: 449, signature: NONE } as const;
    accepted(run.execute({ type: "message", message: all, settle: true }));
    expect(run.state.conditionals.store.size).to.equal(0);
  });

  it("expire, go with a market that retires, and stand still while its price is not fresh", () => {
    const run = longRun();
    const placed = (sequence: number, expirySeconds: number) => {
      const terms = { ...EXIT, ...IOC, sequence, expirySeconds, limitPriceTicks: 600_000 };
      accepted(run.place([leg(terms, stop(640_000))]));
    };
    const start = order().expirySeconds - 3_600;
    placed(64, start + 61);
    run.price("65000");
    expect(run.state.conditionals.store.size).to.equal(1);
    run.price("65000");
    expect(run.said().at(-1)).to.deep.equal([0, "cancelled", "expired"]);
    placed(128, start + 600);
    run.price("63000", { restricted: true });
    expect(run.said().at(-1)).to.deep.equal([0, "waiting", null]);
    const retired = { retired: true, restricted: false, priceMinTicks: 1, priceMaxTicks: 0 };
    run.price("63000", { ...retired, grossOpenInterestCapLots: 0n, positionCapLots: 0n });
    expect(run.said().at(-1)).to.deep.equal([0, "cancelled", "market-retired"]);
  });

  it("have a limit of their own for each account, and keep it from changing its margin mode", () => {
    const run = new ConditionalRun();
    for (let i = 0; i < CONDITIONAL_PER_ACCOUNT_MAX; i++) {
      accepted(
        run.place([leg({ ...EXIT, ...IOC, reduceOnly: false, slot: i, limitPriceTicks: 600_000 }, stop(640_000))]),
      );
    }
    const next = leg({ ...EXIT, ...IOC, slot: 4_000, limitPriceTicks: 600_000 }, stop(640_000));
    expect(codeOf(run.place([next]))).to.equal("CONDITIONAL_ORDERS_LIMIT");
    const mode = { kind: "marginMode", account: 1, isolatedMarket: 0, sequence: 64 } as const;
    expect(codeOf(send(run.state, mode))).to.equal("MARGIN_MODE_IN_USE");
    accepted(run.execute({ type: "cancelAllApi", account: 1, market: null }));
    expect(codeOf(send(run.state, mode))).to.equal("accepted");
  });

  it("are let in in order of acceptance, 64 with a command, the others with a sweep", () => {
    const run = new ConditionalRun();
    run.makers(BTC_TICKS, 100_000, 64);
    for (let i = 0; i < 70; i++) {
      const terms = { ...IOC, slot: i, sequence: 64, quantityLots: 100, limitPriceTicks: 700_000 };
      accepted(run.place([leg(terms, stop(655_000))]));
    }
    run.order({ account: 2, slot: 7, side: "sell", sequence: 64, limitPriceTicks: 656_000, quantityLots: 9_000 });
    run.price("65600");
    const done = () => run.said().filter(([, status]) => status === "done").length;
    expect(done()).to.equal(64);
    expect(run.state.conditionals.isDue(run.nowMs)).to.equal(true);
    run.sweep();
    expect(done()).to.equal(70);
    expect(run.state.conditionals.isDue(run.nowMs)).to.equal(false);
    const takers = run.events.flatMap((event) => (event.type === "fill" ? [event.takerSlot] : []));
    expect(takers).to.deep.equal(Array.from({ length: 70 }, (_, i) => i));
  });

  it("keep their client id until they are over", () => {
    const run = longRun();
    const terms = { ...EXIT, ...IOC, limitPriceTicks: 600_000 };
    accepted(run.place([leg(terms, stop(640_000))], false, "protect"));
    expect(codeOf(run.place([leg({ ...terms, slot: 2 }, stop(640_000))], false, "protect"))).to.equal(
      "DUPLICATE_CLIENT_ID",
    );
    expect(run.state.clientOrders.orderOf(1, "protect")).to.deep.equal({ slot: 1, sequence: 64 });
    run.price("64000");
    expect([...run.state.clientOrders.entries()]).to.deep.equal([[1, "protect", 1, 64, false]]);
  });
});

describe("trailing stops", () => {
  it("follow the best price and fire when it comes back by the distance", () => {
    const run = longRun();
    const terms = { ...EXIT, ...IOC, limitPriceTicks: 600_000 };
    accepted(run.place([leg(terms, { kind: "trailingTicks", value: 5_000 })]));
    for (const usd of ["65400", "66000", "65600", "65500.1"]) run.price(usd);
    expect(run.lots(1)).to.equal(LONG);
    run.price("65500");
    expect(run.lots(1)).to.equal(0);
  });

  it("do so in ppm, and for purchases from below", () => {
    const run = new ConditionalRun();
    const terms = { ...IOC, slot: 3, sequence: 64, quantityLots: 100, limitPriceTicks: 640_000 };
    accepted(run.place([leg(terms, { kind: "trailingPpm", value: 10_000 })]));
    run.price("60000");
    run.makers(606_000, 5_000, 64);
    run.price("60599.9");
    expect(run.lots(1)).to.equal(0);
    run.price("60600");
    expect(run.lots(1)).to.equal(100);
  });
});

const NONE = { r8x: 0n, r8y: 1n, s: 0n };
const cancelOf = (slot: number, sequence: number) => ({ kind: "cancel", account: 1, slot, sequence }) as const;
