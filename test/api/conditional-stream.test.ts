import { expect } from "chai";
import { epochOf } from "../sequencer/exchange-fixture.ts";
import { orderBody, post, type TestApi, testApi, tokenOf } from "./api-fixture.ts";
import { credulous, listening, StreamClient } from "./stream-fixture.ts";

describe("the stream of conditional orders", () => {
  let api: TestApi;
  let one: StreamClient;
  let url: string;

  const reader = async (): Promise<StreamClient> => {
    const opened = await StreamClient.open(url);
    await opened.ask({ type: "login", token: await tokenOf(api.app, 1) });
    return opened;
  };
  const stop = (slot: number, price: string) => ({
    ...orderBody({ side: "sell", slot, sequence: 64, timeInForce: "IOC", limitPriceTicks: 600_000 }),
    trigger: { kind: "stop", price },
  });
  const place = (order: object) => post(api.app, "/v1/conditional-orders", { account: 1, orders: [order] });

  beforeEach(async () => {
    api = testApi(3, {}, undefined, undefined, { verifier: credulous });
    url = await listening(api);
    one = await reader();
  });
  afterEach(async () => {
    one.close();
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("begins with what waits, tells every change of a command at once, and goes on where a reader stopped", async () => {
    await place(stop(1, "64000"));
    const { data } = await one.subscribe({ channel: "conditional-orders", account: 1 });
    expect(data.orders.map((order: { id: string; status: string }) => [order.id, order.status])).to.deep.equal([
      ["1-64", "waiting"],
    ]);
    await place(stop(2, "63000"));
    const placed = (await one.next("update", "conditional-orders")).data;
    expect(placed.orders).to.have.length(1);
    expect(placed.orders[0]).to.deep.include({ id: "2-64", triggerPrice: "63000.0" });
    api.sequencer.apply({ type: "epoch", epoch: epochOf(2, { 0: "64000" }) });
    const fired = (await one.next("update", "conditional-orders")).data;
    expect(fired.orders).to.have.length(1);
    expect(fired.orders[0]).to.deep.include({ id: "1-64", status: "done", reason: "ioc-remainder" });
    const again = await reader();
    const topic = { channel: "conditional-orders", account: 1, fromSequence: placed.sequence };
    expect((await again.subscribe(topic)).data).to.deep.equal([fired]);
    again.close();
  });

  it("says with which code an order was refused when its turn came", async () => {
    await one.subscribe({ channel: "conditional-orders", account: 1 });
    await place({ ...stop(1, "64000"), reduceOnly: true });
    await one.next("update", "conditional-orders");
    api.sequencer.apply({ type: "epoch", epoch: epochOf(2, { 0: "64000" }) });
    const { orders } = (await one.next("update", "conditional-orders")).data;
    expect(orders[0]).to.deep.include({ status: "refused", reason: "REDUCE_ONLY_WOULD_INCREASE", filledSize: "0" });
  });
});
