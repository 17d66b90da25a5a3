import { expect } from "chai";
import { CandleBook } from "../../matcher/api/history/candle-book.ts";
import type { FillRecord } from "../../matcher/api/history/records.ts";
import { BTC_TICKS, ETH } from "../sequencer/exchange-fixture.ts";
import { get, orderBody, post, type TestApi, testApi } from "./api-fixture.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function take(day: CandleBook, atMs: number, ...trades: [priceTicks: number, quantityLots: number][]): void {
  for (const [priceTicks, quantityLots] of trades) {
    day.take({ market: 0, priceTicks, quantityLots, atMs } as FillRecord);
  }
}

describe("a day of a market", () => {
  const NOTHING = { openTicks: null, highTicks: null, lowTicks: null, lastTicks: null };
  const NO_VOLUME = { baseLots: 0n, quoteMicroUsd: 0n, trades: 0 };

  it("has first, highest, lowest and last price, and both volumes exactly", () => {
    const day = new CandleBook();
    const start = 1_000 * DAY_MS;
    take(day, start, [100, 2], [90, 1]);
    take(day, start + 5 * MINUTE_MS, [120, 2 ** 39], [110, 1]);
    expect(day.dayFigures(0, start + 6 * MINUTE_MS)).to.deep.equal({
      openTicks: 100,
      highTicks: 120,
      lowTicks: 90,
      lastTicks: 110,
      baseLots: 4n + 2n ** 39n,
      quoteMicroUsd: 400n + 120n * 2n ** 39n,
      trades: 4,
    });
    expect(day.dayFigures(1, start)).to.deep.equal({ ...NOTHING, ...NO_VOLUME });
  });

  it("forgets a minute when it is a day ago, and everything when all are", () => {
    const day = new CandleBook();
    const start = 1_000 * DAY_MS;
    take(day, start, [100, 1]);
    take(day, start + MINUTE_MS, [200, 1]);
    expect(day.dayFigures(0, start + DAY_MS - 1).openTicks).to.equal(100);
    expect(day.dayFigures(0, start + DAY_MS).openTicks).to.equal(200);
    expect(day.dayFigures(0, start + DAY_MS + MINUTE_MS)).to.deep.equal({ ...NOTHING, ...NO_VOLUME });
  });
});

describe("market data over HTTP", () => {
  let api: TestApi;
  beforeEach(() => {
    api = testApi();
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });
  const trade = async (sequence: number, limitPriceTicks: number, quantityLots: number) => {
    await post(api.app, "/v1/orders", orderBody({ account: 1, sequence, limitPriceTicks, quantityLots }));
    const taking = { account: 2, sequence, side: "sell", limitPriceTicks, quantityLots, timeInForce: "IOC" } as const;
    await post(api.app, "/v1/orders", orderBody(taking));
  };

  it("shows a ticker before anything was traded", async () => {
    const { body } = await get(api.app, "/v1/ticker/BTC-USD");
    expect(body).to.deep.include({
      market: "BTC-USD",
      status: "live",
      lastPrice: null,
      bidPrice: null,
      indexPrice: "65000.0",
      openPrice: null,
      change: null,
      volume: "0",
      quoteVolume: "0",
      trades: 0,
      openInterest: "0",
      chargedRate8hPpm: null,
      restricted: false,
    });
    expect(body.nextFundingSeconds % 60).to.equal(0);
  });

  it("shows the day's prices, volumes and change, best prices and funding", async () => {
    await trade(64, BTC_TICKS, 100);
    await trade(128, BTC_TICKS + 650, 200);
    await trade(192, BTC_TICKS - 1_300, 100);
    await post(api.app, "/v1/orders", orderBody({ slot: 2, sequence: 64, limitPriceTicks: BTC_TICKS - 5 }));
    await post(api.app, "/v1/orders", orderBody({ account: 2, slot: 2, side: "sell", limitPriceTicks: BTC_TICKS + 5 }));
    const { body } = await get(api.app, "/v1/ticker/BTC-USD");
    expect(body).to.deep.include({
      lastPrice: "64870.0",
      bidPrice: "64999.5",
      bidSize: "0.01",
      askPrice: "65000.5",
      askSize: "0.01",
      openPrice: "65000.0",
      highPrice: "65065.0",
      lowPrice: "64870.0",
      change: "-130.0",
      changePpm: -2_000,
      volume: "0.004",
      quoteVolume: "260",
      trades: 3,
      openInterest: "0.008",
    });
    const { tickers } = (await get(api.app, "/v1/tickers")).body;
    expect(tickers.map(({ market }: { market: string }) => market)).to.deep.equal([
      "BTC-USD",
      "ETH-USD",
      "SOL-USD",
      "DOGE-USD",
    ]);
    expect({ ...tickers[0], atMs: 0 }).to.deep.equal({ ...body, atMs: 0 });
    expect((await get(api.app, "/v1/ticker/XRP-USD")).body.code).to.equal("UNKNOWN_MARKET");
  });

  it("shows fee tiers, an account's rates, and its positions", async () => {
    await trade(64, BTC_TICKS, 100);
    api.sequencer.apply({ type: "feeTier", account: 1, tier: 3 });
    const { body } = await get(api.app, "/v1/fees?account=1");
    expect(body.tiers[0]).to.deep.equal({ tier: 0, makerFeePpm: 200, takerFeePpm: 500 });
    expect(body.account).to.deep.equal({ account: 1, tier: 3, makerFeePpm: -50, takerFeePpm: 300 });
    expect((await get(api.app, "/v1/fees")).body.account).to.equal(null);
    expect((await get(api.app, "/v1/fees?account=99")).body.code).to.equal("UNKNOWN_ACCOUNT");
    const positions = (await get(api.app, "/v1/positions?account=2")).body;
    expect(positions).to.deep.include({ account: 2, epochNumber: 1 });
    expect(positions.positions[0]).to.deep.include({ market: "BTC-USD", size: "-0.001" });
  });

  it("shows each market's limits, and holds orders to the least notional exactly", async () => {
    const { body } = await get(api.app, "/v1/markets");
    expect(body.openOrdersPerAccountMax).to.equal(1_000);
    expect(body.markets.map(({ notionalMin }: { notionalMin: string }) => notionalMin)).to.deep.equal([
      "1",
      "1",
      "1",
      "1",
    ]);
    // A lot of ETH is 0.0001: at 2,500 USD, four lots are one USD.
    const exact = orderBody({ market: ETH, limitPriceTicks: 250_000, quantityLots: 4 });
    expect((await post(api.app, "/v1/orders", exact)).status).to.equal(200);
    const small = orderBody({ market: ETH, slot: 1, limitPriceTicks: 249_999, quantityLots: 4 });
    const refused = await post(api.app, "/v1/orders", small);
    expect([refused.status, refused.body.code, refused.body.field]).to.deep.equal([400, "NOTIONAL_TOO_SMALL", "size"]);
    const amended = orderBody({
      market: ETH,
      sequence: 2,
      keepFilled: true,
      limitPriceTicks: 250_000,
      quantityLots: 3,
    });
    expect((await post(api.app, "/v1/amend", amended)).body.code).to.equal("NOTIONAL_TOO_SMALL");
  });

  it("lets a rest of a position out, however small", async () => {
    await trade(64, BTC_TICKS, 100);
    const out = orderBody({ account: 1, slot: 1, side: "sell", reduceOnly: true, quantityLots: 1 });
    expect((await post(api.app, "/v1/orders", out)).status).to.equal(200);
  });
});
