import { execFile } from "node:child_process";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { createApi } from "../../matcher/api/server.ts";
import type { WireCancelled, WireOrder, WirePlaced } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { renderTable } from "../../scripts/cli/table.ts";
import { CHAIN_ID, DOMAIN, EXCHANGE, immediately, keyOf, openedState } from "../sequencer/exchange-fixture.ts";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe("the command line", () => {
  let app: FastifyInstance;
  let apiUrl: string;

  before(async () => {
    const sequencer = new Sequencer({ state: openedState(3), verifier: immediately });
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    app = createApi({ sequencer, chainId: CHAIN_ID, exchange: EXCHANGE, domain: DOMAIN, markets });
    apiUrl = await app.listen({ host: "127.0.0.1", port: 0 });
  });
  after(() => app.close());

  function cli(account: number, ...args: string[]): Promise<Ended> {
    const env = {
      ...process.env,
      CLEARBOOK_API: apiUrl,
      CLEARBOOK_TRADING_KEY: `0x${keyOf(account).scalar.toString(16)}`,
    };
    const place = ["--disable-warning=ExperimentalWarning", "scripts/cli.ts", "--account", `${account}`];
    return new Promise((resolve) => {
      execFile(process.execPath, [...place, ...args], { env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  }

  it("places, shows, fills and cancels orders with a raw trading key", async () => {
    const json = async <T>(account: number, ...args: string[]): Promise<T> => {
      const { code, out, err } = await cli(account, "--json", ...args);
      expect(code, err).to.equal(0);
      return JSON.parse(out) as T;
    };
    const resting = ["place", "BTC-USD", "sell", "0.01", "--price", "65100.0", "--client-id", "ask"];
    const placed = await json<WirePlaced>(1, ...resting);
    expect(placed.order).to.deep.include({ status: "open", clientId: "ask", price: "65100.0" });
    const [orders, book] = await Promise.all([json<WireOrder[]>(1, "orders"), cli(2, "book", "BTC-USD")]);
    expect(orders.map(({ slot }) => slot)).to.deep.equal([placed.order.slot]);
    expect(book.out).to.match(/ask +65100\.0 +0\.01 +1\n/);
    // Without a price: at once, and no worse than half a percent beyond the best offer.
    const taken = await json<WirePlaced>(2, "place", "BTC-USD", "buy", "0.004");
    expect(taken.fills.map(({ price, size }) => [price, size])).to.deep.equal([["65100.0", "0.004"]]);
    expect(taken.order).to.deep.include({ price: "65425.5", reason: "filled" });
    const cancelled = await json<WireCancelled>(1, "cancel", "--client-id", "ask");
    expect(cancelled.orders.map(({ filledSize }) => filledSize)).to.deep.equal(["0.004"]);
    const positions = await cli(2, "positions");
    expect(positions.out).to.match(/BTC-USD +long +0\.004 +65100\.0/);
  });

  it("places, shows and cancels conditional orders", async () => {
    const worst = ["--worst", "60000.0"];
    const twap = ["twap", "BTC-USD", "buy", "0.01", "--worst", "66000.0", "--parts", "5", "--interval-seconds", "60"];
    const [stop, bracket, cancelAt, slices] = await Promise.all([
      cli(3, "stop", "BTC-USD", "sell", "0.01", ...worst, "--trigger", "64000.0", "--client-id", "guard"),
      cli(3, "bracket", "BTC-USD", "buy", "0.01", ...worst, "--take-profit", "70000.0", "--stop", "59000.0"),
      cli(3, "cancel-at", "1-1", "tomorrow"),
      cli(2, ...twap),
    ]);
    expect(stop.err).to.equal("");
    expect(stop.out).to.match(/single +BTC-USD +sell +60000\.0 +0 +0\.01 +stop 64000\.0 +waiting +guard/);
    expect(bracket.err).to.match(/A stop needs its trigger and its worst price/);
    expect(cancelAt.err).to.match(/"tomorrow" is no time/);
    expect(slices.out).to.match(/5 parts, one every 60 s +active/);
    await cli(3, "cancel-all");
    expect((await cli(3, "conditional")).out).to.equal("no conditional orders\n");
  });

  it("watches a market and an account while things happen", async () => {
    const client = await ClearbookClient.connect({ apiUrl, key: keyOf(1), account: 1 });
    const taker = await ClearbookClient.connect({ apiUrl, key: keyOf(2), account: 2 });
    // What comes and goes within a moment a book need not show; this stays.
    await client.place({ market: "SOL-USD", side: "sell", price: "151.000", size: "2" });
    const watching = Promise.all([cli(1, "watch", "SOL-USD", "--for", "4"), cli(1, "watch", "--for", "4")]);
    // For as long as they watch: nobody knows how soon a process has started.
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    watching.then(over, over);
    while (!isOver) {
      await client.place({ market: "SOL-USD", side: "sell", price: "150.000", size: "1" });
      await taker.place({ market: "SOL-USD", side: "buy", price: "150.000", size: "1", timeInForce: "IOC" });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const [market, account] = await watching;
    expect(market.err + account.err).to.equal("");
    expect(market.out).to.match(/SOL-USD {2}– at – \| 151\.000 for 2\n/);
    expect(market.out).to.match(/SOL-USD {2}buy 1 at 150\.000\n/);
    expect(account.out).to.match(/order \d+-\d+: SOL-USD sell 1\/1 at 150\.000, filled\n/);
    expect(account.out).to.match(/fill \d+: SOL-USD sell 1 at 150\.000 as maker, fee /);
  });

  it("says in one sentence and an exit code what is wrong", async () => {
    const ended = await Promise.all([
      cli(1, "place", "BTC-USD", "buy", "0.01"),
      cli(1, "place", "BTC-USD", "buy", "0.01", "--price", "60000.05"),
      cli(1, "place", "BTC-USD", "hold", "0.01"),
      cli(1, "cancel", "7"),
      cli(1, "deposit", "5", "--rpc", "http://127.0.0.1:9"),
      cli(1, "place", "PEPE-USD", "buy", "1"),
    ]);
    const expected = [
      /^There is no offer in BTC-USD: give a --price to wait at\.$/,
      /60000\.05/,
      /it is "buy" or "sell"/,
      /^No such order is open/,
      /^No chain answers at http:\/\/127\.0\.0\.1:9\.$/,
      /^There is no market PEPE-USD/,
    ];
    for (const [at, { code, out, err }] of ended.entries()) {
      expect(code, `${at}`).to.equal(1);
      expect(err.trim()).to.match(expected[at] as RegExp);
      expect(err.trim().split("\n").length, err).to.equal(1);
      expect(out).to.equal("");
    }
  });

  it("draws tables whose columns are as wide as what is in them", () => {
    expect(
      renderTable(
        ["a", "long head"],
        [
          ["wide cell", "b"],
          ["c", ""],
        ],
      ),
    ).to.equal("a          long head\nwide cell  b\nc");
  });

  it("leaves no order behind that its client does not see", async () => {
    const client = await ClearbookClient.connect({ apiUrl, key: keyOf(3), account: 3 });
    await client.place({ market: "ETH-USD", side: "buy", price: "2900.00", size: "0.1" });
    const { code } = await cli(3, "cancel-all");
    expect(code).to.equal(0);
    expect(await client.orders()).to.deep.equal([]);
  });
});
