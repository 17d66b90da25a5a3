import { expect } from "chai";
import type { WireOrderbook } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { WireBookSnapshot } from "../../matcher/protocol/stream-wire.ts";
import { LocalBook } from "../../matcher/sdk/local-book.ts";
import type { CommandLog } from "../../matcher/sequencer/command-log.ts";
import { newState, openedState, order, unsigned } from "../sequencer/exchange-fixture.ts";
import { randomCommands } from "../sequencer/random-commands.ts";
import { get, marketOf, orderBody, post, type TestApi, testApi } from "./api-fixture.ts";
import { credulous, listening, pause, StreamClient } from "./stream-fixture.ts";

/** A log that writes when it is told to. */
class HeldLog implements CommandLog {
  private readonly writing: (() => void)[] = [];
  append(): Promise<void> {
    return new Promise((resolve) => this.writing.push(resolve));
  }
  write(records = 1): void {
    for (const resolve of this.writing.splice(0, records)) resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What two books can be compared by. */
function levels(book: LocalBook): { bids: unknown; asks: unknown } {
  const shown = ({ price, size, orders }: { price: string; size: string; orders: number }) => [price, size, orders];
  return { bids: book.bids().map(shown), asks: book.asks().map(shown) };
}

describe("the stream of a book", () => {
  let api: TestApi;
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  for (const seed of [1, 2, 3]) {
    it(`makes the book that GET shows, after each of many random commands (seed ${seed})`, async () => {
      api = testApi(0, {}, newState(), undefined, { verifier: credulous, streams: { flushMs: 0 } });
      const client = await StreamClient.open(await listening(api));
      const book = new LocalBook(marketOf(0));
      let updates = 0;
      book.reset((await client.subscribe({ channel: "orderbook", market: "BTC-USD" })).data as WireBookSnapshot);
      for (const command of randomCommands(seed, 300)) {
        if (command.type === "message") await api.sequencer.submit(command.message, { settle: command.settle });
        else api.sequencer.apply(command);
        const { body } = await get(api.app, "/v1/orderbook/BTC-USD?levels=1000");
        const { bids, asks, checksum } = body as WireOrderbook;
        // Every change is applied in turn, with its sequence and its checksum; in the end it must be the same book.
        while (JSON.stringify(levels(book)) !== JSON.stringify({ bids, asks })) {
          book.apply((await client.next("update", "orderbook")).data);
          updates += 1;
        }
        expect(book.checksum()).to.equal(checksum);
      }
      expect(updates).to.be.above(50);
      // A second reader begins with the same book.
      const late = await StreamClient.open(await api.app.listeningOrigin);
      const other = new LocalBook(marketOf(0));
      other.reset((await late.subscribe({ channel: "orderbook", market: "BTC-USD" })).data);
      expect(levels(other)).to.deep.equal(levels(book));
    });
  }

  it("tells nothing before it is durable, and then everything", async () => {
    const log = new HeldLog();
    api = testApi(4, {}, openedState(4), undefined, {
      verifier: credulous,
      log,
      streams: { flushMs: 0, accountMs: 0 },
    });
    const client = await StreamClient.open(await listening(api));
    const url = api.app.listeningOrigin;
    await client.subscribe({ channel: "orderbook", market: "BTC-USD" });
    const placing = api.sequencer.submit(unsigned(order({ account: 1, slot: 1, sequence: 64 })));
    await pause(20);
    expect((await get(api.app, "/v1/orderbook/BTC-USD")).body.bids, "the book is ahead").to.have.length(1);
    const early = await StreamClient.open(url);
    const { data } = await early.subscribe({ channel: "orderbook", market: "BTC-USD" });
    expect(data.bids).to.deep.equal([]);
    // What is read from the state waits.
    expect(await early.ask({ type: "subscribe", channel: "ticker", market: "BTC-USD" })).to.include({
      type: "subscribed",
    });
    await early.settled();
    await client.settled();
    expect([...client.heard, ...early.heard].map(({ type }) => type)).to.not.include("update");
    expect(early.heard.filter(({ channel, type }) => channel === "ticker" && type === "snapshot")).to.deep.equal([]);
    log.write();
    await placing;
    for (const reader of [client, early]) {
      const update = await reader.next("update", "orderbook");
      expect(update.data).to.deep.include({ bids: [["65000.0", "0.01", 1]], previousSequence: data.sequence });
    }
    expect((await early.next("snapshot", "ticker")).data).to.deep.include({ bidPrice: "65000.0" });
  });

  it("tells what happens within some milliseconds together, and the same bytes to all", async () => {
    api = testApi(4, {}, openedState(4), undefined, { streams: { flushMs: 50 } });
    const url = await listening(api);
    const clients = await Promise.all([1, 2, 3].map(() => StreamClient.open(url)));
    for (const client of clients) await client.subscribe({ channel: "orderbook", market: "ETH-USD" });
    const bodies = Array.from({ length: 20 }, (_, i) =>
      orderBody({ market: 1, slot: i, sequence: 64, limitPriceTicks: 300_000 - i, quantityLots: 10_000 }),
    );
    await Promise.all(bodies.map((body) => post(api.app, "/v1/orders", body)));
    const told = [];
    for (const client of clients) {
      const book = new LocalBook(marketOf(1));
      book.reset(client.heard.find(({ type }) => type === "snapshot").data);
      const own = [];
      while (book.bids().length < 20) {
        const update = await client.next("update", "orderbook");
        own.push(update);
        book.apply(update.data);
      }
      told.push(own);
    }
    expect(told[0]?.length).to.be.below(20);
    expect(told[1]).to.deep.equal(told[0]);
    expect(told[2]).to.deep.equal(told[0]);
  });

  it("numbers changes by market: what happens in another leaves no gap", async () => {
    api = testApi(4, {}, openedState(4), undefined, { streams: { flushMs: 0 } });
    const client = await StreamClient.open(await listening(api));
    const { data } = await client.subscribe({ channel: "orderbook", market: DEVNET_MARKETS[0]?.market.symbol });
    await post(
      api.app,
      "/v1/orders",
      orderBody({ market: 1, slot: 1, limitPriceTicks: 300_000, quantityLots: 10_000 }),
    );
    await pause(10);
    await post(api.app, "/v1/orders", orderBody({ slot: 2 }));
    const update = await client.next("update", "orderbook");
    expect(update).to.deep.include({ seq: 1, market: "BTC-USD" });
    expect(update.data.previousSequence).to.equal(data.sequence);
    expect(update.data.sequence).to.be.above(data.sequence + 2);
  });
});
