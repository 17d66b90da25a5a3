import { expect } from "chai";
import type { WireForcedTrade } from "../../matcher/protocol/liquidation-wire.ts";
import { BTC, epochOf } from "../sequencer/exchange-fixture.ts";
import { COIN, LiquidationWorld } from "../sequencer/liquidation-fixture.ts";
import { get, getAs, type TestApi, testApi } from "./api-fixture.ts";

describe("trades that nobody signed, over HTTP", () => {
  let api: TestApi;
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  /** Account 1 is long two bitcoins against 2; 3 bids for one of them. */
  function world(): void {
    const made = new LiquidationWorld([7_000, 100_000, 100_000]);
    made.trade(1, 2, 2 * COIN);
    made.rest(3, "buy", COIN, 61_000);
    api = testApi(0, {}, made.state);
    api.sequencer.apply({ type: "epoch", epoch: epochOf(2, { [BTC]: "61000.0" }) });
  }

  async function tradesOf(account: number): Promise<WireForcedTrade[]> {
    const { status, body } = await getAs(api.app, account, `/v1/forced-trades?account=${account}`, account + 1);
    expect(status).to.equal(200);
    return body.trades;
  }

  it("are listed for the account that is liquidated, newest first", async () => {
    world();
    const [deleveraged, liquidated, ...others] = await tradesOf(1);
    expect(others).to.deep.equal([]);
    const { atMs: _, ...sold } = liquidated as WireForcedTrade;
    expect(sold).to.deep.equal({
      kind: "liquidated",
      account: 1,
      market: "BTC-USD",
      side: "sell",
      size: "1",
      quote: "61000",
      fee: "0",
      payout: "532.5",
      finality: { label: "matched", batchNumber: null, txHash: null },
    });
    expect(deleveraged).to.deep.include({
      kind: "deleveraged",
      role: "liquidated",
      other: 2,
      side: "sell",
      size: "1",
      price: "61000.0",
      reason: "book-empty",
      rank: { position: 1, holders: 1, quintile: 5 },
      received: "532.5",
      covered: "532.5",
    });
  });

  it("are listed for the counterparty of a deleveraging, and not for the maker of a fill", async () => {
    world();
    const [other, ...more] = await tradesOf(2);
    expect(more).to.deep.equal([]);
    expect(other).to.deep.include({ kind: "deleveraged", role: "counterparty", other: 1, side: "buy", received: "0" });
    expect(await tradesOf(3)).to.deep.equal([]);
  });

  it("have fills: a maker's like any other, and without an order for who is liquidated", async () => {
    world();
    const [made] = (await getAs(api.app, 3, "/v1/fills?account=3", 4)).body.fills;
    expect(made).to.deep.include({ role: "maker", side: "buy", size: "1", liquidation: true });
    expect(made.slot).to.be.a("number");
    const [taken] = (await getAs(api.app, 1, "/v1/fills?account=1", 2)).body.fills;
    expect(taken).to.deep.include({
      role: "taker",
      side: "sell",
      price: "61000.0",
      fee: "-532.5",
      slot: null,
      sequence: null,
      liquidation: true,
    });
    const [trade, before] = (await get(api.app, "/v1/trades?market=BTC-USD")).body.trades;
    expect([trade.liquidation, before?.liquidation]).to.deep.equal([true, undefined]);
  });

  it("include positions in a market that retires", async () => {
    world();
    const epoch = epochOf(3, { [BTC]: "61500.0" });
    const markets = epoch.markets.map((market, at) =>
      at === BTC ? { ...market, retired: true, priceMinTicks: 1, priceMaxTicks: 0 } : market,
    );
    api.sequencer.apply({ type: "epoch", epoch: { ...epoch, markets } });
    const [settled] = await tradesOf(3);
    expect(settled).to.deep.include({ kind: "position-settled", market: "BTC-USD", size: "1", price: "61500.0" });
    expect(settled?.finality.label).to.equal("matched");
  });

  it("are nobody else's to see", async () => {
    world();
    expect((await get(api.app, "/v1/forced-trades?account=1")).body.code).to.equal("SESSION_REQUIRED");
    const { status, body } = await getAs(api.app, 3, "/v1/forced-trades?account=1", 4);
    expect([status, body.code]).to.deep.equal([403, "SESSION_OF_ANOTHER_ACCOUNT"]);
  });
});
