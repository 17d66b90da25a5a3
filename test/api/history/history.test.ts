import { expect } from "chai";
import { CANDLE_RESOLUTIONS_MS } from "../../../matcher/api/history/candle-book.ts";
import { pageKey } from "../../../matcher/api/history/database.ts";
import type { CandleRecord, FillRecord } from "../../../matcher/api/history/records.ts";
import { History } from "../../../matcher/api/history.ts";
import { PICO_PER_MICRO } from "../../../matcher/protocol/spec.ts";
import { keyOf, openingCommands } from "../../sequencer/exchange-fixture.ts";
import { dice, randomCommands } from "../../sequencer/random-commands.ts";
import {
  ACCOUNTS,
  ALL_MARKETS,
  allPages,
  type RecordedRun,
  randomQuery,
  recordAll,
  riskyRun,
  runOf,
  transferCommands,
} from "./recorded-run.ts";

/** Enough to remember everything. */
const EVERYTHING = { closedOrders: 1_000_000, fills: 1_000_000, accountFills: 1_000_000, accountRows: 1_000_000 };

describe("the history", () => {
  let risky: RecordedRun;
  before(() => {
    risky = riskyRun(7, 3_000);
  });

  it("answers from the database as from memory", async () => {
    for (const run of [risky, runOf(randomCommands(5, 1_500), 5)]) {
      const history = new History(EVERYTHING);
      recordAll(history, run);
      const roll = dice(11);
      let compared = 0;
      for (let i = 0; i < 600; i++) {
        const { table, query } = randomQuery(roll, 4_000);
        const stored = await history.read("page", table, query);
        const { after, before, limit, ...which } = query;
        const whole = await history.page(table, { ...which, limit: 1_000_000 });
        const oldestFirst = after === undefined ? whole : [...whole].reverse();
        const expected = oldestFirst.filter((record) => {
          const key = pageKey(table, record as never);
          return (after === undefined || key > after) && (before === undefined || key < before);
        });
        expect(stored, `${table} ${JSON.stringify(query)}`).to.deep.equal(expected.slice(0, limit));
        compared += stored.length;
      }
      expect(compared).to.be.greaterThan(1_000);
      await history.close();
    }
  });

  it("remembers less than it stores, and answers alike", async () => {
    const [small, large] = [
      new History({ closedOrders: 20, fills: 10, accountFills: 5, accountRows: 2 }),
      new History(EVERYTHING),
    ];
    for (const history of [small, large]) recordAll(history, risky);
    const roll = dice(12);
    for (let i = 0; i < 400; i++) {
      const { table, query } = randomQuery(roll, 4_000);
      expect(await small.page(table, query)).to.deep.equal(await large.page(table, query));
    }
    for (const history of [small, large]) await history.close();
  });

  it("adds up: what an account holds is the sum of its rows", async () => {
    const pairs = openingCommands(3).map((command) => {
      // One owner, so that the accounts may pay each other.
      if (command.type !== "queue" || command.entry.kind !== "registration") return command;
      const { ax, ay } = keyOf(command.entry.account);
      return { ...command, entry: { ...command.entry, owner: 256n, ax, ay } };
    });
    const transfers = runOf(transferCommands(pairs), 3);
    for (const run of [risky, riskyRun(8, 3_000), runOf(randomCommands(6, 2_000), 6), transfers]) {
      const history = new History();
      recordAll(history, run);
      const kinds = new Set<string>();
      for (const { account } of run.state.ledger.entries()) {
        const { sum, used } = await statementOf(history, account);
        expect(sum, `account ${account}`).to.equal(run.state.ledger.leafOf(account).collateralPicoUsd);
        for (const kind of used) kinds.add(kind);
      }
      if (run === risky) {
        expect([...kinds]).to.include.members([
          "deposit",
          "withdrawal",
          "fill",
          "liquidated",
          "deleveraged",
          "forced-closed",
          "funding",
        ]);
      }
      if (run === transfers) expect([...kinds]).to.include("transfer");
      await history.close();
    }
  });

  it("pays funding to nobody that another does not pay", async () => {
    const history = new History();
    recordAll(history, risky);
    const payments = await history.fundingPayments({ after: 0, limit: 100_000 });
    expect(payments.length).to.be.greaterThan(100);
    for (const [at, payment] of payments.entries()) {
      const { id, sizeLots, indexDeltaPicoUsd, amountPicoUsd, epoch, fromEpoch, fromSeconds, toSeconds } = payment;
      expect(id).to.equal(at + 1);
      expect(amountPicoUsd)
        .to.equal(-BigInt(sizeLots) * indexDeltaPicoUsd)
        .and.not.equal(0n);
      expect(fromEpoch).to.be.lessThan(epoch);
      expect(fromSeconds).to.be.lessThan(toSeconds);
      const [from] = await history.epochs({ after: fromEpoch - 1, limit: 1 });
      const [to] = await history.epochs({ after: epoch - 1, limit: 1 });
      expect([from?.timeSeconds, to?.timeSeconds]).to.deep.equal([fromSeconds, toSeconds]);
      const indexOf = (record: typeof from) => record?.markets[payment.market]?.fundingIndexPicoUsd ?? 0n;
      expect(indexOf(to) - indexOf(from)).to.equal(indexDeltaPicoUsd);
    }
    await history.close();
  });

  it("pages without gaps or repeats while new rows arrive", async () => {
    const half = Math.floor(risky.commands.length / 2);
    for (const table of ["orders", "trades", "funding_payments", "forced_trades"] as const) {
      const history = new History({ closedOrders: 10, fills: 10, accountFills: 10, accountRows: 10 });
      recordAll(history, risky, 0, half);
      const whole = await allPages(history, table, { account: 3 }, 100_000);
      // Backwards from here, while the rest comes in.
      const seen: number[] = [];
      let before: number | undefined;
      for (let at = half; ; at += 40) {
        const page = await history.page(table, { account: 3, limit: 7, ...(before === undefined ? {} : { before }) });
        seen.push(...page.map((record) => pageKey(table, record)));
        recordAll(history, risky, at, Math.min(at + 40, risky.commands.length));
        if (page.length < 7) break;
        before = seen.at(-1);
      }
      expect(seen, table).to.deep.equal(whole.map((record) => pageKey(table, record)));
      // Forwards, as somebody does who follows.
      const followed: number[] = [];
      const rest = new History();
      let after = 0;
      for (let at = 0; at < risky.commands.length; at += 50) {
        recordAll(rest, risky, at, Math.min(at + 50, risky.commands.length));
        for (;;) {
          const page = await rest.page(table, { account: 3, limit: 3, after });
          followed.push(...page.map((record) => pageKey(table, record)));
          after = followed.at(-1) ?? 0;
          if (page.length < 3) break;
        }
      }
      const all = await allPages(rest, table, { account: 3 }, 100_000);
      expect(followed, table).to.deep.equal(all.map((record) => pageKey(table, record)).reverse());
      expect(followed.length, table).to.be.greaterThan(5);
      for (const open of [history, rest]) await open.close();
    }
  });

  it("has the candles that a recomputation gives, and none for empty spans", async () => {
    const history = new History();
    recordAll(history, risky);
    const fills = await history.page("trades", { after: 0, limit: 1_000_000 });
    for (const market of ALL_MARKETS) {
      for (const resolutionMs of Object.values(CANDLE_RESOLUTIONS_MS)) {
        const expected = naiveCandles(
          fills.filter((fill) => fill.market === market),
          resolutionMs,
        );
        const whole = { market, resolutionMs, toMs: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };
        expect(await history.read("candles", whole)).to.deep.equal(expected);
        if (expected.length < 3) continue;
        const [, second, third] = expected as [CandleRecord, CandleRecord, CandleRecord];
        expect(await history.read("candles", { ...whole, fromMs: second.startMs, limit: 2 })).to.deep.equal([
          second,
          third,
        ]);
        expect(await history.read("candles", { ...whole, limit: 2 })).to.deep.equal(expected.slice(-2));
        expect(await history.read("candles", { ...whole, toMs: third.startMs })).to.deep.equal(expected.slice(0, 2));
      }
    }
    expect(history.candles.newest(0, "1m")).to.deep.equal(
      naiveCandles(
        fills.filter(({ market }) => market === 0),
        60_000,
      ).at(-1),
    );
    await history.close();
  });

  it("has the figures of the last day, to the minute", async () => {
    const run = runOf(randomCommands(9, 2_500), 9, 900_000);
    const history = new History();
    let checked = 0;
    for (const [at, { accepted, clientId }] of run.commands.entries()) {
      history.record(accepted, clientId);
      if (at % 97 !== 0) continue;
      const nowMs = accepted.acceptedAtMs + at * 1_000;
      const sinceMs = nowMs - (nowMs % 60_000) - 86_400_000 + 60_000;
      const fills = await history.page("trades", { after: 0, limit: 1_000_000 });
      const inDay = fills.filter(({ market, atMs }) => market === 0 && atMs >= sinceMs);
      const prices = inDay.map(({ priceTicks }) => priceTicks);
      expect(history.dayFigures(0, nowMs)).to.deep.equal({
        openTicks: prices[0] ?? null,
        highTicks: prices.length === 0 ? null : Math.max(...prices),
        lowTicks: prices.length === 0 ? null : Math.min(...prices),
        lastTicks: prices.at(-1) ?? null,
        baseLots: inDay.reduce((sum, { quantityLots }) => sum + BigInt(quantityLots), 0n),
        quoteMicroUsd: inDay.reduce((sum, fill) => sum + BigInt(fill.priceTicks) * BigInt(fill.quantityLots), 0n),
        trades: inDay.length,
      });
      if (inDay.length > 0 && inDay.length < fills.filter(({ market }) => market === 0).length) checked += 1;
    }
    expect(checked).to.be.greaterThan(3);
    await history.close();
  });

  it("finds an order by its name and by its place", async () => {
    const history = new History({ closedOrders: 5 });
    recordAll(history, risky);
    for (let account = 1; account <= ACCOUNTS; account++) {
      for (const order of await allPages(history, "orders", { account }, 1_000)) {
        expect(await history.read("orderAt", account, order.slot, order.sequence)).to.deep.equal(order);
        if (order.clientId !== null) {
          expect(await history.read("orderNamed", account, order.clientId)).to.deep.equal(order);
        }
      }
    }
    expect(await history.read("orderNamed", 1, "nobody's")).to.equal(undefined);
    await history.close();
  });

  it("says which rows are before a time", async () => {
    const history = new History();
    recordAll(history, risky);
    for (const table of ["orders", "trades", "funding_payments"] as const) {
      const all = await allPages(history, table, {}, 100_000);
      const timeOf = (record: (typeof all)[number]) => ("atMs" in record ? record.atMs : record.acceptedAtMs);
      for (const record of all.filter((_, at) => at % 29 === 0)) {
        for (const atMs of [timeOf(record), timeOf(record) + 1]) {
          const before = all.filter((other) => timeOf(other) < atMs).map((other) => pageKey(table, other));
          expect(await history.read("keyBefore", table, atMs), table).to.equal(Math.max(0, ...before));
        }
      }
    }
    await history.close();
  });
});

/** Everything that moved an account's money, added up, and which kinds of rows it took. */
async function statementOf(history: History, account: number): Promise<{ sum: bigint; used: Set<string> }> {
  const used = new Set<string>();
  let sum = 0n;
  const add = (kind: string, picoUsd: bigint) => {
    used.add(kind);
    sum += picoUsd;
  };
  const query = { account };
  for (const { amountMicroUsd } of await allPages(history, "deposits", query, 13)) {
    add("deposit", amountMicroUsd * PICO_PER_MICRO);
  }
  for (const { amountMicroUsd } of await allPages(history, "withdrawals", query, 13)) {
    add("withdrawal", -amountMicroUsd * PICO_PER_MICRO);
  }
  for (const transfer of await allPages(history, "transfers", query, 2)) {
    const amount = transfer.amountMicroUsd * PICO_PER_MICRO;
    add("transfer", transfer.to === account ? amount : -amount);
  }
  for (const fill of await allPages(history, "trades", query, 100)) {
    const isTaker = fill.taker.account === account;
    const buys = isTaker === (fill.takerSide === "buy");
    const quote = BigInt(fill.priceTicks) * BigInt(fill.quantityLots) * PICO_PER_MICRO;
    add("fill", (buys ? -quote : quote) - (isTaker ? fill.taker.feePicoUsd : fill.maker.feePicoUsd));
  }
  for (const { event } of await allPages(history, "forced_trades", query, 13)) {
    if (event.type === "liquidated") used.add(event.type);
    if (event.type === "deleveraged") {
      const quote = BigInt(event.priceTicks) * BigInt(event.quantityLots) * PICO_PER_MICRO;
      add(event.type, (event.side === "buy" ? -quote : quote) + event.receivedPicoUsd);
    }
    if (event.type === "forced-closed") {
      add(event.type, (event.side === "buy" ? -event.quoteMicroUsd : event.quoteMicroUsd) * PICO_PER_MICRO);
    }
    if (event.type === "position-settled") {
      add(event.type, BigInt(event.sizeLots) * BigInt(event.priceTicks) * PICO_PER_MICRO);
    }
  }
  for (const { amountPicoUsd } of await allPages(history, "funding_payments", query, 50)) add("funding", amountPicoUsd);
  if (account !== 0) return { sum, used };
  // The fund's side of other accounts' liquidations.
  for (const { event } of await allPages(history, "forced_trades", {}, 100_000)) {
    if (event.type === "liquidated") sum += event.feePicoUsd - event.payoutPicoUsd;
    if (event.type === "deleveraged" && event.role === "liquidated") sum -= event.coveredPicoUsd;
  }
  return { sum, used };
}

function naiveCandles(fills: readonly FillRecord[], resolutionMs: number): CandleRecord[] {
  const starts = [...new Set(fills.map(({ atMs }) => Math.floor(atMs / resolutionMs) * resolutionMs))].sort(
    (a, b) => a - b,
  );
  return starts.map((startMs) => {
    const inside = fills.filter(({ atMs }) => atMs >= startMs && atMs < startMs + resolutionMs);
    const prices = inside.map(({ priceTicks }) => priceTicks);
    return {
      market: (inside[0] as FillRecord).market,
      resolutionMs,
      startMs,
      openTicks: prices[0] as number,
      highTicks: Math.max(...prices),
      lowTicks: Math.min(...prices),
      closeTicks: prices.at(-1) as number,
      baseLots: inside.reduce((sum, { quantityLots }) => sum + BigInt(quantityLots), 0n),
      quoteMicroUsd: inside.reduce((sum, fill) => sum + BigInt(fill.priceTicks) * BigInt(fill.quantityLots), 0n),
      trades: inside.length,
    };
  });
}
