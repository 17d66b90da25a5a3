import { expect } from "chai";
import type { WirePlaced } from "../../matcher/protocol/api-wire.ts";
import { ClearbookClient, type OrderTerms } from "../../matcher/sdk/client.ts";
import type { ClearbookError } from "../../matcher/sdk/http.ts";
import { type TestApi, testApi } from "../api/api-fixture.ts";
import { EPOCH_SECONDS, epochOf, keyOf } from "../sequencer/exchange-fixture.ts";

describe("conditional orders with the client, over a socket", () => {
  let api: TestApi;
  let trader: ClearbookClient;
  let other: ClearbookClient;
  let apiUrl: string;
  const nowMs = () => EPOCH_SECONDS * 1_000;
  const SELL: OrderTerms = { market: "BTC-USD", side: "sell", price: "60000.0", size: "0.01" };
  const BUY: OrderTerms = { market: "BTC-USD", side: "buy", price: "65000.0", size: "0.01" };

  const connect = (account: number) => ClearbookClient.connect({ apiUrl, key: keyOf(account), account, nowMs });

  beforeEach(async () => {
    api = testApi(3);
    apiUrl = await api.app.listen({ host: "127.0.0.1", port: 0 });
    trader = await connect(1);
    other = await connect(2);
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  const price = async (number: number, usd: string) => {
    api.sequencer.apply({ type: "epoch", epoch: epochOf(number, { 0: usd }) });
    await api.sequencer.durable();
  };
  const size = async () => (await trader.positions())[0]?.size ?? "0";
  const long = async () => {
    await other.place({ ...BUY, side: "sell" });
    await trader.place(BUY);
    expect(await size()).to.equal("0.01");
    await other.place({ ...BUY, price: "64000.0", size: "1" });
  };

  it("protects a position by a stop, and keeps the slot until it is over", async () => {
    await long();
    const { orders } = await trader.conditional.placeStop({ ...SELL, triggerPrice: "64000.0", clientId: "guard" });
    expect(orders[0]).to.deep.include({ status: "waiting", reduceOnly: true, timeInForce: "IOC", clientId: "guard" });
    expect(trader.slots.isTaken(orders[0]?.slot as number)).to.equal(true);
    expect((await trader.conditional.orders()).length).to.equal(1);
    await price(2, "64000");
    expect(await size()).to.equal("0");
    expect(await trader.conditional.orders()).to.deep.equal([]);
    expect(trader.slots.isTaken(orders[0]?.slot as number)).to.equal(false);
    expect((await trader.conditional.orders("closed"))[0]).to.deep.include({ status: "done", filledSize: "0.01" });
  });

  it("takes profit, trails, and is refused where the price has come already", async () => {
    await long();
    await trader.conditional.placeTakeProfit({ ...SELL, triggerPrice: "66000.0" });
    await trader.conditional.placeTrailingStop(SELL, { distancePpm: 10_000 });
    const refusal = await trader.conditional
      .placeStop({ ...SELL, triggerPrice: "65000.0" })
      .catch((error: ClearbookError) => error.code);
    expect(refusal).to.equal("TRIGGER_ALREADY_MET");
    expect(trader.slots.takenCount).to.equal(2);
    await price(2, "65600");
    await price(3, "64900");
    expect(await size()).to.equal("0");
  });

  it("places alternatives on one slot and sequence, and brackets on two slots", async () => {
    await long();
    const limit = { ...SELL, price: "66000.0", reduceOnly: true };
    const stop = {
      ...SELL,
      timeInForce: "IOC",
      reduceOnly: true,
      trigger: { kind: "stop", price: "64000.0" },
    } as const;
    const oco = await trader.conditional.placeOco(limit, stop);
    expect(new Set(oco.orders.map(({ id }) => id)).size).to.equal(1);
    expect(oco.orders.map(({ role }) => role)).to.deep.equal(["alternative", "alternative"]);
    const bracket = await trader.conditional.placeBracket({
      entry: { ...BUY, price: "63000.0" },
      takeProfitPrice: "67000.0",
      stopLoss: { triggerPrice: "62000.0", worstPrice: "60000.0" },
    });
    expect(bracket.orders.map(({ role, status }) => [role, status])).to.deep.equal([
      ["entry", "active"],
      ["exit", "dormant"],
      ["exit", "dormant"],
    ]);
    expect(new Set(bracket.orders.map(({ slot }) => slot)).size).to.equal(2);
    expect(trader.slots.takenCount).to.equal(3);
    const again = await connect(1);
    expect(again.slots.takenCount).to.equal(3);
    await again.cancelMarket();
    expect(await again.conditional.orders()).to.deep.equal([]);
    expect(again.slots.takenCount).to.equal(0);
    expect(() => trader.conditional.placeBracket({ entry: BUY })).to.throw(RangeError, "a take-profit, a stop or both");
    const oto = await trader.conditional.placeOto({ ...BUY, price: "62000.0" }, { ...SELL, price: "66000.0" });
    expect(oto.orders.length).to.equal(2);
  });

  it("slices over time, hides size, and builds a ladder", async () => {
    const twap = await trader.conditional.placeTwap(BUY, { parts: 5, intervalSeconds: 10, startMs: nowMs() + 60_000 });
    expect(twap.orders[0]).to.deep.include({ status: "waiting", nextPartMs: nowMs() + 60_000 });
    const iceberg = await trader.conditional.placeIceberg({ ...BUY, price: "64000.0" }, "0.001");
    expect((await trader.orderbook("BTC-USD")).bids[0]).to.deep.equal(["64000.0", "0.001", 1]);
    await other.place({ ...SELL, price: "64000.0", size: "0.0035" });
    expect((await trader.conditional.orders()).find(({ id }) => id === iceberg.orders[0]?.id)?.filledSize).to.equal(
      "0.0035",
    );
    const ladder = { size: "0.01", from: "63000.0", to: "62000.0", orders: 5, skewPpm: 3_000_000 };
    const placed = (await trader.conditional.placeScale({ market: "BTC-USD", side: "buy" }, ladder)) as WirePlaced[];
    expect(placed.map(({ order }) => [order.price, order.size])).to.deep.equal([
      ["63000.0", "0.001"],
      ["62750.0", "0.0015"],
      ["62500.0", "0.002"],
      ["62250.0", "0.0025"],
      ["62000.0", "0.003"],
    ]);
  });

  it("closes a position with an order of its size, and not without one", async () => {
    await long();
    const { order } = await trader.conditional.closePosition("BTC-USD", { slippagePpm: 20_000 });
    expect(order).to.deep.include({ side: "sell", size: "0.01", filledSize: "0.01", price: "63700.0" });
    const none = await trader.conditional.closePosition("BTC-USD").catch((error: Error) => error.message);
    expect(none).to.equal("there is no position in BTC-USD");
    expect(trader.slots.takenCount).to.equal(0);
  });

  it("has orders cancelled at a time", async () => {
    const { order } = await trader.place({ ...BUY, price: "64000.0" });
    const set = await trader.conditional.cancelAt({ id: order.id }, nowMs() + 5_000);
    expect(set).to.deep.equal({ account: 1, id: order.id, cancelAtMs: nowMs() + 5_000 });
    api.sequencerClockMs += 5_000;
    await api.sequencer.applyDurably({ type: "conditionalSweep" });
    expect(await trader.orders()).to.deep.equal([]);
  });

  it("gives its slots back when an order cannot be signed, and says what is wrong with a trigger", async () => {
    const off = { ...SELL, price: "60000.05" };
    const fault = await trader.conditional.placeOco(SELL, off).catch((error: Error) => error.name);
    expect(fault).to.equal("DecimalError");
    const unclear = await trader.conditional
      .place([{ ...SELL, trigger: { kind: "stop", distance: "5.0" } }])
      .catch((error: Error) => error.message);
    expect(unclear).to.equal("the stop says too little or too much");
    expect(trader.slots.takenCount).to.equal(0);
  });
});
