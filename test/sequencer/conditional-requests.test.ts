import { expect } from "chai";
import type { QueueEntry } from "../../matcher/state/trace.ts";
import { ConditionalRun, leg, stop } from "./conditional-fixture.ts";
import { accepted, BTC_TICKS, codeOf, keyOf } from "./exchange-fixture.ts";

const LONG = 1_000;
const EXIT = {
  side: "sell",
  reduceOnly: true,
  quantityLots: LONG,
  timeInForce: "IOC",
  limitPriceTicks: 600_000,
} as const;

/** Account 1 is long, and has a stop on each of two slots. */
function waitingRun(): ConditionalRun {
  const run = new ConditionalRun();
  // The insurance fund's, which every forced row has beside it.
  ask(run, "registration", { account: 0, owner: 1n, ...keyOf(50) });
  run.makers(BTC_TICKS, 20_000, 64);
  run.order({ quantityLots: LONG, limitPriceTicks: BTC_TICKS + 10, sequence: 64 });
  accepted(run.place([leg({ ...EXIT, slot: 1, sequence: 64 }, stop(640_000))]));
  accepted(run.place([leg({ ...EXIT, slot: 2, sequence: 128 }, stop(640_000))]));
  return run;
}

function ask(run: ConditionalRun, kind: QueueEntry["kind"], fields: Partial<QueueEntry> = {}): void {
  const entry = { kind, account: 1, amountMicroUsd: 0n, minSequence: 0, owner: 0n, ax: 0n, ay: 0n, ...fields };
  accepted(
    run.execute({
      type: "queue",
      entry,
      cursor: run.state.desk.cursor,
      ...(kind === "registration" ? {} : { tier: 2 }),
    }),
  );
}

describe("conditional orders of an account with a request on L1", () => {
  it("end with its forced exit, and do not trade afterwards", () => {
    const run = waitingRun();
    ask(run, "forcedExit");
    expect(run.lots(1)).to.equal(0);
    expect(run.state.conditionals.store.count(1)).to.equal(0);
    expect(run.said().slice(-2)).to.deep.equal([
      [0, "cancelled", "cancelled"],
      [0, "cancelled", "cancelled"],
    ]);
    run.price("63000");
    expect(run.lots(1)).to.equal(0);
  });

  it("end while it waits to leave, and no new one is taken", () => {
    const run = waitingRun();
    // Nobody could pay what it is worth: the others' losses are not settled, and the pool has less.
    Object.assign(run.state.ledger.shared, { withdrawnMicroUsd: run.state.ledger.shared.depositedMicroUsd });
    ask(run, "forcedExit");
    expect(run.state.desk.wait).to.equal("pool-short");
    expect(run.lots(1)).to.equal(LONG);
    expect(run.state.conditionals.store.count(1)).to.equal(0);
    expect(codeOf(run.place([leg({ ...EXIT, slot: 3, sequence: 192 }, stop(640_000))]))).to.equal("ACCOUNT_LEAVING");
    run.price("63000");
    expect(run.lots(1)).to.equal(LONG);
  });

  it("end with its key, whatever their sequence", () => {
    const run = waitingRun();
    const { ax, ay } = keyOf(77);
    ask(run, "keyRotation", { ax, ay });
    expect(run.state.conditionals.store.count(1)).to.equal(0);
    run.price("63000");
    expect(run.lots(1)).to.equal(LONG);
  });

  it("end below the sequence of a cancel-all, and no others", () => {
    const run = waitingRun();
    ask(run, "cancelAll", { minSequence: 128 });
    expect(run.state.conditionals.store.count(1)).to.equal(1);
    run.price("64000");
    expect(run.lots(1)).to.equal(0);
  });
});
