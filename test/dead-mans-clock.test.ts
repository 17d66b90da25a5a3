import { expect } from "chai";
import { DeadMansClock } from "../matcher/dead-mans-clock.ts";
import { Sequencer } from "../matcher/sequencer/sequencer.ts";
import { verifierInThread } from "./api/api-fixture.ts";
import { openedState, order, send } from "./sequencer/exchange-fixture.ts";

describe("the dead-man's clock", () => {
  function start(nowMs: () => number) {
    const state = openedState(2);
    const sequencer = new Sequencer({ state, verifier: verifierInThread(), nowMs });
    const notices: string[] = [];
    const clock = new DeadMansClock({ sequencer, periodMs: 10, nowMs, onNotice: (line) => notices.push(line) });
    return { state, sequencer, clock, notices };
  }
  const soon = () => new Promise((wake) => setTimeout(wake, 100));

  it("fires by itself once the time has come, once, and not after it is stopped", async () => {
    let nowMs = 1_000_000;
    const { state, sequencer, clock, notices } = start(() => nowMs);
    send(state, order());
    sequencer.apply({ type: "deadMansSwitch", account: 1, timeoutMs: 5_000 });
    clock.start();
    await soon();
    expect(state.engine.book.orderCount).to.equal(1);
    nowMs += 5_000;
    await soon();
    expect(state.engine.book.orderCount).to.equal(0);
    const { commandCount } = state;
    await soon();
    expect(state.commandCount).to.equal(commandCount);
    clock.stop();
    sequencer.apply({ type: "deadMansSwitch", account: 1, timeoutMs: 1_000 });
    nowMs += 5_000;
    await soon();
    expect(state.deadMansSwitches.due(nowMs)).to.deep.equal([1]);
    expect(notices).to.deep.equal([]);
  });

  it("fires for everybody whose time is up, with a clock that went back, too", () => {
    let nowMs = 1_000_000;
    const { state, sequencer, clock } = start(() => nowMs);
    for (const account of [2, 1]) sequencer.apply({ type: "deadMansSwitch", account, timeoutMs: 1_000 });
    nowMs -= 600_000;
    clock.look();
    expect(state.deadMansSwitches.entries().length).to.equal(2);
    nowMs += 601_000;
    clock.look();
    expect(state.deadMansSwitches.entries()).to.deep.equal([]);
  });

  it("refuses a switch of an account that nobody has", () => {
    const { sequencer } = start(() => 1);
    const outcome = sequencer.apply({ type: "deadMansSwitch", account: 9, timeoutMs: 1_000 });
    expect(outcome).to.deep.equal({ accepted: false, code: "UNKNOWN_ACCOUNT" });
  });
});
