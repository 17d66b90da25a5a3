import { expect } from "chai";
import type { WireNewFills, WireOrderChanges } from "../../matcher/protocol/stream-wire.ts";
import { ClearbookError, Http, Unreachable } from "../../matcher/sdk/http.ts";
import type { LiveBook } from "../../matcher/sdk/live-book.ts";
import { OrderSigner } from "../../matcher/sdk/order-signer.ts";
import { Session } from "../../matcher/sdk/session.ts";
import { ClearbookStream, type StreamState } from "../../matcher/sdk/stream.ts";
import { get, marketOf, orderBody, post, type TestApi, type TestApiOptions, testApi } from "../api/api-fixture.ts";
import { listening, pause } from "../api/stream-fixture.ts";
import { BTC_TICKS, DOMAIN, EPOCH_SECONDS, keyOf, openedState } from "../sequencer/exchange-fixture.ts";
import { StreamProxy, type Tamper } from "./stream-proxy.ts";

const RETRY_MS = { first: 10, max: 50 };
const BTC = marketOf(0);

describe("the SDK's stream", () => {
  let api: TestApi;
  let proxy: StreamProxy;
  let direct: string;
  let slot = 0;
  const streams: ClearbookStream[] = [];
  const states: StreamState[] = [];

  async function start(options: TestApiOptions = {}): Promise<void> {
    api = testApi(4, {}, openedState(4), undefined, {
      ...options,
      streams: { flushMs: 0, accountMs: 0, ...options.streams },
    });
    direct = await listening(api);
    proxy = await StreamProxy.open(direct);
  }

  function open(accounts: number[] = []): ClearbookStream {
    const sessions = accounts.map((account) => {
      const signer = new OrderSigner(keyOf(account), DOMAIN);
      return new Session(new Http(direct), signer, account, () => EPOCH_SECONDS * 1_000);
    });
    const stream = new ClearbookStream({
      apiUrl: proxy.url,
      sessions,
      retryMs: RETRY_MS,
      onState: (state) => states.push(state),
    });
    streams.push(stream);
    return stream;
  }

  /** An order of account 1 on a slot of its own. */
  async function bid(ticksBelow: number, quantityLots = 10): Promise<void> {
    slot += 1;
    const limitPriceTicks = BTC_TICKS - ticksBelow;
    const { status } = await post(
      api.app,
      "/v1/orders",
      orderBody({ slot, sequence: 64, limitPriceTicks, quantityLots }),
    );
    expect(status).to.equal(200);
  }

  async function sell(quantityLots = 5): Promise<void> {
    slot += 1;
    const terms = {
      account: 2,
      side: "sell",
      slot,
      sequence: 64,
      limitPriceTicks: BTC_TICKS - 500,
      quantityLots,
    } as const;
    expect((await post(api.app, "/v1/orders", orderBody({ ...terms, timeInForce: "IOC" }))).status).to.equal(200);
  }

  async function until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await pause(5);
  }

  /** The copy is what the exchange has. */
  async function expectSame(book: LiveBook): Promise<void> {
    const { body } = await get(api.app, "/v1/orderbook/BTC-USD?levels=1000");
    await until(() => book.inSync && book.checksum() === body.checksum);
    expect(book.bids().map(({ price, size, orders }) => [price, size, orders])).to.deep.equal(body.bids);
    expect(book.asks().map(({ price, size, orders }) => [price, size, orders])).to.deep.equal(body.asks);
  }

  beforeEach(() => {
    slot = 0;
    states.length = 0;
  });

  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    await proxy.close();
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("keeps a copy of the book", async () => {
    await start();
    let changes = 0;
    const book = open().book(BTC, () => {
      changes += 1;
    });
    await book.ready();
    for (let i = 1; i < 10; i++) await bid(i);
    await sell();
    await expectSame(book);
    expect(book.bestBid).to.deep.include({ price: "64999.9", size: "0.00005", orders: 1, priceTicks: BTC_TICKS - 1 });
    expect(book.bestAsk).to.equal(null);
    expect(changes).to.be.above(5);
    expect(book.resyncCount).to.equal(0);
  });

  const isUpdate = (text: string) => text.startsWith('{"type":"update","channel":"orderbook"');
  const lies: [string, (lie: () => boolean) => Tamper, number][] = [
    ["a message is lost", (lie) => (text) => (isUpdate(text) && lie() ? null : text), 0],
    [
      "a message is lost and those after it are numbered as if it had never been",
      (lie) => {
        let lost = 0;
        return (text) => {
          const told = JSON.parse(text);
          if (told.channel === "orderbook" && told.type !== "update") lost = 0;
          if (!isUpdate(text)) return text;
          if (lie()) {
            lost += 1;
            return null;
          }
          return JSON.stringify({ ...told, seq: told.seq - lost });
        };
      },
      1,
    ],
    [
      "a size is another",
      (lie) => (text) => (isUpdate(text) && lie() ? text.replace(/"0\.0001"/, '"0.0002"') : text),
      1,
    ],
    ["a price is another", (lie) => (text) => (isUpdate(text) && lie() ? text.replace(/"649/, '"648') : text), 1],
    [
      "a checksum is another",
      (lie) => (text) => (isUpdate(text) && lie() ? text.replace(/"checksum":\d+/, '"checksum":1') : text),
      1,
    ],
    [
      "a level is none",
      (lie) => (text) => (isUpdate(text) && lie() ? text.replace(/"bids":\[\[/, '"bids":[["x","1",1],[') : text),
      1,
    ],
  ];
  for (const [what, tamperOf, resyncs] of lies) {
    it(`notices that ${what}, and reads the book again`, async () => {
      await start();
      let isLying = false;
      let lied = 0;
      proxy.tamper = tamperOf(() => {
        if (!isLying) return false;
        isLying = false;
        lied += 1;
        return true;
      });
      const book = await open().book(BTC).ready();
      await bid(1);
      await expectSame(book);
      isLying = true;
      await bid(2);
      await until(() => lied === 1);
      await bid(3);
      await expectSame(book);
      await bid(4);
      await expectSame(book);
      expect(book.resyncCount).to.equal(resyncs);
      expect(proxy.said.filter((text) => text.includes('"unsubscribe"'))).to.have.length(1);
    });
  }

  it("comes back after a lost connection, with books as they are then", async () => {
    await start();
    const stream = open();
    const book = await stream.book(BTC).ready();
    await bid(1);
    await expectSame(book);
    proxy.cut();
    await until(() => !book.inSync);
    await bid(2);
    await expectSame(book);
    expect(states.map(({ state }) => state)).to.deep.equal(["open", "lost", "open"]);
  });

  it("misses nothing of an account over lost connections, and is told nothing twice", async () => {
    await start();
    const stream = open([1]);
    const told: string[] = [];
    const note = ({ orders }: WireOrderChanges) =>
      told.push(...orders.map(({ slot: at, filledSize }) => `${at} ${filledSize}`));
    const fills: number[] = [];
    let snapshots = 0;
    stream.subscribe(
      { channel: "orders", account: 1 },
      {
        onSnapshot: () => {
          snapshots += 1;
        },
        onUpdate: note,
      },
    );
    const subscription = stream.subscribe(
      { channel: "fills", account: 1 },
      { onUpdate: ({ fills: news }: WireNewFills) => fills.push(...news.map(({ tradeId }) => tradeId)) },
    );
    await until(() => subscription.inSync && snapshots === 1);
    const expected: string[] = [];
    for (let round = 1; round <= 4; round++) {
      await bid(round);
      expected.push(`${slot} 0`);
      // Each fills a part of the best one, the first.
      await sell(2);
      expected.push(`1 ${(round * 0.00002).toFixed(5)}`);
      if (round < 4) proxy.cut();
      await pause(10);
    }
    await until(() => told.length >= expected.length && fills.length >= 4);
    expect(told).to.deep.equal(expected);
    expect(fills).to.deep.equal([1, 2, 3, 4]);
    expect(snapshots).to.equal(1);
    expect(proxy.connections).to.be.above(1);
  });

  it("logs in again when its session has ended", async () => {
    let nowMs = EPOCH_SECONDS * 1_000;
    await start({ nowMs: () => nowMs, sessions: { lifetimeMs: 20_000 } });
    const signer = new OrderSigner(keyOf(1), DOMAIN);
    const session = new Session(new Http(direct), signer, 1, () => nowMs);
    const stream = new ClearbookStream({ apiUrl: proxy.url, sessions: [session], retryMs: RETRY_MS });
    streams.push(stream);
    const told: number[] = [];
    const subscription = stream.subscribe(
      { channel: "orders", account: 1 },
      { onUpdate: ({ orders }) => told.push(...orders.map((order) => order.slot)) },
    );
    await until(() => subscription.inSync);
    await bid(1);
    nowMs += 20_001;
    await bid(2);
    await until(() => told.length >= 2);
    await bid(3);
    await until(() => told.length >= 3);
    expect(told).to.deep.equal([1, 2, 3]);
  });

  it("can be looped over, from the snapshot on", async () => {
    await start();
    const stream = open();
    const subscription = stream.subscribe({ channel: "trades", market: "BTC-USD" });
    await until(() => subscription.inSync);
    await bid(1);
    const seen: string[] = [];
    for await (const { kind, data } of subscription) {
      seen.push(`${kind} ${data.trades.length}`);
      if (seen.length === 3) break;
      await sell(2);
    }
    expect(seen).to.deep.equal(["snapshot 0", "update 1", "update 1"]);
    // Leaving the loop has ended the subscription; another one can begin.
    const again = stream.subscribe({ channel: "trades", market: "BTC-USD" });
    await until(() => again.inSync);
    again.close();
  });

  it("places and cancels, and says so when it does not know what became of an order", async () => {
    await start();
    const stream = open();
    await until(() => states.length === 1);
    const placed = await stream.place(orderBody({ slot: 7, sequence: 64 }));
    expect(placed.order).to.deep.include({ slot: 7, status: "open" });
    const wrong = orderBody({ slot: 8, sequence: 64 }, { price: "0" });
    const refused = await stream.place(wrong).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(ClearbookError);
    expect((refused as ClearbookError).code).to.equal("PRICE_ZERO");
    // The answer is lost with the connection.
    proxy.tamper = (text) => (text.includes('"result"') ? null : text);
    const placing = stream.place(orderBody({ slot: 9, sequence: 64 })).catch((error: unknown) => error);
    await until(() => api.sequencer.state.engine.book.orderCount === 2);
    proxy.cut();
    expect(await placing).to.be.instanceOf(Unreachable);
    proxy.tamper = (text) => text;
    await until(() => states.at(-1)?.state === "open" && states.length === 3);
    // Again, the same: it acts once.
    expect((await stream.place(orderBody({ slot: 9, sequence: 64 }))).duplicate).to.equal(true);
  });

  it("refuses what cannot be, and hands on what the exchange refuses", async () => {
    await start();
    const stream = open([1]);
    expect(() => stream.subscribe({ channel: "orders", account: 2 })).to.throw(RangeError, /session/);
    stream.subscribe({ channel: "status" });
    expect(() => stream.subscribe({ channel: "status" })).to.throw(RangeError, /already/);
    let failure: Error | null = null;
    stream.subscribe(
      { channel: "trades", market: "XYZ-USD" },
      {
        onError: (error) => {
          failure = error;
        },
      },
    );
    await until(() => failure !== null);
    expect((failure as ClearbookError | null)?.code).to.equal("UNKNOWN_MARKET");
    const nowhere = stream.book({ ...BTC, symbol: "ABC-USD" });
    const error = await nowhere.ready().catch((cause: unknown) => cause);
    expect((error as ClearbookError).code).to.equal("UNKNOWN_MARKET");
  });
});
