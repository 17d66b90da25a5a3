import { expect } from "chai";
import { CannotCarry, carryJournal } from "../../matcher/journal-carrying.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { epochOf } from "../sequencer/exchange-fixture.ts";
import { livelyCommands } from "../sequencer/lively-commands.ts";
import { stateRoot } from "../sequencer/state-digest.ts";
import { CrashDisk } from "./crash-disk.ts";
import { IDENTITY } from "./identity.ts";
import { ModelChain } from "./model-chain.ts";
import { type LifeOptions, SettlingLife } from "./settling-life.ts";

const NEXT = { ...IDENTITY, circuits: 99n, terms: 98n };

describe("A journal that is carried over to another version", function () {
  this.timeout(60_000);
  let hash: Poseidon;
  let disk: CrashDisk;
  let chain: ModelChain;
  let ms = 1_800_000_000_000;
  const commands = [...livelyCommands(8, 60, 4)];

  before(async () => {
    hash = await buildFastPoseidon();
  });

  beforeEach(() => {
    disk = new CrashDisk();
    chain = new ModelChain();
  });

  const start = (options: Partial<LifeOptions> = {}) =>
    SettlingLife.start({ disk, chain, hash, nowMs: () => ms++, ...options });

  async function live(life: SettlingLife, from: number, to: number): Promise<void> {
    for (const command of commands.slice(from, to)) {
      life.give(command, chain);
      await life.sequencer.durable();
    }
    await life.rest();
  }

  it("goes on with the next number and the same hash chain, under the new identity, on the same L1", async () => {
    const old = await start();
    await live(old, 0, 40);
    await old.journal.snapshots.take();
    await old.rest();
    await old.close();
    const { state } = old.sequencer;
    expect(await start({ identity: NEXT }).catch((error: Error) => error.message)).to.match(
      /carry its last snapshot over/,
    );

    expect(await carryJournal("journal", "next", NEXT, disk)).to.equal(state.commandCount);
    const carried = await start({ directory: "next", identity: NEXT });
    expect(carried.sequencer.state.journalHead).to.equal(state.journalHead);
    expect(carried.journal.log.firstRecord).to.equal(state.commandCount + 1);
    await live(carried, 40, commands.length);
    carried.give({ type: "epoch", epoch: epochOf(carried.sequencer.state.epochNumber + 1) }, chain);
    await carried.rest();
    expect(carried.halts).to.deep.equal([]);
    expect(chain.settled.at(-1)?.data.newRoot).to.equal(stateRoot(carried.sequencer.state, hash));
    expect(carried.sequencer.finality.batchCount).to.equal(chain.settled.length);
    await carried.close();
    // And again from there.
    const again = await start({ directory: "next", identity: NEXT });
    expect(again.sequencer.state.journalHead).to.equal(carried.sequencer.state.journalHead);
    await again.close();
  });

  it("is refused while anything is left to prove, without the last snapshot, for another exchange, and over another journal", async () => {
    const old = await start();
    await live(old, 0, 40);
    await old.journal.snapshots.take();
    await old.rest();
    await live(old, 40, 50);
    await old.close();
    const refusal = (to = "next", identity = NEXT) =>
      carryJournal("journal", to, identity, disk).then(
        () => "it was carried",
        (error: Error) => (error instanceof CannotCarry ? error.message : String(error)),
      );
    expect(await refusal()).to.match(/has no snapshot of the last command, \d+: stop the old version in order\.$/);
    expect(await refusal("journal")).to.equal("journal has a journal already: name a new folder.");
    expect(await refusal("other", { ...NEXT, deployment: 5n })).to.equal("journal is the journal of another exchange.");

    disk = new CrashDisk();
    chain = new ModelChain();
    const unsettled = await start();
    await live(unsettled, 0, 20);
    chain.confirms = false;
    await live(unsettled, 20, 40);
    await unsettled.journal.snapshots.take();
    await unsettled.close();
    expect(await refusal()).to.match(
      /lies behind batch \d+, and the last final one is \d+: let the old version settle all/,
    );
  });
});
