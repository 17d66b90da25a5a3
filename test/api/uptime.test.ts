import { expect } from "chai";
import { type CommandTimes, Uptime } from "../../matcher/api/uptime.ts";
import { get, testApi } from "./api-fixture.ts";

/** Commands at these times, the first one numbered as told. */
class Times implements CommandTimes {
  looked = 0;
  readonly firstCommand: number;
  readonly times: number[];
  constructor(times: number[], firstCommand = 1) {
    this.times = times;
    this.firstCommand = firstCommand;
  }
  get lastCommand(): number {
    return this.firstCommand + this.times.length - 1;
  }
  acceptedAtMs(command: number): number {
    this.looked += 1;
    return this.times[command - this.firstCommand] as number;
  }
}

describe("the sequencer's uptime", () => {
  it("has a downtime wherever the journal is silent for longer than ten samples", () => {
    const uptime = new Uptime(new Times([1_000, 11_000, 21_001, 22_000]), 1);
    expect(uptime.status(23_000)).to.deep.equal({
      sinceMs: 1_000,
      silenceMs: 10_000,
      downMs: 10_001,
      downtimes: [{ fromMs: 11_000, toMs: 21_001 }],
    });
  });

  it("says that one lasts, and counts it until now", () => {
    const uptime = new Uptime(new Times([1_000]), 1);
    expect(uptime.status(11_000).downtimes).to.deep.equal([]);
    expect(uptime.status(11_001)).to.deep.include({ downMs: 10_001, downtimes: [{ fromMs: 1_000, toMs: null }] });
  });

  it("knows nothing before the first command", () => {
    expect(new Uptime(new Times([]), 60).status(5)).to.deep.equal({
      sinceMs: null,
      silenceMs: 600_000,
      downMs: 0,
      downtimes: [],
    });
  });

  it("looks at each command once, also of a journal whose beginning is gone, and counts each silence once", () => {
    const times = new Times([0, 20_000, 21_000], 500);
    const uptime = new Uptime(times, 1);
    uptime.status(21_000);
    times.times.push(22_000, 50_000);
    times.looked = 0;
    expect(uptime.status(50_000)).to.deep.include({ downMs: 48_000 });
    expect(times.looked).to.be.at.most(6);
    expect(uptime.status(50_000).downtimes).to.deep.equal([
      { fromMs: 0, toMs: 20_000 },
      { fromMs: 22_000, toMs: 50_000 },
    ]);
  });

  it("is served, and is nothing where no times are kept", async () => {
    const { app, defects } = testApi(1);
    expect((await get(app, "/v1/uptime")).body).to.deep.equal({
      sinceMs: null,
      silenceMs: 10_000,
      downMs: 0,
      downtimes: [],
    });
    expect((await get(app, "/v1/uptime?x=1")).status).to.equal(400);
    await app.close();
    expect(defects).to.deep.equal([]);
  });
});
