import { expect } from "chai";
import { ConditionalClock } from "../matcher/conditional-clock.ts";
import { Backlog } from "../matcher/sequencer/backlog.ts";
import { Sequencer } from "../matcher/sequencer/sequencer.ts";
import { verifierInThread } from "./api/api-fixture.ts";
import { conditional, leg } from "./sequencer/conditional-fixture.ts";
import { BTC_TICKS, openedState, order, send } from "./sequencer/exchange-fixture.ts";

const SLICED = { slot: 1, sequence: 64, timeInForce: "IOC", quantityLots: 100, limitPriceTicks: BTC_TICKS } as const;
const TWAP = { kind: "twap", startMs: 0, parts: 2, intervalSeconds: 5, jitterPpm: 0, tolerancePpm: 0 } as const;

describe("the clock of conditional orders", () => {
  function start(nowMs: () => number) {
    const state = openedState(2);
    let isHeld = false;
    const backlog = new Backlog();
    backlog.holdOrders(() => isHeld);
    const sequencer = new Sequencer({ state, verifier: verifierInThread(), nowMs, backlog });
    const notices: string[] = [];
    const clock = new ConditionalClock({ sequencer, periodMs: 10, nowMs, onNotice: (line) => notices.push(line) });
    const hold = (held: boolean) => {
      isHeld = held;
    };
    return { state, sequencer, clock, notices, hold };
  }
  const soon = () => new Promise((wake) => setTimeout(wake, 100));

  it("executes parts when they are due, by commands of its own, and none when nothing is", async () => {
    let nowMs = 1_000_000;
    const { state, sequencer, clock, notices } = start(() => nowMs);
    send(state, order({ account: 2, side: "sell" }));
    sequencer.apply(conditional([leg(SLICED, null, TWAP)]));
    expect(state.ledger.positionLots(1, 0)).to.equal(50);
    clock.start();
    await soon();
    const { commandCount } = state;
    nowMs += 5_000;
    await soon();
    expect(state.ledger.positionLots(1, 0)).to.equal(100);
    expect(state.commandCount).to.equal(commandCount + 1);
    await soon();
    expect(state.commandCount).to.equal(commandCount + 1);
    clock.stop();
    expect(notices).to.deep.equal([]);
  });

  it("lets nothing in while provers are behind, and cancels all the same", () => {
    let nowMs = 1_000_000;
    const { state, sequencer, clock, hold } = start(() => nowMs);
    send(state, order({ account: 2, side: "sell" }));
    sequencer.apply(conditional([leg(SLICED, null, TWAP)]));
    hold(true);
    nowMs += 5_000;
    clock.look();
    expect(state.ledger.positionLots(1, 0)).to.equal(50);
    hold(false);
    clock.look();
    expect(state.ledger.positionLots(1, 0)).to.equal(100);
    sequencer.apply({ type: "cancelAt", account: 2, slot: 0, sequence: 1, atMs: nowMs + 1 });
    hold(true);
    nowMs += 1;
    clock.look();
    expect(state.engine.book.orderCount).to.equal(0);
  });
});
