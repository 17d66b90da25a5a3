import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { createApi } from "../../matcher/api/server.ts";
import { DecimalError } from "../../matcher/protocol/decimal.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { orderNumber, REVISIONS } from "../../matcher/protocol/message.ts";
import { ClearbookClient, type OrderTerms } from "../../matcher/sdk/client.ts";
import { ClearbookError, Unreachable } from "../../matcher/sdk/http.ts";
import { SequenceClock } from "../../matcher/sdk/sequence-clock.ts";
import { SlotAllocator, SlotsExhausted } from "../../matcher/sdk/slot-allocator.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { VerifyPool } from "../../matcher/sequencer/verify-pool.ts";
import { CHAIN_ID, DOMAIN, EPOCH_SECONDS, EXCHANGE, keyOf, openedState } from "../sequencer/exchange-fixture.ts";

/** A real socket, a real pool of verifying threads. */
describe("the client, over a socket", () => {
  let app: FastifyInstance;
  let pool: VerifyPool;
  let sequencer: Sequencer;
  let apiUrl: string;
  const nowMs = () => EPOCH_SECONDS * 1_000;
  const bid: OrderTerms = { market: "BTC-USD", side: "buy", price: "64000.0", size: "0.01" };

  before(() => {
    pool = new VerifyPool({ domain: DOMAIN, threads: 2 });
  });
  after(() => pool.close());
  beforeEach(async () => {
    sequencer = new Sequencer({ state: openedState(3), verifier: pool });
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    app = createApi({ sequencer, chainId: CHAIN_ID, exchange: EXCHANGE, domain: DOMAIN, markets });
    apiUrl = await app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(async () => {
    await app.close();
  });

  const client = (account: number) => ClearbookClient.connect({ apiUrl, key: keyOf(account), account, nowMs });

  it("places 100 orders at once, none on another's slot, and cancels them all", async () => {
    const trader = await client(1);
    const placed = await Promise.all(Array.from({ length: 100 }, () => trader.place(bid)));
    expect(new Set(placed.map(({ order }) => order.slot)).size).to.equal(100);
    expect(new Set(placed.map(({ order }) => order.sequence)).size).to.equal(100);
    expect(placed.every(({ order }) => order.status === "open")).to.equal(true);
    expect((await trader.orders()).length).to.equal(100);
    expect((await trader.orderbook("BTC-USD")).bids).to.deep.equal([["64000.0", "1", 100]]);
    const cancelled = await trader.cancelAll();
    expect(cancelled.orders.length).to.equal(100);
    expect(trader.slots.takenCount).to.equal(0);
    expect((await trader.place(bid)).order.status).to.equal("open");
  });

  it("keeps two clients of one account apart in time: the second starts where the first stopped", async () => {
    const first = await client(1);
    const { order } = await first.place(bid);
    const second = await client(1);
    expect(second.slots.isTaken(order.slot)).to.equal(true);
    const next = await second.place(bid);
    expect(next.order.slot).to.not.equal(order.slot);
    expect(next.order.sequence).to.be.above(order.sequence);
    await second.cancel(order);
    expect((await second.orders()).map(({ slot }) => slot)).to.deep.equal([next.order.slot]);
  });

  it("amends, replaces, fills, and takes up slots that filled orders left", async () => {
    const maker = await client(1);
    const taker = await client(2);
    const { order } = await maker.place({ ...bid, clientId: "quote" });
    const fill = await taker.place({ ...bid, side: "sell", size: "0.004", timeInForce: "IOC" });
    expect(fill.fills[0]).to.deep.include({ price: "64000.0", size: "0.004", role: "taker" });
    expect(taker.slots.takenCount).to.equal(0);
    const amended = await maker.amend(order, { ...bid, size: "0.007" });
    expect(amended.order).to.deep.include({ slot: order.slot, filledSize: "0.004", remainingSize: "0.003" });
    const revised = await maker.amend(amended.order, { ...bid, size: "0.006" });
    expect(revised.order).to.deep.include({ sequence: order.sequence + 2, remainingSize: "0.002" });
    const last = { slot: order.slot, sequence: order.sequence + REVISIONS - 1 };
    expect(await maker.amend(last, bid).catch((error: Error) => error.message)).to.contain("no revision left");
    const replaced = await maker.replace(order.slot, { ...bid, price: "64000.1", size: "0.01" });
    expect(replaced.order).to.deep.include({ filledSize: "0", remainingSize: "0.01" });
    await taker.place({ ...bid, side: "sell", size: "0.01", timeInForce: "IOC" });
    expect(maker.slots.takenCount).to.equal(1);
    expect(await maker.orders()).to.deep.equal([]);
    expect(maker.slots.takenCount).to.equal(0);
    expect((await maker.fills()).map(({ size, role }) => [size, role])).to.deep.equal([
      ["0.01", "maker"],
      ["0.004", "maker"],
    ]);
    expect((await maker.state()).positions[0]).to.deep.include({ market: "BTC-USD", side: "long", size: "0.014" });
  });

  it("withdraws with the account's next nonce", async () => {
    const trader = await client(1);
    expect(await trader.withdraw("10.5")).to.deep.include({ nonce: 0, amount: "10.5" });
    expect(await trader.withdraw("1")).to.deep.include({ nonce: 1 });
    expect((await trader.withdrawals()).map(({ nonce }) => nonce)).to.deep.equal([1, 0]);
  });

  it("throws refusals with code, field and remedy, and gives the slot back", async () => {
    const trader = await client(1);
    const refused = await trader.place({ ...bid, size: "90" }).catch((error: unknown) => error);
    if (!(refused instanceof ClearbookError)) throw refused;
    expect(refused).to.deep.include({ code: "INSUFFICIENT_INITIAL_MARGIN", field: "size", httpStatus: 422 });
    expect(refused.remedy).to.contain("Deposit");
    const offTick = await trader.place({ ...bid, price: "64000.05" }).catch((error: unknown) => error);
    expect(offTick).to.be.instanceOf(DecimalError);
    expect(trader.slots.takenCount).to.equal(0);
  });

  it("refuses a key that is not the account's, and a server of another exchange", async () => {
    const wrongKey = await ClearbookClient.connect({ apiUrl, key: keyOf(2), account: 1 }).catch(
      (error: Error) => error.message,
    );
    expect(wrongKey).to.equal("account 1 does not have this trading key");
    const owner = `0x${(3n << 8n).toString(16).padStart(40, "0")}`;
    expect((await ClearbookClient.connect({ apiUrl, key: keyOf(3), owner })).account).to.equal(3);
    const expected = { chainId: CHAIN_ID, exchange: `0x${"33".repeat(20)}` };
    const other = await ClearbookClient.connect({ apiUrl, key: keyOf(1), account: 1, expect: expected }).catch(
      (e: Error) => e.message,
    );
    expect(other).to.contain("the API serves exchange");
  });

  it("keeps the slot of an order whose answer never came, until it has looked", async () => {
    let cut = false;
    const options = { apiUrl, key: keyOf(1), account: 1, nowMs };
    const fetchCut = async (url: string, init: RequestInit) => {
      const answer = await fetch(url, init);
      if (cut && init.method === "POST") throw new Error("connection lost");
      return answer;
    };
    const trader = await ClearbookClient.connect({ ...options, fetch: fetchCut });
    cut = true;
    const lost = await trader.place(bid).catch((error: unknown) => error);
    expect(lost).to.be.instanceOf(Unreachable);
    cut = false;
    expect(trader.slots.takenCount).to.equal(1);
    const [order] = await trader.orders();
    expect(order?.status).to.equal("open");
    expect(trader.slots.isTaken(order?.slot ?? -1)).to.equal(true);
  });

  it("says that nothing answers when nothing does", async () => {
    const lost = await ClearbookClient.connect({ apiUrl: "http://127.0.0.1:1", key: keyOf(1), account: 1 }).catch(
      (e: unknown) => e,
    );
    expect(lost).to.be.instanceOf(Unreachable);
  });

  it("refuses signatures of strangers sent by the hundred, and keeps serving", async () => {
    const stranger = await client(1);
    Object.assign(stranger.signer, { key: keyOf(2) });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => stranger.place(bid).catch((e: ClearbookError) => e.code)),
    );
    expect(new Set(answers)).to.deep.equal(new Set(["WRONG_SIGNATURE"]));
    expect((await (await client(2)).place(bid)).order.status).to.equal("open");
    expect(sequencer.halt).to.equal(null);
  });
});

describe("slots and sequences", () => {
  it("hands each slot out once, in turn, and the freed one last", () => {
    const slots = new SlotAllocator(4_095);
    slots.hold(0);
    expect([slots.acquire(), slots.acquire(), slots.acquire()]).to.deep.equal([4_095, 1, 2]);
    slots.release(1);
    expect(slots.acquire()).to.equal(3);
    for (let n = slots.takenCount; n < 4_096; n++) slots.acquire();
    expect(() => slots.acquire()).to.throw(SlotsExhausted);
    slots.release(77);
    expect(slots.acquire()).to.equal(77);
  });

  it("only rises: within a millisecond, over a clock that goes back, and above the account's minimum", () => {
    let now = 1_000;
    const clock = new SequenceClock(0, () => now);
    const first = clock.next();
    const second = clock.next();
    now = 10;
    const third = clock.next();
    // An order number each, with revisions to spare.
    expect([first, second, third].map(orderNumber)).to.deep.equal([1_000, 1_001, 1_002]);
    expect(first % REVISIONS).to.equal(0);
    clock.raise(10 ** 9);
    expect(clock.next()).to.be.at.least(10 ** 9);
    now = 1_800_000_000_000;
    expect(clock.next()).to.be.below(2 ** 48);
  });
});
