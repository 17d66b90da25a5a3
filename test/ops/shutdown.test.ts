import { expect } from "chai";
import fastify, { type FastifyInstance } from "fastify";
import { RequestGate } from "../../matcher/ops/request-gate.ts";
import { finishWork } from "../../matcher/ops/shutdown.ts";
import type { PipelineStatus } from "../../matcher/prover/pipeline.ts";
import type { CommandLog } from "../../matcher/sequencer/command-log.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { testApi, verifierInThread } from "../api/api-fixture.ts";
import { openedState, order, signed } from "../sequencer/exchange-fixture.ts";

/** A disk that is done when the test says so. */
class HeldLog implements CommandLog {
  readonly held: (() => void)[] = [];

  append(): Promise<void> {
    return new Promise((resolve) => this.held.push(resolve));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const moment = () => new Promise((wake) => setTimeout(wake, 20));

describe("Finishing what was acknowledged", () => {
  let app: FastifyInstance;
  let gate: RequestGate;
  let status: PipelineStatus;
  let stopping: boolean;

  beforeEach(() => {
    app = fastify();
    gate = new RequestGate(app);
    stopping = false;
    status = {
      state: "running",
      haltReport: undefined,
      openSteps: 0,
      unprovenSteps: 0,
      queued: 0,
      proving: 0,
      settling: 0,
      settledBatches: 0,
      lagMs: 0,
      proofMs: 0,
    };
  });

  afterEach(() => app.close());

  function parts(sequencer: Pick<Sequencer, "finish">) {
    const readiness = { beginStopping: () => (stopping = true) };
    return { readiness, gate, sequencer, pipeline: { status: () => status } };
  }

  it("waits for the disk with what was taken, and refuses what comes later", async () => {
    const log = new HeldLog();
    const sequencer = new Sequencer({ state: openedState(2), verifier: verifierInThread(), log });
    const place = (slot: number) => sequencer.submit(signed(order({ slot, limitPriceTicks: 640_000 })));
    const taken = place(1);
    await moment();
    let finished = false;
    const finishing = finishWork(parts(sequencer), 0).then((left) => {
      finished = true;
      return left;
    });
    expect(stopping).to.equal(true);
    expect((await place(2)).outcome).to.deep.equal({ accepted: false, code: "SHUTTING_DOWN" });
    await moment();
    expect(finished).to.equal(false);
    for (const done of log.held) done();
    expect((await taken).outcome.accepted).to.equal(true);
    expect(await finishing).to.deep.equal({ batches: 0, allAnswered: true });
    expect(log.held).to.have.length(1);
  });

  it("takes with it a message whose signature is still being checked", async () => {
    let found: () => void = () => {};
    const inThread = verifierInThread();
    const verifier: typeof inThread = {
      ...inThread,
      verify: async (message, key) => {
        await new Promise<void>((resolve) => (found = resolve));
        return inThread.verify(message, key);
      },
    };
    const sequencer = new Sequencer({ state: openedState(2), verifier });
    const taken = sequencer.submit(signed(order({ limitPriceTicks: 640_000 })));
    let finished = false;
    const finishing = sequencer.finish().then(() => (finished = true));
    await moment();
    expect(finished).to.equal(false);
    found();
    expect((await taken).outcome.accepted).to.equal(true);
    await finishing;
    // Asked twice, it is the same end; commands of the exchange itself go on.
    await sequencer.finish();
    expect(sequencer.apply({ type: "liquidationSweep" }).accepted).to.equal(true);
  });

  it("ends although the journal has broken: what waited for it was not acknowledged", async () => {
    const log: CommandLog = { append: () => Promise.reject(new Error("ENOSPC")), close: () => Promise.resolve() };
    const sequencer = new Sequencer({ state: openedState(2), verifier: verifierInThread(), log });
    const taken = sequencer.submit(signed(order())).then(
      () => "acknowledged",
      (error: Error) => error.message,
    );
    await sequencer.finish();
    expect(await taken).to.contain("ENOSPC");
  });

  it("waits for batches that are being proven or settled, not for those that only wait for a prover", async () => {
    status = { ...status, settledBatches: 3, settling: 1, proving: 1, queued: 5 };
    const finishing = finishWork(parts({ finish: () => Promise.resolve() }), 60_000);
    await moment();
    status = { ...status, settledBatches: 4, settling: 0 };
    let finished = false;
    finishing.then(() => (finished = true));
    await new Promise((wake) => setTimeout(wake, 120));
    expect(finished).to.equal(false);
    status = { ...status, settledBatches: 5, proving: 1 };
    expect(await finishing).to.deep.equal({ batches: 0, allAnswered: true });
  });

  it("leaves them to the restart when the grace time is over, or settlement has halted", async () => {
    status = { ...status, proving: 2 };
    expect((await finishWork(parts({ finish: () => Promise.resolve() }), 100)).batches).to.equal(2);
    status = { ...status, state: "halted" };
    expect((await finishWork(parts({ finish: () => Promise.resolve() }), 60_000)).batches).to.equal(2);
  });
});

describe("The gate before the API", () => {
  it("lets reads through and refuses commands once it is closed, and counts answers by class", async () => {
    const { app } = testApi();
    const gate = new RequestGate(app);
    const post = () =>
      app.inject({ method: "POST", url: "/v1/orders", payload: "{", headers: { "content-type": "application/json" } });
    expect((await post()).statusCode).to.equal(400);
    expect((await app.inject("/v1/time")).statusCode).to.equal(200);
    gate.close();
    const refused = await post();
    expect(refused.statusCode).to.equal(503);
    expect(refused.json()).to.include({ code: "SHUTTING_DOWN", field: null });
    expect(refused.headers["retry-after"]).to.match(/^\d+$/);
    expect((await app.inject("/v1/time")).statusCode).to.equal(200);
    expect(await gate.idle(10)).to.equal(true);
    expect([...gate.responses]).to.have.deep.members([
      ["4xx", 1],
      ["2xx", 2],
      ["5xx", 1],
    ]);
    await app.close();
  });
});
