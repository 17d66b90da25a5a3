import { expect } from "chai";
import { ExchangeJournal } from "../../matcher/exchange-journal.ts";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS } from "../../matcher/protocol/devnet-markets.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import type { Accepted } from "../../matcher/sequencer/outcome.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import type { SignatureVerifier } from "../../matcher/sequencer/verify-pool.ts";
import { FUNDING, newState } from "../sequencer/exchange-fixture.ts";
import { livelyCommands } from "../sequencer/lively-commands.ts";
import { dice } from "../sequencer/random-commands.ts";
import { stateText as wholeText } from "../sequencer/state-digest.ts";
import { CrashDisk } from "./crash-disk.ts";
import { IDENTITY } from "./identity.ts";

const TERMS = { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING };
const COMMANDS = 60;
const START_MS = 1_800_000_000_000;

/** Signatures are no matter here. */
const trusting: SignatureVerifier = {
  verify: async () => ({ signed: true, messageHash: 0n }),
  close: async () => {},
};

/** What an epoch was opened with beside its terms is no part of the ledger. */
const stateText = (state: ExchangeState) => wholeText(state).replace(/"paramVersion":\d+,"journalHead":"\d+n",/, "");

/** One life of an exchange on a disk. */
interface Life {
  readonly sequencer: Sequencer;
  readonly journal: ExchangeJournal;
  /** Records that their senders were told of, or that everybody was. */
  readonly told: Uint8Array[];
}

async function live(disk: CrashDisk, nowMs: () => number): Promise<Life> {
  const journal = await ExchangeJournal.open({
    directory: "journal",
    identity: IDENTITY,
    parts: [],
    segmentBytes: 3_000,
    everyCommands: 15,
    files: disk,
  });
  const state = journal.begin(TERMS, 0);
  const sequencer = new Sequencer({ state, verifier: trusting, log: journal.log, nowMs });
  await journal.replay(sequencer);
  const told: Uint8Array[] = [];
  sequencer.onDurable(({ record }: Accepted) => told.push(record));
  return { sequencer, journal, told };
}

/** Gives commands as they come, some together, until all are given or the process is dead. */
async function run({ sequencer }: Life, commands: readonly Command[], roll: (n: number) => number): Promise<void> {
  const waiting: Promise<unknown>[] = [];
  for (const command of commands) {
    try {
      if (command.type !== "message") sequencer.apply(command);
      else {
        const { message, settle, clientId } = command;
        waiting.push(sequencer.submit(message, { settle, clientId }).catch(() => {}));
      }
    } catch (error) {
      if (sequencer.halt !== null) break;
      if (!(error instanceof RangeError)) throw error;
    }
    if (roll(3) === 0) await new Promise((resume) => setImmediate(resume));
    if (sequencer.halt !== null) break;
  }
  await Promise.all(waiting);
  await sequencer.durable().catch(() => {});
}

describe("An exchange that dies", function () {
  this.timeout(120_000);
  const commands = [...livelyCommands(17, COMMANDS, 4)];

  async function operationsOfAWholeRun(): Promise<number> {
    const disk = new CrashDisk();
    let ms = START_MS;
    const life = await live(disk, () => ms++);
    await run(life, commands, dice(1));
    await life.journal.close();
    return disk.operations;
  }

  /** Dies at one operation and lives on; everything that was told must be there, once and in order, and lead where it led. */
  async function dieAt(operation: number, seed: number, isPowerFailure: boolean): Promise<number> {
    const roll = dice(seed);
    const disk = new CrashDisk();
    disk.dieAt = operation;
    disk.dieShare = roll(101) / 100;
    let ms = START_MS;
    const life = await live(disk, () => ms++).catch(() => undefined);
    if (life !== undefined) await run(life, commands, roll);
    const told = life?.told ?? [];
    const left = isPowerFailure ? disk.afterPowerFailure(roll) : disk.afterKill();
    const where = `${isPowerFailure ? "power failure" : "kill"} at operation ${operation}`;

    const again = await live(left, () => ms++);
    const records = [...again.journal.log.records()];
    expect(records.length, where).to.be.greaterThanOrEqual(told.length);
    expect(records.slice(0, told.length), where).to.deep.equal(told);
    // The same as one that never died and got the same commands.
    const reference = new Sequencer({ state: newState(), verifier: trusting });
    for (const record of records) reference.replay(record);
    expect(stateText(again.sequencer.state), where).to.equal(stateText(reference.state));
    // And it goes on, through one more start.
    await run(again, [{ type: "feeTier", account: 1, tier: 1 }], roll);
    await again.journal.close();
    const last = await live(left, () => ms++);
    expect(last.sequencer.state.journalHead, where).to.equal(again.sequencer.state.journalHead);
    await last.journal.close();
    return told.length;
  }

  for (const [name, isPowerFailure] of [
    ["by a kill", false],
    ["by a power failure", true],
  ] as const) {
    it(`${name}, at any operation on its files, keeps every acknowledged command once and in order`, async () => {
      const operations = await operationsOfAWholeRun();
      expect(operations).to.be.greaterThan(250);
      let most = 0;
      // The others are the other way's: each costs three lives.
      for (let operation = isPowerFailure ? 2 : 1; operation <= operations; operation += 2) {
        most = Math.max(most, await dieAt(operation, operation * 2 + (isPowerFailure ? 1 : 0), isPowerFailure));
      }
      expect(most).to.be.greaterThan(COMMANDS / 2);
    });
  }
});
