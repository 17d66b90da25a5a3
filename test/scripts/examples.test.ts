import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { createApi } from "../../matcher/api/server.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { UnifiedExchange } from "../../scripts/examples/unified-exchange.ts";
import { CHAIN_ID, DOMAIN, EXCHANGE, immediately, keyOf, openedState } from "../sequencer/exchange-fixture.ts";

describe("examples for bot authors", () => {
  let app: FastifyInstance;
  let sequencer: Sequencer;
  let apiUrl: string;

  beforeEach(async () => {
    sequencer = new Sequencer({ state: openedState(3), verifier: immediately });
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    app = createApi({ sequencer, chainId: CHAIN_ID, exchange: EXCHANGE, domain: DOMAIN, markets });
    apiUrl = await app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(() => app.close());

  it("quote both sides, round after round, and leave nothing behind", async () => {
    const env = {
      ...process.env,
      CLEARBOOK_API: apiUrl,
      CLEARBOOK_ACCOUNT: "1",
      CLEARBOOK_TRADING_KEY: `0x${keyOf(1).scalar.toString(16)}`,
    };
    const args = ["--disable-warning=ExperimentalWarning", "scripts/examples/quoter.ts", "2"];
    const lines = await new Promise<string[]>((resolve, reject) => {
      execFile(process.execPath, args, { env }, (error, out, err) =>
        error === null ? resolve(out.trim().split("\n")) : reject(new Error(err)),
      );
    });
    const round = ["buy 0.01 at 64967.5", "sell 0.01 at 65032.5"];
    expect(lines).to.deep.equal([...round, ...round]);
    expect(sequencer.state.engine.book.openOrderCount(1)).to.equal(0);
    expect([...sequencer.state.deadMansSwitches.entries()]).to.deep.equal([]);
  });

  it("speak the method names that strategies know from elsewhere", async () => {
    const maker = await UnifiedExchange.connect({ apiUrl, account: 1, key: keyOf(1) });
    const taker = await UnifiedExchange.connect({ apiUrl, account: 2, key: keyOf(2) });
    expect((await maker.fetchMarkets()).map(({ symbol }) => symbol)).to.include("BTC-USD");
    const placed = await maker.createOrder("BTC-USD", "limit", "sell", "0.02", "65100.0", { clientId: "a" });
    expect(placed).to.deep.include({ clientOrderId: "a", status: "open", price: 65_100, remaining: 0.02 });
    const taken = await taker.createOrder("BTC-USD", "market", "buy", "0.005", "65200.0");
    expect(taken).to.deep.include({ status: "closed", filled: 0.005 });
    expect((await maker.fetchOrderBook("BTC-USD")).asks).to.deep.equal([[65_100, 0.015]]);
    expect(await maker.fetchTicker("BTC-USD")).to.deep.include({ last: 65_100, ask: 65_100, bid: undefined });
    expect((await maker.fetchOpenOrders()).map(({ id }) => id)).to.deep.equal([placed.id]);
    expect(await maker.cancelOrder(placed.id)).to.deep.include({ id: placed.id, status: "canceled" });
    expect((await taker.fetchMyTrades()).map(({ price }) => price)).to.deep.equal(["65100.0"]);
    expect((await taker.fetchBalance()).USD.total).to.be.below(100_000);
  });

  it("stand in the guide as they are", () => {
    const guide = readFileSync("docs/bots.md", "utf8");
    expect(guide).to.contain(readFileSync("scripts/examples/quoter.ts", "utf8").trim());
  });
});
