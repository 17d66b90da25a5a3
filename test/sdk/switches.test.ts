import { expect } from "chai";
import type { WirePlaced } from "../../matcher/protocol/api-wire.ts";
import { ClearbookClient, type OrderTerms } from "../../matcher/sdk/client.ts";
import { ClearbookError } from "../../matcher/sdk/http.ts";
import { type TestApi, testApi } from "../api/api-fixture.ts";
import { EPOCH_SECONDS, keyOf } from "../sequencer/exchange-fixture.ts";

describe("the client's batches and switches, over a socket", () => {
  let api: TestApi;
  let trader: ClearbookClient;
  const bid: OrderTerms = { market: "BTC-USD", side: "buy", price: "64000.0", size: "0.01" };
  beforeEach(async () => {
    api = testApi(2);
    const apiUrl = await api.app.listen({ host: "127.0.0.1", port: 0 });
    trader = await ClearbookClient.connect({ apiUrl, key: keyOf(1), account: 1, nowMs: () => EPOCH_SECONDS * 1_000 });
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("places many at once, gives back the slots of those that are refused, and of all when one cannot be signed", async () => {
    const list = [{ ...bid, clientId: "a" }, { ...bid, size: "90" }, { ...bid, clientId: "a" }, bid];
    const [first, second, third, last] = await trader.placeAll(list);
    expect((second as ClearbookError).code).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    expect(third).to.deep.include({ duplicate: true });
    expect((third as WirePlaced).order.id).to.equal((first as WirePlaced).order.id);
    expect((last as WirePlaced).order.status).to.equal("open");
    expect(trader.slots.takenCount).to.equal(2);
    const offTick = await trader.placeAll([bid, { ...bid, price: "64000.05" }]).catch((error: Error) => error.name);
    expect(offTick).to.equal("DecimalError");
    expect(trader.slots.takenCount).to.equal(2);
  });

  it("cancels by name and by market, frees the slots, and knows orders by their client id", async () => {
    await trader.placeAll([
      { ...bid, clientId: "a" },
      { ...bid, clientId: "b" },
      { market: "ETH-USD", side: "buy", price: "2900.00", size: "0.1" },
    ]);
    expect((await trader.orderByClientId("b"))?.status).to.equal("open");
    await trader.cancelByName({ clientId: "a" });
    expect(trader.slots.takenCount).to.equal(2);
    await trader.cancelMarket("ETH-USD");
    await trader.cancelMarket();
    expect(trader.slots.takenCount).to.equal(0);
    expect((await trader.orderByClientId("b"))?.reason).to.equal("cancelled");
    expect(await trader.orderByClientId("c")).to.equal(undefined);
    const gone = await trader.cancelByName({ clientId: "a" }).catch((error: unknown) => error);
    expect((gone as ClearbookError).code).to.equal("ORDER_NOT_FOUND");
    expect(gone).to.be.instanceOf(ClearbookError);
  });

  it("sets the dead-man's switch and shows tickers and fees", async () => {
    expect((await trader.deadMansSwitch(5_000)).deadlineMs).to.equal(EPOCH_SECONDS * 1_000 + 5_000);
    expect((await trader.deadMansSwitch(0)).deadlineMs).to.equal(null);
    expect((await trader.tickers()).length).to.equal(4);
    expect((await trader.ticker("BTC-USD")).market).to.equal("BTC-USD");
    expect((await trader.fees(1)).account?.tier).to.equal(0);
  });

  it("keeps a slot that was given to another order since, when an old name is used again", async () => {
    const { order } = await trader.place({ ...bid, clientId: "old" });
    await trader.cancel(order);
    trader.slots.hold(order.slot);
    const before = trader.slots.takenCount;
    const again = await trader.place({ ...bid, clientId: "old" });
    expect(again).to.deep.include({ duplicate: true });
    expect(again.order.status).to.equal("closed");
    expect(trader.slots.isTaken(order.slot)).to.equal(true);
    expect(trader.slots.takenCount).to.equal(before);
  });
});
