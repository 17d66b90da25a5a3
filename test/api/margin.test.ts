import { expect } from "chai";
import type { WireMarket } from "../../matcher/protocol/api-wire.ts";
import type { EpochMarket } from "../../matcher/protocol/epoch.ts";
import type { WireOwner, WirePosition, WirePreview } from "../../matcher/protocol/margin-wire.ts";
import { REJECTS, type RejectCode } from "../../matcher/protocol/reject.ts";
import { BTC, BTC_TICKS, ETH, epochOf, signed } from "../sequencer/exchange-fixture.ts";
import { stateText } from "../sequencer/state-digest.ts";
import { get, orderBody, post, type TestApi, testApi, wireSignature } from "./api-fixture.ts";

const OWNER_OF_1 = `0x${(1n << 8n).toString(16).padStart(40, "0")}`;

const lotsOf = (position: WirePosition | undefined) => Math.round(Number(position?.size) * 100_000);

describe("margin over HTTP", () => {
  let api: TestApi;
  let nextEpoch: number;
  beforeEach(() => {
    api = testApi(4);
    nextEpoch = 2;
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  /** 10 BTC of account 1, bought from account 2 at 65,000. */
  async function trade(quantityLots = 1_000_000): Promise<void> {
    await post(api.app, "/v1/orders", orderBody({ account: 1, quantityLots }));
    const taken = await post(api.app, "/v1/orders", orderBody({ account: 2, side: "sell", quantityLots }));
    expect(taken.body.fills).to.have.length(1);
  }

  function openEpoch(prices: Record<number, string> = {}, change: Partial<EpochMarket> = {}, only?: number): void {
    const epoch = epochOf(nextEpoch++, prices);
    const markets = epoch.markets.map((market, index) =>
      only === undefined || index === only ? { ...market, ...change } : market,
    );
    const live = markets.map((market, index) => (index < 4 ? market : (epoch.markets[index] as EpochMarket)));
    api.sequencer.apply({ type: "epoch", epoch: { ...epoch, markets: live } });
  }

  const positionsOf = async (account: number): Promise<WirePosition[]> =>
    (await get(api.app, `/v1/account/${account}`)).body.positions;
  const marketState = async (index: number): Promise<WireMarket> =>
    (await get(api.app, "/v1/markets")).body.markets[index];
  const previewBody = (change: Record<string, unknown> = {}) => ({
    account: 1,
    market: "BTC-USD",
    side: "buy",
    price: "65000.0",
    size: "1",
    timeInForce: "GTT",
    postOnly: false,
    reduceOnly: false,
    maxFeePpm: 1_000,
    ...change,
  });
  const preview = async (change: Record<string, unknown> = {}): Promise<WirePreview> => {
    const { status, body } = await post(api.app, "/v1/preview", previewBody(change));
    expect(status, JSON.stringify(body)).to.equal(200);
    return body;
  };
  const setMode = (account: number, isolatedMarket: string | null, sequence: number) => {
    const index = isolatedMarket === null ? null : isolatedMarket === "BTC-USD" ? BTC : ETH;
    const { signature } = signed({ kind: "marginMode", account, isolatedMarket: index, sequence });
    return post(api.app, "/v1/margin-mode", {
      account,
      isolatedMarket,
      sequence,
      signature: wireSignature(signature),
    });
  };

  describe("the account", () => {
    it("shows every figure, exact, with the position's parts, entry, profit and rank", async () => {
      await trade();
      const { body } = await get(api.app, "/v1/account/1");
      expect(body).to.deep.include({
        epochNumber: 1,
        mode: "cross",
        isolatedMarket: null,
        lossLimit: null,
        equity: "99870",
        initialMargin: "32500",
        maintenanceMargin: "19500",
        freeCollateral: "67370",
        withdrawable: "67370",
        // 19,500 / 99,870 and 650,000 / 99,870, up.
        marginRatio: "0.195254",
        leverage: "6.508461",
        liquidatable: false,
      });
      expect(body.positions).to.deep.equal([
        {
          market: "BTC-USD",
          side: "long",
          mode: "cross",
          size: "10",
          indexPrice: "65000.0",
          markPrice: "65000.0",
          value: "650000",
          initialMargin: "32500",
          maintenanceMargin: "19500",
          leverage: "6.508461",
          liquidationPrice: "56714.5",
          entryValue: "650000",
          entryPrice: "65000.0",
          unrealisedPnl: "0",
          deleveragingRank: { position: 1, holders: 1, quintile: 5 },
        },
      ]);
    });

    it("keeps the entry through reductions and epochs, and moves profit with the mark", async () => {
      await trade();
      openEpoch({ 0: "66000" });
      const [long] = await positionsOf(1);
      // The index has moved, nothing else: one of three does not move the mark away from it.
      expect(long).to.deep.include({ indexPrice: "66000.0", entryPrice: "65000.0" });
      expect(long?.markPrice).to.equal("66000.0");
      expect(long?.unrealisedPnl).to.equal("10000");
      expect((await positionsOf(2))[0]?.unrealisedPnl).to.equal("-10000");
      // 1 sells 4 of its 10 to 3 at 66,000.
      const sale = { market: BTC, limitPriceTicks: 660_000, quantityLots: 400_000 };
      await post(api.app, "/v1/orders", orderBody({ ...sale, account: 3 }));
      await post(api.app, "/v1/orders", orderBody({ ...sale, account: 1, side: "sell", sequence: 2 }));
      expect((await positionsOf(1))[0]).to.deep.include({ size: "6", entryValue: "390000", unrealisedPnl: "6000" });
      expect((await positionsOf(3))[0]).to.deep.include({ size: "4", entryValue: "264000", unrealisedPnl: "0" });
    });

    it("says liquidatable below maintenance, with nothing free and no rank once it has no value", async () => {
      await trade(2_000_000);
      const cursor = api.sequencer.state.ledger.shared.queueCursor;
      expect(cursor).to.equal(8);
      openEpoch({ 0: "61000" });
      const { body } = await get(api.app, "/v1/account/1");
      // 20 BTC at 61,000: 80,000 lost, 19,740 left; maintenance 36,600. There is no insurance fund yet, so that it stands.
      expect(body).to.deep.include({ equity: "19740", freeCollateral: "0", withdrawable: "0", liquidatable: true });
      expect(body.marginRatio).to.equal("1.854104");
      expect((await get(api.app, "/v1/at-risk")).body.accounts).to.deep.equal([]);
      openEpoch({ 0: "59000" });
      const bankrupt = (await get(api.app, "/v1/account/1")).body;
      expect(bankrupt).to.deep.include({ equity: "-20260", marginRatio: null, leverage: null });
      expect(bankrupt.positions[0].deleveragingRank).to.equal(null);
    });

    it("is at risk while the book does not take it, and keeps its entry when it is liquidated in part", async () => {
      registerFund(api);
      await trade(2_000_000);
      openEpoch({ 0: "61000" });
      expect((await get(api.app, "/v1/at-risk")).body.accounts).to.deep.equal([
        { account: 1, equity: "19740", maintenanceMargin: "36600" },
      ]);
      const bid = { account: 3, market: BTC, limitPriceTicks: 610_000, quantityLots: 1_500_000 };
      await post(api.app, "/v1/orders", orderBody(bid));
      openEpoch({ 0: "61000" });
      const [left] = await positionsOf(1);
      const [bought] = await positionsOf(3);
      expect(lotsOf(left) + lotsOf(bought)).to.equal(2_000_000);
      expect(Number(left?.size)).to.be.within(5, 19);
      expect(left?.entryPrice).to.equal("65000.0");
      expect(bought).to.deep.include({ entryPrice: "61000.0", unrealisedPnl: "0" });
      expect((await get(api.app, "/v1/at-risk")).body.accounts).to.deep.equal([]);
      // And on from there: what it sells now comes off what was left.
      const sale = { market: BTC, limitPriceTicks: 610_000, quantityLots: 100_000, sequence: 9 };
      const { body } = await post(api.app, "/v1/orders", orderBody({ ...sale, account: 1, side: "sell" }));
      expect(body.fills).to.have.length(1);
      const [rest] = await positionsOf(1);
      expect(lotsOf(rest)).to.equal(lotsOf(left) - 100_000);
      expect(rest?.entryPrice).to.equal("65000.0");
      expect(Math.round(Number(rest?.unrealisedPnl) * 100)).to.equal(lotsOf(rest) * -4);
    });

    it("lets nothing leave while it has a position in a restricted market", async () => {
      await trade();
      openEpoch({}, { restricted: true, grossOpenInterestCapLots: 0n }, BTC);
      expect((await get(api.app, "/v1/account/1")).body).to.deep.include({
        freeCollateral: "67370",
        withdrawable: "0",
      });
      expect((await get(api.app, "/v1/account/3")).body).to.deep.include({ withdrawable: "100000" });
      const message = {
        kind: "withdrawal",
        account: 1,
        sequence: 0,
        expirySeconds: 2 ** 32 - 1,
        amountMicroUsd: 1n,
      } as const;
      const { signature } = signed(message);
      const body = { account: 1, nonce: 0, amount: "0.000001", expirySeconds: 2 ** 32 - 1 };
      const refused = await post(api.app, "/v1/withdrawals", { ...body, signature: wireSignature(signature) });
      expect([refused.status, refused.body.code]).to.deep.equal([422, "MARKET_RESTRICTED"]);
    });
  });

  describe("the markets", () => {
    it("show prices, terms and caps of the epoch", async () => {
      expect(await marketState(BTC)).to.deep.include({
        indexPrice: "65000.0",
        markPrice: "65000.0",
        lastPrice: null,
        imfPpm: 50_000,
        mmfPpm: 30_000,
        restricted: false,
        retired: false,
        settlementPrice: null,
        isolatedOnly: false,
        priceStep: "0.1",
        sizeStep: "0.00001",
        openInterest: "0",
        openInterestCap: "4000",
      });
      const { body } = await get(api.app, "/v1/markets");
      expect(body).to.deep.include({ rebateCapPpm: 100, openOrdersPerAccountMax: 1_000 });
      expect(body.liquidation).to.deep.equal({
        feeCapPpm: 5_000,
        spreadPpm: 1_500_000,
        bankruptcyAdjustmentPpm: 1_000_000,
        insuranceCap: "1000000",
      });
    });

    it("move the mark only where book and last trade agree, and never out of the band", async () => {
      const above = { limitPriceTicks: BTC_TICKS + 10_000, quantityLots: 10 };
      await post(api.app, "/v1/orders", orderBody({ account: 1, side: "sell", ...above }));
      await post(api.app, "/v1/orders", orderBody({ account: 2, ...above }));
      expect(await marketState(BTC)).to.deep.include({ markPrice: "65000.0", lastPrice: "66000.0" });
      const near = { slot: 1, sequence: 1, quantityLots: 10 };
      await post(
        api.app,
        "/v1/orders",
        orderBody({ ...near, account: 1, side: "sell", limitPriceTicks: BTC_TICKS + 8_000 }),
      );
      await post(api.app, "/v1/orders", orderBody({ ...near, account: 2, limitPriceTicks: BTC_TICKS + 4_000 }));
      expect(await marketState(BTC)).to.deep.include({ markPrice: "65600.0", indexPrice: "65000.0" });
      // Margin does not look at it.
      expect((await positionsOf(2))[0]).to.deep.include({ value: "6.5", markPrice: "65600.0" });
    });

    it("show what is restricted, capped, isolated-only and retired", async () => {
      openEpoch({}, { restricted: true, isolatedOnly: true, positionCapLots: 7n, grossOpenInterestCapLots: 0n }, ETH);
      expect(await marketState(ETH)).to.deep.include({
        status: "live",
        restricted: true,
        isolatedOnly: true,
        positionCap: "0.0007",
        openInterestCap: "0",
      });
      await trade();
      openEpoch({ 0: "64000" }, { retired: true, priceMinTicks: 1, priceMaxTicks: 0 }, BTC);
      expect(await marketState(BTC)).to.deep.include({
        status: "closed",
        retired: true,
        settlementPrice: "64000.0",
        indexPrice: null,
        markPrice: null,
        openInterest: "0",
      });
      // Settled at 64,000: 10,000 lost.
      expect((await get(api.app, "/v1/account/1")).body).to.deep.include({ equity: "89870", positions: [] });
    });
  });

  describe("the preview", () => {
    it("changes nothing and says what the order then does", async () => {
      await post(api.app, "/v1/orders", orderBody({ account: 2, side: "sell", quantityLots: 40_000 }));
      const before = stateText(api.sequencer.state);
      const shown = await preview();
      expect(stateText(api.sequencer.state)).to.equal(before);
      expect(shown).to.deep.include({ account: 1, market: "BTC-USD", mode: "cross", epochNumber: 1, refusal: null });
      expect(shown.restingSize).to.equal("0.6");
      expect(shown.atOnce).to.deep.include({
        size: "0.4",
        averagePrice: "65000.0",
        quote: "26000",
        slippage: "0",
        fee: "13",
        positionSize: "0.4",
        equity: "99987",
        initialMargin: "1300",
        refusal: null,
      });
      expect(shown.atLimit).to.deep.include({ size: "1", quote: "65000", fee: "32.5", initialMargin: "3250" });
      await post(api.app, "/v1/orders", orderBody({ quantityLots: 100_000 }));
      const { body } = await get(api.app, "/v1/account/1");
      expect(body.equity).to.equal(shown.atOnce?.equity);
      expect(body.positions[0].liquidationPrice).to.equal(shown.atOnce?.liquidationPrice);
      expect(body.leverage).to.equal(shown.atOnce?.leverage);
    });

    it("names the largest order, which is taken, and the one above it, which is not", async () => {
      const { maxSize } = await preview();
      const lots = Math.round(Number(maxSize) * 100_000);
      expect(Number(maxSize)).to.be.within(29, 31);
      expect((await preview({ size: maxSize })).refusal).to.equal(null);
      const above = ((lots + 1) / 100_000).toFixed(5);
      expect((await preview({ size: above })).refusal).to.deep.equal({
        code: "INSUFFICIENT_INITIAL_MARGIN",
        message: REJECTS.INSUFFICIENT_INITIAL_MARGIN.message,
        remedy: REJECTS.INSUFFICIENT_INITIAL_MARGIN.remedy,
      });
      const tooMuch = await post(api.app, "/v1/orders", orderBody({ quantityLots: lots + 1 }));
      expect(tooMuch.body.code).to.equal("INSUFFICIENT_INITIAL_MARGIN");
      expect((await post(api.app, "/v1/orders", orderBody({ quantityLots: lots }))).status).to.equal(200);
    });

    it("refuses like the book and the epoch would", async () => {
      const code = async (change: Record<string, unknown>) => (await preview(change)).refusal?.code ?? null;
      expect(await code({ price: "70000" })).to.equal("OUTSIDE_PRICE_BAND");
      expect(await code({ maxFeePpm: 0 })).to.equal("MAX_FEE_TOO_LOW");
      expect(await code({ size: "101" })).to.equal("QUANTITY_TOO_LARGE");
      expect(await code({ reduceOnly: true })).to.equal("REDUCE_ONLY_WOULD_INCREASE");
      expect(await code({ timeInForce: "FOK" })).to.equal("FOK_NOT_FILLABLE");
      expect(await code({ timeInForce: "IOC", postOnly: true })).to.equal("POST_ONLY_NOT_RESTING");
      openEpoch({}, { positionCapLots: 99_999n });
      expect(await code({})).to.equal("POSITION_CAP");
      expect(await code({ size: "0.99999" })).to.equal(null);
      openEpoch({}, { restricted: true, grossOpenInterestCapLots: 0n });
      expect(await code({})).to.equal("MARKET_RESTRICTED");
      await setMode(1, "ETH-USD", 1);
      expect(await code({})).to.equal("ISOLATED_ACCOUNT");
    });

    const cases: [RejectCode, Record<string, unknown>][] = [
      ["UNKNOWN_ACCOUNT", { account: 99 }],
      ["NOT_PERMITTED", { account: 0 }],
      ["UNKNOWN_MARKET", { market: "XRP-USD" }],
      ["OFF_TICK", { price: "65000.05" }],
      ["OFF_LOT", { size: "0.000001" }],
      ["PRICE_ZERO", { price: "0" }],
      ["QUANTITY_ZERO", { size: "0" }],
      ["MALFORMED", { price: "1e4" }],
      ["MALFORMED", { leverage: 3 }],
      ["INVALID_SIDE", { side: "long" }],
      ["INVALID_TIME_IN_FORCE", { timeInForce: "DAY" }],
      ["INVALID_FLAG", { postOnly: 1 }],
      ["INVALID_MAX_FEE", { maxFeePpm: 2 ** 19 }],
      ["MISSING_FIELD", { size: undefined }],
    ];
    for (const [code, change] of cases) {
      it(`is refused itself: ${code} for ${JSON.stringify(change)}`, async () => {
        if (code === "NOT_PERMITTED") registerFund(api);
        const { status, body } = await post(api.app, "/v1/preview", previewBody(change));
        expect([status, body.code]).to.deep.equal([REJECTS[code].httpStatus, code]);
      });
    }
  });

  describe("margin modes", () => {
    it("are set by a signed request, shown on account and positions, with the loss limit", async () => {
      expect((await setMode(1, "BTC-USD", 5)).body).to.deep.equal({
        account: 1,
        mode: "isolated",
        isolatedMarket: "BTC-USD",
        receipt: null,
      });
      await trade();
      const account = (await get(api.app, "/v1/account/1")).body;
      expect(account).to.deep.include({ mode: "isolated", isolatedMarket: "BTC-USD", lossLimit: "99870" });
      expect(account.positions[0].mode).to.equal("isolated");
      const eth = orderBody({ account: 1, market: ETH, limitPriceTicks: 300_000, sequence: 9, slot: 9 });
      expect((await post(api.app, "/v1/orders", eth)).body.code).to.equal("ISOLATED_ACCOUNT");
      expect((await setMode(1, null, 6)).body.code).to.equal("MARGIN_MODE_IN_USE");
      expect((await setMode(3, null, 6)).body).to.deep.equal({
        account: 3,
        mode: "cross",
        isolatedMarket: null,
        receipt: null,
      });
    });

    it("list an owner's positions over all accounts, each with its mode", async () => {
      const { state } = api.sequencer;
      const sibling = {
        kind: "registration",
        minSequence: 0,
        account: 7,
        amountMicroUsd: 0n,
        owner: 1n << 8n,
        ax: 5n,
        ay: 6n,
      } as const;
      api.sequencer.apply({ type: "queue", entry: sibling, cursor: state.ledger.shared.queueCursor });
      await setMode(1, "BTC-USD", 5);
      await trade();
      const { body } = await get(api.app, `/v1/owners/${OWNER_OF_1}/positions`);
      const owner = body as WireOwner;
      expect(owner).to.deep.include({ owner: OWNER_OF_1, epochNumber: 1 });
      expect(owner.accounts).to.deep.equal([
        { account: 1, mode: "isolated", isolatedMarket: "BTC-USD", equity: "99870", openOrders: 0 },
        { account: 7, mode: "cross", isolatedMarket: null, equity: "0", openOrders: 0 },
      ]);
      const [position, ...others] = owner.positions;
      expect(others).to.deep.equal([]);
      expect(position).to.deep.include({ account: 1, market: "BTC-USD", mode: "isolated", lossLimit: "99870" });
      const { account: _, lossLimit: __, ...same } = position as WireOwner["positions"][number];
      expect(same).to.deep.equal((await positionsOf(1))[0]);
      const nobody = `0x${"11".repeat(20)}`;
      expect((await get(api.app, `/v1/owners/${nobody}/positions`)).body).to.deep.include({
        accounts: [],
        positions: [],
      });
      expect((await get(api.app, "/v1/owners/0x12/positions")).status).to.equal(400);
    });

    it("need the account's own signature over exactly these fields, and a market that is live", async () => {
      const { signature } = signed({ kind: "marginMode", account: 1, isolatedMarket: BTC, sequence: 5 });
      const body = { account: 1, isolatedMarket: "BTC-USD", sequence: 5, signature: wireSignature(signature) };
      const codes = await Promise.all(
        [
          { ...body, isolatedMarket: "ETH-USD" },
          { ...body, isolatedMarket: null },
          { ...body, sequence: 6 },
          { ...body, account: 2 },
          { ...body, isolatedMarket: "XRP-USD" },
          { ...body, isolatedMarket: 0 },
          { ...body, colour: 1 },
        ].map(async (changed) => (await post(api.app, "/v1/margin-mode", changed)).body.code),
      );
      expect(codes).to.deep.equal([
        "WRONG_SIGNATURE",
        "WRONG_SIGNATURE",
        "WRONG_SIGNATURE",
        "WRONG_SIGNATURE",
        "UNKNOWN_MARKET",
        "UNKNOWN_MARKET",
        "MALFORMED",
      ]);
      expect((await post(api.app, "/v1/margin-mode", body)).status).to.equal(200);
      expect((await post(api.app, "/v1/margin-mode", body)).body.code).to.equal("DUPLICATE_SEQUENCE");
    });
  });

  it("shows the insurance fund: balance, spent, cap, and what it may pay", async () => {
    expect((await get(api.app, "/v1/insurance")).body).to.deep.equal({
      epochNumber: 1,
      balance: "0",
      spent: "0",
      cap: "1000000",
      available: "0",
    });
    registerFund(api, 2_500_000_000_000n);
    expect((await get(api.app, "/v1/insurance")).body).to.deep.include({ balance: "2500000", available: "1000000" });
  });
});

function registerFund(api: TestApi, amountMicroUsd = 1_000_000n): void {
  const { shared } = api.sequencer.state.ledger;
  const fund = {
    kind: "registration",
    minSequence: 0,
    account: 0,
    amountMicroUsd: 0n,
    owner: 9n,
    ax: 5n,
    ay: 6n,
  } as const;
  api.sequencer.apply({ type: "queue", entry: fund, cursor: shared.queueCursor });
  const deposit = { kind: "deposit", minSequence: 0, account: 0, amountMicroUsd, owner: 0n, ax: 0n, ay: 0n } as const;
  api.sequencer.apply({ type: "queue", entry: deposit, cursor: shared.queueCursor + 1 });
}
