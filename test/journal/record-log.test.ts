import { expect } from "chai";
import { JournalDamaged, JournalFailed, JournalForeign } from "../../matcher/journal/journal-damaged.ts";
import type { JournalIdentity } from "../../matcher/journal/journal-identity.ts";
import { RecordLog, type RecordLogOptions } from "../../matcher/journal/record-log.ts";
import { GENESIS_JOURNAL_HEAD, nextJournalHead, recordDigest } from "../../matcher/protocol/journal-head.ts";
import { CrashDisk } from "./crash-disk.ts";
import { IDENTITY } from "./identity.ts";

const SEGMENT_BYTES = 290;
const record = (n: number) => Uint8Array.from({ length: 1 + (n % 60) }, (_, at) => (n * 31 + at) & 0xff);

function headAfter(count: number): bigint {
  let head = GENESIS_JOURNAL_HEAD;
  for (let n = 1; n <= count; n++) head = nextJournalHead(head, recordDigest(record(n)));
  return head;
}

describe("A record log", () => {
  let disk: CrashDisk;
  beforeEach(() => {
    disk = new CrashDisk();
  });

  function open(options: Partial<RecordLogOptions> = {}): Promise<RecordLog> {
    return RecordLog.open({
      directory: "log",
      identity: IDENTITY,
      segmentBytes: SEGMENT_BYTES,
      files: disk,
      ...options,
    });
  }

  /** Records first … last, each acknowledged before the next. */
  async function write(first: number, last: number): Promise<void> {
    const log = await open();
    for (let n = first; n <= last; n++) await log.append(record(n));
    await log.close();
  }

  const numbered = (first: number, last: number) =>
    Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => record(first + i));

  it("gives back in order what was appended, over openings and segments", async () => {
    await write(1, 20);
    await write(21, 33);
    const log = await open();
    expect([...log.records()]).to.deep.equal(numbered(1, 33));
    expect([...log.records(18)]).to.deep.equal(numbered(18, 33));
    expect([...log.records(34)]).to.deep.equal([]);
    expect(log.lastRecord).to.equal(33);
    expect(log.head).to.equal(headAfter(33));
    expect(disk.paths.length).to.be.greaterThan(3);
  });

  it("puts what comes together on disk with one sync, and keeps to the order", async () => {
    const log = await open();
    const before = disk.operations;
    const done: number[] = [];
    await Promise.all(Array.from({ length: 12 }, (_, n) => log.append(record(n + 1)).then(() => done.push(n + 1))));
    expect(done).to.deep.equal(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(disk.operations - before).to.be.lessThan(12);
    await log.close();
    expect([...(await open()).records()]).to.deep.equal(numbered(1, 12));
  });

  it("writes all of it, however little the disk takes at once", async () => {
    disk.writeBytesMax = 7;
    await write(1, 12);
    expect([...(await open()).records()]).to.deep.equal(numbered(1, 12));
  });

  it("refuses records that it could not read back", async () => {
    const log = await open();
    for (const bytes of [new Uint8Array(), new Uint8Array(4_097)]) {
      const error = await log.append(bytes).catch((thrown: Error) => thrown);
      expect(error).to.be.instanceOf(RangeError);
    }
    await log.append(new Uint8Array(4_096).fill(7));
    expect(log.lastRecord).to.equal(1);
  });

  it("acknowledges nothing after it is closed", async () => {
    const log = await open();
    await log.append(record(1));
    await log.close();
    const late = await log.append(record(2)).catch((error: Error) => error.message);
    expect(late).to.equal("the journal is closed");
    expect([...(await open()).records()]).to.deep.equal(numbered(1, 1));
  });

  describe("that was damaged", () => {
    const WRITTEN = 12;

    /** What became of a log that was written, acknowledged and then changed. */
    async function outcomeOf(path: string, change: (content: Uint8Array) => Uint8Array): Promise<string> {
      const healthy = disk.afterKill();
      disk.damage(path, change);
      let outcome: string;
      try {
        const log = await open();
        const same = [...log.records()].every((bytes, i) => Buffer.compare(bytes, record(i + 1)) === 0);
        outcome = log.lastRecord === WRITTEN && same ? "intact" : `${log.lastRecord} records`;
      } catch (error) {
        const isSaid =
          error instanceof JournalForeign ||
          (error instanceof JournalDamaged && error.message.includes(`at byte ${error.damage.atByte}, record`));
        outcome = isSaid ? "refused" : String(error);
      }
      disk = healthy;
      return outcome;
    }

    it("at any byte of any file is intact or refused", async () => {
      await write(1, WRITTEN);
      const seen = new Map<string, number>();
      for (const path of disk.paths) {
        for (let at = 0; at < disk.read(path).length; at++) {
          for (const mask of [0x01, 0x80]) {
            const outcome = await outcomeOf(path, (content) => {
              content[at] = (content[at] as number) ^ mask;
              return content;
            });
            expect(outcome, `${path} byte ${at} ^ ${mask}`).to.match(/^(intact|refused)$/);
            if (path.endsWith(".segment")) expect(outcome, `${path} byte ${at}`).to.equal("refused");
            seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
          }
        }
      }
      expect(seen.get("refused")).to.be.greaterThan(1_000);
    });

    it("by cutting any file at any byte is intact or refused", async () => {
      await write(1, WRITTEN);
      for (const path of disk.paths) {
        for (let length = 0; length < disk.read(path).length; length++) {
          const outcome = await outcomeOf(path, (content) => content.slice(0, length));
          expect(outcome, `${path} cut to ${length}`).to.match(/^(intact|refused)$/);
          if (path.endsWith(".segment")) expect(outcome, `${path} cut to ${length}`).to.equal("refused");
        }
      }
    });

    it("refuses a segment too few, one in another's place, and a mark that is gone", async () => {
      await write(1, WRITTEN);
      const segments = disk.paths.filter((path) => path.endsWith(".segment"));
      expect(segments.length).to.be.greaterThan(2);
      for (const path of disk.paths) {
        const healthy = disk.afterKill();
        disk.remove(path);
        const refusal = await open().catch((error: Error) => error);
        expect(refusal, `without ${path}`).to.be.instanceOf(JournalDamaged);
        disk = healthy;
      }
      const [first, second] = segments as [string, string];
      const contents = [disk.read(first), disk.read(second)] as const;
      disk.damage(first, () => contents[1]);
      disk.damage(second, () => contents[0]);
      expect(await open().catch((error: Error) => error.message)).to.match(/segment 2/);
    });

    it("says which file, which byte and which record", async () => {
      await write(1, WRITTEN);
      const path = disk.paths.find((name) => name.endsWith("00000001.segment")) as string;
      disk.damage(path, (content) => {
        content[content.length - 1] = (content.at(-1) as number) ^ 1;
        return content;
      });
      const message = await open().catch((error: Error) => error.message);
      expect(message).to.match(
        /^log\/00000001\.segment is damaged at byte \d+, record \d+: a wrong checksum\. Restore the journal from a copy\.$/,
      );
    });

    it("cuts off what a crash left behind the last acknowledged record, and says so", async () => {
      await write(1, 2);
      const path = disk.paths.find((name) => name.endsWith(".segment")) as string;
      const whole = disk.read(path);
      for (const left of [[1], [0, 0, 0, 5, 1, 2, 3, 4, 9], new Array<number>(64).fill(0)]) {
        disk.damage(path, () => Uint8Array.from([...whole, ...left]));
        const notices: string[] = [];
        const log = await open({ onNotice: (sentence) => notices.push(sentence) });
        expect([...log.records()]).to.deep.equal(numbered(1, 2));
        await log.close();
        expect(notices).to.deep.equal([`log: ${left.length} bytes that a crash left behind record 2 are cut off.`]);
        expect(disk.read(path)).to.deep.equal(whole);
      }
    });
  });

  describe("of something else", () => {
    const refusals: [keyof JournalIdentity, RegExp][] = [
      ["chainId", /is the journal of Exchange 0x5fbd\w+ on chain 31337: name another folder\.$/],
      ["exchange", /is the journal of Exchange 0x5fbd/],
      ["deployment", /of a chain that has started afresh since/],
      ["circuits", /other circuits' keys\. Settle all of its batches with the version that wrote it/],
      ["protocol", /another version of the protocol\. Settle all/],
      ["terms", /other terms of markets, fees or funding/],
    ];
    for (const [field, sentence] of refusals) {
      it(`is refused for another ${field}`, async () => {
        await write(1, 3);
        const other = { ...IDENTITY, [field]: field === "chainId" ? 1 : 99n };
        const refusal = await open({ identity: other }).catch((error: Error) => error);
        expect(refusal).to.be.instanceOf(JournalForeign);
        expect((refusal as Error).message).to.match(sentence);
      });
    }

    it("is refused for another format, with what to do", async () => {
      await write(1, 3);
      const path = disk.paths.find((name) => name.endsWith(".segment")) as string;
      disk.damage(path, (content) => {
        content[9] = 1;
        return content;
      });
      expect(await open().catch((error: Error) => error.message)).to.match(
        /has format 1, and this version reads 2\. Settle all/,
      );
    });
  });

  describe("on a disk that fails", () => {
    it("acknowledges nothing from the first failure on, wherever it comes, and loses nothing before", async () => {
      const operations = await (async () => {
        await write(1, 10);
        return disk.operations;
      })();
      for (let failAt = 8; failAt <= operations; failAt++) {
        disk = new CrashDisk();
        disk.failAt = failAt;
        const log = await open().catch(() => undefined);
        if (log === undefined) continue;
        const acknowledged: number[] = [];
        let refusal: unknown;
        for (let n = 1; n <= 10; n++) {
          await log.append(record(n)).then(
            () => acknowledged.push(n),
            (error) => {
              refusal = error;
            },
          );
        }
        if (refusal !== undefined) {
          expect(refusal).to.be.instanceOf(JournalFailed);
          expect(log.failure?.message).to.match(
            /^log cannot be written \(ENOSPC: no space left on device, write\)\. Nothing more/,
          );
          expect(acknowledged).to.deep.equal(acknowledged.map((_, i) => i + 1));
        }
        disk = disk.afterKill();
        const again = await open();
        const found = [...again.records()];
        expect(found.length).to.be.greaterThanOrEqual(acknowledged.length);
        expect(found).to.deep.equal(numbered(1, found.length));
      }
    });
  });
});
