import { expect } from "chai";
import { History } from "../../matcher/api/history.ts";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { type TestApi, testApi } from "../api/api-fixture.ts";
import { allPages, type RecordedRun, recordAll, riskyRun } from "../api/history/recorded-run.ts";
import { EPOCH_SECONDS, keyOf } from "../sequencer/exchange-fixture.ts";

const ACCOUNT = 3;

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const row of rows) taken.push(row);
  return taken;
}

describe("the client's past", () => {
  let run: RecordedRun;
  let history: History;
  let api: TestApi;
  let client: ClearbookClient;

  before(async () => {
    run = riskyRun(41, 9_000);
    history = new History({ closedOrders: 20, fills: 10, accountFills: 5, accountRows: 2 });
    recordAll(history, run);
    api = testApi(0, {}, run.state, history);
    const apiUrl = await api.app.listen({ host: "127.0.0.1", port: 0 });
    const nowMs = () => EPOCH_SECONDS * 1_000;
    client = await ClearbookClient.connect({ apiUrl, key: keyOf(ACCOUNT + 1), account: ACCOUNT, nowMs });
  });
  after(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("goes back to the beginning, and forwards from it", async () => {
    const { past } = client;
    const lists = [
      [past.orders(), past.orders({ after: "0" }), "orders", 500],
      [past.fills(), past.fills({ after: "0" }), "trades", 100],
      [past.fundingPayments(), past.fundingPayments({ after: "0" }), "funding_payments", 50],
      [past.forcedTrades(), past.forcedTrades({ after: "0" }), "forced_trades", 5],
      [past.deposits(), past.deposits({ after: "0" }), "deposits", 5],
      [past.withdrawals(), past.withdrawals({ after: "0" }), "withdrawals", 0],
      [past.transfers(), past.transfers({ after: "0" }), "transfers", -1],
    ] as const;
    for (const [backwards, forwards, table, above] of lists) {
      const rows = await all<unknown>(backwards);
      expect(rows.length, table).to.be.above(above);
      expect(rows.length, table).to.equal((await allPages(history, table, { account: ACCOUNT }, 100)).length);
      expect(await all<unknown>(forwards), table).to.deep.equal([...rows].reverse());
    }
  });

  it("has a market's trades, candles and epochs", async () => {
    const { marketPast } = client;
    const trades = await all(marketPast.trades("BTC-USD"));
    expect(trades.length).to.be.above(500);
    expect(await all(marketPast.trades("BTC-USD", { after: "0" }))).to.deep.equal([...trades].reverse());
    const candles = await all(marketPast.candles("BTC-USD", "1m", 0));
    expect(candles.reduce((sum, candle) => sum + candle.trades, 0)).to.equal(trades.length);
    const middle = candles[Math.floor(candles.length / 2)]?.startMs ?? 0;
    const halves = [
      await all(marketPast.candles("BTC-USD", "1m", 0, middle)),
      await all(marketPast.candles("BTC-USD", "1m", middle)),
    ];
    expect(halves.flat()).to.deep.equal(candles);
    const epochs = await all(marketPast.epochs("BTC-USD", { after: "0" }));
    expect(epochs.map(({ number }) => number)).to.deep.equal(epochs.map((_, at) => at + 1));
  });
});
