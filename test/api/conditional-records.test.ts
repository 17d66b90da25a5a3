import { expect } from "chai";
import { ConditionalRecords } from "../../matcher/api/conditional-records.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { conditionalCommands } from "../sequencer/conditional-commands.ts";
import { conditional, leg, stop } from "../sequencer/conditional-fixture.ts";
import { accepted, newState, openedState } from "../sequencer/exchange-fixture.ts";

const EXIT = { side: "sell", timeInForce: "IOC", slot: 1, limitPriceTicks: 600_000 } as const;
const plain = (value: unknown) => JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : item));

describe("what is remembered of conditional orders", () => {
  it("follows the commands: of a random history it says what the state says, and of what is over how it ended", () => {
    const state = newState();
    const records = new ConditionalRecords(state);
    for (const [at, command] of [...conditionalCommands(5, 400)].entries()) {
      const outcome = state.execute(command, at * 400);
      if (outcome.accepted) records.record(outcome, command);
    }
    let live = 0;
    for (let account = 1; account <= 6; account++) {
      for (const { group, leg: at, status, filledLots } of records.of(account)) {
        const found = state.conditionals.store.groups().find(({ number }) => number === group)?.legs[at];
        if (found === undefined) expect(["done", "cancelled", "refused"]).to.include(status);
        else expect([status, filledLots], `${group}/${at}`).to.deep.equal([found.status, found.filledLots]);
        if (found !== undefined) live += 1;
      }
    }
    expect(live).to.be.above(3);
  });

  it("comes back from a snapshot as it was, and goes on", () => {
    const state = openedState(2);
    const take = (records: ConditionalRecords, command: Command) =>
      records.record(accepted(state.execute(command)), command);
    const before = new ConditionalRecords(state);
    take(before, conditional([leg({ ...EXIT, sequence: 64 }, stop(640_000))]));
    take(before, { type: "cancelApi", account: 1, slot: 1, sequence: 64 });
    take(before, conditional([leg({ ...EXIT, sequence: 128 }, stop(640_000))], false, "guard"));
    const lines = JSON.parse(JSON.stringify([...before.part().take()]));
    const after = new ConditionalRecords(state);
    // Without the snapshot only what is live is known.
    expect(after.of(1).map(({ status }) => status)).to.deep.equal(["waiting"]);
    after.part().restore(lines);
    expect(plain(after.of(1))).to.equal(plain(before.of(1)));
    const cancel: Command = { type: "cancelAllApi", account: 1, market: null };
    const outcome = accepted(state.execute(cancel));
    for (const records of [before, after]) records.record(outcome, cancel);
    expect(plain(after.of(1))).to.equal(plain(before.of(1)));
    expect(after.of(1).map(({ status }) => status)).to.deep.equal(["cancelled", "cancelled"]);
  });

  it("forgets what ended first, and nothing that is live", () => {
    const state = openedState(2);
    const records = new ConditionalRecords(state, 2);
    const take = (command: Command) => records.record(accepted(state.execute(command)), command);
    take(conditional([leg({ ...EXIT, slot: 9, sequence: 64 }, stop(640_000))]));
    for (let i = 1; i <= 4; i++) {
      take(conditional([leg({ ...EXIT, sequence: 64 * i }, stop(640_000))]));
      take({ type: "cancelApi", account: 1, slot: 1, sequence: 64 * i });
    }
    expect(records.of(1).map(({ terms: { order } }) => [order.slot, order.sequence])).to.deep.equal([
      [9, 64],
      [1, 192],
      [1, 256],
    ]);
  });
});
