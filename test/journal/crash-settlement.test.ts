import { expect } from "chai";
import { EntryValues } from "../../matcher/api/entry-values.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { epochOf, newState } from "../sequencer/exchange-fixture.ts";
import { livelyCommands } from "../sequencer/lively-commands.ts";
import { dice } from "../sequencer/random-commands.ts";
import { stateRoot } from "../sequencer/state-digest.ts";
import { CrashDisk } from "./crash-disk.ts";
import { ModelChain } from "./model-chain.ts";
import { SettlingLife, trusting } from "./settling-life.ts";

const START_MS = 1_800_000_000_000;
const COMMANDS = 70;

describe("An exchange that settles on a chain and dies", function () {
  this.timeout(120_000);
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  /** Lives one life after the other, each ended at an operation of its own, until all commands are given. */
  async function run(seed: number, lifeOperations: (roll: (n: number) => number) => number) {
    const roll = dice(seed);
    const chain = new ModelChain();
    const commands = [...livelyCommands(seed, COMMANDS, 4)];
    let disk = new CrashDisk();
    let ms = START_MS;
    let lives = 0;
    let given = 0;
    for (;;) {
      lives += 1;
      // The last life is not cut short.
      disk.dieAt = given < commands.length ? lifeOperations(roll) : Number.POSITIVE_INFINITY;
      const life = await SettlingLife.start({ disk, chain, hash, nowMs: () => ms++ }).catch((error) => {
        if (!disk.isDead) throw error;
        return undefined;
      });
      while (life !== undefined && given < commands.length && life.sequencer.halt === null) {
        life.give(commands[given++] as (typeof commands)[number], chain);
        if (roll(2) === 0) await new Promise((wake) => setTimeout(wake, roll(3)));
      }
      if (life !== undefined && life.sequencer.halt === null && given === commands.length) {
        await life.rest().catch(() => {});
        if (!disk.isDead && life.pipeline.status().state === "running") {
          disk.dieAt = Number.POSITIVE_INFINITY;
          return { life, chain, lives };
        }
      }
      if (!disk.isDead) throw new Error(`life ${lives} stopped without a crash: ${life?.halts.join(" ")}`);
      await life?.pipeline.stop();
      // What was on its way to the chain arrives.
      await new Promise((wake) => setTimeout(wake, 5));
      disk = roll(3) === 0 ? disk.afterPowerFailure(roll) : disk.afterKill();
    }
  }

  it("settles every step once: the chain's state is the journal's, whatever was under way at each death", async () => {
    let lives = 0;
    let batches = 0;
    for (let seed = 1; seed <= 14; seed++) {
      const { life, chain, lives: lived } = await run(seed, (roll) => 20 + roll(400));
      const { state } = life.sequencer;
      const where = `seed ${seed}, ${lived} lives`;
      expect(life.halts, where).to.deep.equal([]);
      // One more epoch closes the batch of the last.
      life.give({ type: "epoch", epoch: epochOf(state.epochNumber + 1) }, chain);
      await life.rest();
      expect(chain.settled.at(-1)?.data.newRoot, where).to.equal(stateRoot(state, hash));
      expect(chain.settled.map(({ batchNumber }) => batchNumber)).to.deep.equal(chain.settled.map((_, i) => i + 1));
      // Everything that a client can ask is what it would be without any crash.
      const reference = new Sequencer({ state: newState(), verifier: trusting });
      const entries = new EntryValues((account, market) => reference.state.ledger.positionLots(account, market));
      reference.onAccepted((accepted) => entries.record(accepted));
      for (const record of life.journal.log.records()) reference.replay(record);
      for (const { account } of state.ledger.entries()) {
        for (let market = 0; market < MARKETS; market++) {
          expect(life.entries.entryMicroUsd(account, market), where).to.equal(entries.entryMicroUsd(account, market));
        }
      }
      const { finality } = life.sequencer;
      expect(finality.batchCount, where).to.equal(chain.settled.length);
      for (const [i, { batchNumber }] of chain.settled.entries()) {
        const proven = finality.latest(chain.settled.length - i).at(-1);
        expect(proven?.batchNumber).to.equal(batchNumber);
        expect(proven?.txHash, where).to.match(/^0x/);
      }
      lives += lived;
      batches += chain.settled.length;
      await life.close();
    }
    expect(lives).to.be.greaterThan(30);
    expect(batches).to.be.greaterThan(150);
  });
});
