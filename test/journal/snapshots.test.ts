import { expect } from "chai";
import { JournalForeign } from "../../matcher/journal/journal-damaged.ts";
import type { Json, SnapshotPart } from "../../matcher/journal/snapshot-part.ts";
import { Snapshots } from "../../matcher/journal/snapshots.ts";
import { CrashDisk } from "./crash-disk.ts";
import { IDENTITY } from "./identity.ts";

/** Counts commands, as a read model would. */
class Counter implements SnapshotPart {
  readonly name: string;
  readonly moment: SnapshotPart["moment"];
  count = 0;
  restored: readonly Json[] | undefined;

  constructor(name: string, moment: SnapshotPart["moment"]) {
    this.name = name;
    this.moment = moment;
  }

  take(): Iterable<Json> {
    return [[this.count]];
  }

  restore(values: readonly Json[]): void {
    this.restored = values;
  }
}

describe("Snapshots", () => {
  let disk: CrashDisk;
  let notices: string[];
  let early: Counter;
  let late: Counter;

  beforeEach(() => {
    disk = new CrashDisk();
    notices = [];
  });

  function open(parts = ["early", "late"], everyCommands = 5): Snapshots {
    const snapshots = new Snapshots({
      ...{ directory: "snapshots", identity: IDENTITY, parts, files: disk, everyCommands, keep: 2 },
      onNotice: (sentence) => notices.push(sentence),
    });
    early = new Counter("early", "accepted");
    late = new Counter("late", "durable");
    for (const part of [early, late]) if (parts.includes(part.name)) snapshots.register(part);
    return snapshots;
  }

  function accept(snapshots: Snapshots, command: number): void {
    early.count = command;
    snapshots.accepted({ command, head: BigInt(command) });
  }

  function makeDurable(snapshots: Snapshots, command: number): void {
    late.count = command;
    snapshots.durable(command);
  }

  const written = () => disk.paths.filter((path) => path.endsWith(".snapshot"));
  const moment = () => new Promise((wake) => setTimeout(wake, 5));

  it("have every part as of one command, though some hear of it at once and some when it is durable", async () => {
    const snapshots = open();
    for (let command = 1; command <= 9; command++) accept(snapshots, command);
    for (let command = 1; command <= 4; command++) makeDurable(snapshots, command);
    await moment();
    expect(written()).to.deep.equal([]);
    for (let command = 5; command <= 9; command++) makeDurable(snapshots, command);
    await moment();
    expect(written()).to.deep.equal(["snapshots/000000000005.snapshot"]);
    const again = open();
    const found = again.newest(9, 0);
    expect(found).to.include({ command: 5, head: 5n, batch: 0 });
    again.restore(found as NonNullable<typeof found>);
    expect([early.restored, late.restored]).to.deep.equal([[[5]], [[5]]]);
  });

  it("count only once every store has everything through the command", async () => {
    const snapshots = open();
    let through: number | undefined;
    let letGo = () => {};
    snapshots.beforeSnapshot((command) => {
      through = command;
      return new Promise((resolve) => {
        letGo = resolve;
      });
    });
    for (let command = 1; command <= 5; command++) accept(snapshots, command);
    for (let command = 1; command <= 5; command++) makeDurable(snapshots, command);
    await moment();
    expect(through).to.equal(5);
    expect(written()).to.deep.equal([]);
    letGo();
    await moment();
    expect(written()).to.have.length(1);
  });

  it("are given up, with a notice, when a store or the disk fails, and tried again later", async () => {
    const snapshots = open();
    let fails = true;
    snapshots.beforeSnapshot(async () => {
      if (fails) throw new Error("the store's disk is full");
    });
    const run = async (first: number, last: number) => {
      for (let command = first; command <= last; command++) {
        accept(snapshots, command);
        makeDurable(snapshots, command);
      }
      await moment();
    };
    await run(1, 5);
    fails = false;
    disk.failAt = 0;
    await run(6, 10);
    disk.failAt = Number.POSITIVE_INFINITY;
    await run(11, 15);
    expect(notices).to.deep.equal([
      "No snapshot of command 5: the store's disk is full",
      "No snapshot of command 10: ENOSPC: no space left on device, write",
    ]);
    expect(written()).to.deep.equal(["snapshots/000000000015.snapshot"]);
  });

  it("keep the newest few, and the one that a restart needs as long as batches behind the others are not final", async () => {
    const snapshots = open();
    let cut = 0;
    let final = 1;
    snapshots.follow({ cut: () => cut, final: () => final });
    const take = async (command: number) => {
      cut += 1;
      accept(snapshots, command);
      makeDurable(snapshots, command);
      await snapshots.take();
    };
    for (const command of [1, 2, 3, 4]) await take(command);
    expect(written().map((path) => Number.parseInt(path.split("/")[1] as string, 10))).to.deep.equal([1, 3, 4]);
    expect(open().newest(4, final)?.command).to.equal(1);
    final = 4;
    await take(5);
    expect(written().map((path) => Number.parseInt(path.split("/")[1] as string, 10))).to.deep.equal([4, 5]);
    expect(open().newest(5, 4)?.command).to.equal(4);
    expect(open().newest(5, 3)).to.equal(undefined);
  });

  it("that lack a part are passed over: it would come back empty", async () => {
    const snapshots = open(["early"], 1);
    accept(snapshots, 1);
    snapshots.durable(1);
    await moment();
    expect(open(["early", "late"]).newest(1, 0)).to.equal(undefined);
    expect(notices[0]).to.match(/is no whole snapshot \(it has no part late\)/);
  });

  it("take no part that was not declared, none twice, and say when one that was declared never came", async () => {
    const snapshots = open(["early"]);
    expect(() => snapshots.register(new Counter("other", "durable"))).to.throw(
      RangeError,
      "no snapshot is to have a part other",
    );
    expect(() => snapshots.register(early)).to.throw(RangeError, "two parts are named early");
    const incomplete = new Snapshots({
      ...{ directory: "more", identity: IDENTITY, parts: ["gone"], files: disk },
      onNotice: (sentence) => notices.push(sentence),
    });
    incomplete.accepted({ command: 1, head: 1n });
    await incomplete.take();
    expect(notices).to.deep.equal(["No snapshot of command 1: nobody registered for gone"]);
  });

  it("of another exchange are refused, and do not count as damaged", async () => {
    const snapshots = open();
    accept(snapshots, 1);
    makeDurable(snapshots, 1);
    await snapshots.take();
    const other = new Snapshots({
      ...{ directory: "snapshots", identity: { ...IDENTITY, circuits: 5n }, parts: [], files: disk },
    });
    expect(() => other.newest(1, 0)).to.throw(JournalForeign, "other circuits' keys");
  });

  it("damaged at any byte are passed over", async () => {
    const snapshots = open();
    accept(snapshots, 1);
    makeDurable(snapshots, 1);
    await snapshots.take();
    const [path] = written() as [string];
    const whole = disk.read(path);
    for (let at = 0; at < whole.length; at++) {
      disk.damage(path, () => Uint8Array.from(whole, (byte, i) => (i === at ? byte ^ 4 : byte)));
      expect(open().newest(1, 0), `flipped at ${at}`).to.equal(undefined);
      disk.damage(path, () => whole.slice(0, at));
      expect(open().newest(1, 0), `cut to ${at}`).to.equal(undefined);
    }
    disk.damage(path, () => whole);
    expect(open().newest(1, 0)?.command).to.equal(1);
  });

  it("that wait for a command which never becomes durable do not keep anybody from closing", async () => {
    const snapshots = open();
    for (let command = 1; command <= 5; command++) accept(snapshots, command);
    await snapshots.close();
    expect(notices).to.deep.equal(["No snapshot of command 5: the journal is closed"]);
  });
});
