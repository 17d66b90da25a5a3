import { expect } from "chai";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { epochOf } from "../sequencer/exchange-fixture.ts";
import { livelyCommands } from "../sequencer/lively-commands.ts";
import { stateRoot } from "../sequencer/state-digest.ts";
import { CrashDisk } from "./crash-disk.ts";
import { ModelChain } from "./model-chain.ts";
import { SettlingLife } from "./settling-life.ts";

const START_MS = 1_800_000_000_000;

describe("A restart", function () {
  this.timeout(60_000);
  let hash: Poseidon;
  let disk: CrashDisk;
  let chain: ModelChain;
  let ms: number;
  const commands = [...livelyCommands(4, 60, 4)];

  before(async () => {
    hash = await buildFastPoseidon();
  });

  beforeEach(() => {
    disk = new CrashDisk();
    chain = new ModelChain();
    ms = START_MS;
  });

  const start = (options: { confirmations?: number; everyCommands?: number } = {}) =>
    SettlingLife.start({ disk, chain, hash, nowMs: () => ms++, ...options });

  /** Gives commands one after the other, with everything settled in the end. */
  async function live(given: readonly Command[], life?: SettlingLife): Promise<void> {
    const running = life ?? (await start());
    for (const [i, command] of given.entries()) {
      running.give(command, chain);
      await running.sequencer.durable();
      if (i % 9 === 0) await running.rest();
    }
    await running.rest();
    await running.close();
  }

  const refusal = (options = {}) =>
    start(options).then(
      () => "it started",
      (error: Error) => error.message,
    );
  const snapshots = () => disk.paths.filter((path) => path.endsWith(".snapshot"));

  it("says what it found", async () => {
    await live(commands);
    const life = await start();
    expect(life.notices).to.have.length(1);
    expect(life.notices[0]).to.match(
      /^Restored \d+ commands through epoch \d+ \(snapshot of command \d+, \d+ replayed\); \d+ batches are final, 0 are proven again\.$/,
    );
    await life.close();
  });

  it("keeps a few snapshots, and takes the newest", async () => {
    await live(commands);
    expect(snapshots().length).to.be.within(3, 4);
    const life = await start();
    const newest = Number.parseInt((snapshots().at(-1) as string).split("/").at(-1) as string, 10);
    expect(life.notices[0]).to.contain(`snapshot of command ${newest}`);
    await life.close();
  });

  it("passes over a damaged snapshot, however it is damaged, and says so; without any it begins at the beginning", async () => {
    await live(commands);
    const expected = await (async () => {
      const life = await start();
      await life.close();
      return { head: life.sequencer.state.journalHead, root: stateRoot(life.sequencer.state, hash) };
    })();
    const all = snapshots();
    for (const [i, path] of [...all].reverse().entries()) {
      const length = disk.read(path).length;
      disk.damage(path, (content) => {
        if (i === 1) return content.slice(0, length - 1);
        const at = Math.floor((length * (i + 1)) / 6);
        content[at] = (content[at] as number) ^ 0x10;
        return content;
      });
      const life = await start();
      const told = life.notices.filter((sentence) => sentence.includes("is no whole snapshot"));
      expect(told).to.have.length(i + 1);
      expect(told[0]).to.match(/an older one is taken, or the journal from its beginning\.$/);
      const from = all.length - 2 - i;
      if (from < 0) expect(life.notices.at(-1)).to.contain("snapshot of command 0");
      expect(life.sequencer.state.journalHead).to.equal(expected.head);
      expect(stateRoot(life.sequencer.state, hash)).to.equal(expected.root);
      await life.close();
    }
  });

  it("does not use a snapshot that lies behind batches which may still be lost", async () => {
    await live(commands);
    // L1 loses its last batches: none of them was below enough blocks.
    const life = await start({ confirmations: 10_000 }).catch((error: Error) => error.message);
    expect(life).to.be.an("object");
    await (life as SettlingLife).close();
    disk = new CrashDisk();
    chain = new ModelChain();
    const first = await start({ confirmations: 10_000 });
    first.pipeline.halt("nothing is settled in this life");
    for (const command of commands) {
      first.give(command, chain);
      await first.sequencer.durable();
    }
    await first.close();
    const again = await start();
    expect(again.notices.at(-1)).to.contain("snapshot of command 0");
    await again.rest();
    again.give({ type: "epoch", epoch: epochOf(again.sequencer.state.epochNumber + 1) }, chain);
    await again.rest();
    expect(chain.settled.at(-1)?.data.newRoot).to.equal(stateRoot(again.sequencer.state, hash));
    await again.close();
  });

  it("recognises batches that were settled when it died, and sends none of them again", async () => {
    chain.confirms = false;
    await live(commands);
    chain.confirms = true;
    const settled = chain.settled.length;
    // All are on L1 and none counts as final yet: they are proven again, and found there.
    const life = await start({ confirmations: 10_000 });
    await life.rest();
    expect(life.halts).to.deep.equal([]);
    expect(chain.settled.length).to.equal(settled);
    expect(life.sequencer.finality.batchCount).to.equal(settled);
    await life.close();
  });

  describe("is refused", () => {
    it("when L1 has batches that the journal does not lead to: an old copy of it", async () => {
      await live(commands.slice(0, 40));
      const old = disk.afterKill();
      await live(commands.slice(40));
      disk = old;
      expect(await refusal()).to.match(
        /^(Batch \d+ ended with step|L1 has batch \d+, and the journal leads to batch \d+\. Another program uses the operator's key)/,
      );
    });

    it("when L1 has another batch in the place of one", async () => {
      const life = await start();
      for (const command of commands.slice(0, 30)) {
        life.give(command, chain);
        await life.sequencer.durable();
      }
      life.pipeline.halt("it dies here");
      await life.close();
      const before = chain.settled.length;
      const other = new ModelChain();
      Object.assign(other, { queueHashes: chain.queueHashes, epochHashes: chain.epochHashes, events: chain.events });
      const twin = new CrashDisk();
      const theirs = await SettlingLife.start({ disk: twin, chain: other, hash, nowMs: () => ms++ });
      await theirs.rest();
      other.block = Math.max(other.block, chain.block);
      expect(before).to.be.greaterThan(0);
      expect(other.settled.length).to.be.greaterThan(0);
      await theirs.close();
      chain = other;
      expect(await refusal()).to.match(/(leads to another state than the journal's|L1 does not have it)/);
    });

    it("when a batch that was final is gone from L1", async () => {
      await live(commands);
      chain.logs.length = 0;
      expect(await refusal()).to.match(
        /^Batch \d+ was final in transaction 0x\w+, block \d+, and L1 does not have it\./,
      );
    });

    it("when the contract's state is not the one behind the last batch", async () => {
      await live(commands);
      chain.stateHash = `0x${"1".repeat(64)}`;
      expect(await refusal()).to.match(/^The contract's state is not the one behind batch \d+\. Another program/);
    });

    it("when L1's queue or an epoch is another one", async () => {
      await live(commands);
      const last = chain.queueHashes.length - 1;
      const hashOfQueue = chain.queueHashes[last] as `0x${string}`;
      chain.queueHashes[last] = `0x${"2".repeat(64)}`;
      expect(await refusal()).to.match(/^The journal has \d+ entries of the L1 queue, and the contract has others/);
      chain.queueHashes.pop();
      expect(await refusal()).to.match(/the contract has others \(fewer entries\)/);
      chain.queueHashes.push(hashOfQueue);
      chain.epochHashes.set(2, `0x${"3".repeat(64)}`);
      expect(await refusal()).to.match(/^Epoch 2 on L1 \(0x3+\) is not the one that the journal has/);
    });

    it("when a snapshot is of a command that the journal does not have", async () => {
      await live(commands.slice(0, 40));
      const old = disk.afterKill();
      await live(commands.slice(40));
      const newest = snapshots().at(-1) as string;
      const content = disk.read(newest);
      disk = old;
      const descriptor = disk.open(newest);
      disk.write(descriptor, content, 0);
      expect(await refusal()).to.match(/is of a command that the journal does not have: it ends with command \d+\.$/);
    });
  });

  it("stops for good when somebody else settles a batch with the operator's key", async () => {
    const life = await start();
    const foreign = commands.slice(0, 30);
    for (const command of foreign) {
      life.give(command, chain);
      await life.sequencer.durable();
    }
    await life.rest();
    const last = chain.settled.at(-1);
    life.give(commands.find(({ type }) => type === "feeTier") ?? { type: "feeTier", account: 1, tier: 1 }, chain);
    life.give({ type: "epoch", epoch: epochOf(life.sequencer.state.epochNumber + 1) }, chain);
    // The batch of the epoch before is settled with another journal head, before ours comes.
    const settle = chain.settle.bind(chain);
    chain.settle = (batch) => {
      chain.settle = settle;
      settle({ ...batch, data: { ...batch.data, journalHead: 5n } });
      return settle(batch);
    };
    await life.sequencer.durable();
    life.give({ type: "epoch", epoch: epochOf(life.sequencer.state.epochNumber + 1) }, chain);
    await life.rest();
    expect(last).not.to.equal(undefined);
    expect(life.halts).to.have.length(1);
    expect(life.halts[0]).to.match(
      /was settled with other public data in transaction 0x\w+: another program uses the operator's key/,
    );
    await life.close();
  });
});
