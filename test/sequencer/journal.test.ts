import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { commandBytes, commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import { JournalDamaged, JournalFile } from "../../matcher/sequencer/journal.ts";
import { newState } from "./exchange-fixture.ts";
import { randomCommands } from "./random-commands.ts";
import { stateText } from "./state-digest.ts";

describe("the journal file", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-journal-"));
    path = join(folder, "journal");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const record = (n: number) => Uint8Array.from({ length: 1 + (n % 200) }, (_, at) => (n * 31 + at) & 0xff);

  async function write(count: number): Promise<void> {
    const journal = new JournalFile(path);
    await Promise.all(Array.from({ length: count }, (_, n) => journal.append(record(n))));
    await journal.close();
  }

  function replayed(): Uint8Array[] {
    const journal = new JournalFile(path);
    void journal.close();
    return [...journal.replay];
  }

  it("gives back in order what was appended, over several openings", async () => {
    await write(300);
    await write(200);
    const expected = [
      ...Array.from({ length: 300 }, (_, n) => record(n)),
      ...Array.from({ length: 200 }, (_, n) => record(n)),
    ];
    expect(replayed()).to.deep.equal(expected);
  });

  it("brings an exchange back to the very same state", async () => {
    const journal = new JournalFile(path);
    const state = newState();
    const durable: Promise<void>[] = [];
    for (const command of randomCommands(11, 400)) {
      if (state.execute(command).accepted) durable.push(journal.append(commandBytes(command)));
    }
    await Promise.all(durable);
    await journal.close();
    const again = newState();
    for (const bytes of replayed()) expect(again.execute(commandFromBytes(bytes)).accepted).to.equal(true);
    expect(stateText(again)).to.equal(stateText(state));
  });

  it("drops a torn last record, wherever the crash cut it, and goes on after it", async () => {
    await write(5);
    const whole = readFileSync(path);
    const last = 8 + record(4).length;
    for (let cut = 1; cut < last; cut++) {
      writeFileSync(path, whole);
      truncateSync(path, whole.length - cut);
      expect(replayed().length, `cut by ${cut}`).to.equal(4);
    }
    await write(1);
    expect(replayed()).to.deep.equal([record(0), record(1), record(2), record(3), record(0)]);
    appendFileSync(path, new Uint8Array(64));
    expect(replayed().length).to.equal(5);
  });

  it("refuses to guess when a record in the middle is damaged", async () => {
    await write(5);
    const bytes = readFileSync(path);
    const second = 8 + record(0).length;
    for (const [at, what] of [
      [second + 8, "a wrong checksum"],
      [second, "a record of"],
    ] as const) {
      const broken = Uint8Array.from(bytes);
      broken[at] = (broken[at] as number) ^ 0xff;
      writeFileSync(path, broken);
      expect(() => new JournalFile(path)).to.throw(JournalDamaged, what);
      expect(readFileSync(path).length).to.equal(bytes.length);
    }
  });

  it("acknowledges nothing after it is closed", async () => {
    const journal = new JournalFile(path);
    await journal.append(record(1));
    await journal.close();
    const late = await journal.append(record(2)).catch((error: Error) => error.message);
    expect(late).to.equal("the journal is closed");
    expect(replayed()).to.deep.equal([record(1)]);
  });
});
