import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { FundingClock } from "../../matcher/funding-clock.ts";
import { SteadyClock } from "../../matcher/ops/steady-clock.ts";
import { MINUTE_FUNDING } from "../../matcher/protocol/funding-schedule.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { verifierInThread } from "../api/api-fixture.ts";
import { EPOCH_SECONDS, epochOf, openedState, order, signed } from "../sequencer/exchange-fixture.ts";

const TEN_MINUTES_MS = 600_000;

/** A machine whose time of day somebody sets. */
class Machine {
  monotonicMs = 5_000;
  aheadMs = 0;
  readonly jumps: number[] = [];
  readonly clock = new SteadyClock({
    wallMs: () => this.wallMs,
    monotonicMs: () => this.monotonicMs,
    onJump: (jumpMs) => this.jumps.push(jumpMs),
  });

  get wallMs(): number {
    return EPOCH_SECONDS * 1_000 + this.monotonicMs + this.aheadMs;
  }

  /** Time goes by. @returns what the clock says then */
  pass(ms: number): number {
    this.monotonicMs += ms;
    return this.clock.nowMs();
  }
}

describe("The exchange's clock", () => {
  it("is the machine's while nobody sets it", () => {
    const machine = new Machine();
    for (const ms of [0, 1, 250, 60_000, 3_600_000]) expect(machine.pass(ms)).to.equal(machine.wallMs);
    expect(machine.jumps).to.deep.equal([]);
    expect(machine.clock.offsetMs).to.equal(0);
  });

  for (const jumpMs of [TEN_MINUTES_MS, -TEN_MINUTES_MS]) {
    it(`goes on through a jump of ${jumpMs / 1_000} s, at most a tenth faster or slower, until it is right again`, () => {
      const machine = new Machine();
      let last = machine.pass(0);
      machine.aheadMs = jumpMs;
      let elapsedMs = 0;
      while (elapsedMs < 2 * 3_600_000) {
        const stepMs = 1_000;
        const now = machine.pass(stepMs);
        expect(now - last).to.be.within(stepMs * 0.9 - 1, stepMs * 1.1 + 1);
        last = now;
        elapsedMs += stepMs;
        if (machine.clock.offsetMs === 0) break;
      }
      // A tenth of the time that has gone by.
      expect(elapsedMs).to.be.closeTo(Math.abs(jumpMs) * 10, 2_000);
      expect(last).to.equal(machine.wallMs);
      expect(machine.jumps).to.deep.equal([jumpMs]);
    });
  }

  it("tells of each jump once, there and back, and of none below a second", () => {
    const machine = new Machine();
    const jump = (ms: number) => {
      machine.aheadMs += ms;
      for (let i = 0; i < 5; i++) machine.pass(100);
    };
    for (const ms of [TEN_MINUTES_MS, -TEN_MINUTES_MS, 900, -999]) jump(ms);
    expect(machine.jumps).to.deep.equal([TEN_MINUTES_MS, -TEN_MINUTES_MS]);
    jump(1_000);
    expect(machine.jumps).to.have.length(3);
  });

  it("never goes back, however often it is read in one moment", () => {
    const machine = new Machine();
    machine.aheadMs = -TEN_MINUTES_MS;
    const read = Array.from({ length: 1_000 }, () => machine.pass(0.001));
    expect(read.every((ms, i) => i === 0 || ms >= (read[i - 1] as number))).to.equal(true);
    expect(read.every(Number.isInteger)).to.equal(true);
  });
});

describe("An exchange whose machine's clock jumps by ten minutes", () => {
  function exchange() {
    const machine = new Machine();
    const { nowMs } = machine.clock;
    const sequencer = new Sequencer({ state: openedState(2), verifier: verifierInThread(), nowMs });
    const samples: number[] = [];
    const dates: number[] = [];
    sequencer.onAccepted(({ events, acceptedAtMs }) => {
      dates.push(acceptedAtMs);
      for (const { event } of events) {
        if (event.type === "funding-sample") samples.push((event.sample as { timeSeconds: number }).timeSeconds);
      }
    });
    const clock = new FundingClock({
      sequencer,
      schedule: MINUTE_FUNDING,
      nowMs,
      monotonicMs: () => machine.monotonicMs,
    });
    /** Seconds pass, each with the clock's look at the schedule. */
    const pass = (seconds: number) => {
      for (let i = 0; i < seconds; i++) {
        machine.pass(1_000);
        clock.catchUp();
      }
    };
    return { machine, sequencer, samples, dates, clock, pass };
  }

  for (const jumpMs of [TEN_MINUTES_MS, -TEN_MINUTES_MS]) {
    const where = jumpMs > 0 ? "ahead" : "back";

    it(`takes funding samples as before, none for a time that was not (${where})`, () => {
      const { machine, samples, pass } = exchange();
      pass(20);
      machine.aheadMs = jumpMs;
      pass(60);
      const { sampleSeconds } = MINUTE_FUNDING;
      expect(samples.length).to.be.within((80 * 0.9) / sampleSeconds - 2, (80 * 1.1) / sampleSeconds + 1);
      for (const [i, seconds] of samples.entries()) {
        if (i === 0) continue;
        const gap = seconds - (samples[i - 1] as number);
        // A tenth faster may leave one out now and then; a whole interval never.
        expect(gap).to.be.within(sampleSeconds, 2 * sampleSeconds);
      }
    });

    it(`dates commands in order and without a gap, and takes orders as before (${where})`, async () => {
      const { machine, sequencer, dates } = exchange();
      const place = (sequence: number) =>
        sequencer.submit(signed(order({ sequence, slot: sequence, limitPriceTicks: 640_000 })));
      expect((await place(1)).outcome.accepted).to.equal(true);
      machine.aheadMs = jumpMs;
      for (let sequence = 2; sequence <= 6; sequence++) {
        machine.pass(1_000);
        expect((await place(sequence)).outcome.accepted, `${sequence}`).to.equal(true);
      }
      for (const [i, ms] of dates.entries()) {
        if (i > 1) expect(ms - (dates[i - 1] as number)).to.be.within(899, 1_101);
      }
    });

    it(`judges expiry by the epoch's time, not by any clock (${where})`, async () => {
      const { machine, sequencer } = exchange();
      machine.aheadMs = jumpMs;
      machine.pass(1_000);
      const codeFor = async (expirySeconds: number, slot: number) => {
        const message = order({ expirySeconds, slot, limitPriceTicks: 640_000 });
        const { outcome } = await sequencer.submit(signed(message));
        return outcome.accepted ? "accepted" : outcome.code;
      };
      expect(await codeFor(EPOCH_SECONDS, 1)).to.equal("accepted");
      expect(await codeFor(EPOCH_SECONDS - 1, 2)).to.equal("EXPIRED");
      expect(sequencer.state.engine.book.orderCount).to.equal(1);
      // The next epoch is a minute later: what expires by then leaves, whatever the machine's clock says.
      sequencer.apply({ type: "epoch", epoch: epochOf(2) });
      expect(sequencer.state.engine.book.orderCount).to.equal(0);
    });
  }

  it("seals the intervals that L1 has left behind, so that epochs go on while its own clock is behind", () => {
    const { machine, sequencer, samples, clock, pass } = exchange();
    pass(5);
    // Started ten minutes behind: nothing has jumped since.
    const { funding } = sequencer.state;
    const nowSeconds = Math.floor(machine.clock.nowMs() / 1_000);
    const l1Seconds = nowSeconds + TEN_MINUTES_MS / 1_000;
    const deltas = () => funding.deltasPicoUsdTowardZero([650_000, 0, 0, 0, 0, 0, 0, 0], nowSeconds, l1Seconds, 1_000);
    clock.catchUp();
    expect(deltas()).to.equal(null);
    clock.catchUp(l1Seconds);
    expect(deltas()).to.not.equal(null);
    // From here on samples follow L1's time.
    pass(10);
    const { sampleSeconds } = MINUTE_FUNDING;
    const expected = Math.floor((l1Seconds + 10) / sampleSeconds) * sampleSeconds;
    expect(samples.at(-1)).to.be.within(expected - sampleSeconds, expected);
    // An epoch's time that has passed here, too, changes nothing.
    const count = samples.length;
    clock.catchUp(nowSeconds);
    expect(samples.length).to.equal(count);
  });
});

describe("Durations", () => {
  it("are measured by a clock that nobody can set", () => {
    const files = execFileSync("git", ["ls-files", "matcher", "scripts"], { encoding: "utf8" }).split("\n");
    // Those compare with a file's time, which is the machine's; the last one makes such a clock.
    const ofFiles = new Set([
      "scripts/bootstrap.mjs",
      "scripts/circuits/content-cache.ts",
      "scripts/circuits/file-lock.ts",
      "scripts/bench/full-path/server.ts",
    ]);
    const offenders = files
      .filter((path) => /\.(ts|mjs)$/.test(path) && !ofFiles.has(path))
      // The page shows times of the exchange's clock, by how far that is ahead of the machine's.
      .filter((path) => !path.startsWith("matcher/page/"))
      .flatMap((path) => {
        const lines = readFileSync(path, "utf8").split("\n");
        return lines
          .filter((line) => /Date\.now\(\) *[-+<>]|[-+<>] *Date\.now\(\)/.test(line))
          .map((line) => `${path}: ${line}`);
      });
    expect(offenders, offenders.join("\n")).to.deep.equal([]);
  });
});
