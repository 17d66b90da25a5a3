import { expect } from "chai";
import { DeadMansClock } from "../../matcher/dead-mans-clock.ts";
import type { WireOrder } from "../../matcher/protocol/api-wire.ts";
import { BTC_TICKS, EPOCH_SECONDS, ETH, signed } from "../sequencer/exchange-fixture.ts";
import { stateText } from "../sequencer/state-digest.ts";
import { getAs, loginBody, orderBody, post, type TestApi, testApi, tokenOf, wireSignature } from "./api-fixture.ts";

describe("order entry", () => {
  let api: TestApi;
  beforeEach(() => {
    api = testApi();
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  const place = (...order: Parameters<typeof orderBody>) => post(api.app, "/v1/orders", orderBody(...order));
  const cancelBody = (account: number, slot: number, sequence: number) => {
    const { signature } = signed({ kind: "cancel", account, slot, sequence });
    return { account, slot, sequence, signature: wireSignature(signature) };
  };
  /** POSTs under the session of an account. */
  async function postAs(account: number, url: string, payload: object) {
    const headers = { authorization: `Bearer ${await tokenOf(api.app, account)}` };
    const reply = await api.app.inject({ method: "POST", url, payload, headers });
    return { status: reply.statusCode, body: reply.json() };
  }

  describe("acts once on what is sent twice", () => {
    it("under a client id: another slot, sequence, expiry and signature change nothing", async () => {
      const first = await place({ account: 2, side: "sell", quantityLots: 1_000 }, { clientId: "ask" });
      await place({ account: 1, quantityLots: 400, timeInForce: "IOC" });
      const before = stateText(api.sequencer.state);
      const terms = { account: 2, side: "sell", quantityLots: 1_000, slot: 9, sequence: 77 } as const;
      const retry = await place({ ...terms, expirySeconds: EPOCH_SECONDS + 9 }, { clientId: "ask" });
      expect([retry.status, retry.body.duplicate, first.body.duplicate]).to.deep.equal([200, true, false]);
      expect(retry.body.order).to.deep.include({ id: first.body.order.id, slot: 0, filledSize: "0.004" });
      expect(retry.body.fills.map(({ size }: { size: string }) => size)).to.deep.equal(["0.004"]);
      expect(stateText(api.sequencer.state)).to.equal(before);
    });

    it("under a client id, long after the order was filled or cancelled", async () => {
      await place({ slot: 1, sequence: 5 }, { clientId: "a" });
      await post(api.app, "/v1/cancel", cancelBody(1, 1, 5));
      await place({ account: 2, side: "sell", slot: 1, sequence: 5 }, { clientId: "b" });
      await place({ account: 3, timeInForce: "IOC" });
      const cancelled = await place({ slot: 2, sequence: 6 }, { clientId: "a" });
      expect([cancelled.status, cancelled.body.order.reason]).to.deep.equal([200, "cancelled"]);
      const filled = await place({ account: 2, side: "sell", slot: 2, sequence: 6 }, { clientId: "b" });
      expect([filled.body.order.reason, filled.body.fills.length]).to.deep.equal(["filled", 1]);
    });

    it("refuses each other term under the same client id with 409", async () => {
      await place({ slot: 1, sequence: 5 }, { clientId: "a" });
      for (const change of [
        { side: "sell", limitPriceTicks: BTC_TICKS + 10 },
        { limitPriceTicks: BTC_TICKS - 1 },
        { quantityLots: 1_001 },
        { market: ETH, limitPriceTicks: 300_000 },
        { postOnly: true },
        { reduceOnly: true },
        { timeInForce: "IOC" },
        { selfTrade: "decrement" },
        { keepFilled: true },
      ] as const) {
        const { status, body } = await place({ slot: 2, sequence: 6, ...change }, { clientId: "a" });
        expect([status, body.code, body.field], JSON.stringify(change)).to.deep.equal([
          409,
          "DUPLICATE_CLIENT_ID",
          "clientId",
        ]);
      }
    });

    it("without a client id: the same signed bytes, and no others under their slot and sequence", async () => {
      const body = orderBody({ slot: 4, sequence: 9 });
      expect((await post(api.app, "/v1/orders", body)).body.duplicate).to.equal(false);
      const again = await post(api.app, "/v1/orders", body);
      expect([again.status, again.body.duplicate, again.body.order.id]).to.deep.equal([200, true, "4-9"]);
      const other = await place({ slot: 4, sequence: 9, postOnly: true });
      expect([other.status, other.body.code]).to.deep.equal([409, "DUPLICATE_SEQUENCE"]);
      const named = await post(api.app, "/v1/orders", { ...body, clientId: "late" });
      expect([named.status, named.body.code]).to.deep.equal([409, "DUPLICATE_SEQUENCE"]);
    });

    it("asks for the signature first: what is there is told to its owner only", async () => {
      await place({ slot: 1, sequence: 5 }, { clientId: "a" });
      const { status, body } = await place({ slot: 1, sequence: 5 }, { clientId: "a", price: "64999.9" });
      expect([status, body.code]).to.deep.equal([401, "WRONG_SIGNATURE"]);
    });

    it("tells the signature queue where a message came from: orders, cancels and logins, by address or IPv6 network", async () => {
      const { app, sequencer } = api;
      const { senders } = sequencer.signatures;
      const send = (url: string, payload: object, remoteAddress: string) =>
        app.inject({ method: "POST", url, payload, remoteAddress });
      await send("/v1/orders", orderBody({ slot: 1 }), "192.0.2.1");
      await send("/v1/orders", orderBody({ slot: 2 }, { price: "64999.9" }), "192.0.2.2");
      await send("/v1/orders", orderBody({ slot: 2 }, { price: "64999.9" }), "2001:db8::1");
      await send("/v1/orders", orderBody({ slot: 2 }, { price: "64999.9" }), "2001:db8::2");
      await send("/v1/login", loginBody(1, 1_800_000_000_000, 2), "192.0.2.3");
      const records = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8:0:0::/64"].map((from) =>
        senders.recordOf(from),
      );
      expect(records).to.deep.equal([1, -1, -1, -2]);
      expect(senders.rankOf("192.0.2.1")).to.equal("proven");
      expect(senders.wrongOf(1)).to.equal(4);
    });

    it("answers a retry while the provers are behind, too", async () => {
      await api.app.close();
      api = testApi(4, { unprovenRowsMax: 2 });
      await place({ account: 1 });
      const taking = orderBody({ account: 2, side: "sell", timeInForce: "IOC" }, { clientId: "ioc" });
      expect((await post(api.app, "/v1/orders", taking)).body.order.reason).to.equal("filled");
      await place({ account: 1, sequence: 2 });
      const retry = await post(api.app, "/v1/orders", taking);
      expect([retry.status, retry.body.duplicate]).to.deep.equal([200, true]);
      const fresh = await place({ account: 2, side: "sell", sequence: 2, timeInForce: "IOC" }, { clientId: "next" });
      expect(fresh.body.code).to.equal("BACKLOG_FULL");
    });
  });

  describe("amends", () => {
    it("a live order, keeping what it has filled, once for the same revision", async () => {
      await place({ slot: 1, sequence: 64 });
      await place({ account: 2, side: "sell", quantityLots: 300, timeInForce: "IOC" });
      const revision = orderBody({ slot: 1, sequence: 65, keepFilled: true, quantityLots: 800 });
      const amended = await post(api.app, "/v1/amend", revision);
      expect(amended.body.order).to.deep.include({ id: "1-65", filledSize: "0.003", remainingSize: "0.005" });
      expect((await post(api.app, "/v1/amend", revision)).body).to.deep.include({ duplicate: true });
    });

    it("nothing that is not live, and nothing without keepFilled", async () => {
      const gone = await post(api.app, "/v1/amend", orderBody({ slot: 1, sequence: 65, keepFilled: true }));
      expect([gone.status, gone.body.code]).to.deep.equal([404, "ORDER_NOT_FOUND"]);
      await place({ slot: 1, sequence: 64 });
      const fresh = await post(api.app, "/v1/amend", orderBody({ slot: 1, sequence: 65 }));
      expect([fresh.body.code, fresh.body.field]).to.deep.equal(["INVALID_FLAG", "keepFilled"]);
    });
  });

  describe("batches", () => {
    it("place in order, each with its answer, whatever the others are", async () => {
      const orders = [
        orderBody({ slot: 1, sequence: 1 }, { clientId: "one" }),
        orderBody({ slot: 2, sequence: 1, quantityLots: 9_000_000 }),
        { ...orderBody({ slot: 3, sequence: 1 }), price: 65_000 },
        orderBody({ slot: 4, sequence: 1 }, { market: "XRP-USD" }),
        "no order",
        orderBody({ account: 2, slot: 5, sequence: 1 }),
        orderBody({ slot: 6, sequence: 1 }, { price: "64999.9" }),
        orderBody({ slot: 7, sequence: 1 }, { clientId: "one" }),
        orderBody({ slot: 1, sequence: 2, limitPriceTicks: BTC_TICKS - 10 }),
      ];
      const { status, body } = await post(api.app, "/v1/orders/batch", { account: 1, orders });
      expect(status).to.equal(200);
      type Result = { status: number; placed?: { order: WireOrder; duplicate: boolean }; error?: { code: string } };
      expect(
        body.results.map((result: Result) => [result.status, result.placed?.order.id ?? result.error?.code]),
      ).to.deep.equal([
        [200, "1-1"],
        [422, "INSUFFICIENT_INITIAL_MARGIN"],
        [400, "MALFORMED"],
        [404, "UNKNOWN_MARKET"],
        [400, "MALFORMED"],
        [400, "INVALID_ACCOUNT"],
        [401, "WRONG_SIGNATURE"],
        [200, "1-1"],
        [200, "1-2"],
      ]);
      expect(body.results[7].placed.duplicate).to.equal(true);
      const open = (await getAs(api.app, 1, "/v1/orders")).body.orders;
      expect(open.map(({ id }: WireOrder) => id)).to.deep.equal(["1-2"]);
    });

    it("cancel likewise", async () => {
      for (const slot of [1, 2, 3]) await place({ slot, sequence: 1 });
      const cancels = [
        cancelBody(1, 3, 1),
        cancelBody(1, 3, 1),
        { account: 1 },
        { ...cancelBody(1, 1, 1), settle: true },
      ];
      const { body } = await post(api.app, "/v1/cancel/batch", { account: 1, cancels });
      expect(body.results.map(({ status }: { status: number }) => status)).to.deep.equal([200, 404, 400, 200]);
      expect(body.results[3].cancelled.finality.label).to.equal("matched");
      const open = (await getAs(api.app, 1, "/v1/orders")).body.orders;
      expect(open.map(({ id }: WireOrder) => id)).to.deep.equal(["2-1"]);
    });

    it("take fifty items and no more, and at least one", async () => {
      const many = Array.from({ length: 51 }, (_, slot) => orderBody({ slot, sequence: 1, quantityLots: 10 }));
      const full = await post(api.app, "/v1/orders/batch", { account: 1, orders: many.slice(0, 50) });
      expect(full.body.results.every(({ status }: { status: number }) => status === 200)).to.equal(true);
      for (const orders of [many, []]) {
        const { status, body } = await post(api.app, "/v1/orders/batch", { account: 1, orders });
        expect([status, body.code, body.field]).to.deep.equal([400, "MALFORMED", "orders"]);
      }
    });
  });

  describe("under a session", () => {
    it("cancels by id and by client id, and says when there is nothing", async () => {
      await place({ slot: 1, sequence: 5 }, { clientId: "a" });
      await place({ slot: 2, sequence: 5 });
      const byId = await postAs(1, "/v1/cancel-by-name", { account: 1, id: "2-5" });
      expect(byId.body.orders[0]).to.deep.include({ id: "2-5", reason: "cancelled" });
      expect(byId.body).to.deep.include({ settle: false });
      const byClientId = await postAs(1, "/v1/cancel-by-name", { account: 1, clientId: "a" });
      expect(byClientId.body.orders[0]).to.deep.include({ id: "1-5", clientId: "a" });
      for (const [name, code, field] of [
        [{ id: "2-5" }, "ORDER_NOT_FOUND", "slot"],
        [{ id: "3-5" }, "ORDER_NOT_FOUND", "id"],
        [{ clientId: "z" }, "ORDER_NOT_FOUND", "clientId"],
        [{}, "MISSING_FIELD", "id"],
        [{ id: "2-5", clientId: "a" }, "MISSING_FIELD", "id"],
      ] as const) {
        const { body } = await postAs(1, "/v1/cancel-by-name", { account: 1, ...name });
        expect([body.code, body.field], JSON.stringify(name)).to.deep.equal([code, field]);
      }
    });

    it("cancels all orders, or one market's, and nobody else's", async () => {
      await place({ slot: 1, sequence: 5 });
      await place({ slot: 2, sequence: 5, market: ETH, limitPriceTicks: 290_000 });
      await place({ account: 2, slot: 3, sequence: 5 });
      const eth = await postAs(1, "/v1/cancel-market", { account: 1, market: "ETH-USD" });
      expect(eth.body.orders.map(({ id }: WireOrder) => id)).to.deep.equal(["2-5"]);
      const all = await postAs(1, "/v1/cancel-market", { account: 1 });
      expect(all.body.orders.map(({ id }: WireOrder) => id)).to.deep.equal(["1-5"]);
      const strange = await postAs(1, "/v1/cancel-market", { account: 2 });
      expect([strange.status, strange.body.code]).to.deep.equal([403, "SESSION_OF_ANOTHER_ACCOUNT"]);
      expect((await getAs(api.app, 2, "/v1/orders")).body.orders.length).to.equal(1);
    });

    it("finds orders by id, client id, market and status", async () => {
      await place({ slot: 1, sequence: 5 }, { clientId: "a" });
      await place({ slot: 2, sequence: 5, market: ETH, limitPriceTicks: 290_000 });
      await post(api.app, "/v1/cancel", cancelBody(1, 1, 5));
      const ids = async (query: string) =>
        (await getAs(api.app, 1, `/v1/orders${query}`)).body.orders.map(({ id }: WireOrder) => id);
      expect(await ids("")).to.deep.equal(["2-5"]);
      expect(await ids("?clientId=a")).to.deep.equal(["1-5"]);
      expect(await ids("?status=all&market=BTC-USD")).to.deep.equal(["1-5"]);
      expect((await getAs(api.app, 1, "/v1/orders/1-5")).body).to.deep.include({ clientId: "a", status: "closed" });
      expect((await getAs(api.app, 2, "/v1/orders/1-5")).body.code).to.equal("ORDER_NOT_FOUND");
    });
  });

  describe("the dead-man's switch", () => {
    const set = (timeoutMs: number) => postAs(1, "/v1/dead-mans-switch", { account: 1, timeoutMs });
    const look = (nowMs: number) => new DeadMansClock({ sequencer: api.sequencer, nowMs: () => nowMs }).look();
    const START_MS = EPOCH_SECONDS * 1_000;

    it("takes all orders out at its time, not a millisecond before, and is off then", async () => {
      await place({ slot: 1, sequence: 5 });
      await place({ account: 2, slot: 1, sequence: 5 });
      const { body } = await set(1_000);
      expect(body).to.deep.equal({ account: 1, deadlineMs: START_MS + 1_000 });
      look(START_MS + 999);
      expect((await getAs(api.app, 1, "/v1/orders")).body.orders.length).to.equal(1);
      api.sequencerClockMs = START_MS + 1_000;
      look(START_MS + 1_000);
      await api.sequencer.applyDurably({ type: "cancelAllApi", account: 3, market: null });
      expect((await getAs(api.app, 1, "/v1/orders")).body.orders).to.deep.equal([]);
      expect((await getAs(api.app, 2, "/v1/orders")).body.orders.length).to.equal(1);
      expect((await getAs(api.app, 1, "/v1/dead-mans-switch")).body.deadlineMs).to.equal(null);
      const { commandCount } = api.sequencer.state;
      look(START_MS + 5_000);
      expect(api.sequencer.state.commandCount).to.equal(commandCount);
    });

    it("starts anew whenever it is set, goes off with 0, and stays on when its owner cancels", async () => {
      await set(1_000);
      await set(5_000);
      look(START_MS + 4_999);
      expect((await getAs(api.app, 1, "/v1/dead-mans-switch")).body.deadlineMs).to.equal(START_MS + 5_000);
      await postAs(1, "/v1/cancel-market", { account: 1 });
      expect((await getAs(api.app, 1, "/v1/dead-mans-switch")).body.deadlineMs).to.equal(START_MS + 5_000);
      expect((await set(0)).body.deadlineMs).to.equal(null);
    });

    it("takes a second to a day", async () => {
      for (const [timeoutMs, status] of [
        [1_000, 200],
        [86_400_000, 200],
        [999, 400],
        [86_400_001, 400],
        [-1, 400],
        [1_000.5, 400],
      ] as const) {
        const reply = await set(timeoutMs);
        expect([reply.status, reply.body.field], `${timeoutMs}`).to.deep.equal([
          status,
          status === 200 ? undefined : "timeoutMs",
        ]);
      }
    });

    it("outlives a replay of the journal", async () => {
      const records: Parameters<typeof api.sequencer.state.execute>[0][] = [];
      const { state } = api.sequencer;
      api.sequencer.onAccepted((_, command) => records.push(command));
      await set(2_000);
      const replayed = testApi().sequencer.state;
      for (const command of records) replayed.execute(command, START_MS);
      expect(replayed.deadMansSwitches.entries()).to.deep.equal(state.deadMansSwitches.entries());
      expect(replayed.deadMansSwitches.due(START_MS + 2_000)).to.deep.equal([1]);
    });
  });
});
