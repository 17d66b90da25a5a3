import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { createApi } from "../../matcher/api/server.ts";
import type { WireAccount } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { WireMargin, WirePreview } from "../../matcher/protocol/margin-wire.ts";
import { baseFromLots, usdFromPriceTicks } from "../../matcher/protocol/market.ts";
import { ClearbookClient, type OrderTerms } from "../../matcher/sdk/client.ts";
import { IsolatedOnlyMarket } from "../../matcher/sdk/isolated-only-market.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { marketOf, verifierInThread } from "../api/api-fixture.ts";
import {
  accepted,
  BTC_TICKS,
  CHAIN_ID,
  DOMAIN,
  EPOCH_SECONDS,
  EXCHANGE,
  epochOf,
  keyOf,
  newState,
  openedState,
  openingCommands,
  order,
  send,
} from "../sequencer/exchange-fixture.ts";
import { dice } from "../sequencer/random-commands.ts";

/** A real socket; every figure that the client works out is compared with the one that the matcher gives. */
describe("the client's margin, over a socket", function () {
  this.timeout(60_000);
  let app: FastifyInstance;
  let sequencer: Sequencer;
  let apiUrl: string;
  const nowMs = () => EPOCH_SECONDS * 1_000;

  async function serve(state = openedState(6, 20_000n)): Promise<void> {
    sequencer = new Sequencer({ state, verifier: verifierInThread() });
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    app = createApi({ sequencer, chainId: CHAIN_ID, exchange: EXCHANGE, domain: DOMAIN, markets });
    apiUrl = await app.listen({ host: "127.0.0.1", port: 0 });
  }
  afterEach(() => app.close());

  const client = (account: number) => ClearbookClient.connect({ apiUrl, key: keyOf(account), account, nowMs });
  const served = async (account: number): Promise<WireAccount> =>
    (await fetch(`${apiUrl}/v1/account/${account}`)).json() as Promise<WireAccount>;
  const previewed = async (account: number, terms: OrderTerms, maxFeePpm: number): Promise<WirePreview> => {
    const { market, side, price, size } = terms;
    const { timeInForce = "GTT", postOnly = false, reduceOnly = false } = terms;
    const body = { account, market, side, price, size, timeInForce, postOnly, reduceOnly, maxFeePpm };
    const headers = { "content-type": "application/json" };
    const reply = await fetch(`${apiUrl}/v1/preview`, { method: "POST", headers, body: JSON.stringify(body) });
    return reply.json() as Promise<WirePreview>;
  };

  /** Compares all figures of an account, and the preview of an order. */
  async function compare(trader: ClearbookClient, terms: OrderTerms): Promise<WirePreview> {
    const account = await served(trader.account);
    const { equity, initialMargin, maintenanceMargin, freeCollateral, withdrawable } = account;
    const { marginRatio, leverage, liquidatable } = account;
    const margin: WireMargin = {
      equity,
      initialMargin,
      maintenanceMargin,
      freeCollateral,
      withdrawable,
      marginRatio,
      leverage,
      liquidatable,
    };
    expect(await trader.margin()).to.deep.equal(margin);
    expect(await trader.positions()).to.deep.equal(account.positions);
    for (const { market, liquidationPrice } of account.positions) {
      expect(await trader.liquidationPrice(market)).to.equal(liquidationPrice);
    }
    const here = await trader.marginPreview(terms);
    const maxFeePpm = terms.maxFeePpm ?? Math.max(account.takerFeePpm, account.makerFeePpm);
    expect(here).to.deep.equal(await previewed(trader.account, terms, maxFeePpm));
    return here;
  }

  it("equals the matcher's to the unit, over random trades, epochs and terms", async () => {
    await serve();
    const traders = await Promise.all([1, 2, 3, 4].map(client));
    const roll = dice(51);
    let [ticks, epoch] = [BTC_TICKS, 1];
    const seen = new Set<string | null>();
    for (let i = 0; i < 120; i++) {
      if (i % 10 === 9) {
        epoch += 1;
        ticks += roll(30_001) - 15_000;
        const change: Partial<EpochMarket> = {
          fundingIndexPicoUsd: BigInt(roll(2_000_000_000)),
          isolatedOnly: roll(5) === 0,
          restricted: roll(5) === 0,
          positionCapLots: roll(3) === 0 ? 40_000n : 2n ** 40n - 1n,
          ...(roll(4) === 0 ? { grossOpenInterestCapLots: 1_000n } : {}),
        };
        sequencer.apply({ type: "epoch", epoch: epochOf(epoch, { 0: (ticks / 10).toFixed(1) }, change) });
      }
      const index = roll(3) === 0 ? 1 : 0;
      const market = marketOf(index);
      const price = index === 0 ? ticks : 300_000;
      const terms: OrderTerms = {
        market: market.symbol,
        side: roll(2) === 0 ? "buy" : "sell",
        price: usdFromPriceTicks(market, price + Math.floor((price * (roll(2_001) - 1_000)) / 1_000_000)),
        size: baseFromLots(market, 1 + roll(roll(6) === 0 ? 900_000 : 60_000)),
        reduceOnly: roll(8) === 0,
        postOnly: roll(8) === 0,
      };
      const trader = traders[roll(traders.length)] as ClearbookClient;
      const { refusal } = await compare(trader, terms);
      seen.add(refusal?.code ?? null);
      const before = await served(trader.account);
      const sent = await trader.place(terms).then(
        () => null,
        (error: { code?: string }) => error.code ?? "isolated-only",
      );
      // Levels do not tell that their owner is the account itself, or may not fill any more.
      if (refusal?.code === "POST_ONLY_WOULD_CROSS") continue;
      if (sent === null) expect(refusal).to.equal(null);
      else if (sent !== "isolated-only" && refusal !== null) expect(sent).to.equal(refusal.code);
      if (sent !== null) expect(await served(trader.account)).to.deep.equal(before);
    }
    expect([...seen]).to.include.members([null, "MARKET_RESTRICTED", "INSUFFICIENT_INITIAL_MARGIN", "POSITION_CAP"]);
  });

  it("shows the order's margin with collateral that would be added", async () => {
    await serve();
    const trader = await client(1);
    const terms: OrderTerms = { market: "BTC-USD", side: "buy", price: "65000.0", size: "7" };
    expect((await trader.marginPreview(terms)).refusal?.code).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    const more = await trader.marginPreview(terms, 5_000_000_000n);
    expect(more.refusal).to.equal(null);
    expect(more.atLimit?.equity).to.equal("24772.5");
  });

  it("names what it cannot preview", async () => {
    await serve();
    const trader = await client(1);
    const terms: OrderTerms = { market: "XRP-USD", side: "buy", price: "1", size: "1" };
    expect(await trader.marginPreview(terms).catch((error: Error) => error.message)).to.contain("market");
    const offTick = { ...terms, market: "BTC-USD", price: "65000.05" };
    expect(await trader.marginPreview(offTick).catch((error: Error) => error.message)).to.contain("0.1");
    expect(await trader.liquidationPrice("BTC-USD")).to.equal(null);
  });

  it("looks again when an epoch comes between account and markets", async () => {
    await serve();
    accepted(send(sequencer.state, order({ account: 1, sequence: 64, quantityLots: 10_000 })));
    accepted(send(sequencer.state, order({ account: 2, sequence: 64, side: "sell", quantityLots: 10_000 })));
    let epoch = 1;
    let between = false;
    const fetchBetween = async (url: string, init: RequestInit) => {
      const answer = await fetch(url, init);
      if (between && url.includes("/v1/account/")) {
        between = false;
        epoch += 1;
        sequencer.apply({ type: "epoch", epoch: epochOf(epoch, { 0: "66000" }) });
        // The markets are asked for after the account was answered.
      }
      return answer;
    };
    const slowMarkets = async (url: string, init: RequestInit) => {
      if (url.endsWith("/v1/markets")) await new Promise((wake) => setTimeout(wake, 100));
      return fetchBetween(url, init);
    };
    const options = { apiUrl, key: keyOf(1), account: 1, nowMs };
    const trader = await ClearbookClient.connect({ ...options, fetch: slowMarkets });
    between = true;
    const margin = await trader.margin();
    expect(epoch).to.equal(2);
    expect(margin.equity).to.equal((await served(1)).equity);
  });

  it("takes no position in an isolated-only market in a cross account, says where to, and still reduces", async () => {
    await serve();
    const [long, short] = [await client(1), await client(2)];
    const bid: OrderTerms = { market: "BTC-USD", side: "buy", price: "65000.0", size: "0.01" };
    await long.place(bid);
    await short.place({ ...bid, side: "sell", timeInForce: "IOC" });
    sequencer.apply({ type: "epoch", epoch: epochOf(2, {}, { isolatedOnly: true }) });
    await long.marketStates();
    const refused = await long.place(bid).catch((error: unknown) => error);
    if (!(refused instanceof IsolatedOnlyMarket)) throw refused;
    expect(refused.message).to.contain("openIsolated");
    const reducing = { ...bid, side: "sell", reduceOnly: true, size: "0.001" } as const;
    expect((await long.place(reducing)).order.status).to.equal("open");
    const isolated = await client(3);
    await isolated.setMarginMode("BTC-USD");
    await isolated.marketStates();
    expect((await isolated.place(bid)).order.filledSize).to.equal("0.001");
  });

  it("finds the cross account of a key, not an isolated one that was registered later", async () => {
    const state = newState();
    for (const command of openingCommands(2)) accepted(state.execute(command));
    const { ax, ay } = keyOf(1);
    const cursor = state.ledger.shared.queueCursor;
    const later = {
      kind: "registration",
      minSequence: 0,
      account: 3,
      amountMicroUsd: 0n,
      owner: 1n << 8n,
      ax,
      ay,
    } as const;
    accepted(state.execute({ type: "queue", entry: later, cursor }));
    await serve(state);
    const owner = `0x${(1n << 8n).toString(16).padStart(40, "0")}`;
    const find = () => ClearbookClient.connect({ apiUrl, key: keyOf(1), owner, nowMs });
    expect((await find()).account).to.equal(3);
    const second = await ClearbookClient.connect({ apiUrl, key: keyOf(1), account: 3, nowMs });
    await second.setMarginMode("ETH-USD");
    expect((await find()).account).to.equal(1);
  });
});
