import { expect } from "chai";
import { createApi } from "../../matcher/api/server.ts";
import { L1Watcher } from "../../matcher/chain/l1-watcher.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import { registrationPointOf } from "../../matcher/protocol/keys.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { ClearbookClient, type OrderTerms } from "../../matcher/sdk/client.ts";
import type { ClearbookError } from "../../matcher/sdk/http.ts";
import { IsolatedMargin, type IsolatedMarginOptions, IsolatedRefused } from "../../matcher/sdk/isolated-margin.ts";
import { OnchainWallet } from "../../matcher/sdk/onchain.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { VerifyPool } from "../../matcher/sequencer/verify-pool.ts";
import { CHAIN_ID, eventually, startTestChain, type TestChain } from "../chain/test-chain.ts";
import { EPOCH_SECONDS, epochOf, keyOf, newState } from "../sequencer/exchange-fixture.ts";

const USD = 1_000_000n;
const TRADER_KEY = keyOf(1);
const MAKER_KEY = keyOf(2);

/** Accounts are registered on a real chain with the real contract; the exchange follows it, and serves over a socket. */
describe("isolated margin as a mode of a position", function () {
  this.timeout(120_000);
  let chain: TestChain;
  const closers: (() => Promise<unknown>)[] = [];
  let sequencer: Sequencer;
  let options: IsolatedMarginOptions;
  let wallet: OnchainWallet;
  let cross: ClearbookClient;
  let maker: ClearbookClient;
  let isolated: IsolatedMargin;
  let epoch: number;

  const nowMs = () => EPOCH_SECONDS * 1_000;
  const bid: Omit<OrderTerms, "market"> = { side: "buy", price: "65000.0", size: "0.1", timeInForce: "IOC" };
  const ask: OrderTerms = { market: "BTC-USD", side: "sell", price: "65000.0", size: "0.1" };
  const equityOf = async (account: number) => Number((await (await isolated.client(account)).state()).equity);

  function openEpoch(btcUsd: string, change: Partial<EpochMarket> = {}): void {
    epoch += 1;
    sequencer.apply({ type: "epoch", epoch: epochOf(epoch, { 0: btcUsd }, change) });
  }

  async function connect(account: number, key: typeof TRADER_KEY): Promise<ClearbookClient> {
    return ClearbookClient.connect({ ...options.client, key, account });
  }

  beforeEach(async () => {
    chain = await startTestChain();
    closers.push(() => chain.close());
    const { deployment, provider, trader } = chain;
    const { exchange } = deployment;
    const domain = domainOf(CHAIN_ID, exchange);
    const pool = new VerifyPool({ domain, threads: 1 });
    closers.push(() => pool.close());
    sequencer = new Sequencer({ state: newState(), verifier: pool });
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    const app = createApi({ sequencer, chainId: CHAIN_ID, exchange, domain, markets });
    closers.push(() => app.close());
    const apiUrl = await app.listen({ host: "127.0.0.1", port: 0 });
    epoch = 0;
    openEpoch("65000");
    const watcher = new L1Watcher({
      provider,
      exchange,
      firstBlock: deployment.firstBlock,
      confirmations: 0,
      pollMs: 10,
      onEvent: (event) => {
        if (event.type === "queue") sequencer.apply({ type: "queue", entry: event.entry, cursor: event.cursor });
      },
      onHalt: ({ report }) => {
        throw new Error(report);
      },
    });
    watcher.start();
    closers.push(() => watcher.stop());
    wallet = new OnchainWallet(trader, { exchange, token: deployment.token });
    await wallet.mintTestDollars(100_000n * USD);
    const first = await wallet.register(registrationPointOf(TRADER_KEY.scalar));
    const second = await wallet.register(registrationPointOf(MAKER_KEY.scalar));
    await wallet.deposit(first.account, 20_000n * USD);
    await wallet.deposit(second.account, 50_000n * USD);
    await eventually("the deposits", () => sequencer.state.ledger.shared.queueCursor >= 5 || undefined);
    options = { client: { apiUrl, key: TRADER_KEY, nowMs }, registrar: wallet, pollMs: 20 };
    cross = await connect(first.account, TRADER_KEY);
    maker = await connect(second.account, MAKER_KEY);
    isolated = new IsolatedMargin(cross, options);
  });

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  it("opens in a new account with its own margin, and closes into the cross account again", async () => {
    await maker.place(ask);
    const { account, placed } = await isolated.openIsolated("BTC-USD", 1_000n * USD, bid);
    expect(account).to.equal(3);
    expect(placed.order.filledSize).to.equal("0.1");
    const { owner } = await cross.state();
    const { accounts, positions } = await cross.owner(owner);
    expect(accounts.map(({ account, mode, isolatedMarket }) => [account, mode, isolatedMarket])).to.deep.equal([
      [1, "cross", null],
      [2, "cross", null],
      [3, "isolated", "BTC-USD"],
    ]);
    // 6,500 USD at 500 ppm: 3.25 paid.
    const own = positions.find((position) => position.account === 3);
    expect(own).to.deep.include({ market: "BTC-USD", mode: "isolated", size: "0.1", lossLimit: "996.75" });
    expect((await cross.state()).equity).to.equal("19000");
    expect((await cross.state()).positions).to.deep.equal([]);

    await maker.place({ ...ask, side: "buy", price: "65100.0" });
    const closed = await isolated.closeIsolated(account);
    // 10 won, another 3.255 paid.
    expect(closed).to.deep.equal({ closed: true, remainingSize: "0", returnedMicroUsd: 1_003_495_000n });
    expect((await cross.state()).equity).to.equal("20003.495");
    expect(await equityOf(account)).to.equal(0);

    // The empty account serves again, for another market too; no second one is registered.
    await maker.place({ ...ask, market: "ETH-USD", price: "3000.00", size: "1" });
    const again = await isolated.openIsolated("ETH-USD", 500n * USD, { ...bid, price: "3000.00", size: "1" });
    expect(again.account).to.equal(account);
    expect((await (await isolated.client(account)).state()).isolatedMarket).to.equal("ETH-USD");
  });

  it("cannot cost more than its own collateral, whatever the price does", async () => {
    await maker.place(ask);
    const { account } = await isolated.openIsolated("BTC-USD", 400n * USD, bid);
    openEpoch("55000");
    expect(await equityOf(account)).to.be.at.most(0);
    expect((await cross.state()).equity).to.equal("19600");
    const { positions } = await cross.owner((await cross.state()).owner);
    for (const position of positions.filter((each) => each.account === account))
      expect(position.lossLimit).to.equal("0");
  });

  it("takes margin in and out, and leaves initial margin where it is", async () => {
    await maker.place(ask);
    const { account } = await isolated.openIsolated("BTC-USD", 1_000n * USD, bid);
    const client = await isolated.client(account);
    const before = Number(await client.liquidationPrice("BTC-USD"));
    await isolated.addMargin(account, 500n * USD);
    expect(Number(await client.liquidationPrice("BTC-USD"))).to.be.below(before);
    expect(await equityOf(account)).to.equal(1_496.75);
    const spare = (await client.state()).withdrawable;
    expect(spare).to.equal("1171.75");
    const tooMuch = await isolated.removeMargin(account, 1_171_750_001n).catch((error: unknown) => error);
    expect((tooMuch as ClearbookError).code).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    await isolated.removeMargin(account, 1_171_750_000n);
    expect((await cross.state()).equity).to.equal("19671.75");
    expect((await client.state()).freeCollateral).to.equal("0");
  });

  it("pays nothing out of a position whose market is restricted", async () => {
    await maker.place(ask);
    const { account } = await isolated.openIsolated("BTC-USD", 1_000n * USD, bid);
    openEpoch("65000", { restricted: true, grossOpenInterestCapLots: 0n });
    const refused = await isolated.removeMargin(account, 1n).catch((error: unknown) => error);
    expect((refused as ClearbookError).code).to.equal("MARKET_RESTRICTED");
    await isolated.addMargin(account, 10n * USD);
    // It may still be closed, and then everything comes back.
    await maker.place({ ...ask, side: "buy", reduceOnly: true });
    expect(await isolated.closeIsolated(account)).to.deep.include({ closed: true });
  });

  it("moves nothing when the margin is too little, and brings it back when the order finds nothing", async () => {
    const poor = await isolated.openIsolated("BTC-USD", 300n * USD, bid).catch((error: unknown) => error);
    if (!(poor instanceof IsolatedRefused)) throw poor;
    expect(poor.code).to.equal("INSUFFICIENT_INITIAL_MARGIN");
    expect((await cross.state()).equity).to.equal("20000");
    const { account, placed } = await isolated.openIsolated("BTC-USD", 1_000n * USD, bid);
    expect(placed.order).to.deep.include({ status: "closed", reason: "ioc-remainder" });
    expect((await cross.state()).equity).to.equal("20000");
    expect(await equityOf(account)).to.equal(0);
    expect((await isolated.closeIsolated(account)).returnedMicroUsd).to.equal(0n);
  });

  it("says what the book left of a position, and closes the rest when asked again", async () => {
    await maker.place(ask);
    const { account } = await isolated.openIsolated("BTC-USD", 1_000n * USD, bid);
    await maker.place({ ...ask, side: "buy", size: "0.04" });
    expect(await isolated.closeIsolated(account)).to.deep.equal({
      closed: false,
      remainingSize: "0.06",
      returnedMicroUsd: 0n,
    });
    await maker.place({ ...ask, side: "buy", price: "64000.0", size: "1" });
    expect(await isolated.closeIsolated(account, "64500.0")).to.deep.include({ closed: false, remainingSize: "0.06" });
    expect(await isolated.closeIsolated(account, "64000.0")).to.deep.include({ closed: true });
  });

  it("opens two at once in two accounts, and refuses to touch an account that is not isolated", async () => {
    await maker.place({ ...ask, size: "0.2" });
    const opened = await Promise.all([1, 2].map(() => isolated.openIsolated("BTC-USD", 1_000n * USD, bid)));
    expect(opened.map(({ account }) => account)).to.have.members([3, 4]);
    expect(opened.map(({ placed }) => placed.order.filledSize)).to.deep.equal(["0.1", "0.1"]);
    expect((await cross.state()).equity).to.equal("18000");
    const notIsolated = await isolated.removeMargin(cross.account, 1n).catch((error: Error) => error.message);
    expect(notIsolated).to.equal(`account ${cross.account} is not isolated`);
    expect(await isolated.closeIsolated(cross.account).catch((error: Error) => error.message)).to.equal(notIsolated);
  });

  it("says in a sentence that it needs a wallet when there is no account to use", async () => {
    const { registrar: _, ...without } = options;
    const refused = await new IsolatedMargin(cross, without)
      .openIsolated("BTC-USD", 1_000n * USD, bid)
      .catch((error: Error) => error.message);
    expect(refused).to.contain("give IsolatedMargin a wallet");
  });

  it("opens there what a market takes in isolated accounts only", async () => {
    openEpoch("65000", { isolatedOnly: true });
    const second = new IsolatedMargin(maker, { ...options, client: { ...options.client, key: MAKER_KEY } });
    const offer = await second.openIsolated("BTC-USD", 1_000n * USD, { side: "sell", price: "65000.0", size: "0.1" });
    expect(offer.placed.order.status).to.equal("open");
    const { placed } = await isolated.openIsolated("BTC-USD", 1_000n * USD, bid);
    expect(placed.order.filledSize).to.equal("0.1");
  });
});
