import { expect } from "chai";
import type { WireConditionalRequest } from "../../matcher/protocol/conditional-wire.ts";
import type { OrderMessage } from "../../matcher/protocol/message.ts";
import { BTC_TICKS, EPOCH_SECONDS, epochOf } from "../sequencer/exchange-fixture.ts";
import { getAs, orderBody, post, type TestApi, testApi, tokenOf } from "./api-fixture.ts";

const START_MS = EPOCH_SECONDS * 1_000;
const IOC = { timeInForce: "IOC" } as const;
const EXIT: Partial<OrderMessage> = { side: "sell", slot: 2, sequence: 64, limitPriceTicks: 600_000 };

type Conditions = Partial<WireConditionalRequest["orders"][number]>;

function leg(change: Partial<OrderMessage>, conditions: Conditions = {}) {
  return { ...orderBody(change), ...conditions };
}

const STOP = leg({ ...EXIT, ...IOC }, { trigger: { kind: "stop", price: "64000" } });

describe("conditional orders at the API", () => {
  let api: TestApi;
  beforeEach(() => {
    api = testApi(4);
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  const place = (orders: object[], more: object = {}) =>
    post(api.app, "/v1/conditional-orders", { account: 1, orders, ...more });
  const list = async (status = "") =>
    (await getAs(api.app, 1, `/v1/conditional-orders${status === "" ? "" : `?status=${status}`}`)).body.orders;
  const postAs = async (url: string, body: object) => {
    const token = await tokenOf(api.app, 1);
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const reply = await api.app.inject({ method: "POST", url, payload: JSON.stringify(body), headers });
    return { status: reply.statusCode, body: reply.json() };
  };
  const price = (number: number, usd: string) =>
    api.sequencer.apply({ type: "epoch", epoch: epochOf(number, { 0: usd }) });
  const code = async (orders: object[], more: object = {}) => {
    const { status, body } = await place(orders, more);
    return [status, body.code, body.field ?? null];
  };

  it("are placed, listed, executed at their price, and remembered", async () => {
    await post(
      api.app,
      "/v1/orders",
      orderBody({ account: 3, side: "buy", limitPriceTicks: 640_000, quantityLots: 5_000 }),
    );
    const { status, body } = await place([STOP], { clientId: "guard" });
    expect(status).to.equal(200);
    expect(body).to.deep.include({ duplicate: false, receipt: null });
    const [order] = body.orders;
    expect(order).to.deep.include({
      id: "2-64",
      role: "single",
      side: "sell",
      price: "60000.0",
      trigger: { kind: "stop", price: "64000.0" },
      triggerPrice: "64000.0",
      status: "waiting",
      clientId: "guard",
    });
    expect(await list()).to.deep.equal(body.orders);
    price(2, "64000");
    await api.sequencer.durable();
    expect(await list()).to.deep.equal([]);
    const [closed] = await list("closed");
    expect(closed).to.deep.include({ status: "done", reason: "filled", filledSize: order.size, triggerPrice: null });
    const orders = (await getAs(api.app, 1, "/v1/orders?status=all")).body.orders;
    expect(orders[0]).to.deep.include({ id: "2-64", reason: "filled", filledSize: order.size });
  });

  it("act once when they are sent again, and not as another order of the same name", async () => {
    const first = await place([STOP], { clientId: "guard" });
    const again = await place([STOP], { clientId: "guard" });
    expect(again.body).to.deep.equal({ ...first.body, duplicate: true });
    const other = leg({ ...EXIT, ...IOC }, { trigger: { kind: "stop", price: "63000" } });
    expect(await code([other], { clientId: "guard" })).to.deep.equal([409, "DUPLICATE_CLIENT_ID", "clientId"]);
    expect((await code([other]))[1]).to.equal("DUPLICATE_SEQUENCE");
  });

  it("are refused with one code each for conditions that are unclear, of another account or not signed", async () => {
    const trigger = (given: object) => [leg({ ...EXIT, ...IOC }, { trigger: given as never })];
    expect(await code(trigger({ kind: "stop" }))).to.deep.equal([400, "INVALID_CONDITION", "trigger"]);
    expect(await code(trigger({ kind: "stop", price: "1", distance: "2" }))).to.deep.equal([
      400,
      "INVALID_CONDITION",
      "trigger",
    ]);
    expect(await code(trigger({ kind: "trailing", price: "1" }))).to.deep.equal([400, "INVALID_CONDITION", "trigger"]);
    expect((await code(trigger({ kind: "stop", price: "64000.01" })))[1]).to.equal("OFF_TICK");
    expect((await code(trigger({ kind: "limit", price: "1" })))[1]).to.equal("MALFORMED");
    expect((await code(trigger({ kind: "stop", price: "65000" })))[1]).to.equal("TRIGGER_ALREADY_MET");
    const both = { iceberg: { shownSize: "0.001" }, twap: { parts: 2, intervalSeconds: 5 } };
    expect((await code([leg(EXIT, both)]))[1]).to.equal("INVALID_CONDITION");
    expect((await code([leg(EXIT)]))[1]).to.equal("INVALID_CONDITION");
    expect((await code([]))[1]).to.equal("MALFORMED");
    expect((await code([{ ...STOP, account: 2 }]))[1]).to.equal("INVALID_ACCOUNT");
    expect((await code([{ ...STOP, price: "60001" }]))[1]).to.equal("WRONG_SIGNATURE");
    expect((await code([STOP], { chainId: 5 }))[1]).to.equal("WRONG_CHAIN");
    expect((await code([{ ...STOP, clientId: "a" }]))[1]).to.equal("MALFORMED");
    expect(await list("all")).to.deep.equal([]);
  });

  it("come as alternatives and brackets, icebergs and TWAPs", async () => {
    const gain = leg({ ...EXIT, limitPriceTicks: 660_000, reduceOnly: true });
    const loss = leg({ ...EXIT, ...IOC, reduceOnly: true }, { trigger: { kind: "stop", price: "64000" } });
    await post(api.app, "/v1/orders", orderBody({ account: 2, side: "sell", quantityLots: 400 }));
    const bracket = await place([leg({ slot: 1, sequence: 64 }), gain, loss], { entry: true });
    expect(bracket.body.orders.map((one: { role: string; status: string }) => [one.role, one.status])).to.deep.equal([
      ["entry", "active"],
      ["exit", "active"],
      ["exit", "waiting"],
    ]);
    const iceberg = leg(
      { slot: 5, sequence: 64, limitPriceTicks: BTC_TICKS - 100 },
      { iceberg: { shownSize: "0.0005" } },
    );
    expect((await place([iceberg])).body.orders[0]).to.deep.include({
      iceberg: { shownSize: "0.0005" },
      status: "active",
    });
    const twap = { parts: 4, intervalSeconds: 10, startMs: START_MS + 5_000, tolerancePpm: 100 };
    const slices = await place([leg({ slot: 6, sequence: 64, ...IOC }, { twap })]);
    expect(slices.body.orders[0]).to.deep.include({ status: "waiting", nextPartMs: START_MS + 5_000 });
    expect(slices.body.orders[0].twap).to.deep.equal({ ...twap, jitterPpm: 0 });
    const trail = leg(
      { slot: 7, sequence: 64, ...IOC, side: "sell" },
      { trigger: { kind: "trailing", distance: "100" } },
    );
    expect((await place([trail])).body.orders[0]).to.deep.include({ triggerPrice: "64900.0" });
    expect((await list()).length).to.equal(6);
  });

  it("are cancelled by name, by signature, with the market, and at a time", async () => {
    await place([STOP], { clientId: "guard" });
    const none = await postAs("/v1/cancel-by-name", { account: 1, id: "9-64" });
    expect([none.status, none.body.code]).to.deep.equal([404, "ORDER_NOT_FOUND"]);
    const cancelled = (await postAs("/v1/cancel-by-name", { account: 1, id: "2-64" })).body;
    expect([cancelled.orders, cancelled.conditionalOrders.map(({ id }: { id: string }) => id)]).to.deep.equal([
      [],
      ["2-64"],
    ]);
    expect((await list("closed"))[0]).to.deep.include({ status: "cancelled", reason: "cancelled" });
    const next = (sequence: number) =>
      leg({ ...EXIT, ...IOC, sequence }, { trigger: { kind: "stop", price: "64000" } });
    await place([next(128)], { clientId: "second" });
    expect((await postAs("/v1/cancel-by-name", { account: 1, clientId: "second" })).status).to.equal(200);
    await place([next(192)]);
    await postAs("/v1/cancel-market", { account: 1, market: "BTC-USD" });
    expect(await list()).to.deep.equal([]);
    await place([next(256)]);
    const at = await postAs("/v1/cancel-at", { account: 1, id: "2-256", atMs: START_MS + 1_000 });
    expect(at.body).to.deep.equal({ account: 1, id: "2-256", cancelAtMs: START_MS + 1_000 });
    api.sequencerClockMs = START_MS + 1_000;
    expect(api.sequencer.state.conditionals.isDue(START_MS + 1_000)).to.equal(true);
    await api.sequencer.applyDurably({ type: "conditionalSweep" });
    expect(await list()).to.deep.equal([]);
    const gone = await postAs("/v1/cancel-at", { account: 1, id: "2-256", atMs: START_MS + 9_000 });
    expect(gone.body.code).to.equal("ORDER_NOT_FOUND");
  });

  it("are cancelled by their client id as a whole: the entry while it is open, then the exits that it leaves", async () => {
    const gain = leg({ ...EXIT, limitPriceTicks: 660_000, reduceOnly: true });
    await post(api.app, "/v1/orders", orderBody({ account: 2, side: "sell", quantityLots: 1_000 }));
    await place([leg({ slot: 1, sequence: 64 }), gain], { entry: true, clientId: "both" });
    expect((await list()).map((one: { role: string }) => one.role)).to.deep.equal(["exit"]);
    const gone = await postAs("/v1/cancel-by-name", { account: 1, id: "1-64" });
    expect(gone.body.code).to.equal("ORDER_NOT_FOUND");
    const cancelled = await postAs("/v1/cancel-by-name", { account: 1, clientId: "both" });
    expect(cancelled.body.orders.map(({ id }: { id: string }) => id)).to.deep.equal(["2-64"]);
    expect(await list()).to.deep.equal([]);
  });

  it("are the account's own to read", async () => {
    await place([STOP]);
    const { body } = await getAs(api.app, 2, "/v1/conditional-orders");
    expect(body.orders).to.deep.equal([]);
    const other = await getAs(api.app, 2, "/v1/conditional-orders?account=1");
    expect(other.body.code).to.equal("SESSION_OF_ANOTHER_ACCOUNT");
  });
});
