import { expect } from "chai";
import { L1Contradicts, L1Follower } from "../matcher/l1-follower.ts";
import type { ChainedEntry } from "../matcher/protocol/queue-chain.ts";
import { TIERS } from "../matcher/protocol/spec.ts";
import { MemoryLog } from "../matcher/sequencer/command-log.ts";
import { Sequencer } from "../matcher/sequencer/sequencer.ts";
import { largestTier } from "../matcher/state/batch-parts.ts";
import { ModelChain } from "./journal/model-chain.ts";
import { trusting } from "./journal/settling-life.ts";
import { EXCHANGE, epochOf, keyOf, newState } from "./sequencer/exchange-fixture.ts";

const registration = (account: number): ChainedEntry => {
  const { ax, ay } = keyOf(account);
  return { kind: "registration", minSequence: 0, account, amountMicroUsd: 0n, owner: BigInt(account) << 8n, ax, ay };
};

describe("The follower of L1", () => {
  let chain: ModelChain;
  let log: MemoryLog;
  let sequencer: Sequencer;
  let follower: L1Follower;

  function start(): void {
    log = new MemoryLog();
    sequencer = new Sequencer({ state: newState(), verifier: trusting, log });
    follower = new L1Follower(sequencer, largestTier(TIERS));
  }

  /** What the journal has, up to a record, in another life. */
  async function restart(records = log.records.length): Promise<void> {
    await sequencer.durable();
    const kept = log.records.slice(0, records);
    start();
    for (const record of kept) sequencer.replay(record);
  }

  const rescan = () => {
    for (const event of chain.events) follower.take(event);
  };
  const cursor = () => sequencer.state.ledger.shared.queueCursor;

  beforeEach(() => {
    chain = new ModelChain();
    start();
  });

  it("keeps what is queued before the first epoch until there is one", async () => {
    follower.take(chain.addEntry(registration(1)));
    follower.take(chain.addEntry(registration(2)));
    expect(sequencer.state.commandCount).to.equal(0);
    follower.take(chain.openEpoch(epochOf(1)));
    expect(sequencer.state.commandCount).to.equal(3);
    expect(cursor()).to.equal(2);
    follower.take(chain.addEntry(registration(3)));
    expect(cursor()).to.equal(3);
  });

  it("delivers each event once, wherever between two commands the process died", async () => {
    follower.take(chain.addEntry(registration(1)));
    follower.take(chain.addEntry(registration(2)));
    follower.take(chain.openEpoch(epochOf(1)));
    follower.take(chain.addEntry(registration(3)));
    follower.take(chain.openEpoch(epochOf(2)));
    await sequencer.durable();
    const { journalHead, commandCount } = sequencer.state;
    const all = log;
    for (let kept = 0; kept <= commandCount; kept++) {
      log = all;
      await restart(kept);
      rescan();
      expect(sequencer.state.commandCount, `after ${kept}`).to.equal(commandCount);
      expect(cursor()).to.equal(3);
      rescan();
      expect(sequencer.state.commandCount).to.equal(commandCount);
    }
    expect(sequencer.state.epochNumber).to.equal(2);
    expect(journalHead).not.to.equal(0n);
    await follower.check(chain.provider(), EXCHANGE);
  });

  it("refuses an entry and an epoch that are others than the journal's", async () => {
    follower.take(chain.addEntry(registration(1)));
    follower.take(chain.openEpoch(epochOf(1)));
    await restart();
    const other = new ModelChain();
    const entry = other.addEntry(registration(2));
    expect(() => follower.take(entry)).to.throw(
      L1Contradicts,
      "Entry 0 of the L1 queue is not the one that the journal has",
    );
    const epoch = other.openEpoch({ ...epochOf(1), paramVersion: 7 });
    expect(() => follower.take(epoch)).to.throw(
      L1Contradicts,
      /^Epoch 1 on L1 \(0x\w+\) is not the one that the journal has/,
    );
    expect(await follower.check(other.provider(), EXCHANGE).catch((error: Error) => error)).to.be.instanceOf(
      L1Contradicts,
    );
  });

  it("keeps what it compares with over a restart from a snapshot", async () => {
    follower.take(chain.addEntry(registration(1)));
    follower.take(chain.openEpoch(epochOf(1)));
    await sequencer.durable();
    const values = JSON.parse(JSON.stringify([...follower.part().take()]));
    await restart();
    const fresh = new L1Follower(sequencer, largestTier(TIERS));
    fresh.part().restore(values);
    await fresh.check(chain.provider(), EXCHANGE);
    chain.queueHashes[1] = `0x${"5".repeat(64)}`;
    expect(await fresh.check(chain.provider(), EXCHANGE).catch((error: Error) => error.message)).to.match(
      /has 1 entries/,
    );
  });
});
