import { expect } from "chai";
import { healthOf, readyOf } from "../../matcher/ops/health-pages.ts";
import { Readiness } from "../../matcher/ops/readiness.ts";
import type { CommandLog } from "../../matcher/sequencer/command-log.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { verifierInThread } from "../api/api-fixture.ts";
import { epochOf, newState, openedState, order, signed } from "../sequencer/exchange-fixture.ts";

const STALE_MS = 180_000;

describe("Readiness", () => {
  let nowMs: number;
  let chain: { haltReport?: string; lineError?: string; watcherError?: string };

  function readinessOf(state: ExchangeState, log?: CommandLog) {
    const sequencer = new Sequencer({ state, verifier: verifierInThread(), ...(log === undefined ? {} : { log }) });
    const status = <T>(read: () => unknown) => ({ status: read as () => T });
    const readiness = new Readiness({
      sequencer,
      pipeline: status(() => ({ haltReport: chain.haltReport })),
      line: status(() => ({ lastError: chain.lineError })),
      watcher: status(() => ({ lastError: chain.watcherError })),
      staleEpochMs: STALE_MS,
      monotonicMs: () => nowMs,
    });
    return {
      sequencer,
      readiness,
      reasons: () => readiness.hindrances().map(({ part, reason }) => `${part}: ${reason}`),
    };
  }

  beforeEach(() => {
    nowMs = 1_000;
    chain = {};
  });

  it("waits for the first epoch, and then for a fresh one, to the millisecond", async () => {
    const { sequencer, reasons } = readinessOf(newState());
    expect(reasons()).to.deep.equal(["epoch: No epoch is in force yet."]);
    nowMs += 3 * STALE_MS;
    sequencer.apply({ type: "epoch", epoch: epochOf(1) });
    await Promise.resolve();
    expect(reasons()).to.deep.equal([]);
    nowMs += STALE_MS;
    expect(reasons()).to.deep.equal([]);
    nowMs += 1;
    expect(reasons()).to.deep.equal(["epoch: No epoch has come for 180 s."]);
    sequencer.apply({ type: "epoch", epoch: epochOf(2) });
    await Promise.resolve();
    expect(reasons()).to.deep.equal([]);
  });

  it("gives a matcher that has restarted as long as any for its next epoch", () => {
    const { reasons } = readinessOf(openedState(1));
    nowMs += STALE_MS;
    expect(reasons()).to.deep.equal([]);
    nowMs += 1;
    expect(reasons()).to.have.length(1);
  });

  it("ends when the journal breaks, with its reason", async () => {
    const full: CommandLog = {
      append: () => Promise.reject(new Error("ENOSPC: no space left")),
      close: async () => {},
    };
    const { sequencer, reasons } = readinessOf(openedState(2), full);
    expect(reasons()).to.deep.equal([]);
    await sequencer.submit(signed(order())).catch(() => {});
    expect(reasons()).to.deep.equal(["sequencer: the exchange has stopped taking commands: ENOSPC: no space left."]);
  });

  it("ends while L1 is silent, without saying what the node said", () => {
    const { reasons } = readinessOf(openedState(1));
    for (const error of ["lineError", "watcherError"] as const) {
      chain = { [error]: "request to https://node.example/v2/secret failed" };
      expect(reasons()).to.deep.equal(["l1: L1 does not answer."]);
    }
    chain = {};
    expect(reasons()).to.deep.equal([]);
  });

  it("ends for good when settlement halts, and when a stop begins; every reason is told", () => {
    const { readiness, reasons } = readinessOf(openedState(1));
    chain = { haltReport: "Batch 3 is not settled: so it is.", lineError: "halted" };
    expect(reasons()).to.deep.equal(["settlement: Batch 3 is not settled: so it is."]);
    readiness.beginStopping();
    expect(reasons()).to.have.length(2);
    expect(readyOf(readiness).status).to.equal(503);
    expect(readyOf(readiness).body).to.deep.include({ ready: false });
  });

  it("answers 200 without reasons, and health with the lag", () => {
    const { readiness } = readinessOf(openedState(1));
    expect(readyOf(readiness)).to.deep.equal({ status: 200, body: { ready: true, reasons: [] } });
    expect(healthOf({ lastLagMs: 12.4 })).to.include({ status: "alive", eventLoopLagMs: 12 });
  });
});
