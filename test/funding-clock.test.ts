import { expect } from "chai";
import { FundingClock } from "../matcher/funding-clock.ts";
import type { FundingSample } from "../matcher/protocol/funding-interval.ts";
import { MINUTE_FUNDING } from "../matcher/protocol/funding-schedule.ts";
import { Sequencer } from "../matcher/sequencer/sequencer.ts";
import { verifierInThread } from "./api/api-fixture.ts";
import { EPOCH_SECONDS, epochOf, newState } from "./sequencer/exchange-fixture.ts";

describe("the funding clock", () => {
  let sequencer: Sequencer;
  let clock: FundingClock;
  let nowMs: number;
  let taken: number[];
  let notices: string[];

  function start(sampleSeconds = 1): void {
    sequencer = new Sequencer({ state: newState(), verifier: verifierInThread() });
    nowMs = EPOCH_SECONDS * 1_000;
    [taken, notices] = [[], []];
    sequencer.onAccepted(({ events }) => {
      for (const { event } of events) {
        if (event.type === "funding-sample") taken.push((event.sample as FundingSample).timeSeconds - EPOCH_SECONDS);
      }
    });
    const schedule = { ...MINUTE_FUNDING, sampleSeconds };
    clock = new FundingClock({ sequencer, schedule, nowMs: () => nowMs, onNotice: (line) => notices.push(line) });
  }

  function at(second: number): void {
    nowMs = (EPOCH_SECONDS + second) * 1_000;
    clock.catchUp();
  }

  it("takes nothing before the first epoch, then the sample of every time of the schedule, once", () => {
    start(5);
    at(1);
    sequencer.apply({ type: "epoch", epoch: epochOf(1) });
    for (const second of [1.2, 4.999, 5, 5.001, 9.5, 10, 31]) at(second);
    // 15, 20 and 25 were missed: the books of then are gone.
    expect(taken).to.deep.equal([0, 5, 10, 30]);
    expect(notices).to.deep.equal([]);
  });

  it("tells once of a time that cannot follow, and goes on when one can", () => {
    start();
    sequencer.apply({ type: "epoch", epoch: { ...epochOf(1), timeSeconds: EPOCH_SECONDS + 60 } });
    for (const second of [3, 4, 5, 60, 61]) at(second);
    expect(taken).to.deep.equal([60, 61]);
    expect(notices).to.have.length(1);
    expect(notices[0]).to.match(/^no funding sample: a funding sample at \d+ s comes too late$/);
  });

  it("does not run back when the machine's clock does", () => {
    start();
    sequencer.apply({ type: "epoch", epoch: epochOf(1) });
    for (const second of [5, 3, 5, 6]) at(second);
    expect(taken).to.deep.equal([5, 6]);
    expect(notices).to.deep.equal([]);
  });

  it("runs by itself from one time of the schedule to the next, until it is stopped", async () => {
    start();
    nowMs = Date.now();
    const real = new FundingClock({ sequencer, schedule: MINUTE_FUNDING });
    sequencer.apply({ type: "epoch", epoch: { ...epochOf(1), timeSeconds: Math.floor(nowMs / 1_000) - 5 } });
    real.start();
    await new Promise((wake) => setTimeout(wake, 2_300));
    real.stop();
    const count = taken.length;
    expect(count).to.be.within(2, 3);
    expect(taken.every((second, i) => i === 0 || second === (taken[i - 1] as number) + 1)).to.equal(true);
    await new Promise((wake) => setTimeout(wake, 1_200));
    expect(taken.length).to.equal(count);
  });
});
