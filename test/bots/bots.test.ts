import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import { runBotLoop } from "../../matcher/bots/bot-loop.ts";
import { Dice } from "../../matcher/bots/dice.ts";
import { ladder } from "../../matcher/bots/ladder.ts";
import { MarketMaker } from "../../matcher/bots/market-maker.ts";
import { paceOf } from "../../matcher/bots/pace.ts";
import { Taker } from "../../matcher/bots/taker.ts";
import { readWallet, WalletFileError } from "../../matcher/bots/wallet-file.ts";
import type { WireMarket, WireStatus } from "../../matcher/protocol/api-wire.ts";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { Unreachable } from "../../matcher/sdk/http.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import { marketOf, type TestApi, testApi } from "../api/api-fixture.ts";
import { EPOCH_SECONDS, epochOf, keyOf } from "../sequencer/exchange-fixture.ts";

const nowMs = () => EPOCH_SECONDS * 1_000;

describe("the bots", () => {
  let api: TestApi;
  let apiUrl: string;
  const client = (account: number) => ClearbookClient.connect({ apiUrl, key: keyOf(account), account, nowMs });

  async function open(limits = {}): Promise<void> {
    api = testApi(4, limits);
    apiUrl = await api.app.listen({ host: "127.0.0.1", port: 0 });
  }
  afterEach(async () => {
    await api?.app.close();
    expect(api?.defects).to.deep.equal([]);
  });

  it("quotes both sides of every live market, leaves near quotes alone, follows the index, and takes all out at the end", async () => {
    await open();
    const trader = await client(1);
    const maker = new MarketMaker(trader, { levels: 2 });
    await maker.turn();
    const first = await trader.orders();
    expect(first.length).to.equal(4 * 2 * 2);
    expect(first.every(({ status, filledSize }) => status === "open" && filledSize === "0")).to.equal(true);
    await maker.turn();
    expect(maker.replacedCount).to.equal(16);
    api.sequencer.apply({ type: "epoch", epoch: epochOf(2, { 0: "66000" }) });
    await maker.turn();
    const moved = await trader.orders();
    expect(moved.length).to.equal(16);
    expect(maker.replacedCount).to.equal(20);
    expect(new Set(moved.map(({ slot }) => slot))).to.deep.equal(new Set(first.map(({ slot }) => slot)));
    const btc = moved.filter(({ market }) => market === "BTC-USD").map(({ price }) => Number(price));
    expect(Math.min(...btc)).to.be.within(65_900, 66_000);
    expect(Math.max(...btc)).to.be.within(66_000, 66_100);
    // Another run of the same bot does not leave the old quotes standing.
    const again = await client(1);
    const next = new MarketMaker(again, { levels: 1 });
    await next.turn();
    expect((await again.orders()).length).to.equal(4 * 2);
    await next.stop();
    expect(await trader.orders()).to.deep.equal([]);
  });

  it("trade with each other for a while; the ledger adds up, and the same seeds give the same history", async function () {
    this.timeout(50_000);
    const heads: bigint[] = [];
    for (let run = 0; run < 2; run++) {
      await open();
      const maker = new MarketMaker(await client(1), { levels: 2 });
      const takers = [2, 3].map(async (account) => new Taker(await client(account), new Dice(account)));
      for (let turn = 0; turn < 15; turn++) {
        await maker.turn();
        for (const taker of takers) await (await taker).turn();
        if (turn === 7) api.sequencer.apply({ type: "epoch", epoch: epochOf(2, { 0: "65100", 1: "2990" }) });
      }
      const fills = (await Promise.all(takers)).reduce((sum, { filledCount }) => sum + filledCount, 0);
      expect(fills).to.be.above(15);
      expect(audit(api.sequencer.state.ledger)).to.deep.equal([]);
      heads.push(api.sequencer.state.journalHead);
      if (run === 0) await api.app.close();
    }
    expect(heads[0]).to.equal(heads[1]);
  });

  it("stop by themselves when too much is unproven, and go on when proofs have come", async () => {
    await open({ unprovenRowsMax: 16 });
    const maker = new MarketMaker(await client(1), { levels: 1 });
    await maker.turn();
    const taker = new Taker(await client(2), new Dice(5));
    for (let turn = 0; turn < 60; turn++) await taker.turn();
    const { state, backlog, finality } = api.sequencer;
    // A quarter of the bound: the takers never reach it, so nobody is refused.
    expect(backlog.unprovenRows).to.be.within(4, 6);
    expect(api.sequencer.refusedCount).to.equal(0);
    const before = taker.filledCount;
    finality.markProven(1, "0x", { first: 1, last: state.stepCount });
    for (let turn = 0; turn < 20; turn++) await taker.turn();
    expect(taker.filledCount).to.be.above(before);
  });

  it("wait out lost connections and refusals, and end with anything else", async () => {
    const signal = new AbortController();
    const troubles: string[] = [];
    let turns = 0;
    const lost = async () => {
      turns += 1;
      if (turns === 2) signal.abort();
      throw new Unreachable("http://nowhere", new Error("refused"));
    };
    const loop = { intervalMs: 1, signal: signal.signal, onTrouble: (line: string) => troubles.push(line) };
    const running = runBotLoop(lost, loop);
    setTimeout(() => signal.abort(), 50);
    await running;
    expect(troubles[0]).to.contain("no answer from http://nowhere");
    const broken = runBotLoop(() => Promise.reject(new TypeError("a bug")), {
      ...loop,
      signal: new AbortController().signal,
    });
    expect(await broken.catch((error: Error) => error.message)).to.equal("a bug");
  });
});

describe("what bots decide by", () => {
  const state: WireMarket = {
    index: 0,
    symbol: "BTC-USD",
    status: "live",
    tickUsd: "0.1",
    lotBase: "0.00001",
    indexPrice: "65000.0",
    markPrice: "65000.0",
    lastPrice: null,
    priceMin: "64990.0",
    priceMax: "68250.0",
    imfPpm: 50_000,
    mmfPpm: 30_000,
    restricted: false,
    retired: false,
    settlementPrice: null,
    isolatedOnly: false,
    positionCap: "10000",
    priceStep: "0.1",
    sizeStep: "0.00001",
    sizeMin: "0.00001",
    sizeMax: "0.5",
    notionalMin: "1",
    bestBid: null,
    bestAsk: null,
    openInterest: "0",
    openInterestCap: "4000",
    openOrders: 0,
  };
  const terms = { levels: 3, stepPpm: 100, skewPpm: 1_000, levelMicroUsd: 10_000e6, positionMaxMicroUsd: 65_000e6 };

  it("the ladder stays inside the provable band, leans against the position, and never meets itself", () => {
    const market = marketOf(0);
    const flat = ladder(market, state, terms, 0);
    expect(flat.filter(({ side }) => side === "buy").map(({ priceTicks }) => priceTicks)).to.deep.equal([649_935]);
    expect(flat.filter(({ side }) => side === "sell").map(({ priceTicks }) => priceTicks)).to.deep.equal([
      650_065, 650_130, 650_195,
    ]);
    expect(flat[0]?.quantityLots).to.equal(15_384);
    const long = ladder(market, { ...state, priceMin: "60000.0" }, terms, 50_000);
    expect(long.find(({ side, level }) => side === "sell" && level === 1)?.priceTicks).to.be.below(650_000);
    expect(ladder(market, state, terms, 100_000).every(({ side }) => side === "sell")).to.equal(true);
    expect(
      ladder(market, { ...state, priceMin: "60000.0" }, terms, -100_000).every(({ side }) => side === "buy"),
    ).to.equal(true);
    expect(ladder(market, state, { ...terms, levelMicroUsd: 1e12 }, 0)[0]?.quantityLots).to.equal(50_000);
    expect(ladder(market, { ...state, status: "closed" }, terms, 0)).to.deep.equal([]);
    const tight = ladder(market, { ...state, indexPrice: "0.3", priceMin: "0.1", priceMax: "1.0" }, terms, 0);
    const prices = (side: string) => tight.filter((quote) => quote.side === side).map(({ priceTicks }) => priceTicks);
    expect(Math.max(...prices("buy"))).to.be.below(Math.min(...prices("sell")));
  });

  it("the pace eases and stops at shares of the exchange's own bound", () => {
    const status = (unprovenRows: number, text: WireStatus["status"] = "trading") =>
      paceOf({ status: text, unprovenRows, unprovenRowsMax: 100 } as WireStatus, { easePercent: 25, stopPercent: 50 });
    expect([status(24), status(25), status(49), status(50)]).to.deep.equal(["go", "ease", "ease", "stop"]);
    expect(status(0, "halted")).to.equal("stop");
  });

  it("the same seed throws the same dice, within their limits", () => {
    const throws = (seed: number) =>
      Array.from(
        { length: 200 },
        (
          (dice) => () =>
            dice.between(3, 9)
        )(new Dice(seed)),
      );
    expect(throws(1)).to.deep.equal(throws(1));
    expect(throws(1)).to.not.deep.equal(throws(2));
    expect(new Set(throws(1))).to.deep.equal(new Set([3, 4, 5, 6, 7, 8, 9]));
  });

  it("wallet files: a key, a phrase with an index, or one clear sentence", () => {
    const folder = mkdtempSync(join(tmpdir(), "clearbook-bot-"));
    const file = (text: string) => {
      const path = join(folder, "key");
      writeFileSync(path, text);
      return path;
    };
    const phrase = "test test test test test test test test test test test junk";
    expect(readWallet(file(`${phrase}\n`), 1).address).to.equal("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    const key = Wallet.createRandom().privateKey;
    expect(readWallet(file(key.slice(2))).privateKey).to.equal(key);
    expect(() => readWallet(file("secret words"))).to.throw(WalletFileError, "neither a private key");
    expect(() => readWallet(file("secret words"))).to.not.throw(WalletFileError, "secret words");
    expect(() => readWallet(join(folder, "none"))).to.throw(WalletFileError, "is missing");
    rmSync(folder, { recursive: true });
  });
});
