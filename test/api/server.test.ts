import { expect } from "chai";
import type { WirePlaced } from "../../matcher/protocol/api-wire.ts";
import { REJECTS, type RejectCode } from "../../matcher/protocol/reject.ts";
import { BTC_TICKS, DOMAIN, EPOCH_SECONDS, EXCHANGE, epochOf, signed } from "../sequencer/exchange-fixture.ts";
import { stateText } from "../sequencer/state-digest.ts";
import { get, getAs, orderBody, post, type TestApi, testApi, wireSignature } from "./api-fixture.ts";

describe("the HTTP API", () => {
  let api: TestApi;
  beforeEach(() => {
    api = testApi();
  });
  afterEach(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  it("shows markets with exact decimals, the place to sign for and the epoch", async () => {
    const { status, body } = await get(api.app, "/v1/markets");
    expect(status).to.equal(200);
    expect(body).to.deep.include({ chainId: 31_337, exchange: EXCHANGE, domain: DOMAIN.toString() });
    expect(body.epoch).to.deep.equal({ number: 1, timeSeconds: EPOCH_SECONDS });
    expect(body.markets).to.have.length(4);
    expect(body.markets[0]).to.deep.include({
      symbol: "BTC-USD",
      status: "live",
      indexPrice: "65000.0",
      priceMin: "61750.0",
      priceMax: "68250.0",
      sizeMin: "0.00001",
      openInterestCap: "4000",
    });
  });

  it("takes an order from booked to matched to proven, with the batch's number and transaction", async () => {
    const placed = await post(
      api.app,
      "/v1/orders",
      orderBody({ account: 1, slot: 3, sequence: 9 }, { clientId: "my bid" }),
    );
    expect(placed.status).to.equal(200);
    const { order, fills } = placed.body as WirePlaced;
    expect(order).to.deep.include({
      status: "open",
      price: "65000.0",
      size: "0.01",
      filledSize: "0",
      clientId: "my bid",
    });
    expect(order.finality).to.deep.equal({ label: "accepted", batchNumber: null, txHash: null });
    expect(fills).to.deep.equal([]);
    expect((await get(api.app, "/v1/orderbook/BTC-USD")).body.bids).to.deep.equal([["65000.0", "0.01", 1]]);

    const taken = await post(
      api.app,
      "/v1/orders",
      orderBody({ account: 2, side: "sell", quantityLots: 400, timeInForce: "IOC", limitPriceTicks: BTC_TICKS - 100 }),
    );
    expect(taken.body.order).to.deep.include({ status: "closed", reason: "filled", filledSize: "0.004" });
    expect(taken.body.fills).to.have.length(1);
    // 260 USD at 500 ppm.
    expect(taken.body.fills[0]).to.deep.include({
      role: "taker",
      side: "sell",
      price: "65000.0",
      size: "0.004",
      fee: "0.13",
    });
    expect(taken.body.fills[0].finality.label).to.equal("matched");
    const makerFills = await getAs(api.app, 1, "/v1/fills?account=1");
    expect(makerFills.body.fills[0]).to.deep.include({
      role: "maker",
      side: "buy",
      slot: 3,
      sequence: 9,
      fee: "0.052",
    });

    const { state, finality } = api.sequencer;
    finality.markProven(1, "0xabc", { first: 1, last: state.stepCount });
    const orders = await getAs(api.app, 1, "/v1/orders?account=1");
    expect(orders.body.orders[0]).to.deep.include({ filledSize: "0.004", remainingSize: "0.006" });
    expect(orders.body.orders[0].finality).to.deep.equal({ label: "proven", batchNumber: 1, txHash: "0xabc" });
    expect((await get(api.app, "/v1/trades?market=BTC-USD")).body.trades[0].finality.label).to.equal("proven");
    expect((await get(api.app, "/v1/batches")).body.batches[0]).to.deep.include({ batchNumber: 1, firstStep: 1 });
    const { body } = await get(api.app, "/v1/status");
    expect(body).to.deep.include({
      status: "trading",
      fills: 1,
      unprovenRows: 0,
      oracle: null,
      chain: { blockNumber: 7 },
    });
  });

  it("amends an order on its slot and keeps what was filled", async () => {
    await post(api.app, "/v1/orders", orderBody({ slot: 1, sequence: 1 }));
    await post(api.app, "/v1/orders", orderBody({ account: 2, side: "sell", quantityLots: 300 }));
    const amended = await post(
      api.app,
      "/v1/orders",
      orderBody({ slot: 1, sequence: 2, keepFilled: true, quantityLots: 800 }),
    );
    expect(amended.body.order).to.deep.include({
      sequence: 2,
      filledSize: "0.003",
      remainingSize: "0.005",
      status: "open",
    });
    const all = await getAs(api.app, 1, "/v1/orders?account=1&status=all&slot=1");
    expect(
      all.body.orders.map((o: { sequence: number; reason: string | null }) => [o.sequence, o.reason]),
    ).to.deep.equal([
      [2, null],
      [1, "replaced"],
    ]);
  });

  it("cancels one order, then all, as a promise or as a row", async () => {
    await post(api.app, "/v1/orders", orderBody({ slot: 1, sequence: 5 }));
    await post(api.app, "/v1/orders", orderBody({ slot: 2, sequence: 5 }));
    const cancel = signed({ kind: "cancel", account: 1, slot: 1, sequence: 5 });
    const body = { account: 1, slot: 1, sequence: 5, signature: wireSignature(cancel.signature) };
    const promised = await post(api.app, "/v1/cancel", body);
    expect(promised.body).to.deep.include({ settle: false });
    expect(promised.body.finality.label).to.equal("accepted");
    expect(promised.body.orders[0]).to.deep.include({ slot: 1, reason: "cancelled" });
    const settled = await post(api.app, "/v1/cancel", { ...body, settle: true });
    expect(settled.body.finality.label).to.equal("matched");
    const all = signed({ kind: "cancelAll", account: 1, sequence: 100 });
    const reply = await post(api.app, "/v1/cancel-all", {
      account: 1,
      sequence: 100,
      signature: wireSignature(all.signature),
    });
    expect(reply.body.orders.map((order: { slot: number }) => order.slot)).to.deep.equal([2]);
    const late = await post(api.app, "/v1/orders", orderBody({ slot: 9, sequence: 99 }));
    expect([late.status, late.body.code]).to.deep.equal([409, "STALE_SEQUENCE"]);
    expect((await get(api.app, "/v1/account/1")).body.minSequence).to.equal(100);
  });

  it("withdraws, and shows the account before and after a proof", async () => {
    const amountMicroUsd = 1_500_000n;
    const message = signed({
      kind: "withdrawal",
      account: 1,
      sequence: 0,
      expirySeconds: EPOCH_SECONDS + 60,
      amountMicroUsd,
    });
    const body = {
      account: 1,
      nonce: 0,
      amount: "1.5",
      expirySeconds: EPOCH_SECONDS + 60,
      signature: wireSignature(message.signature),
    };
    const reply = await post(api.app, "/v1/withdrawals", body);
    expect(reply.body).to.deep.include({ nonce: 0, amount: "1.5" });
    const again = await post(api.app, "/v1/withdrawals", body);
    expect([again.status, again.body.code, again.body.field]).to.deep.equal([409, "WRONG_NONCE", "nonce"]);
    const account = await get(api.app, "/v1/account/1");
    expect(account.body).to.deep.include({
      collateral: "99998.5",
      equity: "99998.5",
      withdrawalNonce: 1,
      proven: null,
    });
    expect((await getAs(api.app, 1, "/v1/withdrawals?account=1")).body.withdrawals[0].finality.label).to.equal(
      "matched",
    );
    const { state, finality } = api.sequencer;
    const leaf = { ...state.ledger.leafOf(1), orderRoot: 0n };
    finality.markProven(1, "0x1", { first: 1, last: state.stepCount }, { accounts: [{ account: 1, leaf }] });
    const { proven } = (await get(api.app, "/v1/account/1")).body;
    expect(proven).to.deep.equal({ batchNumber: 1, txHash: "0x1", collateral: "99998.5", positions: [] });
  });

  it("shows positions, margin and the liquidation price, and finds accounts by owner", async () => {
    await post(api.app, "/v1/orders", orderBody({ account: 1, quantityLots: 1_000_000 }));
    await post(api.app, "/v1/orders", orderBody({ account: 2, side: "sell", quantityLots: 1_000_000 }));
    const { body } = await get(api.app, "/v1/account/1");
    // 10 BTC at 65,000: 650,000 USD, 5 % initial, 3 % maintenance, maker's fee 130 USD.
    expect(body).to.deep.include({
      equity: "99870",
      initialMargin: "32500",
      maintenanceMargin: "19500",
      freeCollateral: "67370",
    });
    expect(body.positions[0]).to.deep.include({ market: "BTC-USD", side: "long", size: "10", value: "650000" });
    expect(Number(body.positions[0].liquidationPrice)).to.be.closeTo(550_130 / 10 / 0.97, 1);
    const owner = `0x${(1n << 8n).toString(16).padStart(40, "0")}`;
    expect(body.owner).to.equal(owner);
    expect((await get(api.app, `/v1/accounts?owner=${owner}`)).body).to.deep.equal({ accounts: [1] });
    expect((await get(api.app, `/v1/accounts?owner=0x${"11".repeat(20)}`)).body).to.deep.equal({ accounts: [] });
  });

  describe("refuses with code, field, remedy and status, and the state stays as it was", () => {
    const withdrawal = {
      account: 1,
      nonce: 0,
      amount: "1",
      expirySeconds: EPOCH_SECONDS,
      signature: orderBody().signature,
    };
    const { account: _, ...noAccount } = orderBody();
    const cases: [RejectCode, string | null, string, string, unknown][] = [
      ["MALFORMED", null, "text that is no JSON", "/v1/orders", "{"],
      ["MALFORMED", null, "an empty body", "/v1/orders", ""],
      ["MALFORMED", null, "an array", "/v1/orders", []],
      ["MALFORMED", null, "null", "/v1/orders", null],
      ["MALFORMED", null, "deep nesting", "/v1/orders", "[".repeat(5_000)],
      ["MALFORMED", "leverage", "an unknown field", "/v1/orders", { ...orderBody(), leverage: 3 }],
      [
        "MALFORMED",
        "__proto__",
        "a field named __proto__",
        "/v1/orders",
        `{"__proto__":{},${JSON.stringify(orderBody()).slice(1)}`,
      ],
      ["MALFORMED", "price", "a price that is a number", "/v1/orders", { ...orderBody(), price: 65000 }],
      ["MALFORMED", "price", "a price with an exponent", "/v1/orders", { ...orderBody(), price: "6.5e4" }],
      [
        "MALFORMED",
        "signature",
        "a signature with letters",
        "/v1/orders",
        orderBody({}, { signature: { r8x: "x", r8y: "1", s: "1" } }),
      ],
      [
        "MALFORMED",
        "signature",
        "a signature of 257 bits",
        "/v1/orders",
        orderBody({}, { signature: { r8x: "9".repeat(78), r8y: "1", s: "1" } }),
      ],
      [
        "MALFORMED",
        "clientId",
        "a client id with control characters",
        "/v1/orders",
        orderBody({}, { clientId: "\u0000" }),
      ],
      ["MISSING_FIELD", "account", "no account", "/v1/orders", noAccount],
      [
        "MISSING_FIELD",
        "signature",
        "half a signature",
        "/v1/orders",
        { ...orderBody(), signature: { r8x: "1", r8y: "1" } },
      ],
      ["BODY_TOO_LARGE", null, "17 KiB", "/v1/orders", `"${"x".repeat(17 * 1024)}"`],
      ["INVALID_ACCOUNT", "account", "an account as text", "/v1/orders", { ...orderBody(), account: "1" }],
      [
        "INVALID_ACCOUNT",
        "account",
        "an account of 1e400",
        "/v1/orders",
        JSON.stringify(orderBody()).replace('"account":1', '"account":1e400'),
      ],
      ["INVALID_SLOT", "slot", "slot 4096", "/v1/orders", orderBody({}, { slot: 4_096 })],
      ["INVALID_SEQUENCE", "sequence", "sequence 0", "/v1/orders", orderBody({}, { sequence: 0 })],
      ["INVALID_SIDE", "side", "a side in capitals", "/v1/orders", { ...orderBody(), side: "BUY" }],
      [
        "INVALID_TIME_IN_FORCE",
        "timeInForce",
        "another time in force",
        "/v1/orders",
        { ...orderBody(), timeInForce: "GTC" },
      ],
      ["INVALID_SELF_TRADE", "selfTrade", "another rule", "/v1/orders", { ...orderBody(), selfTrade: "none" }],
      ["INVALID_FLAG", null, "a flag as text", "/v1/orders", { ...orderBody(), postOnly: "false" }],
      [
        "INVALID_EXPIRY",
        "expirySeconds",
        "an expiry in milliseconds",
        "/v1/orders",
        orderBody({}, { expirySeconds: EPOCH_SECONDS * 1_000 }),
      ],
      ["INVALID_MAX_FEE", "maxFeePpm", "a fee maximum of 21 bits", "/v1/orders", orderBody({}, { maxFeePpm: 2 ** 19 })],
      ["NOT_PERMITTED", "account", "the insurance fund", "/v1/orders", orderBody({}, { account: 0 })],
      ["UNKNOWN_ACCOUNT", "account", "an account that nobody has", "/v1/orders", orderBody({}, { account: 99 })],
      ["UNKNOWN_MARKET", "market", "a market that nobody has", "/v1/orders", orderBody({}, { market: "XRP-USD" })],
      ["OFF_TICK", "price", "a price between ticks", "/v1/orders", orderBody({}, { price: "65000.05" })],
      ["OFF_LOT", "size", "a size between lots", "/v1/orders", orderBody({}, { size: "0.000001" })],
      ["PRICE_ZERO", "price", "a price of zero", "/v1/orders", orderBody({}, { price: "0.0" })],
      ["PRICE_TOO_LARGE", "price", "a negative price", "/v1/orders", orderBody({}, { price: "-1" })],
      ["QUANTITY_ZERO", "size", "a size of zero", "/v1/orders", orderBody({}, { size: "0" })],
      ["QUANTITY_TOO_LARGE", "size", "101 BTC", "/v1/orders", orderBody({}, { size: "101" })],
      ["OUTSIDE_PRICE_BAND", "price", "a bid above the band", "/v1/orders", orderBody({ limitPriceTicks: 700_000 })],
      ["WRONG_CHAIN", "chainId", "another chain", "/v1/orders", orderBody({}, { chainId: 1 })],
      [
        "WRONG_EXCHANGE",
        "exchange",
        "another exchange",
        "/v1/orders",
        orderBody({}, { exchange: `0x${"22".repeat(20)}` }),
      ],
      ["WRONG_SIGNATURE", "signature", "another price than signed", "/v1/orders", orderBody({}, { price: "64999.9" })],
      ["WRONG_SIGNATURE", "signature", "another account's key", "/v1/orders", orderBody({}, { account: 2 })],
      [
        "EXPIRED",
        "expirySeconds",
        "an expiry that has passed",
        "/v1/orders",
        orderBody({ expirySeconds: EPOCH_SECONDS - 1 }),
      ],
      [
        "EXPIRY_TOO_FAR",
        "expirySeconds",
        "an expiry in a century",
        "/v1/orders",
        orderBody({ expirySeconds: 2 ** 32 - 1 }),
      ],
      [
        "INSUFFICIENT_INITIAL_MARGIN",
        "size",
        "too much leverage",
        "/v1/orders",
        orderBody({ quantityLots: 9_000_000 }),
      ],
      ["MAX_FEE_TOO_LOW", "maxFeePpm", "a fee maximum of zero", "/v1/orders", orderBody({ maxFeePpm: 0 })],
      ["ORDER_NOT_FOUND", "slot", "a cancel of what was", "/v1/cancel", { ...cancelBody(7, 1) }],
      ["INVALID_FLAG", "settle", "settle as a number", "/v1/cancel", { ...cancelBody(7, 1), settle: 1 }],
      [
        "MISSING_FIELD",
        "sequence",
        "a cancel-all without minimum",
        "/v1/cancel-all",
        { account: 1, signature: withdrawal.signature },
      ],
      ["INVALID_AMOUNT", "amount", "an amount of zero", "/v1/withdrawals", { ...withdrawal, amount: "0" }],
      [
        "INVALID_AMOUNT",
        "amount",
        "an amount finer than a micro-USD",
        "/v1/withdrawals",
        { ...withdrawal, amount: "0.0000001" },
      ],
      ["WRONG_NONCE", "nonce", "a nonce of 33 bits", "/v1/withdrawals", { ...withdrawal, nonce: 2 ** 32 }],
      ["NOT_FOUND", null, "an address that is none", "/v1/order", {}],
    ];

    function cancelBody(slot: number, sequence: number) {
      const { signature } = signed({ kind: "cancel", account: 1, slot, sequence });
      return { account: 1, slot, sequence, signature: wireSignature(signature) };
    }

    for (const [code, field, what, url, body] of cases) {
      it(`${code}: ${what}`, async () => {
        if (code === "ORDER_NOT_FOUND") {
          await post(api.app, "/v1/orders", orderBody({ slot: 7, sequence: 1 }));
          await post(api.app, "/v1/cancel", body);
        }
        const before = stateText(api.sequencer.state);
        const reply = await post(api.app, url, body);
        expect([reply.body.code, reply.status], JSON.stringify(reply.body)).to.deep.equal([
          code,
          REJECTS[code].httpStatus,
        ]);
        if (field !== null) expect(reply.body.field).to.equal(field);
        expect(reply.body.remedy).to.equal(REJECTS[code].remedy);
        expect(stateText(api.sequencer.state)).to.equal(before);
      });
    }

    it("DUPLICATE_SEQUENCE: another order under the same slot and sequence", async () => {
      expect((await post(api.app, "/v1/orders", orderBody())).status).to.equal(200);
      const again = await post(api.app, "/v1/orders", orderBody({ quantityLots: 999 }));
      expect([again.status, again.body.code, again.body.field]).to.deep.equal([409, "DUPLICATE_SEQUENCE", "sequence"]);
    });

    it("WRONG_SIGNATURE tells the hash that should have been signed", async () => {
      const good = await post(api.app, "/v1/orders", orderBody());
      const bad = await post(api.app, "/v1/orders", orderBody({}, { signature: { r8x: "0", r8y: "1", s: "0" } }));
      expect(bad.body.messageHash).to.equal(good.body.messageHash);
    });

    it("queries: wrong types, unknown fields, unknown accounts and markets", async () => {
      for (const [url, code] of [
        ["/v1/account/x", "INVALID_ACCOUNT"],
        ["/v1/account/262144", "UNKNOWN_ACCOUNT"],
        ["/v1/account/77", "UNKNOWN_ACCOUNT"],
        ["/v1/orders", "SESSION_REQUIRED"],
        ["/v1/orders?account=1&status=all&side=buy", "MALFORMED"],
        ["/v1/orders?account=1&account=2", "INVALID_ACCOUNT"],
        ["/v1/orderbook/XRP-USD", "UNKNOWN_MARKET"],
        ["/v1/orderbook/BTC-USD?levels=0", "MALFORMED"],
        ["/v1/trades", "MISSING_FIELD"],
        ["/v1/accounts?owner=0x12", "MALFORMED"],
        ["/v1/orderbook/%zz", "MALFORMED"],
        ["/v1/nothing", "NOT_FOUND"],
        [`/v1/orderbook/${"x".repeat(200)}`, "MALFORMED"],
      ] as const) {
        const reply = url === "/v1/orders" ? await get(api.app, url) : await getAs(api.app, 1, url);
        expect(reply.body.code, url).to.equal(code);
        expect(reply.status, url).to.equal(REJECTS[code].httpStatus);
      }
    });

    it("content types that are not JSON", async () => {
      const reply = await api.app.inject({
        method: "POST",
        url: "/v1/orders",
        payload: "a=1",
        headers: { "content-type": "text/plain" },
      });
      expect([reply.statusCode, reply.json().code]).to.deep.equal([400, "MALFORMED"]);
    });
  });

  it("BACKLOG_FULL: orders that could trade wait, resting orders and cancels go on", async () => {
    await api.app.close();
    api = testApi(4, { unprovenRowsMax: 2, cancelRowsPerAccountMax: 1, withdrawalsPerAccountMax: 1 });
    await post(api.app, "/v1/orders", orderBody({ account: 1, slot: 0 }));
    await post(api.app, "/v1/orders", orderBody({ account: 2, side: "sell", quantityLots: 100 }));
    expect((await get(api.app, "/v1/status")).body).to.deep.include({ status: "backlogged", unprovenRows: 2 });
    const crossing = await post(
      api.app,
      "/v1/orders",
      orderBody({ account: 2, sequence: 2, side: "sell", quantityLots: 100 }),
    );
    expect([crossing.status, crossing.body.code]).to.deep.equal([503, "BACKLOG_FULL"]);
    expect(crossing.headers["retry-after"]).to.equal("2");
    const resting = { account: 2, sequence: 2, side: "sell", limitPriceTicks: BTC_TICKS + 10 } as const;
    expect((await post(api.app, "/v1/orders", orderBody(resting))).status).to.equal(200);
    const { signature } = signed({ kind: "cancel", account: 2, slot: 0, sequence: 2 });
    const cancel = { account: 2, slot: 0, sequence: 2, signature: wireSignature(signature) };
    expect((await post(api.app, "/v1/cancel", { ...cancel, settle: true })).status).to.equal(200);
    const next = signed({ kind: "cancel", account: 2, slot: 0, sequence: 3 });
    const second = { ...cancel, sequence: 3, signature: wireSignature(next.signature) };
    expect((await post(api.app, "/v1/cancel", { ...second, settle: true })).body.code).to.equal("RATE_LIMIT");
    expect((await post(api.app, "/v1/cancel", second)).status).to.equal(200);

    const { state, finality } = api.sequencer;
    finality.markProven(1, "0x", { first: 1, last: state.stepCount });
    const retried = orderBody({ account: 2, sequence: 5, side: "sell", quantityLots: 100 });
    expect((await post(api.app, "/v1/orders", retried)).status).to.equal(200);
  });

  it("labels orders by the epoch that took them out", async () => {
    await post(api.app, "/v1/orders", orderBody({ account: 1, slot: 0, limitPriceTicks: BTC_TICKS + 30_000 }));
    await post(
      api.app,
      "/v1/orders",
      orderBody({ account: 1, slot: 1, expirySeconds: EPOCH_SECONDS + 30, limitPriceTicks: 600_000 }),
    );
    api.sequencer.apply({ type: "epoch", epoch: epochOf(2, { 0: "60000" }) });
    const { orders } = (await getAs(api.app, 1, "/v1/orders?account=1&status=closed")).body;
    expect(orders.map((o: { slot: number; reason: string }) => [o.slot, o.reason])).to.have.deep.members([
      [0, "price-band"],
      [1, "expired"],
    ]);
  });
});
