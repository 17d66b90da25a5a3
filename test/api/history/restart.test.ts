import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { FundingHistory } from "../../../matcher/api/funding-history.ts";
import { HistoryDatabase } from "../../../matcher/api/history/database.ts";
import { InThreadStore } from "../../../matcher/api/history/store.ts";
import { MIGRATIONS } from "../../../matcher/api/history/tables.ts";
import { History } from "../../../matcher/api/history.ts";
import { newState } from "../../sequencer/exchange-fixture.ts";
import { dice, randomCommands } from "../../sequencer/random-commands.ts";
import { randomRisk } from "../../sequencer/random-risk.ts";
import { ACCOUNTS, ALL_MARKETS, type RecordedRun, randomQuery, recordAll, riskyRun, runOf } from "./recorded-run.ts";

const IDENTITY = "31337:0x5FbDB2315678afecb367f032d93F642f64180aa3";
const LIMITS = { closedOrders: 50, fills: 60, accountFills: 20, accountRows: 5 };

async function thrown(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was thrown";
}

describe("the history, after a restart", () => {
  let dir: string;
  let path: string;
  let run: RecordedRun;
  const opened: History[] = [];

  before(() => {
    run = riskyRun(21, 2_500);
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "history-"));
    path = join(dir, "history.db");
  });
  afterEach(async () => {
    for (const history of opened.splice(0)) await history.close().catch(() => {});
    rmSync(dir, { recursive: true });
  });

  async function open(limits = LIMITS, identity = IDENTITY): Promise<History> {
    const history = await History.open({ path, identity, limits });
    opened.push(history);
    return history;
  }

  /** Same answers from both, whatever is asked. */
  async function expectAlike(one: History, other: History, seed: number, asks = 250): Promise<void> {
    const roll = dice(seed);
    for (let i = 0; i < asks; i++) {
      const { table, query } = randomQuery(roll, 4_000);
      expect(await one.page(table, query), `${table} ${JSON.stringify(query)}`).to.deep.equal(
        await other.page(table, query),
      );
    }
    for (const market of ALL_MARKETS) {
      const whole = { market, toMs: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };
      for (const resolutionMs of [60_000, 86_400_000]) {
        const [a, b] = await Promise.all([one, other].map((h) => h.read("candles", { ...whole, resolutionMs })));
        expect(a).to.deep.equal(b);
      }
      const nowMs = run.commands.at(-1)?.accepted.acceptedAtMs ?? 0;
      expect(one.dayFigures(market, nowMs)).to.deep.equal(other.dayFigures(market, nowMs));
      expect(one.trades(market, 30)).to.deep.equal(other.trades(market, 30));
    }
    for (let account = 1; account <= ACCOUNTS; account++) {
      const live = (history: History) => history.ordersOf(account).filter(({ closed }) => closed === null);
      expect(live(one)).to.deep.equal(live(other));
    }
    for (const key of ["acceptedOrderCount", "fillCount", "throughCommand"] as const) {
      expect(one[key], key).to.equal(other[key]);
    }
  }

  it("goes on where it ended, at any command, and gives the same pages", async () => {
    const roll = dice(3);
    const whole = new History(LIMITS);
    opened.push(whole);
    recordAll(whole, run);
    for (let round = 0; round < 3; round++) {
      rmSync(path, { force: true });
      let at = 0;
      while (at < run.commands.length) {
        const history = await open();
        // The journal is replayed from its beginning; what is in the database is passed over.
        const [from, to] = [roll(3) === 0 ? Math.max(0, at - 50) : 0, at + 1 + roll(700)];
        recordAll(history, run, from, to);
        at = Math.min(to, run.commands.length);
        if (at === run.commands.length) {
          history.confirm(run.state);
          await expectAlike(history, whole, 40 + round);
        }
        await history.close();
      }
    }
  });

  it("loses nothing to a process that ends without closing it", async () => {
    const whole = new History(LIMITS);
    opened.push(whole);
    recordAll(whole, run);
    const cut = Math.floor(run.commands.length / 3);
    const history = await open();
    recordAll(history, run, 0, cut);
    // What was written by then is found by another connection; what was not comes again from the journal.
    await history.flush();
    recordAll(history, run, cut, 2 * cut);
    const next = await open();
    expect(next.throughCommand).to.be.within(cut, 2 * cut);
    recordAll(next, run);
    await expectAlike(next, whole, 50);
  });

  it("gives the funding intervals back with all that follows from them", async () => {
    const sampled = runOf(randomCommands(4, 600), 4);
    const first = new FundingHistory();
    for (const { accepted } of sampled.commands) first.record(accepted);
    const history = await open();
    recordAll(history, sampled);
    await history.close();
    const again = await open();
    const second = new FundingHistory();
    second.restore(again.recoveredIntervals);
    expect(first.intervals(10_000).length).to.be.greaterThan(3);
    expect(second.intervals(10_000)).to.deep.equal(first.intervals(10_000));
    const [, chosen] = first.intervals(2);
    expect(await again.read("intervals", 1, chosen?.interval)).to.deep.equal(again.recoveredIntervals.slice(-1));
    expect(await again.read("oldestInterval")).to.equal(first.oldest);
  });

  it("waits with a flush for a command that is still to come", async () => {
    const history = await open();
    let flushed = false;
    const waiting = history.flush(30).then(() => {
      flushed = true;
    });
    recordAll(history, run, 0, 29);
    await history.read("oldestInterval");
    expect(flushed).to.equal(false);
    recordAll(history, run, 29, 30);
    await waiting;
    expect((await open()).throughCommand).to.equal(30);
  });

  it("begins late, with the positions that there are, so that funding goes on", async () => {
    const commands = [...randomRisk(21, 1_200, ACCOUNTS)];
    const state = newState();
    const [late, whole] = [await open(), new History()];
    opened.push(whole);
    let steps = 0;
    for (const [at, command] of commands.entries()) {
      if (at === 700) {
        late.follow(state);
        steps = state.stepCount;
        expect(late.status()).to.deep.include({ beginsAfter: state.commandCount, throughCommand: state.commandCount });
      }
      const outcome = state.execute(command);
      if (!outcome.accepted) continue;
      whole.record(outcome);
      if (at >= 700) late.record(outcome);
    }
    const of = async (history: History) => {
      const payments = await history.fundingPayments({ after: 0, limit: 100_000 });
      return payments
        .filter(({ step }) => step > steps)
        .map(({ account, market, step, amountPicoUsd }) => {
          return { account, market, step, amountPicoUsd };
        });
    };
    expect((await of(late)).length).to.be.greaterThan(30);
    expect(await of(late)).to.deep.equal(await of(whole));
  });

  describe("is refused", () => {
    it("when it is another exchange's", async () => {
      await (await open()).close();
      expect(await thrown(() => open(LIMITS, "1:0xanother"))).to.match(/is that of exchange 31337:.*this one is 1:/);
    });

    it("when a newer program wrote it", async () => {
      await (await open()).close();
      const db = new DatabaseSync(path);
      db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
      db.close();
      expect(await thrown(() => open())).to.match(/has version 2, and this program knows 1: it was written by a newer/);
    });

    it("when it is no database", async () => {
      await (await open()).close();
      const { writeFileSync } = await import("node:fs");
      writeFileSync(path, "no database ".repeat(1_000));
      expect(await thrown(() => open())).to.match(/not a database/);
    });

    it("for a command after a gap, and for a snapshot that is newer", async () => {
      const history = await open();
      recordAll(history, run, 0, 100);
      expect(await thrown(() => recordAll(history, run, 101, 102))).to.equal("command 102 does not follow 100");
      expect(await thrown(() => history.follow(run.state))).to.match(
        /ends at command 100 and the exchange goes on after/,
      );
      recordAll(history, run, 100, 102);
      expect(history.throughCommand).to.equal(102);
    });

    it("when the journal lacks what it has seen", async () => {
      recordAll(await open(), run, 0, 100);
      await opened[0]?.close();
      const history = await open();
      const state = newState();
      expect(await thrown(() => history.confirm(state))).to.match(/has seen command 100 and the journal ends at 0/);
    });

    it("when the journal is that of another run", async () => {
      const other = riskyRun(22, 150);
      recordAll(await open(), other, 0, 100);
      await opened[0]?.close();
      const history = await open();
      expect(await thrown(() => recordAll(history, run, 0, 99))).to.equal("nothing was thrown");
      expect(await thrown(() => recordAll(history, run, 99, 100))).to.match(/belongs to another run/);
      expect(await thrown(() => recordAll(history, other, 0, 102))).to.equal("nothing was thrown");
    });
  });

  it("migrates a database step by step", () => {
    const db = new DatabaseSync(path);
    // As a program of before the first version left it.
    db.exec("PRAGMA user_version = 0");
    db.close();
    const database = new HistoryDatabase(path, IDENTITY);
    expect(database.mark().command).to.equal(0);
    database.close();
    const migrated = new DatabaseSync(path);
    expect(migrated.prepare("PRAGMA user_version").get()).to.deep.include({ user_version: MIGRATIONS.length });
    migrated.close();
  });

  it("writes a batch whole or not at all", () => {
    const database = new HistoryDatabase(path, IDENTITY);
    const mark = { command: 9, journalHead: "0x1", beginsAfter: 0, orders: 0, fills: 0 };
    const deposit = [1, 4, "5000000", 3, 1_000];
    const broken = { mark, rows: { deposits: [...deposit, 2, null, "1", 3, 1_000] }, rowCount: 2, flat: [] };
    expect(() => database.write(broken)).to.throw(/NOT NULL/);
    expect(database.mark().command).to.equal(0);
    expect(database.page("deposits", { limit: 5 })).to.deep.equal([]);
    database.write({ mark, rows: { deposits: deposit }, rowCount: 1, flat: [] });
    expect(database.mark()).to.deep.equal(mark);
    expect(database.page("deposits", { limit: 5 })).to.have.length(1);
    database.close();
  });

  it("waits while it cannot write, says so, and drops nothing", async () => {
    const history = await open();
    const blocker = new DatabaseSync(path);
    blocker.exec("BEGIN IMMEDIATE");
    recordAll(history, run, 0, 400);
    expect(await thrown(() => history.read("oldestInterval"))).to.match(/cannot be written: database is locked/);
    expect(history.status().trouble).to.equal("database is locked");
    expect(history.status().waitingRows).to.be.greaterThan(100);
    // The newest is still told from memory.
    expect(history.trades(0, 5)).to.have.length(5);
    recordAll(history, run, 400, 500);
    blocker.exec("ROLLBACK");
    blocker.close();
    await history.close();
    expect(new InThreadStore(path, IDENTITY).mark.command).to.equal(500);
    const again = await open();
    expect(again.status()).to.deep.include({ trouble: null, waitingRows: 0, throughCommand: 500 });
  });
});
