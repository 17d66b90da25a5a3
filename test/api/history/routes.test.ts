import { expect } from "chai";
import { History } from "../../../matcher/api/history.ts";
import type { WireCandles } from "../../../matcher/protocol/wire/history.ts";
import { openingCommands } from "../../sequencer/exchange-fixture.ts";
import { get, getAs, type TestApi, testApi, tokenOf } from "../api-fixture.ts";
import { csvRecords } from "./read-csv.ts";
import { allPages, type RecordedRun, recordAll, riskyRun, runOf, transferCommands } from "./recorded-run.ts";

/** Small, so that nearly everything comes from the database. */
const LIMITS = { closedOrders: 20, fills: 10, accountFills: 5, accountRows: 2 };
const ACCOUNT = 3;
/** Its trading key in that world. */
const SIGNER = ACCOUNT + 1;

type Row = Record<string, unknown> & { finality: { label: string; batchNumber: number | null } };

describe("the past over HTTP", () => {
  let run: RecordedRun;
  let history: History;
  let api: TestApi;

  before(() => {
    run = riskyRun(31, 14_000);
    history = new History(LIMITS);
    recordAll(history, run);
    api = testApi(0, {}, run.state, history);
    api.sequencer.finality.markProven(1, "0xabc", { first: 1, last: Math.floor(run.state.stepCount / 2) });
  });
  after(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  const own = async (url: string) => {
    const { status, body } = await getAs(api.app, ACCOUNT, url, SIGNER);
    expect(status, `${url}: ${JSON.stringify(body)}`).to.equal(200);
    return body;
  };

  async function download(url: string, token?: string): Promise<string> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const reply = await api.app.inject({ method: "GET", url, headers });
    expect([reply.statusCode, reply.headers["content-type"]], reply.body.slice(0, 200)).to.deep.equal([
      200,
      "text/csv; charset=utf-8; header=present",
    ]);
    expect(reply.headers["content-disposition"]).to.match(/^attachment; filename="[\w-]+\.csv"$/);
    return reply.body;
  }
  const ownCsv = async (url: string) => download(url, await tokenOf(api.app, ACCOUNT, SIGNER));

  const LISTS = [
    ["/v1/orders?status=all", "orders", "orders"],
    ["/v1/orders?status=closed", "orders", "orders"],
    ["/v1/orders?status=all&market=ETH-USD", "orders", "orders"],
    ["/v1/orders?status=all&slot=2", "orders", "orders"],
    ["/v1/fills?", "fills", "trades"],
    ["/v1/forced-trades?", "trades", "forced_trades"],
    ["/v1/funding-payments?", "payments", "funding_payments"],
    ["/v1/deposits?", "deposits", "deposits"],
    ["/v1/withdrawals?", "withdrawals", "withdrawals"],
    ["/v1/transfers?", "transfers", "transfers"],
    ["/v1/trades?market=BTC-USD", "trades", "trades"],
    ["/v1/epochs?market=BTC-USD", "epochs", "epochs"],
  ] as const;

  for (const [url, name] of LISTS) {
    it(`comes in pages from either end: ${url}`, async () => {
      const whole: unknown[] = [];
      for (let before: string | null = ""; before !== null; ) {
        const cursor: string = before === "" ? "" : `&before=${before}`;
        const body = await own(`${url}&limit=1000${cursor}`);
        whole.push(...body[name]);
        before = body.page.before;
      }
      const backwards: unknown[] = [];
      for (let before: string | null = ""; before !== null; ) {
        const cursor: string = before === "" ? "" : `&before=${before}`;
        const body = await own(`${url}&limit=37${cursor}`);
        backwards.push(...body[name]);
        before = body.page.before;
      }
      expect(backwards).to.deep.equal(whole);
      const forwards: unknown[] = [];
      for (let after = "0"; ; ) {
        const body = await own(`${url}&limit=41&after=${after}`);
        forwards.push(...body[name]);
        if (body[name].length === 0) {
          expect(body.page.after).to.equal(after);
          break;
        }
        after = body.page.after;
      }
      expect(forwards).to.deep.equal([...whole].reverse());
      const newest = await own(`${url}&limit=1`);
      expect(newest[name]).to.deep.equal(whole.slice(0, 1));
      // Whoever follows from the newest page gets nothing twice.
      expect((await own(`${url}&after=${newest.page.after}`))[name]).to.deep.equal([]);
    });
  }

  it("holds as many rows as the history does", async () => {
    for (const [table, least] of [
      ["orders", 300],
      ["trades", 100],
      ["funding_payments", 50],
    ] as const) {
      expect((await allPages(history, table, { account: ACCOUNT }, 500)).length).to.be.above(least);
    }
  });

  it("refuses cursors that mean nothing, and two at once", async () => {
    for (const [query, field] of [
      ["before=5&after=3", "after"],
      ["before=-1", "before"],
      ["before=01", "before"],
      ["after=9999999999999999", "after"],
      ["after=x", "after"],
      ["limit=0", "limit"],
    ]) {
      const { status, body } = await get(api.app, `/v1/trades?market=BTC-USD&${query}`);
      expect([status, body.code, body.field], query).to.deep.equal([400, "MALFORMED", field]);
    }
  });

  it("finds an order that memory has forgotten, and none that never was", async () => {
    const [oldest] = (await own("/v1/orders?status=all&after=0&limit=1")).orders;
    expect(history.order(ACCOUNT, oldest.slot, oldest.sequence)).to.equal(undefined);
    expect(await own(`/v1/orders/${oldest.id}`)).to.deep.equal(oldest);
    const named = (await own("/v1/orders?status=all&limit=500")).orders.find(
      ({ clientId }: { clientId: string | null }) => clientId !== null,
    );
    const byName = await own(`/v1/orders?clientId=${encodeURIComponent(named.clientId)}`);
    expect(byName.orders).to.deep.equal([named]);
    const { status, body } = await getAs(api.app, ACCOUNT, "/v1/orders/0-999999999", SIGNER);
    expect([status, body.code]).to.deep.equal([404, "ORDER_NOT_FOUND"]);
  });

  it("gives candles by a span of time, and says where to go on", async () => {
    const candles = async (query: string): Promise<WireCandles> => {
      const { status, body } = await get(api.app, `/v1/candles?market=BTC-USD&${query}`);
      expect(status, JSON.stringify(body)).to.equal(200);
      return body;
    };
    const whole = (await candles("resolution=1m&from=0&limit=1000")).candles;
    expect(whole.length).to.be.above(50);
    expect(await candles("resolution=1m&limit=3")).to.deep.include({ candles: whole.slice(-3), nextMs: null });
    const paged: typeof whole = [];
    for (let from: number | null = 0; from !== null; ) {
      const page: WireCandles = await candles(`resolution=1m&from=${from}&limit=13`);
      paged.push(...page.candles);
      from = page.nextMs;
    }
    expect(paged).to.deep.equal(whole);
    const [, second, third, fourth] = whole as Required<typeof whole>;
    const span = `from=${second?.startMs}&to=${fourth?.startMs}`;
    expect((await candles(`resolution=1m&${span}`)).candles).to.deep.equal([second, third]);
    const [day] = (await candles("resolution=1d&from=0")).candles;
    expect(day?.trades).to.be.above(second?.trades ?? 0);
    for (const query of ["resolution=2m", "resolution=", "from=1&resolution=1m&to=x", ""]) {
      const { status } = await get(api.app, `/v1/candles?market=BTC-USD&${query}`);
      expect(status, query).to.equal(400);
    }
  });

  it("exports what the pages say, as CSV", async () => {
    const finalityOf = ({ finality: { label, batchNumber } }: Row) => ({
      finality: label,
      batchNumber: batchNumber === null ? "" : String(batchNumber),
    });
    const iso = (ms: unknown) => new Date(ms as number).toISOString();
    const pages = async (url: string, name: string) => {
      const rows: Row[] = [];
      for (let after = "0"; ; ) {
        const body = await own(`${url}&limit=1000&after=${after}`);
        if (body[name].length === 0) return rows;
        rows.push(...body[name]);
        after = body.page.after;
      }
    };
    const text = (value: unknown) => (value === null ? "" : String(value));
    const fills = csvRecords(await ownCsv("/v1/export/fills.csv"));
    expect(fills).to.have.length.above(100);
    expect(fills.map(({ quote: _, ...fill }) => fill)).to.deep.equal(
      (await pages("/v1/fills?", "fills")).map((fill) => ({
        ...{ time: iso(fill.atMs), timeMs: text(fill.atMs), tradeId: text(fill.tradeId), market: fill.market },
        ...{ side: fill.side, role: fill.role, price: fill.price, size: fill.size, fee: fill.fee },
        ...{
          slot: text(fill.slot),
          sequence: text(fill.sequence),
          liquidation: text(fill.liquidation),
          exit: text(fill.exit),
        },
        ...finalityOf(fill),
      })),
    );
    expect(new Set(fills.map(({ finality }) => finality))).to.deep.equal(new Set(["proven", "matched"]));
    const orders = csvRecords(await ownCsv("/v1/export/orders.csv"));
    expect(orders.map(({ id, clientId, timeMs, filledSize }) => ({ id, clientId, timeMs, filledSize }))).to.deep.equal(
      (await pages("/v1/orders?status=all", "orders")).map(({ id, clientId, acceptedAtMs, filledSize }) => {
        // Its names begin like formulas.
        return { id, clientId: clientId === null ? "" : `'${clientId}`, timeMs: text(acceptedAtMs), filledSize };
      }),
    );
    expect(orders.some(({ clientId }) => clientId?.startsWith("'=bot-"))).to.equal(true);
    const funding = csvRecords(await ownCsv("/v1/export/funding.csv"));
    expect(funding.map(({ id, amount, perUnit, fromTime }) => ({ id, amount, perUnit, fromTime }))).to.deep.equal(
      (await pages("/v1/funding-payments?", "payments")).map(({ id, amount, perUnit, fromSeconds }) => {
        return { id: text(id), amount, perUnit, fromTime: iso((fromSeconds as number) * 1_000) };
      }),
    );
    const moved = csvRecords(await ownCsv("/v1/export/transfers.csv"));
    const [deposits, withdrawals] = [
      await pages("/v1/deposits?", "deposits"),
      await pages("/v1/withdrawals?", "withdrawals"),
    ];
    const expected = [
      ...deposits.map(({ atMs, amount }) => ({ kind: "deposit", timeMs: text(atMs), amount })),
      ...withdrawals.map(({ atMs, amount }) => ({ kind: "withdrawal", timeMs: text(atMs), amount: `-${amount}` })),
    ];
    const key = ({ timeMs, kind, amount }: Record<string, unknown>) => `${timeMs} ${kind} ${amount}`;
    expect(moved.map(key).sort()).to.deep.equal(expected.map(key).sort());
    expect(moved.map(({ timeMs }) => Number(timeMs))).to.deep.equal(
      moved.map(({ timeMs }) => Number(timeMs)).sort((a, b) => a - b),
    );
    const trades = csvRecords(await download("/v1/export/trades.csv?market=BTC-USD"));
    // More than is read at once.
    expect(trades.length).to.be.above(1_000);
    expect(trades.map(({ tradeId }) => Number(tradeId))).to.deep.equal(
      (await pages("/v1/trades?market=BTC-USD", "trades")).map(({ tradeId }) => tradeId),
    );
  });

  it("exports a span of time: from its first moment, up to and without its last", async () => {
    const all = csvRecords(await download("/v1/export/trades.csv?market=BTC-USD"));
    const times = all.map(({ timeMs }) => Number(timeMs));
    const [from, to] = [times[200] as number, times[500] as number];
    const inside = all.filter(({ timeMs }) => Number(timeMs) >= from && Number(timeMs) < to);
    const url = "/v1/export/trades.csv?market=BTC-USD";
    expect(csvRecords(await download(`${url}&from=${from}&to=${to}`))).to.deep.equal(inside);
    const written = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
    expect(csvRecords(await download(`${url}&${written}`))).to.deep.equal(inside);
    const before = await download(`${url}&to=2020-01-01`);
    expect(before.split("\r\n")).to.deep.equal([
      "time,timeMs,tradeId,market,price,size,quote,takerSide,liquidation,exit",
      "",
    ]);
    for (const query of ["from=2026-02-31T25:00Z", "from=yesterday", "to=2026-13-01", "from=-1"]) {
      const { status, body } = await get(api.app, `${url}&${query}`);
      expect([status, body.code], query).to.deep.equal([400, "MALFORMED"]);
    }
  });

  it("tells in the status how far it is written down", async () => {
    const { body } = await get(api.app, "/v1/status");
    expect(body.history).to.deep.equal({
      throughCommand: run.state.commandCount,
      beginsAfter: 0,
      waitingRows: 0,
      isFull: false,
      trouble: null,
    });
  });
});

describe("payments as CSV", () => {
  it("are one list by time: deposits, withdrawals, and transfers as each side sees them", async () => {
    const commands = openingCommands(2).map((command) => {
      // One owner, so that the accounts may pay each other.
      if (command.type !== "queue" || command.entry.kind !== "registration") return command;
      return { ...command, entry: { ...command.entry, owner: 256n } };
    });
    const run = runOf(transferCommands(commands), 3);
    const history = new History();
    recordAll(history, run);
    const api = testApi(0, {}, run.state, history);
    const rowsOf = async (account: number) => {
      const headers = { authorization: `Bearer ${await tokenOf(api.app, account)}` };
      const reply = await api.app.inject({ method: "GET", url: "/v1/export/transfers.csv", headers });
      return csvRecords(reply.body).map(({ kind, amount, otherAccount, nonce }) => [kind, amount, otherAccount, nonce]);
    };
    expect(await rowsOf(1)).to.deep.equal([
      ["deposit", "100000", "", ""],
      ["transfer", "-5", "2", "0"],
      ["transfer", "2", "2", "0"],
      ["transfer", "-0.000001", "2", "1"],
      ["transfer", "-0.000007", "2", "2"],
    ]);
    expect(await rowsOf(2)).to.deep.equal([
      ["deposit", "100000", "", ""],
      ["transfer", "5", "1", "0"],
      ["transfer", "-2", "1", "0"],
      ["transfer", "0.000001", "1", "1"],
      ["transfer", "0.000007", "1", "2"],
    ]);
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });
});
