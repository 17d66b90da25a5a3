import { expect } from "chai";
import { STREAM_CLOSES } from "../../matcher/protocol/stream-channels.ts";
import { BTC_TICKS, EPOCH_SECONDS, epochOf, openedState, unsigned } from "../sequencer/exchange-fixture.ts";
import { get, loginBody, orderBody, post, type TestApi, type TestApiOptions, testApi, tokenOf } from "./api-fixture.ts";
import { credulous, listening, pause, StreamClient } from "./stream-fixture.ts";

const NOW_MS = EPOCH_SECONDS * 1_000;

describe("streams", () => {
  let api: TestApi;
  let url: string;
  const clients: StreamClient[] = [];

  async function start(options: TestApiOptions = {}): Promise<void> {
    api = testApi(4, {}, openedState(4), undefined, {
      ...options,
      streams: { flushMs: 0, accountMs: 0, ...options.streams },
    });
    url = await listening(api);
  }

  async function client(): Promise<StreamClient> {
    const opened = await StreamClient.open(url);
    clients.push(opened);
    return opened;
  }

  async function reader(account: number): Promise<StreamClient> {
    const opened = await client();
    const token = await tokenOf(api.app, account);
    expect(await opened.ask({ type: "login", token })).to.deep.include({ type: "logged-in", account, token: null });
    return opened;
  }

  const buy = (change: object = {}) => orderBody({ account: 1, slot: 1, sequence: 64, ...change });
  const sell = (change: object = {}) => orderBody({ account: 2, slot: 1, sequence: 64, side: "sell", ...change });

  afterEach(async () => {
    for (const opened of clients.splice(0)) opened.close();
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("tells trades, tickers and candles of a fill", async () => {
    await start();
    const one = await client();
    const market = "BTC-USD";
    expect((await one.subscribe({ channel: "trades", market })).data).to.deep.equal({ trades: [] });
    expect((await one.subscribe({ channel: "candles", market, resolution: "1m" })).data).to.deep.equal({ candles: [] });
    expect((await one.subscribe({ channel: "ticker", market })).data).to.deep.include({ lastPrice: null });
    await post(api.app, "/v1/orders", buy());
    await post(api.app, "/v1/orders", sell({ quantityLots: 400 }));
    const { data } = await one.next("update", "trades");
    const trades = (await get(api.app, "/v1/trades?market=BTC-USD")).body.trades;
    expect(data.trades).to.deep.equal(trades);
    expect(data.trades).to.have.length(1);
    const candle = { startMs: NOW_MS, open: "65000.0", high: "65000.0", low: "65000.0", close: "65000.0", trades: 1 };
    const told = (await one.next("update", "candles")).data.candles;
    expect(told).to.deep.equal([{ ...candle, volume: "0.004", quoteVolume: "260" }]);
    const ticker = await one.nextThat(({ type, channel, data: about }) => {
      return type === "update" && channel === "ticker" && about.lastPrice !== null;
    });
    const { atMs: _, ...now } = (await get(api.app, "/v1/ticker/BTC-USD")).body;
    expect(ticker.data).to.deep.include(now);
    const late = await client();
    expect((await late.subscribe({ channel: "trades", market })).data.trades).to.deep.equal(trades);
  });

  it("tells epochs, markets, funding and what is settled", async () => {
    await start();
    const one = await client();
    await one.subscribe({ channel: "markets" });
    await one.subscribe({ channel: "status" });
    await one.subscribe({ channel: "funding", market: "BTC-USD" });
    api.sequencer.apply({ type: "epoch", epoch: epochOf(2, { 0: "65100" }, { restricted: true }) });
    const markets = await one.next("update", "markets");
    expect(markets.data.epoch.number).to.equal(2);
    expect(markets.data.markets[0]).to.deep.include({ indexPrice: "65100.0", restricted: true });
    expect((await one.next("update", "status")).data).to.deep.include({ status: "trading" });
    await one.next("update", "funding");
    api.sequencer.apply({ type: "fundingSample", timeSeconds: epochOf(2).timeSeconds + 1 });
    expect((await one.next("update", "funding")).data.open.samples).to.equal(1);
    api.sequencer.finality.markProven(1, "0xabc", { first: 1, last: 4 });
    expect((await one.next("update", "status")).data).to.deep.include({
      steps: { emitted: api.sequencer.state.stepCount, proven: 4 },
    });
  });

  it("tells an account its orders, fills, figures and what of them became proven", async () => {
    await start();
    const one = await reader(1);
    for (const channel of ["orders", "fills", "account", "payments", "forced-trades", "finality"]) {
      await one.subscribe({ channel, account: 1 });
    }
    await post(api.app, "/v1/orders", buy({ slot: 3, sequence: 640 }));
    const { orders } = (await one.next("update", "orders")).data;
    expect(orders).to.have.length(1);
    expect(orders[0]).to.deep.include({ slot: 3, status: "open", remainingSize: "0.01" });
    await post(api.app, "/v1/orders", sell({ quantityLots: 400 }));
    const [order] = (await one.next("update", "orders")).data.orders;
    expect(order).to.deep.include({ filledSize: "0.004", remainingSize: "0.006" });
    const { fills } = (await one.next("update", "fills")).data;
    expect(fills).to.have.length(1);
    expect(fills[0]).to.deep.include({ role: "maker", side: "buy", fee: "0.052", slot: 3, sequence: 640 });
    const figures = await one.nextThat(({ type, channel, data }) => {
      return type === "update" && channel === "account" && data.account.positions.length > 0;
    });
    expect(figures.data.account).to.deep.equal((await get(api.app, "/v1/account/1")).body);
    const { stepCount } = api.sequencer.state;
    api.sequencer.finality.markProven(1, "0xabc", { first: 1, last: stepCount - 1 });
    api.sequencer.finality.markProven(2, "0xdef", { first: stepCount, last: stepCount });
    const news = (await one.next("update", "finality")).data;
    expect(news).to.deep.include({ fills: [{ tradeId: 1, market: "BTC-USD" }], provenThroughStep: stepCount });
    expect(news.batch.batchNumber).to.equal(2);
  });

  it("tells payments as they happen", async () => {
    await start({ verifier: credulous });
    const one = await reader(1);
    const { queueCursor } = api.sequencer.state.ledger.shared;
    await one.subscribe({ channel: "payments", account: 1 });
    const entry = {
      kind: "deposit",
      minSequence: 0,
      account: 1,
      amountMicroUsd: 5_000_000n,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    } as const;
    api.sequencer.apply({ type: "queue", entry, cursor: queueCursor });
    expect((await one.next("update", "payments")).data.deposits).to.deep.equal([
      { account: 1, amount: "5", atMs: NOW_MS, finality: { label: "matched", batchNumber: null, txHash: null } },
    ]);
    const paid = {
      kind: "withdrawal",
      account: 1,
      sequence: 0,
      expirySeconds: 2 ** 32 - 1,
      amountMicroUsd: 7n,
    } as const;
    await api.sequencer.submit(unsigned(paid));
    const { withdrawals } = (await one.next("update", "payments")).data;
    expect(withdrawals[0]).to.deep.include({ nonce: 0, amount: "0.000007" });
  });

  it("places, amends and cancels by the rules and with the answers of HTTP", async () => {
    await start();
    const one = await client();
    const placed = await one.ask({ type: "place", body: buy() });
    expect(placed).to.deep.include({ type: "result" });
    expect(placed.body.order).to.deep.include({ status: "open", price: "65000.0" });
    const amended = await one.ask({ type: "amend", body: buy({ sequence: 65, keepFilled: true, quantityLots: 500 }) });
    expect(amended.body.order).to.deep.include({ size: "0.005", sequence: 65 });
    const again = await one.ask({ type: "place", body: buy() });
    const http = await post(api.app, "/v1/orders", buy());
    if (again.type === "error") {
      expect(again).to.deep.include({ status: http.status });
      expect(again.error).to.deep.equal(http.body);
    } else expect(again.body).to.deep.equal(http.body);
    const wrong = { ...buy({ slot: 7 }), price: "65000.05" };
    const refused = await one.ask({ type: "place", body: wrong });
    const refusedThere = await post(api.app, "/v1/orders", wrong);
    expect(refused).to.deep.include({ type: "error", status: refusedThere.status, error: refusedThere.body });
    const shapeless = { ...buy(), side: "up" };
    const shape = (await one.ask({ type: "place", body: shapeless })).error;
    expect(shape).to.deep.include({ code: "INVALID_SIDE", field: "side" });
    const { price: _, ...lacking } = buy();
    expect((await one.ask({ type: "place", body: lacking })).error).to.deep.include({
      code: "MISSING_FIELD",
      field: "price",
    });
    const forged = { ...buy({ slot: 9 }), account: 2 };
    expect((await one.ask({ type: "place", body: forged })).error.code).to.equal("WRONG_SIGNATURE");
  });

  it("refuses what it does not know, each with a code, and goes on", async () => {
    await start();
    const one = await client();
    const market = "BTC-USD";
    const cases: [object, string, string | null][] = [
      [{ type: "subscribe", channel: "gossip" }, "UNKNOWN_CHANNEL", "channel"],
      [{ type: "subscribe" }, "MISSING_FIELD", "channel"],
      [{ type: "subscribe", channel: "orderbook" }, "MISSING_FIELD", "market"],
      [{ type: "subscribe", channel: "orderbook", market: "XYZ-USD" }, "UNKNOWN_MARKET", "market"],
      [{ type: "subscribe", channel: "orderbook", market, account: 1 }, "MALFORMED", "account"],
      [{ type: "subscribe", channel: "status", market }, "MALFORMED", "market"],
      [{ type: "subscribe", channel: "trades", market, resolution: "1m" }, "MALFORMED", "resolution"],
      [{ type: "subscribe", channel: "candles", market }, "MISSING_FIELD", "resolution"],
      [{ type: "subscribe", channel: "candles", market, resolution: "2m" }, "MALFORMED", "resolution"],
      [{ type: "subscribe", channel: "orders" }, "MISSING_FIELD", "account"],
      [{ type: "subscribe", channel: "orders", account: -1 }, "INVALID_ACCOUNT", "account"],
      [{ type: "subscribe", channel: "orders", account: 1 }, "SESSION_REQUIRED", null],
      [{ type: "unsubscribe", channel: "trades", market }, "NOT_SUBSCRIBED", "channel"],
      [{ type: "logout", account: 1 }, "SESSION_REQUIRED", null],
      [{ type: "shout" }, "MALFORMED", "type"],
      [{ type: "ping", loud: true }, "MALFORMED", "loud"],
      [{ type: 7 }, "MISSING_FIELD", "type"],
      [{ type: "place" }, "MISSING_FIELD", "body"],
      [{ type: "constructor" }, "MALFORMED", "type"],
      [{ type: "login", token: "nonsense" }, "SESSION_REQUIRED", "token"],
    ];
    for (const [message, code, field] of cases) {
      const { type, error } = await one.ask(message);
      expect({ type, code: error?.code, field: error?.field }, JSON.stringify(message)).to.deep.equal({
        type: "error",
        code,
        field,
      });
    }
    await one.subscribe({ channel: "trades", market });
    expect((await one.ask({ type: "subscribe", channel: "trades", market })).error.code).to.equal("ALREADY_SUBSCRIBED");
    expect((await one.ask({ type: "unsubscribe", channel: "trades", market })).type).to.equal("unsubscribed");
    await post(api.app, "/v1/orders", buy());
    await post(api.app, "/v1/orders", sell());
    await pause(20);
    await one.settled();
    expect(one.heard.filter(({ type }) => type === "update")).to.deep.equal([]);
  });

  it("takes a login once, in its minute, from the account's key alone", async () => {
    await start({ nowMs: () => NOW_MS, sessions: { lifetimeMs: 60_000 } });
    const one = await client();
    const login = { type: "login", ...loginBody(1, NOW_MS) };
    expect((await one.ask({ ...login, issuedAtMs: NOW_MS - 60_001 })).error.code).to.equal("LOGIN_EXPIRED");
    expect((await one.ask({ ...login, issuedAtMs: NOW_MS + 60_001 })).error.code).to.equal("LOGIN_EXPIRED");
    expect((await one.ask({ type: "login", ...loginBody(1, NOW_MS, 2) })).error.code).to.equal("WRONG_SIGNATURE");
    expect((await one.ask({ ...login, account: 2 })).error.code).to.equal("WRONG_SIGNATURE");
    const { token } = await one.ask(login);
    expect((await one.ask(login)).error.code).to.equal("LOGIN_USED");
    const other = await client();
    expect((await other.ask(login)).error.code, "on another connection, too").to.equal("LOGIN_USED");
    expect(await other.ask({ type: "login", token })).to.deep.include({ type: "logged-in", account: 1, token: null });
    // Two accounts on one connection.
    await one.ask({ type: "login", ...loginBody(2, NOW_MS) });
    await one.subscribe({ channel: "orders", account: 1 });
    await one.subscribe({ channel: "orders", account: 2 });
  });

  it("stops telling an account when its session ends, by time, by logout there or here", async () => {
    let nowMs = NOW_MS;
    await start({ nowMs: () => nowMs, sessions: { lifetimeMs: 1_000 } });
    const one = await client();
    await one.ask({ type: "login", ...loginBody(1, nowMs) });
    await one.subscribe({ channel: "orders", account: 1 });
    nowMs += 999;
    await post(api.app, "/v1/orders", buy());
    await one.next("update", "orders");
    nowMs += 1;
    await post(api.app, "/v1/orders", buy({ slot: 2 }));
    expect(await one.next("logged-out")).to.deep.include({ account: 1, reason: "expired", id: null });
    expect((await one.ask({ type: "subscribe", channel: "orders", account: 1 })).error.code).to.equal(
      "SESSION_REQUIRED",
    );
    const { token } = await one.ask({ type: "login", ...loginBody(1, nowMs) });
    await one.subscribe({ channel: "orders", account: 1 });
    await api.app.inject({
      method: "POST",
      url: "/v1/logout",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      payload: "{}",
    });
    await post(api.app, "/v1/orders", buy({ slot: 3 }));
    expect(await one.next("logged-out")).to.deep.include({ account: 1, reason: "expired" });
    await one.ask({ type: "login", ...loginBody(1, nowMs + 1) });
    await one.subscribe({ channel: "orders", account: 1 });
    expect(await one.ask({ type: "logout", account: 1 })).to.deep.include({ type: "logged-out", reason: "asked" });
    await post(api.app, "/v1/orders", buy({ slot: 4 }));
    await one.settled();
    expect(one.heard.filter(({ type, channel }) => type === "update" && channel === "orders")).to.have.length(1);
  });

  it("never tells one account's connection anything of another's", async () => {
    await start();
    const readers = [await reader(1), await reader(2), await reader(3)];
    for (const [i, one] of readers.entries()) {
      for (const channel of [
        "orders",
        "conditional-orders",
        "fills",
        "account",
        "payments",
        "forced-trades",
        "finality",
      ]) {
        await one.subscribe({ channel, account: i + 1 });
      }
      const refusal = await one.ask({ type: "subscribe", channel: "fills", account: ((i + 1) % 3) + 1 });
      expect(refusal.error.code).to.equal("SESSION_REQUIRED");
      const ending = await one.ask({ type: "unsubscribe", channel: "fills", account: ((i + 1) % 3) + 1 });
      expect(ending.error.code).to.equal("SESSION_REQUIRED");
    }
    for (let i = 0; i < 10; i++) {
      const maker = 1 + (i % 3);
      const taker = 1 + ((i + 1) % 3);
      const limitPriceTicks = BTC_TICKS + i;
      await post(api.app, "/v1/orders", orderBody({ account: maker, slot: i, sequence: 64, limitPriceTicks }));
      const taking = { account: taker, slot: 100 + i, sequence: 64, side: "sell", limitPriceTicks } as const;
      await post(api.app, "/v1/orders", orderBody(taking));
    }
    api.sequencer.finality.markProven(1, "0xabc", { first: 1, last: api.sequencer.state.stepCount });
    for (const [i, one] of readers.entries()) {
      await one.next("update", "finality");
      await one.settled();
      const account = i + 1;
      for (const told of one.heard.filter(({ channel }) => channel !== undefined)) {
        expect(told.account).to.equal(account);
        for (const order of told.data?.orders ?? []) expect(order.account).to.equal(account);
        expect(told.data?.account?.account ?? account).to.equal(account);
      }
      expect(one.heard.some(({ type, channel }) => type === "update" && channel === "fills")).to.equal(true);
    }
  });

  it("holds each client to its messages, subscriptions, logins and sizes", async () => {
    const streams = { messagesBurst: 10, messagesPerSecond: 0.001, excessMessagesMax: 5, subscriptionsMax: 2 };
    await start({ streams });
    const one = await client();
    await one.subscribe({ channel: "status" });
    await one.subscribe({ channel: "markets" });
    const third = { type: "subscribe", channel: "trades", market: "BTC-USD" };
    expect((await one.ask(third)).error.code).to.equal("TOO_MANY_SUBSCRIPTIONS");
    await one.ask({ type: "unsubscribe", channel: "status" });
    expect((await one.ask(third)).type).to.equal("subscribed");
    for (let i = 0; i < 5; i++) await one.settled();
    expect((await one.ask({ type: "ping" })).error.code).to.equal("RATE_LIMIT");
    // Whoever wants out gets out.
    const placed = await post(api.app, "/v1/orders", buy());
    expect(placed.status).to.equal(200);
    const { signature } = buy();
    const cancel = { type: "cancel", body: { account: 1, slot: 1, sequence: 64, signature } };
    expect((await one.ask(cancel)).error.code).to.equal("WRONG_SIGNATURE");
    for (let i = 0; i < 5; i++) one.say({ type: "ping" });
    expect((await one.ended()).code).to.equal(STREAM_CLOSES.tooManyMessages);
  });

  it("ends connections that guess logins or send too much at once", async () => {
    await start({ streams: { failedLoginsMax: 3, messageBytesMax: 2_000 } });
    const guesser = await client();
    for (let i = 0; i < 3; i++) guesser.say({ type: "login", token: `guess ${i}` });
    expect((await guesser.ended()).code).to.equal(STREAM_CLOSES.failedLogins);
    const shouter = await client();
    shouter.say(JSON.stringify({ type: "ping", id: "x".repeat(2_000) }));
    expect((await shouter.ended()).code).to.equal(STREAM_CLOSES.messageTooLong);
  });

  it("lets so many connections in, and answers the next like any request", async () => {
    await start({ streams: { connectionsPerAddressMax: 2 } });
    await client();
    const second = await client();
    const upgrade = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const asked = await fetchUpgrade(url, { ...upgrade, "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" });
    expect(asked.status).to.equal(429);
    expect(asked.body.code).to.equal("TOO_MANY_CONNECTIONS");
    second.close();
    await second.ended();
    await pause(20);
    await client();
    expect((await get(api.app, "/v1/stream")).body).to.deep.include({ code: "MALFORMED" });
  });

  it("says why when it stops, and waits for nobody", async () => {
    await start();
    const one = await client();
    await one.subscribe({ channel: "orderbook", market: "BTC-USD" });
    await post(api.app, "/v1/orders", buy());
    await api.app.close();
    const { code, reason } = await one.ended();
    expect(code).to.equal(STREAM_CLOSES.goingAway);
    expect(reason).to.match(/stops/);
    // What was known was told first.
    expect(one.heard.at(-1)).to.deep.include({ type: "update", channel: "orderbook" });
  });

  it("drops who does not answer pings, and keeps who does", async () => {
    await start({ streams: { pingIntervalMs: 300 } });
    const alive = await client();
    const silent = await silentClient(url);
    while (silent.readyState !== "closed") await pause(20);
    await alive.settled();
  });
});

/** Asks for an upgrade and reads what is answered in its place. */
async function fetchUpgrade(url: string, headers: Record<string, string>) {
  const { request } = await import("node:http");
  return new Promise<{ status: number; body: { code: string } }>((resolve, reject) => {
    const asking = request(`${url}/v1/stream`, { headers }, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => {
        text += part.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    asking.on("error", reject);
    asking.end();
  });
}

/** A client that connects and then says nothing, not even that it is there. */
async function silentClient(url: string) {
  const { connect } = await import("node:net");
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13";
  socket.write(`GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`);
  socket.on("error", () => {});
  socket.resume();
  return socket;
}
